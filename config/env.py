"""Typed readers of the environment. Every value may also come from the file that ``NAME_FILE`` names."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import environ
from django.core.exceptions import ImproperlyConfigured

ROOT = Path(__file__).resolve().parent.parent


class Env:
    """django-environ with the few readers that it lacks. A trailing newline in a NAME_FILE does not count."""

    def __init__(self) -> None:
        environ.Env.read_env(str(ROOT / ".env"))
        self._env = environ.FileAwareEnv()

    def text(self, name: str, default: str = "") -> str:
        return str(self._env.str(name, default=default)).strip()

    def flag(self, name: str, *, default: bool) -> bool:
        return bool(self._env.bool(name, default=default))

    def number(self, name: str, default: int, *, least: int = 0) -> int:
        value = int(self._env.int(name, default=default))
        if value < least:
            raise ImproperlyConfigured(f"{name} is {value}; it must be at least {least}.")
        return value

    def words(self, name: str) -> list[str]:
        """Separated by commas or, as in files, by lines; blanks around the parts and empty parts do not count."""
        return [part for raw in self.text(name).replace("\n", ",").split(",") if (part := raw.strip())]

    def mail(self, name: str) -> dict[str, Any]:
        """Django's EMAIL_* settings from a URL like ``smtp+tls://user:password@host:587``; the console by default."""
        return dict(self._env.email_url(name, default="consolemail://"))

    def origin(self, name: str, default: str) -> str:
        """``scheme://host[:port]`` without a path."""
        value = self.text(name, default).rstrip("/")
        parts = urlsplit(value)
        if parts.scheme not in {"http", "https"} or not parts.hostname or parts.path or parts.query or parts.username:
            raise ImproperlyConfigured(f"{name} must look like https://accounts.example.com; it is {value!r}.")
        return value
