"""Reading the file, and finding its lines again."""

from pathlib import Path

import pytest

from statuspage.configuration.source import UnreadableFile, find_lines, read_source

TEXT = '''\
# first
[page]
name = "x"

[[components]]
slug = "api"
note = """
slug = "not a key"
"""
  [[components.probes]]
  slug = "one"
  [[components.probes]]
  "slug" = "two"

[[components]]
slug = "web"
nested.key = 1
[[components.probes]]
slug = "three"
'''


@pytest.mark.parametrize(
    ("key", "line"),
    [
        ("page", 2),
        ("page.name", 3),
        ("components[0].slug", 6),
        ("components[0].note", 7),
        ("components[0].probes[0].slug", 11),
        ("components[0].probes[1].slug", 13),
        ("components[1].slug", 16),
        ("components[1].nested.key", 17),
        ("components[1].probes[0].slug", 19),
    ],
)
def test_each_key_is_found_on_its_line(key: str, line: int) -> None:
    assert find_lines(TEXT)[key] == line


def test_a_table_without_a_header_is_placed_where_something_in_it_first_has_one() -> None:
    tiers = '[page]\n\n[[sla.tiers]]\nslug = "TEAM"\n[[sla.tiers.credits]]\n'
    lines = find_lines(tiers)
    assert (lines["sla"], lines["sla.tiers[0]"], lines["sla.tiers[0].credits[0]"]) == (3, 3, 5)
    assert find_lines(tiers + '[sla]\nname = "SLA"\n')["sla"] == 6


def test_a_key_that_is_not_there_is_placed_at_the_table_around_it(tmp_path: Path) -> None:
    path = tmp_path / "page.toml"
    path.write_text(TEXT)
    source = read_source(path)
    assert source.line_of("components[1].probes[0].interval") == 18
    assert source.line_of("components[1].regions[3]") == 15
    assert source.line_of("groups[0].slug") is None


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b'[page]\nname = "x\n', ":2: this is not TOML"),
        (b"[page]\n\nname = 1\nname = 2\n", ": this is not TOML"),
        (b"a = 1\n[[a]]\n", ": this is not TOML"),
        (b"a = [\n1,\n", ":2: this is not TOML"),
        (b"[page]\nname = '\xff'\n", ":2: the file is not UTF-8"),
        (b"a = " + b"[" * 100_000, ": this is not TOML that can be read"),
        (b"a = " + b"9" * 10_000, ": this is not TOML that can be read"),
        (b"#" * 1_000_001, "larger than"),
    ],
    ids=["syntax", "twice", "conflict", "unfinished", "bytes", "depth", "digits", "size"],
)
def test_what_is_not_toml_is_refused_in_a_sentence(tmp_path: Path, content: bytes, said: str) -> None:
    path = tmp_path / "page.toml"
    path.write_bytes(content)
    with pytest.raises(UnreadableFile) as caught:
        read_source(path)
    assert str(path) in caught.value.sentence
    assert said in caught.value.sentence


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(UnreadableFile, match=r"nothing\.toml cannot be read: No such file"):
        read_source(tmp_path / "nothing.toml")


def test_a_byte_order_mark_does_no_harm(tmp_path: Path) -> None:
    path = tmp_path / "page.toml"
    path.write_bytes(b"\xef\xbb\xbf[page]\r\nname = 'x'\r\n")
    assert read_source(path).data == {"page": {"name": "x"}}
