"""`.env.example` is the list of settings that people read: it must be the list that the code reads."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
EXAMPLE = (ROOT / ".env.example").read_text(encoding="utf-8")
SETTINGS = (ROOT / "statuspage" / "settings.py").read_text(encoding="utf-8")


def named_in_the_example() -> dict[str, str]:
    return dict(re.findall(r"^([A-Z_]+)=(.*)$", EXAMPLE, flags=re.MULTILINE))


def read_by_the_settings() -> dict[str, str]:
    """Name → its default where the source has a plain value, else nothing."""
    read = r'env\.(?:text|boolean|integer|words)\(\s*"([A-Z_]+)"'
    plain_default = r'(?:,\s*(?:default=)?("[^"]*"|\w+)(?=[,)]))?'
    return dict(re.findall(read + plain_default, SETTINGS))


def test_every_setting_that_is_read_is_named() -> None:
    assert sorted(named_in_the_example()) == sorted(read_by_the_settings())


def test_every_setting_has_a_sentence_above_it() -> None:
    lines = EXAMPLE.splitlines()
    pairs = zip(["", *lines], lines, strict=False)
    bare = [line for above, line in pairs if re.match(r"[A-Z_]+=", line) and not above.startswith("# ")]
    assert bare == []


@pytest.mark.parametrize("name", sorted(named_in_the_example()))
def test_the_default_named_is_the_default_in_force(name: str) -> None:
    # A default that is computed is left empty in the example, and empty means unset.
    source = read_by_the_settings()[name]
    expected = source.strip('"') if source.startswith('"') else source.replace("_", "").lower()
    assert named_in_the_example()[name] == expected


def test_the_example_itself_is_a_working_environment(tmp_path: Path) -> None:
    env = {"PATH": os.environ["PATH"], **named_in_the_example(), "DATA_DIR": str(tmp_path)}
    code = "import django; django.setup(); from django.conf import settings; print(settings.EMBEDDED)"
    env["DJANGO_SETTINGS_MODULE"] = "statuspage.settings"
    run = subprocess.run([sys.executable, "-c", code], env=env, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (run.returncode, run.stdout.strip(), run.stderr) == (0, "True", "")
