"""The blameless check: a postmortem says what failed and why it made sense at the time, not who failed. Pure.

It warns of names of people and of phrases that blame, and never forbids anything. Code, links and the names of
components are not looked at.

    Google, Site Reliability Engineering, chapter 15, "Postmortem Culture: Learning from Failure"
    https://sre.google/sre-book/postmortem-culture/
    J. Allspaw, "Blameless PostMortems and a Just Culture", 2012 (counterfactuals: what somebody "should have" done)
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

SENTENCE_LENGTH = 240
SHORTEST_ACCOUNT = 3

# What is blanked out before anything is searched: blocks and spans of code, addresses on the web and of mail.
_NOT_WORDS = re.compile(
    r"```.*?(?:```|\Z)|~~~.*?(?:~~~|\Z)|`[^`\n]*`|https?://\S+|\b(?:www\.)\S+|\]\([^)\s]*\)|[\w.+-]+@[\w-]+\.[\w.-]+",
    re.DOTALL | re.IGNORECASE,
)
_INDENTED_CODE = re.compile(r"(?:\A|\n[ \t]*\n)(?:(?: {4}|\t)(?![ \t]*[-*+\d]).*(?:\n|\Z))+")
_SENTENCE_END = re.compile(r"(?<=[.!?…])\s+|\n+")
_BULLET = re.compile(r"^[\s>#*+-]+|^\s*\d+[.)]\s+")

# Accounts that are no names, and first names that are words too: those do not count where a sentence begins.
_GENERIC_ACCOUNTS = frozenset(
    {"admin", "administrator", "root", "user", "staff", "support", "ops", "oncall", "on-call", "system", "status"}
    | {"team", "test", "demo", "api", "web", "service", "operator", "guest", "bot", "deploy"}
)
_ALSO_WORDS = frozenset(
    {"will", "mark", "may", "grace", "hope", "art", "bill", "rob", "sue", "drew", "young", "page", "faith", "joy"}
    | {"frank", "rich", "jack", "pat", "chase", "chance", "cliff", "dawn", "summer", "june", "april", "august", "max"}
    | {"early", "long", "short", "small", "green", "brown", "white", "black", "king", "day", "see", "first", "back"}
)

_PEOPLE = (
    r"(?:(?:an?|the|our|their|his|her|one|some|two|new|junior|senior|on[- ]call|responsible)\s+)*"
    r"(?:engineers?|operators?|developers?|administrators?|admins?|sysadmins?|colleagues?|employees?|staff|team|teams"
    r"|managers?|contractors?|interns?|person|people|somebody|someone|anybody|anyone|nobody|no one|they|we|he|she|you"
    r"|on[- ]call|responders?|vendor|supplier|author|reviewers?)"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class BlameWarning:
    """What was found, in which section, the sentence around it, and how it is said better."""

    place: str
    found: str
    sentence: str
    advice: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StaffName:
    """A person as an account knows them; any part may be empty."""

    first: str = ""
    last: str = ""
    account: str = ""


_NAME_ADVICE = "Say the role, such as “the on-call engineer”, or leave the person out."
_NO_FAULT_OF_HARDWARE = r"(?!\s*[-–]?\s*(?:handl|toler|domain|inject|detect|report|rate|line|page))"
# By the advice that each of them gets.
_BLAME: dict[str, tuple[str, ...]] = {
    "Say what did not happen, and why nothing caught it.": (
        rf"\b{_PEOPLE}\s+(?:had\s+|has\s+|have\s+)?failed\s+to\b",
        r"\bneglect(?:ed|s|ing)?\s+to\b",
    ),
    "Say which step was left to memory, and what could have carried it.": (
        r"\b(?:forgot|(?:had|has|have)\s+forgotten|was\s+forgotten\s+by)\b",
    ),
    "Say what was done and what was known then; what is to be different now belongs under prevention.": (
        r"\b(?:should|ought\s+to|could\s+easily)(?:\s+not|n['’]t)?\s+(?:\w+ly\s+)?have\b",
        r"\bif\s+only\b",
        r"\bknew\s+better\b|\bshould\s+know\s+better\b|\bcommon\s+sense\b",
        r"\bobvious(?:ly)?\s+(?:mistake|error|wrong)\b",
    ),
    "Say what made the slip easy and its effect large: an error is where the story begins.": (
        r"\b(?:human|operator|user)\s+error\b",
        r"\bfat[- ]finger(?:ed|ing)?\b|\binattenti(?:on|ve)\b",
        r"\b(?:was|were|is)\s+not\s+paying\s+attention\b",
        rf"\b{_PEOPLE}\s+(?:made|had\s+made)\s+(?:a|an|the|some)?\s*(?:\w+\s+)?(?:mistakes?|errors?)\b",
    ),
    "Say what contributed: there is rarely one cause, and never one person.": (
        r"\bto\s+blame\b|\bblam(?:ed|es|ing)\b|\bculprits?\b|\bguilty\b|\bat\s+fault\b",
        rf"\w+['’]s?\s+(?:own\s+)?fault\b{_NO_FAULT_OF_HARDWARE}",
        rf"\b(?:my|our|your|his|her|their|whose)\s+(?:own\s+)?fault\b{_NO_FAULT_OF_HARDWARE}",
    ),
    "Say what happened to the system, and what made it possible.": (
        r"\bcareless(?:ly|ness)?\b|\bnegligen(?:t|ce|tly)\b|\breckless(?:ly|ness)?\b",
        r"\bsloppy\b|\bsloppiness\b|\blazy\b|\blaziness\b|\bignoran(?:t|ce)\b",
        r"\bincompeten(?:t|ce)\b|\bstupid(?:ly|ity)?\b|\bidiotic?\b|\bfoolish(?:ly)?\b",
        rf"\b{_PEOPLE}\s+(?:did\s+not|didn['’]t)\s+(?:bother|care|think|notice|reali[sz]e|pay\s+attention)\b",
    ),
}
_PHRASES = tuple(
    (re.compile(pattern, re.IGNORECASE), advice) for advice, patterns in _BLAME.items() for pattern in patterns
)


def review(
    texts: Mapping[str, str], names: Iterable[StaffName] = (), *, not_names: Iterable[str] = ()
) -> list[BlameWarning]:
    """What to look at before it is published, in the order of the texts. Empty: nothing was found.

    `texts` are the Markdown of each section under the words the section is known by. `not_names` are names of things,
    such as components: where one of these stands, no person is meant.
    """
    people, accounts = _name_patterns(names)
    things = _any_of(not_names, flags=re.IGNORECASE)
    return [
        warning
        for place, text in texts.items()
        for warning in _review_section(place, text, people=people, accounts=accounts, things=things)
    ]


type _Pattern = re.Pattern[str] | None


def _review_section(
    place: str, text: str, *, people: _Pattern, accounts: _Pattern, things: _Pattern
) -> list[BlameWarning]:
    words = _without_code(text)
    nameable = things.sub(_blank, words) if things else words
    found: list[tuple[int, BlameWarning]] = []
    for begin, end in _sentences(words):
        said, part = _shown(text[begin:end]), nameable[begin:end]
        named = [*_names(people, part), *(accounts.finditer(part) if accounts else ())]
        found += [(begin + match.start(), _warning(place, match[0], said, _NAME_ADVICE)) for match in named]
        found += [
            (match.start(), _warning(place, match[0], said, advice))
            for pattern, advice in _PHRASES
            for match in pattern.finditer(words, begin, end)
        ]
    return [warning for _, warning in sorted(found, key=lambda pair: pair[0])]


def _names(people: _Pattern, sentence: str) -> Iterable[re.Match[str]]:
    if people is None:
        return
    for match in people.finditer(sentence):
        begins = not _BULLET.sub("", sentence[: match.start()]).strip()
        if begins and match[0].lower() in _ALSO_WORDS:
            continue
        yield match


def _name_patterns(names: Iterable[StaffName]) -> tuple[_Pattern, _Pattern]:
    """Names are found as they are written, an account also behind an @."""
    people: set[str] = set()
    accounts: set[str] = set()
    for name in names:
        first, last, account = name.first.strip(), name.last.strip(), name.account.strip()
        people |= {word for word in (f"{first} {last}".strip(), first, last) if len(word) > 1}
        if len(account) >= SHORTEST_ACCOUNT and account.lower() not in _GENERIC_ACCOUNTS:
            accounts.add(account)
    # Longest first, so that a full name is one warning.
    return _any_of(people, only_capitals=True), _any_of(accounts - people, prefix="@?")


def _any_of(words: Iterable[str], *, flags: int = 0, prefix: str = "", only_capitals: bool = False) -> _Pattern:
    known = {" ".join(word.split()) for word in words if word.strip()}
    if only_capitals:
        known = {word[:1].upper() + word[1:] for word in known}
    if not known:
        return None
    longest_first = sorted(known, key=lambda word: (-len(word), word))
    alternatives = "|".join(re.escape(word).replace(r"\ ", r"\s+") for word in longest_first)
    return re.compile(rf"(?<![\w@]){prefix}(?:{alternatives})(?!\w)", flags)


def _without_code(text: str) -> str:
    """The same length, so that places stay what they are."""
    return _INDENTED_CODE.sub(_blank, _NOT_WORDS.sub(_blank, text))


def _blank(match: re.Match[str]) -> str:
    return re.sub(r"[^\n]", " ", match[0])


def _sentences(text: str) -> Sequence[tuple[int, int]]:
    bounds, begin = [], 0
    for gap in _SENTENCE_END.finditer(text):
        bounds.append((begin, gap.start()))
        begin = gap.end()
    return [*bounds, (begin, len(text))]


def _shown(sentence: str) -> str:
    line = " ".join(_BULLET.sub("", sentence).split())
    return line if len(line) <= SENTENCE_LENGTH else f"{line[: SENTENCE_LENGTH - 1]}…"


def _warning(place: str, found: str, sentence: str, advice: str) -> BlameWarning:
    return BlameWarning(place=place, found=" ".join(found.split()), sentence=sentence, advice=advice)
