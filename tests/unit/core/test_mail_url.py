import pytest

from statuspage.core.mail_url import is_smtp, read_mail_url


@pytest.mark.parametrize(
    ("url", "port", "use_tls", "use_ssl"),
    [
        ("smtp://mail.example.com", 25, False, False),
        ("smtp+tls://mail.example.com", 587, True, False),
        ("smtps://mail.example.com", 465, False, True),
        ("smtp+ssl://mail.example.com/", 465, False, True),
        ("SMTP+TLS://mail.example.com:2525", 2525, True, False),
    ],
)
def test_a_scheme_says_how_the_connection_is_encrypted(url: str, port: int, use_tls: bool, use_ssl: bool) -> None:
    assert is_smtp(url)
    options = read_mail_url(url)["OPTIONS"]
    assert (options["host"], options["port"]) == ("mail.example.com", port)
    assert (options["use_tls"], options["use_ssl"]) == (use_tls, use_ssl)
    assert (options["username"], options["password"], options["timeout"]) == ("", "", 15)


def test_user_and_password_may_have_any_character() -> None:
    options = read_mail_url("smtp+tls://ada%40example.com:p%3A%2F%3F%23%40%25+%22@[::1]:2525?timeout=30")["OPTIONS"]
    assert options["username"] == "ada@example.com"
    assert options["password"] == 'p:/?#@%+"'
    assert (options["host"], options["port"], options["timeout"]) == ("::1", 2525, 30)


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ("smtp://ada:sec/ret@mail.example.com", "are written as"),
        ("smtp://ada:sec#ret@mail.example.com", "are written as"),
        ("smtp://ada:secr%C3%A9t@mail.example.com", "not ASCII"),
        ("smtp://", "names no host"),
        ("smtp://ada:secret@:25", "names no host"),
        ("smtp://mail.example.com:mail", "not a number up to 65535"),
        ("smtp://ada:123?secret@mail.example.com", "%3F"),
        ("smtp://ada:sec\u2100ret@mail.example.com", "%2F"),
        ("smtp://mail.example.com:70000", "not a number up to 65535"),
        ("smtp://mail.example.com?timeout=0", "from 1 to 30"),
        ("smtp://mail.example.com?timeout=soon", "from 1 to 30"),
        ("smtp://mail.example.com?tls=yes", "'tls'; there is only timeout"),
    ],
)
def test_what_is_wrong_is_said_without_the_password(url: str, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence) as caught:
        read_mail_url(url)
    assert "sec" not in str(caught.value).replace("seconds", "")


def test_other_backends_are_not_ours_to_read() -> None:
    assert not is_smtp("consolemail://")
    assert not is_smtp("mail.example.com:25")
