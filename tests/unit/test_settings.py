"""Settings are read in a process of their own, as at a start."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PRINT = "import statuspage.settings as s; print({})"


ASK_THE_CACHE = """
import os, time, django
os.environ["DJANGO_SETTINGS_MODULE"] = "statuspage.settings"
django.setup()
from datetime import timedelta
from statuspage.core import rate_limit
begun = time.monotonic()
assert rate_limit.allow("somebody", limit=1, per=timedelta(minutes=1))
print(time.monotonic() - begun)
"""


def read(tmp_path: Path, what: str = "''", **environ: str) -> subprocess.CompletedProcess[str]:
    return run(tmp_path, "-c", PRINT.format(what), **environ)


def run(tmp_path: Path, *arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
    env = {"PATH": os.environ["PATH"], "DATA_DIR": str(tmp_path), **environ}
    return subprocess.run(
        [sys.executable, *arguments],
        env=env,
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )


@pytest.mark.parametrize(
    ("environ", "sentence"),
    [
        (
            {"DATABASE_URL": "mysql://a@b/c", "SECRET_KEY": "x"},
            "DATABASE_URL must begin with postgres:// or sqlite:///.",
        ),
        ({"DATABASE_URL": "postgres://a@b/c"}, "SECRET_KEY is not set"),
        ({"PUBLIC_URL": "ftp://x"}, "PUBLIC_URL is 'ftp://x'; expected an address"),
        ({"TRUSTED_PROXY_COUNT": "one"}, "TRUSTED_PROXY_COUNT is 'one'; expected a whole number."),
        ({"DEFAULT_FROM_EMAIL": "nobody"}, "DEFAULT_FROM_EMAIL is 'nobody'; expected an address."),
        ({"EMAIL_URL": "carrier://pigeon"}, "EMAIL_URL is not a mail URL"),
        ({"DEBUG": "maybe"}, "DEBUG is 'maybe'; expected true or false."),
        ({"OUTBOUND_ALLOWED_HOSTS": "10.0.0.0/99"}, "OUTBOUND_ALLOWED_HOSTS: '10.0.0.0/99' is not a network"),
        ({"MAIL_EVENTS": "postmrk"}, "MAIL_EVENTS has 'postmrk'; expected any of amazon_ses"),
        ({"MAIL_EVENTS": "postmark"}, "MAIL_EVENTS_SECRET must read user:password"),
        ({"MAIL_EVENTS": "postmark", "MAIL_EVENTS_SECRET": "a:short"}, "MAIL_EVENTS_SECRET must read user:password"),
        ({"MAIL_EVENTS": "mailgun"}, "MAIL_EVENTS_SIGNING_KEY is not set"),
        ({"MAIL_EVENTS_TOKEN": "short"}, "MAIL_EVENTS_TOKEN is too short"),
        ({"PROBE_SLOT_RETENTION_DAYS": "1"}, "PROBE_SLOT_RETENTION_DAYS is 1; expected at least 2."),
    ],
)
def test_a_wrong_setting_stops_the_start_and_names_itself(
    tmp_path: Path, environ: dict[str, str], sentence: str
) -> None:
    done = read(tmp_path, **environ)
    assert done.returncode == 1
    assert sentence in done.stderr.splitlines()[-1]


def test_with_nothing_set_everything_is_in_the_data_directory(tmp_path: Path) -> None:
    done = read(tmp_path, "s.EMBEDDED, s.DATABASES['default']['NAME'], s.MAILERS['default']['OPTIONS']")
    assert done.stdout.startswith("True ")
    assert str(tmp_path / "statuspage.sqlite3") in done.stdout
    assert str(tmp_path / "mail") in done.stdout


def test_the_public_address_is_an_allowed_host_and_the_default_is_our_own(tmp_path: Path) -> None:
    done = read(tmp_path, "s.ALLOWED_HOSTS, s.os.environ['PUBLIC_URL']", PUBLIC_URL="https://status.example.com/")
    assert "'status.example.com'" in done.stdout
    assert done.stdout.endswith("https://status.example.com\n")
    assert read(tmp_path, "s.os.environ['PUBLIC_URL']", SELF_URL="http://web:8000").stdout == "http://web:8000\n"


def test_mail_goes_to_the_server_of_the_url(tmp_path: Path) -> None:
    done = read(tmp_path, "s.MAILERS['default']['OPTIONS']", EMAIL_URL="smtp+tls://ada:p%40ss@mail.example.com:587")
    for part in ("'host': 'mail.example.com'", "'port': 587", "'password': 'p@ss'", "'use_tls': True"):
        assert part in done.stdout


def test_a_deployment_behind_a_proxy_with_https_has_nothing_to_warn_of(tmp_path: Path) -> None:
    checked = run(
        tmp_path,
        *("manage.py", "check", "--deploy", "--fail-level", "WARNING"),
        SECRET_KEY="0f1e2d3c4b5a69788796a5b4c3d2e1f00f1e2d3c4b5a69788796a5b4c3d2e1f0",
        SECURE_SSL_REDIRECT="true",
        TRUSTED_PROXY_COUNT="1",
    )
    assert checked.returncode == 0, checked.stderr


def test_a_redis_that_never_answers_is_given_up_within_a_second(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        asked = run(tmp_path, "-c", ASK_THE_CACHE, REDIS_URL=f"redis://127.0.0.1:{silent.getsockname()[1]}/0")
    assert asked.returncode == 0, asked.stderr
    assert float(asked.stdout) < 1
