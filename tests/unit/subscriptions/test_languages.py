"""The catalogs are whole, and a mail is in its reader's language and zone from its subject to its last line."""

import ast
import gettext
import io
import re
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from components.enums import ComponentStatus
from components.models import Component, Group
from incidents.enums import IncidentStatus, MaintenanceImpact, MaintenanceStatus, NoticeKind
from incidents.models import Notice
from incidents.models.postmortem import SECTIONS
from subscriptions.catalogs import FOLDER, Entry, mo_bytes, po_files, read_po
from subscriptions.enums import Channel, Event, Purpose
from subscriptions.languages import CONTEXT, LANGUAGES, Reader, known_language, reader_of, say, speaking
from subscriptions.models import Delivery, Subscriber
from subscriptions.moulds import CastMail
from subscriptions.rendering import cast_mail, choice_of, render_letter, render_notice, words_of
from subscriptions.said.letters import LETTERS
from subscriptions.said.times import in_subject, lasting, window, written
from subscriptions.said.words import Words
from tests.unit.subscriptions.every_kind import STAFF, a_notice_of_every_kind
from tests.unit.subscriptions.mail_reading import assert_same_words, unwrapped

HOUSE = Path(__file__).resolve().parents[3]
VALUE = re.compile(r"%\(\w+\)[sd]")
OTHERS = [code for code in LANGUAGES if code != "en"]
BERLIN = ZoneInfo("Europe/Berlin")
NIGHT = datetime(2026, 11, 24, 2, 0, tzinfo=UTC)


def entries_of(code: str) -> list[Entry]:
    return read_po(FOLDER / code / "LC_MESSAGES" / "django.po")


def words_in_use() -> set[tuple[str, str]]:
    """Words and plural of everything that is ever said: what the sources say, and what enums and payloads bring."""
    brought = [
        *(str(status.label) for status in IncidentStatus),
        *(str(status.label) for status in MaintenanceStatus),
        *(str(status.label) for status in ComponentStatus),
        *(str(level.label).lower() for level in MaintenanceImpact),
        *(str(event.label) for event in Event),
        *SECTIONS.values(),
        *(title.lower() for title in SECTIONS.values()),
    ]
    return {*((words, "") for words in brought), *words_in_sources()}


def words_in_sources() -> Iterator[tuple[str, str]]:
    for path in (HOUSE / "subscriptions").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name):
                continue
            texts = [argument.value for argument in node.args if isinstance(argument, ast.Constant)]
            if node.func.id in {"say", "to_be_said"} and texts:
                yield str(texts[0]), ""
            if node.func.id == "say_count":
                yield str(texts[0]), str(texts[1])


def test_there_is_a_catalog_for_every_language_but_ours() -> None:
    assert [path.parts[-3] for path in po_files()] == sorted(OTHERS)


@pytest.mark.parametrize("code", OTHERS)
def test_what_django_reads_is_what_people_edit(code: str) -> None:
    compiled = (FOLDER / code / "LC_MESSAGES" / "django.mo").read_bytes()
    assert compiled == mo_bytes(entries_of(code)), "run: python -m subscriptions.catalogs"
    catalog = gettext.GNUTranslations(io.BytesIO(compiled))
    assert catalog.info()["language"] == code
    assert catalog.pgettext(CONTEXT, "Resolved") != "Resolved"


@pytest.mark.parametrize("code", OTHERS)
def test_every_word_we_say_is_in_every_catalog_and_no_other(code: str) -> None:
    kept = [(entry.words, entry.plural) for entry in entries_of(code)[1:]]
    assert len(kept) == len(set(kept))
    assert words_in_use() - set(kept) == set()
    assert set(kept) - words_in_use() == set()


@pytest.mark.parametrize("code", OTHERS)
def test_every_translation_is_there_with_all_its_values(code: str) -> None:
    for entry in entries_of(code)[1:]:
        assert entry.context == CONTEXT
        assert sorted(entry.said) == ([0, 1] if entry.plural else [0])
        for said in entry.said.values():
            assert said.strip() == said.removeprefix("\N{NO-BREAK SPACE}")
            assert said
            assert sorted(VALUE.findall(said)) == sorted(VALUE.findall(entry.words)), entry.words
            assert "%" not in VALUE.sub("", said)


