"""The one reader of the environment.

Every setting is read here, once, at start. A secret NAME may come from the file that NAME_FILE points to (Docker and
Kubernetes secrets). A missing or malformed value raises `ImproperlyConfigured` with the setting's name.
"""

import os
import secrets
from collections.abc import Mapping
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured

TRUE_WORDS = frozenset({"1", "true", "yes", "on"})
FALSE_WORDS = frozenset({"0", "false", "no", "off", ""})


class Env:
    """Typed reads from an environment mapping (normally `os.environ`)."""

    def __init__(self, environ: Mapping[str, str] | None = None) -> None:
        self._environ = os.environ if environ is None else environ

    def text(self, name: str, default: str | None = None) -> str:
        """The value of NAME, else the contents of NAME_FILE, else the default."""
        value = self._environ.get(name)
        file_name = self._environ.get(f"{name}_FILE")
        if value and file_name:
            raise ImproperlyConfigured(f"{name} and {name}_FILE are both set: keep one.")
        if file_name:
            return self._read_file(name, file_name)
        if value is not None and value != "":
            return value
        if default is None:
            raise ImproperlyConfigured(f"{name} is not set, and there is no default for it.")
        return default

    def boolean(self, name: str, *, default: bool) -> bool:
        value = self.text(name, "true" if default else "false").strip().lower()
        if value in TRUE_WORDS:
            return True
        if value in FALSE_WORDS:
            return False
        raise ImproperlyConfigured(f"{name} is {value!r}; expected true or false.")

    def integer(self, name: str, default: int, *, minimum: int = 0) -> int:
        value = self.text(name, str(default))
        try:
            number = int(value)
        except ValueError:
            raise ImproperlyConfigured(f"{name} is {value!r}; expected a whole number.") from None
        if number < minimum:
            raise ImproperlyConfigured(f"{name} is {number}; expected at least {minimum}.")
        return number

    def words(self, name: str, default: str = "") -> list[str]:
        return [word.strip() for word in self.text(name, default).split(",") if word.strip()]

    def _read_file(self, name: str, file_name: str) -> str:
        try:
            value = Path(file_name).read_text(encoding="utf-8").strip()
        except OSError as error:
            raise ImproperlyConfigured(f"{name}_FILE is {file_name!r}, which cannot be read: {error}.") from error
        if not value:
            raise ImproperlyConfigured(f"{name}_FILE is {file_name!r}, which is empty.")
        return value


def keep_secret(path: Path) -> str:
    """The secret kept in a file of the data directory, made on first use and readable by its owner only."""
    try:
        kept = path.read_text(encoding="ascii").strip()
    except FileNotFoundError:
        kept = ""
    if kept:
        return kept
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        # Another process of ours made it in this very moment.
        return path.read_text(encoding="ascii").strip()
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        secret = secrets.token_urlsafe(50)
        file.write(secret)
    return secret
