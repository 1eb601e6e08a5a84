"""Errors say themselves in sentences."""

from statuspage.core.errors import ConfigurationError, UnknownKey


def test_a_configuration_error_names_the_place_the_key_the_value_and_what_was_expected() -> None:
    error = ConfigurationError(key="page.refresh", value="soon", expected="a duration", file="page.toml", line=8)
    assert error.sentence == 'page.toml:8: page.refresh is "soon"; expected a duration.'


def test_a_key_that_was_left_out_is_missing() -> None:
    error = ConfigurationError(key="page.name", value=None, expected="a text")
    error.place("page.toml", None)
    assert error.sentence == "page.toml: page.name is missing; expected a text."


def test_an_unknown_key_names_the_nearest_known_one() -> None:
    error = UnknownKey(key="components[0].nmae", value="x", known={"name", "note"})
    assert error.sentence == "components[0].nmae is not a key here (did you mean name?)."


def test_the_password_of_a_url_is_not_shown() -> None:
    error = ConfigurationError(key="url", value="redis://user:hunter2@host", expected="another")
    assert "hunter2" not in error.sentence


def test_an_endless_value_is_cut() -> None:
    assert len(ConfigurationError(key="name", value="x" * 10_000, expected="less").sentence) < 200


def test_control_characters_do_not_reach_the_terminal() -> None:
    assert "\x1b" not in ConfigurationError(key="name", value="\x1b[2J", expected="a text").sentence