def test_a_file_that_makes_no_sense_is_refused_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "django.po"
    path.write_text('msgid "One"\nmsgstr "Eins"\n\nmsgstring "Zwei"\n', encoding="utf-8")
    with pytest.raises(ValueError, match="line 4: not understood"):
        read_po(path)


@pytest.mark.parametrize(
    ("code", "known"), [("de", "de"), ("de-AT", "de"), ("FR_ca", "fr"), ("", "en"), ("tlh", "en"), ("../de", "en")]
)
def test_a_language_we_do_not_speak_is_english(code: str, known: str) -> None:
    assert known_language(code) == known


@pytest.mark.parametrize(
    ("zone", "known"), [("Asia/Tokyo", "Asia/Tokyo"), ("", ""), ("Mars/Base", ""), ("../etc/passwd", ""), ("\x00", "")]
)
def test_a_zone_that_is_gone_is_the_page_s(zone: str, known: str) -> None:
    assert reader_of(Subscriber(time_zone=zone)).time_zone == known


@pytest.mark.parametrize(
    ("code", "date", "span", "brief"),
    [
        (
            "de",
            "1. Mai 2026, 14:00 CEST (12:00 UTC)",
            "Dienstag, 24. November 2026, 03:00 bis 05:00 CET (02:00 bis 04:00 UTC), 2 Stunden",
            "Di. 24. Nov. 03:00 CET",
        ),
        (
            "es",
            "1 de mayo de 2026, 14:00 CEST (12:00 UTC)",
            "martes 24 de noviembre de 2026, de 03:00 a 05:00 CET (de 02:00 a 04:00 UTC), 2 horas",
            "mar 24 nov 03:00 CET",
        ),
        (
            "fr",
            "1er mai 2026, 14:00 CEST (12:00 UTC)",
            "mardi 24 novembre 2026, de 03:00 à 05:00 CET (de 02:00 à 04:00 UTC), 2 heures",
            "mar. 24 nov. 03:00 CET",
        ),
    ],
)
def test_times_are_written_as_the_language_writes_them(code: str, date: str, span: str, brief: str) -> None:
    with speaking(code):
        assert written(datetime(2026, 5, 1, 12, 0, tzinfo=UTC), BERLIN) == date
        assert window(NIGHT, NIGHT + timedelta(hours=2), BERLIN) == span
        assert in_subject(NIGHT, BERLIN) == brief


@pytest.mark.parametrize(
    ("code", "one", "many"),
    [("de", "1 Tag 1 Stunde", "3 Tage"), ("es", "1 día 1 hora", "3 días"), ("en", "1 day 1 hour", "3 days")],
)
def test_numbers_decide_the_form(code: str, one: str, many: str) -> None:
    with speaking(code):
        assert lasting(timedelta(hours=25)) == one
        assert lasting(timedelta(days=3)) == many


def test_one_reader_s_language_is_not_the_next_one_s() -> None:
    with speaking("de"):
        assert say("Resolved") == "Behoben"
    assert say("Resolved") == "Resolved"


def mail_of(notice: Notice, reader: Reader) -> CastMail:
    row = Subscriber(public_id="s" * 12, address="ada@example.org")
    return cast_mail(render_notice(notice, reader), Delivery(notice=notice, subscriber=row))


def test_a_mail_in_german_is_german_from_its_subject_to_its_foot(api: Component, web: Component) -> None:
    notice = a_notice_of_every_kind(api, web)[NoticeKind.INCIDENT_CREATED]
    mail = mail_of(notice, Reader(language="de", time_zone="America/New_York"))
    assert mail.subject == "[Untersuchung] API errors {{7*7}}"
    text, foot = unwrapped(str(mail.body)).split("\n-- \n")
    assert text == (
        "Untersuchung\n"
        "API errors {{7*7}}\n"
        "Critical - 21. November 2026, 07:00 EST (12:00 UTC)\n"
        "\n"
        f"{STAFF}\n"
        "\n"
        "Betrifft: API gateway (Schwerer Ausfall)\n"
        "Beginn: 21. November 2026, 07:00 EST (12:00 UTC)\n"
        "Nächste Meldung bis 20:00 EST (22. November, 01:00 UTC) oder bei einer wesentlichen Änderung.\n"
        "\n"
        "Der ganze Verlauf:\n"
        f"{words_of(notice).url}\n"
    )
    assert foot.startswith("Sie bekommen dies, weil Sie Example abonniert haben:\nhttps://status.example.com/\n")
    assert "Ändern, was Sie bekommen:\n" in foot
    assert "Abbestellen:\n" in foot
    assert '<html lang="de">' in str(mail.alternatives[0][0])
    assert mail.extra_headers["Content-Language"] == "de"


