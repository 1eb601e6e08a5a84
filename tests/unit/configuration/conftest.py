"""Loading configuration from text, the way an operator does it: by the command."""

from collections.abc import Callable
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command

Load = Callable[..., str]

WHOLE = """\
[page]
name = "Example"
url = "https://status.example.com"
time_zone = "Europe/London"
description = "Live health of Example."
support_url = "https://example.com/help"
support_email = "help@example.com"
refresh = "30s"

[[severities]]
slug = "critical"
first_update = "15m"
update_every = "30m"
postmortem = "7bd"

[[groups]]
slug = "platform"
name = "Platform"

[[regions]]
slug = "eu-west"
name = "Europe (Ireland)"

[[components]]
slug = "api"
name = "API gateway"
note = "api.example.com"
group = "platform"
regions = ["eu-west", "us-east"]

[[components.probes]]
slug = "api-http"
kind = "http"
url = "http://127.0.0.1:9999/health"
interval = "30s"
timeout = "5s"
degraded_above = "500ms"
failure_threshold = 3
recovery_threshold = 2
opens_incident = true
severity = "critical"
expect_status = [200]
expect_body = "ok"
allow_private = true
"""


@pytest.fixture
def load(tmp_path: Path, db: None) -> Load:
    """Load a text; returns what was printed. Raises CommandError with the refusal."""

    def run(text: str, **options: bool) -> str:
        path = tmp_path / "page.toml"
        path.write_text(text, encoding="utf-8")
        output = StringIO()
        call_command("load_config", str(path), stdout=output, **options)
        return output.getvalue()

    return run
