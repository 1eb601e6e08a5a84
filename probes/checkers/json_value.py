"""One value out of a JSON answer: kept as a number, compared where a comparison is given."""

from dataclasses import dataclass, field, replace
from typing import Any, ClassVar, Self

from probes.checkers import assertions
from probes.checkers.answers import plain_body
from probes.checkers.base import OPTIONAL, CheckContext, CheckFailed, CheckRequest, CheckResult, down, measured
from probes.checkers.comparisons import ORDERED, Comparison, compare, number_of, read_json, shown
from probes.checkers.fields import Fields
from probes.checkers.http_request import HttpRequestConfig, ask
from probes.checkers.json_path import NoSuchPlace, find, parse_path
from probes.enums import Outcome

LONGEST_LABEL = 60
LONGEST_UNIT = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class JsonConfig(HttpRequestConfig):
    """`op` and `value` are what the value has to be; without them it has to be a number, for rules to judge.

    `label` and `unit` make the sentence: "Outbox backlog 12 messages".
    """

    KEYS: ClassVar[frozenset[str]] = HttpRequestConfig.REQUEST_KEYS | {
        "expect_status",
        "path",
        "op",
        "value",
        "label",
        "unit",
    }

    path: str
    op: str = field(default="", metadata=OPTIONAL)
    value: Any = field(default=None, metadata=OPTIONAL)
    expect_status: Any = field(default=(), metadata=OPTIONAL)
    label: str = field(default="", metadata=OPTIONAL)
    unit: str = field(default="", metadata=OPTIONAL)

    @classmethod
    def parse(cls, fields: Fields) -> Self:
        compared = Comparison.parse(fields)
        is_compared = "op" in fields.mapping or "value" in fields.mapping
        config = cls.parse_request(
            fields,
            path=compared.path,
            op=compared.op if is_compared else "",
            value=compared.value if is_compared else None,
            expect_status=tuple(assertions.read_statuses(fields)),
            label=fields.text("label", default="", most=LONGEST_LABEL),
            unit=fields.text("unit", default="", most=LONGEST_UNIT),
        )
        if config.method == "HEAD":
            fields.refuse("method", "another method: an answer to HEAD has no body")
        return config

    @property
    def comparison(self) -> Comparison | None:
        return Comparison(path=self.path, op=self.op, value=self.value) if self.op else None


class JsonChecker:
    async def check(self, request: CheckRequest, context: CheckContext) -> CheckResult:
        config = JsonConfig(**request.config)
        answer = await ask(config, request, context)
        assertions.check_status(answer, config.expect_status)
        text, is_cut = plain_body(answer)
        document = read_json(text, is_cut=is_cut)
        values = _number(config, document)
        try:
            if config.comparison:
                await compare(config.comparison, document, subject=config.label, unit=config.unit)
        except CheckFailed as error:
            # The number is worth keeping just when it is too large.
            return down(str(error), latency_ms=answer.elapsed_ms, values=values)
        return _said(config, document, measured(request, "Answered", answer.elapsed_ms, values))


def _number(config: JsonConfig, document: object) -> dict[str, float]:
    """The value as a number; none where it is another thing and may be. Raises CheckFailed where it may not."""
    try:
        found = find(parse_path(config.path), document)
    except NoSuchPlace:
        if config.comparison:
            return {}
        raise CheckFailed(f"The JSON has no {config.path}.") from None
    needs_number = not config.op or config.op in ORDERED
    if not needs_number and (isinstance(found, bool) or not isinstance(found, int | float)):
        return {}
    return {"value": float(number_of(found, config.label or config.path))}


def _said(config: JsonConfig, document: object, result: CheckResult) -> CheckResult:
    """What was found, and only where it was slow how slow."""
    try:
        found = shown(find(parse_path(config.path), document))
    except NoSuchPlace:
        return replace(result, detail=f"The JSON has no {config.path}, as expected")
    subject = f"{config.label} {found}" if config.label else f"{config.path} is {found}"
    sentence = f"{subject} {config.unit}".strip()
    if result.outcome is Outcome.UP:
        return replace(result, detail=sentence)
    return replace(result, detail=f"{sentence}; {result.detail[0].lower()}{result.detail[1:]}")