def test_every_kind_says_the_same_in_text_and_html_in_every_language(api: Component, web: Component) -> None:
    for kind, notice in a_notice_of_every_kind(api, web).items():
        for code in LANGUAGES:
            reader = Reader(language=code, time_zone="Asia/Kathmandu")
            assert_same_words(mail_of(notice, reader))
            if notice.payload.get("update"):
                assert notice.payload["update"]["body_markdown"] in words_of(notice, reader).passages[0].text, kind


def test_of_every_kind_every_fixed_word_is_translated(api: Component, web: Component) -> None:
    catalogs = {code: {said for entry in entries_of(code)[1:] for said in entry.said.values()} for code in OTHERS}
    for kind, notice in a_notice_of_every_kind(api, web).items():
        for code, catalog in catalogs.items():
            said = words_of(notice, Reader(language=code))
            fixed = set(labels_of(said)) | ({said.state} if said.state else set())
            assert fixed <= catalog, kind
            assert said.state == "" or said.subject.startswith(f"[{said.state}] ")


def labels_of(said: Words) -> Iterable[str]:
    yield said.link_label
    yield from (fact.label for fact in said.facts if fact.label)
    yield from (passage.title for passage in said.passages if passage.title)


@pytest.mark.parametrize("code", LANGUAGES)
@pytest.mark.parametrize("purpose", LETTERS)
def test_every_letter_says_the_same_in_text_and_html_in_every_language(
    purpose: Purpose, code: str, api: Component
) -> None:
    row = Subscriber.objects.create(address="ada@example.org", language=code, wants_components=True)
    row.components.set([api])
    kind = render_letter(purpose, choice_of(row), reader_of(row))
    mail = cast_mail(kind, Delivery(pk=1, purpose=purpose, subscriber=row))
    assert_same_words(mail)
    english = render_letter(purpose, choice_of(row), Reader())
    assert (mail.subject == english.mould.subject) is (code == "en")


@pytest.mark.parametrize(("code", "words"), [("en", "Of: All of Core, Web"), ("de", "Wovon: Alles in Core, Web")])
def test_a_letter_names_a_whole_group_as_one(code: str, words: str, api: Component, web: Component) -> None:
    core = Group.objects.create(slug="core", name="Core")
    Component.objects.filter(pk=api.pk).update(group=core)
    Component.objects.filter(pk=web.pk).update(name="Web")
    row = Subscriber.objects.create(address="ada@example.org", language=code)
    row.components.set([api, web])
    row.groups.add(core)
    kind = render_letter(Purpose.CONFIRMATION, choice_of(row), reader_of(row))
    assert words in str(cast_mail(kind, Delivery(pk=1, purpose=Purpose.CONFIRMATION, subscriber=row)).body)


@pytest.mark.parametrize(("code", "words"), [("en", "named as the contact of a webhook"), ("de", "als Kontakt eines")])
def test_who_was_named_as_a_contact_is_not_told_that_they_subscribed(code: str, words: str, api: Component) -> None:
    row = Subscriber.objects.create(
        channel=Channel.WEBHOOK, address="https://h.example/x", host="h.example", contact_email="o@h.example"
    )
    kind = render_letter(Purpose.LINK, choice_of(row), Reader(language=code))
    body = unwrapped(str(cast_mail(kind, Delivery(pk=1, purpose=Purpose.LINK, subscriber=row)).body))
    assert words in body
    assert "because you subscribed" not in body
