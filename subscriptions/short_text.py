"""A notice for a small screen: 160 characters for an SMS, some lines for what has room for them. No marks at all."""

from subscriptions.hooks.chat import headline, the_rest
from subscriptions.hooks.dialects import Dialect, pieces_of
from subscriptions.hooks.fitting import fit, fit_line, length_of
from subscriptions.said.words import Words

# One SMS in GSM 7-bit (3GPP TS 23.038).
SMS = 160
AFFECTS = 48
SHORTEST_HEADLINE = 20


def _link(label: str, url: str) -> str:
    return url if label == url else f"{label} ({url})"


PLAIN = Dialect(
    escape=str,
    link=_link,
    bold="",
    italic="",
    strike="",
    code=str,
    block_of_code=str,
    bullet="-",
)


def short_text(words: Words, *, limit: int = SMS) -> str:
    """`Investigating: API errors. API gateway (Major outage). https://…`: the state first, the link always whole."""
    room = limit - length_of(words.url) - 2
    line = fit_line(headline(words), max(room, SHORTEST_HEADLINE)).rstrip(".")
    concerns = next((fact.value for fact in words.facts if fact.label), "")
    left = room - length_of(line) - 2
    if concerns and min(left, AFFECTS) >= min(length_of(concerns), SHORTEST_HEADLINE):
        line = f"{line}. {fit_line(concerns, min(left, AFFECTS))}".rstrip(".")
    return f"{line}{'' if line.endswith('…') else '.'} {words.url}"


def long_text(words: Words, *, base: str, limit: int) -> str:
    """What was said, the facts and where more is. The headline is apart, as `headline` makes it."""
    facts = "\n".join(f"{fact.label}: {fact.value}" if fact.label else fact.value for fact in words.facts)
    after = "\n\n".join(part for part in (fit_line(facts, limit // 2), f"{words.link_label}: {words.url}") if part)
    each = (limit - length_of(after)) // max(len(words.passages), 1) - 2
    said = []
    for passage in words.passages:
        title = f"{passage.title}\n" if passage.title else ""
        room = each - length_of(title)
        said.append(title + fit(pieces_of(passage, PLAIN, base=base), room, PLAIN, more=f"{the_rest()}."))
    return "\n\n".join([*said, after])
