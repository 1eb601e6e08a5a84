import pytest
from hypothesis import given
from hypothesis import strategies as st

from statuspage.core.errors import ValidationFailed
from statuspage.core.mail_addresses import normalise_address


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("ada@example.org", "ada@example.org"),
        ("  Ada.Lovelace+status@Example.ORG \n", "ada.lovelace+status@example.org"),
        ("o'brien@example.org", "o'brien@example.org"),
        ("ada@bücher.example", "ada@xn--bcher-kva.example"),
        ("ada@BÜCHER.example", "ada@xn--bcher-kva.example"),
        ("ada@例え.テスト", "ada@xn--r8jz45g.xn--zckzah"),
        ("a" * 64 + "@example.org", "a" * 64 + "@example.org"),
    ],
)
def test_one_address_has_one_form(typed: str, kept: str) -> None:
    assert normalise_address(typed) == kept


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "   ",
        "ada",
        "@example.org",
        "ada@",
        "ada@localhost",
        "ada@[127.0.0.1]",
        "a@b,c@d",
        "a@b.example,c@d.example",
        "a@b.example;c@d.example",
        "a@b.example c@d.example",
        "ada@example.org@example.com",
        "ada@example.org\r\nBcc: eve@example.org",
        "ada@example.org\nBcc: eve",
        "ada\r@example.org",
        "ada\x00@example.org",
        "ada\x7f@example.org",
        "ada\u2028@example.org",
        "ada\ud800@example.org",
        "Ada <ada@example.org>",
        '"ada"@example.org',
        "ada(comment)@example.org",
        "ada@example..org",
        ".ada@example.org",
        "ada@-example.org",
        "ädä@example.org",
        "ada@straße.example",
        "ada@" + "ü" * 70 + ".example",
        "a" * 65 + "@example.org",
        "a" * 308 + "@example.org",
        "a@" + "b" * 60 + ("." + "c" * 60) * 4 + ".example",
    ],
)
def test_what_is_not_exactly_one_address_is_refused_with_a_sentence(typed: str) -> None:
    with pytest.raises(ValidationFailed) as refused:
        normalise_address(typed)
    assert refused.value.field == "email"
    assert refused.value.sentence.endswith((".", "--."))


@pytest.mark.parametrize("typed", [None, 7, 1.5, True, [], ["ada@example.org"], {"a": 1}])
def test_what_is_not_text_is_refused(typed: object) -> None:
    with pytest.raises(ValidationFailed):
        normalise_address(typed)


@given(st.text(max_size=60))
def test_whatever_is_kept_can_stand_in_a_header_as_one_recipient(typed: str) -> None:
    for text in (typed, f"{typed}@example.org", f"ada@{typed}", f"ada@{typed}.example"):
        try:
            kept = normalise_address(text)
        except ValidationFailed:
            continue
        assert kept.isascii()
        assert kept.isprintable()
        assert kept.count("@") == 1
        assert not set(kept) & set(' ,;:<>()[]"\\')
        assert normalise_address(kept) == kept
