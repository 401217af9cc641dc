"""Secrets in a file stand as ``env:NAME`` or ``file:NAME``. The command resolves them, on the operator's machine.

Over HTTP they are refused: a caller would have the server send out its own secrets.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from django.conf import settings

from cloudaccounts.errors import InputError

ENV, FILE = "env:", "file:"
LARGEST = 64 * 1024  # bytes; a service account's key file has 2,400
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,127}")
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,127}(?:/[A-Za-z0-9_][A-Za-z0-9._-]{0,127}){0,7}")
# What this server runs with itself. A file from a repository must not send it to whatever it names as its cloud.
OURS = re.compile(
    r"(?:SECRET_KEY|CREDENTIAL_ENCRYPTION_KEYS|EMAIL_URL|NOTIFY_WEBHOOK_\w+|OIDC_CLIENT_SECRET|METRICS_TOKEN"
    r"|\w*DATABASE_URL|CELERY_\w+)(?:_FILE)?"
)
Place = tuple[str, ...]


def is_reference(value: Any) -> bool:
    return isinstance(value, str) and value.startswith((ENV, FILE))


def resolve(value: str) -> str:
    """The secret itself. Raises `InputError` for ``secret``; messages name the reference alone."""
    return _from_environment(value) if value.startswith(ENV) else _from_file(value)


def resolved(entry: dict[str, Any], places: Iterable[Place]) -> dict[str, Any]:
    """The entry with what stands at these places resolved. Raises `InputError` by place, for clear secrets as well."""
    copy: dict[str, Any] = _copied(entry)
    problems: dict[str, str] = {}
    for place in places:
        holder = _holder(copy, place)
        if holder is None:
            continue
        value = holder[place[-1]]
        if not is_reference(value):
            problems[".".join(place)] = "A secret does not stand in a file: write env:NAME or file:NAME."
            continue
        try:
            holder[place[-1]] = resolve(value)
        except InputError as error:
            problems[".".join(place)] = error.cause
    if problems:
        raise InputError(problems)
    return copy


def unresolved(entry: dict[str, Any], places: Iterable[Place]) -> dict[str, str]:
    """Secrets of a file that stand in clear, by place, with what is wrong: asked before a plan is made."""
    in_clear = {}
    for place in places:
        holder = _holder(entry, place)
        if holder is not None and not is_reference(holder[place[-1]]):
            in_clear[".".join(place)] = "A secret does not stand in a file: write env:NAME or file:NAME."
    return in_clear


def references_in(value: Any, path: str = "") -> dict[str, str]:
    """Where in a document of HTTP a reference stands, and why it is refused."""
    if isinstance(value, dict):
        return {k: v for name, item in value.items()
                for k, v in references_in(item, f"{path}.{name}" if path else str(name)).items()}  # fmt: skip
    if isinstance(value, list):
        return {k: v for number, item in enumerate(value)
                for k, v in references_in(item, f"{path}[{number}]").items()}  # fmt: skip
    if is_reference(value):
        return {path[:200]: "Over HTTP secrets are given themselves: what is on the server is not read for a call."}
    return {}


def _from_environment(value: str) -> str:
    name = value.removeprefix(ENV)
    if not _VARIABLE.fullmatch(name):
        raise InputError({"secret": "This is no name of an environment variable."})
    if OURS.fullmatch(name.upper()):
        raise InputError({"secret": f"{name} is this server's own secret, and is not given to any cloud."})
    text = os.environ.get(name, "")
    if not text:
        raise InputError({"secret": f"The environment variable {name} is not set."})
    return text


def _from_file(value: str) -> str:
    name, folder = value.removeprefix(FILE), settings.APPLY_SECRETS_DIR
    if not folder:
        raise InputError({"secret": "APPLY_SECRETS_DIR is not set: no file is read without it."})
    if not _NAME.fullmatch(name) or ".." in name.split("/"):
        raise InputError({"secret": "This is no name of a file below APPLY_SECRETS_DIR."})
    root = Path(folder).resolve()
    path = (root / name).resolve()
    # After links were followed: one that leads out of the folder is no file of it.
    if not path.is_relative_to(root) or not path.is_file():
        raise InputError({"secret": f"There is no file {name} below APPLY_SECRETS_DIR."})
    try:
        with path.open("rb") as file:
            content = file.read(LARGEST + 1)
        if len(content) > LARGEST:
            raise InputError({"secret": f"The file {name} is larger than {LARGEST // 1024} KB."})
        text = content.decode()
    except OSError as error:
        raise InputError({"secret": f"The file {name} cannot be read: {error.strerror}."}) from None
    except UnicodeDecodeError:
        raise InputError({"secret": f"The file {name} is not UTF-8."}) from None
    return text.removesuffix("\n").removesuffix("\r")


def _holder(entry: dict[str, Any], place: Place) -> dict[str, Any] | None:
    """The mapping in which the last name of the place stands; None where it is not given."""
    holder: Any = entry
    for name in place[:-1]:
        holder = holder.get(name) if isinstance(holder, dict) else None
    return holder if isinstance(holder, dict) and place[-1] in holder else None


def _copied(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _copied(item) for name, item in value.items()}
    return [_copied(item) for item in value] if isinstance(value, list) else value
