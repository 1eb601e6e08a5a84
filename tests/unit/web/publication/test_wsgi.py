"""In processes of their own: the module starts a thread that a test process should not have."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[4]
NAMES = "print(sorted(thread.name for thread in threading.enumerate()))"


def run(code: str, data_dir: Path) -> str:
    env = {**os.environ, "DATA_DIR": str(data_dir), "DJANGO_SETTINGS_MODULE": "statuspage.settings"}
    env.pop("DATABASE_URL", None)
    command = [sys.executable, "-c", f"import threading; {code}; {NAMES}"]
    return subprocess.run(command, env=env, cwd=ROOT, capture_output=True, text=True, timeout=60, check=True).stdout


def test_the_web_process_has_the_gateway_and_a_publisher(tmp_path: Path) -> None:
    out = run("from statuspage.wsgi import application; print(type(application).__name__)", tmp_path)
    assert out.splitlines() == ["Gateway", "['MainThread', 'publisher']"]


def test_a_management_command_has_no_publisher(tmp_path: Path) -> None:
    out = run(
        "from django.core.management import call_command; import django; django.setup();"
        " call_command('check', verbosity=0)",
        tmp_path,
    )
    assert out.splitlines()[-1] == "['MainThread']"
