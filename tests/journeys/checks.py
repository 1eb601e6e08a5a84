"""What journeys ask again and again: what the public sees, what the database holds."""

from tests.journeys.stack import Stack, eventually


def becomes(stack: Stack, sql: str, rows: list[tuple[object, ...]]) -> None:
    """Wait until the database has these rows."""

    def has() -> bool:
        found = stack.query(sql)
        assert found == rows, f"{found} and not {rows}"
        return True

    eventually(has)


def shows(stack: Stack, path: str, *words: str) -> bool:
    text = stack.get(path).text
    return all(word in text for word in words)


def leads(stack: Stack, path: str, to: str) -> bool:
    answer = stack.get(path)
    return answer.status_code == 301 and answer.headers["location"].endswith(to)
