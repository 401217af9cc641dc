"""Typed readers of the environment. Every value may also come from the file that ``NAME_FILE`` names."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import environ
from django.core.exceptions import ImproperlyConfigured
from environ.fileaware_mapping import FileAwareMapping

ROOT = Path(__file__).resolve().parent.parent


class Env:
    """Readers that django-environ lacks. A trailing newline in a NAME_FILE does not count."""

    def __init__(self) -> None:
        # The file fills in only what the environment does not set.
        environ.Env.read_env(str(ROOT / ".env"))
        self._values = FileAwareMapping(cache=False)  # its cache would be shared by the whole process, tests included

    def text(self, name: str, default: str = "") -> str:
        """The value as it is. django-environ's own readers take one that begins with ``$`` for the name of another."""
        return str(self._values.get(name, default)).strip()

    def flag(self, name: str, *, default: bool) -> bool:
        return self.text(name, "on" if default else "").lower() in environ.Env.BOOLEAN_TRUE_STRINGS

    def number(self, name: str, default: int, *, least: int = 0) -> int:
        text = self.text(name, str(default))
        try:
            value = int(text)
        except ValueError as error:
            raise ImproperlyConfigured(f"{name} is {text!r}; it must be a whole number.") from error
        if value < least:
            raise ImproperlyConfigured(f"{name} is {value}; it must be at least {least}.")
        return value

    def words(self, name: str) -> list[str]:
        """Separated by commas or, as in files, by lines; blanks around the parts and empty parts do not count."""
        return [part for raw in self.text(name).replace("\n", ",").split(",") if (part := raw.strip())]

    def numbers(self, name: str) -> dict[str, int]:
        """Numbers by a word, as in ``aws=400, azure=120``; empty where nothing is given."""
        numbers = {}
        for part in self.words(name):
            word, _, text = part.partition("=")
            if not word.strip() or not text.strip().isdecimal() or int(text) < 1:
                raise ImproperlyConfigured(f"{name} has {part!r}; write word=number, separated by commas.")
            numbers[word.strip()] = int(text)
        return numbers

    def mail(self, name: str) -> dict[str, Any]:
        """Django's EMAIL_* settings from a URL like ``smtp+tls://user:password@host:587``; the console by default."""
        return dict(environ.Env.email_url_config(self.text(name, "consolemail://")))

    def origin(self, name: str, default: str) -> str:
        """``scheme://host[:port]`` without a path."""
        value = self.text(name, default).rstrip("/")
        parts = urlsplit(value)
        if parts.scheme not in {"http", "https"} or not parts.hostname or parts.path or parts.query or parts.username:
            raise ImproperlyConfigured(f"{name} must look like https://accounts.example.com; it is {value!r}.")
        return value
