"""Mail as files, for the mode without a mail server: each message in one .eml, which any mail program opens."""

import os
import re
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend

UNSAFE = re.compile(r"[^A-Za-z0-9@.+_-]+")


class EmailBackend(BaseEmailBackend):
    """OPTIONS: `file_path`, the folder. The name of a file is its moment (UTC) and its first recipient."""

    def __init__(self, *, file_path: str, **options: Any) -> None:
        super().__init__(**options)
        self._folder = Path(file_path)

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        self._folder.mkdir(parents=True, exist_ok=True)
        for message in email_messages:
            self._write(message)
        return len(email_messages)

    def _write(self, message: EmailMessage) -> None:
        recipient = UNSAFE.sub("_", next(iter(message.recipients()), "nobody"))[:100]
        name = f"{datetime.now(tz=UTC):%Y%m%dT%H%M%S.%f}-{recipient}.eml"
        # Whole or not at all: somebody may be watching the folder.
        unfinished = self._folder / f".{name}.{os.getpid()}"
        unfinished.write_bytes(message.message().as_bytes())
        unfinished.rename(self._folder / name)
