"""Reading settings: typed, from the environment or from a file, refused with the setting's name."""

import stat
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from statuspage.core.env import Env, keep_secret


def test_a_value_of_the_environment_is_read() -> None:
    assert Env({"NAME": "value"}).text("NAME") == "value"


def test_what_is_unset_or_empty_has_its_default() -> None:
    assert Env({}).text("NAME", "default") == "default"
    assert Env({"NAME": ""}).text("NAME", "default") == "default"


def test_a_missing_setting_without_a_default_is_refused_with_its_name() -> None:
    with pytest.raises(ImproperlyConfigured, match=r"^SECRET_KEY is not set"):
        Env({}).text("SECRET_KEY")


def test_a_secret_comes_from_its_file_without_the_line_break(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("from the file\n")
    assert Env({"SECRET_KEY_FILE": str(secret)}).text("SECRET_KEY") == "from the file"


def test_an_empty_value_beside_a_file_is_no_contradiction(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("from the file")
    assert Env({"SECRET_KEY": "", "SECRET_KEY_FILE": str(secret)}).text("SECRET_KEY") == "from the file"


def test_a_value_and_a_file_together_are_refused_with_both_names(tmp_path: Path) -> None:
    with pytest.raises(ImproperlyConfigured, match=r"^SECRET_KEY and SECRET_KEY_FILE are both set"):
        Env({"SECRET_KEY": "x", "SECRET_KEY_FILE": str(tmp_path)}).text("SECRET_KEY")


def test_a_file_that_is_not_there_is_refused_with_the_settings_name(tmp_path: Path) -> None:
    with pytest.raises(ImproperlyConfigured, match=r"^SECRET_KEY_FILE is .*nowhere.*cannot be read"):
        Env({"SECRET_KEY_FILE": str(tmp_path / "nowhere")}).text("SECRET_KEY", "default")


def test_an_empty_file_is_refused_rather_than_a_default_taken(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("\n")
    with pytest.raises(ImproperlyConfigured, match=r"^SECRET_KEY_FILE is .*empty"):
        Env({"SECRET_KEY_FILE": str(secret)}).text("SECRET_KEY", "default")


@pytest.mark.parametrize(
    ("word", "expected"),
    [("true", True), ("1", True), ("Yes", True), (" on ", True), ("false", False), ("0", False), ("NO", False)],
)
def test_a_boolean_is_one_of_the_usual_words(word: str, expected: bool) -> None:
    assert Env({"DEBUG": word}).boolean("DEBUG", default=not expected) is expected


@pytest.mark.parametrize("default", [True, False])
def test_a_boolean_that_is_unset_has_its_default(default: bool) -> None:
    assert Env({}).boolean("DEBUG", default=default) is default


def test_another_word_is_no_boolean() -> None:
    with pytest.raises(ImproperlyConfigured, match=r"^DEBUG is 'maybe'; expected true or false"):
        Env({"DEBUG": "maybe"}).boolean("DEBUG", default=False)


def test_a_whole_number_is_read() -> None:
    assert Env({"DAYS": "30"}).integer("DAYS", 14) == 30
    assert Env({}).integer("DAYS", 14) == 14


@pytest.mark.parametrize(
    ("value", "sentence"),
    [
        ("two", "^DAYS is 'two'; expected a whole number"),
        ("1.5", "^DAYS is '1.5'; expected a whole number"),
        ("0", "^DAYS is 0; expected at least 1"),
    ],
)
def test_what_is_no_such_number_is_refused(value: str, sentence: str) -> None:
    with pytest.raises(ImproperlyConfigured, match=sentence):
        Env({"DAYS": value}).integer("DAYS", 14, minimum=1)


def test_words_are_separated_by_commas_and_spaces_do_not_matter() -> None:
    assert Env({"HOSTS": " a.example , b.example,, "}).words("HOSTS") == ["a.example", "b.example"]
    assert Env({}).words("HOSTS") == []


def test_a_kept_secret_is_made_once_for_the_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "data" / "secret_key"
    secret = keep_secret(path)
    assert len(secret) >= 50
    assert keep_secret(path) == secret
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_two_data_directories_have_different_secrets(tmp_path: Path) -> None:
    assert keep_secret(tmp_path / "one") != keep_secret(tmp_path / "other")
