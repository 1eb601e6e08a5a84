import pytest
from yarl import URL

from statuspage.core.errors import ValidationFailed
from statuspage.core.http.allowed import AllowList, check_target

NOWHERE = AllowList()


@pytest.mark.parametrize(
    ("written", "url", "host"),
    [
        (" https://Hooks.Example.com/a?b=c#d ", "https://hooks.example.com/a?b=c", "hooks.example.com"),
        ("https://hooks.example.com:443/", "https://hooks.example.com/", "hooks.example.com"),
        ("https://hooks.example.com:8443/x", "https://hooks.example.com:8443/x", "hooks.example.com:8443"),
        ("https://bücher.example/x", "https://xn--bcher-kva.example/x", "xn--bcher-kva.example"),
        ("https://93.184.216.34/x", "https://93.184.216.34/x", "93.184.216.34"),
    ],
)
def test_a_public_url_is_taken_in_its_one_form(written: str, url: str, host: str) -> None:
    target = check_target(written, NOWHERE)
    assert (target.url, target.host) == (url, host)


@pytest.mark.parametrize(
    ("written", "words"),
    [
        ("", "Give the URL"),
        (None, "Give the URL"),
        (["https://example.com"], "Give the URL"),
        ("http://hooks.example.com/", "begin with https"),
        ("ftp://hooks.example.com/", "not a URL"),
        ("file:///etc/passwd", "not a URL"),
        ("javascript:alert(1)", "not a URL"),
        ("hooks.example.com", "not a URL"),
        ("https://", "not a URL"),
        ("https://hooks.example.com:0/", "not a URL"),
        ("https://hooks.example.com:99999/", "not a URL"),
        ("https://ho\x00oks.example.com/", "no URL has"),
        ("https://hooks.example.com/\r\nX: y", "no URL has"),
        ("https://hooks.example.com\\@127.0.0.1/", "no URL has"),
        ("https://hooks.example.com/a b", "no URL has"),
        ("https://hooks.example.com/\ud800", "no URL has"),
        (f"https://hooks.example.com/{'a' * 2000}", "longer than"),
        (f"https://hooks.example.com/{'ü' * 500}", "not a URL"),
        ("https://ada:secret@hooks.example.com/", "user name"),
        ("https://127.0.0.1/", "public internet"),
        ("https://2130706433/", "public internet"),
        ("https://0x7f000001/", "public internet"),
        ("https://0177.0.0.1/", "public internet"),
        ("https://127.1/", "public internet"),
        ("https://10.1.2.3/", "public internet"),
        ("https://192.168.1.1/", "public internet"),
        ("https://169.254.169.254/latest/meta-data", "public internet"),
        ("https://[::1]/", "public internet"),
        ("https://[::ffff:127.0.0.1]/", "public internet"),
        ("https://[64:ff9b::7f00:1]/", "public internet"),
        ("https://[fe80::1%25eth0]/", "public internet"),
        ("https://localhost/", "internal names"),
        ("https://redis/", "internal names"),
        ("https://x.localhost./", "internal names"),
        ("https://printer.local/", "internal names"),
        ("https://metadata.google.internal/", "internal names"),
    ],
)
def test_what_is_no_public_url_is_refused_with_a_sentence(written: object, words: str) -> None:
    with pytest.raises(ValidationFailed, match=words) as refused:
        check_target(written, NOWHERE)
    assert refused.value.field == "url"


def test_a_host_the_operator_allowed_may_be_internal_and_without_tls() -> None:
    allowed = AllowList.read(["127.0.0.1", "relay.lan:8080", "10.0.0.0/8", "[::1]:9000"])
    for url in ("http://127.0.0.1:5000/a", "http://relay.lan:8080/", "http://10.9.8.7/", "http://[::1]:9000/x"):
        assert check_target(url, allowed).url == url


def test_what_the_operator_allowed_opens_nothing_beside_it() -> None:
    allowed = AllowList.read(["127.0.0.1", "relay.lan:8080", "10.0.0.0/8", "[::1]:9000"])
    for url in (
        *("http://127.0.0.2/", "http://relay.lan/", "http://relay.lan:8081/", "http://11.0.0.1/"),
        *("http://[::1]:9001/", "http://2130706433/", "http://hooks.example.com/"),
    ):
        assert not allowed.names(URL(url))
        with pytest.raises(ValidationFailed):
            check_target(url, allowed)


@pytest.mark.parametrize("word", ["10.0.0.0/99", "10.0.0.1/8", "a:b", "host:0", "host:70000", "a b", ":80"])
def test_a_word_that_is_no_host_is_refused_by_name(word: str) -> None:
    with pytest.raises(ValueError, match=r"is neither a host|is not a network"):
        AllowList.read([word])
