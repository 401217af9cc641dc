"""`make demo FLEET=300`: connects that many accounts of the simulated clouds, the way an import does.

Each is validated with the providers' own SDKs, and its first scan starts as everybody's does. The simulated clouds are
another process, which is asked over its control API; nothing of it is imported here.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings

from cloudaccounts.accounts.external_id import external_id_for
from cloudaccounts.audit.actor import Actor
from cloudaccounts.groups.services import create_group
from cloudaccounts.imports.parser import Row
from cloudaccounts.imports.runner import RowResult, import_rows
from cloudaccounts.models import AccountGroup
from teams.scope import Scope

MOST = 2000
_PATIENCE = 300.0  # seconds for the clouds to build their part


class NoSandboxError(Exception):
    """The simulated clouds do not run, or do not answer."""


def connect_fleet(count: int, *, owner: str, actor: Actor) -> Iterator[RowResult]:
    """Makes the accounts and connects them, grouped by business unit; those that are connected already stay.

    Raises `NoSandboxError`.
    """
    members = _members(min(count, MOST), external_id_for(owner))
    scope = Scope(owner)
    for unit in sorted({member["unit"] for member in members}):
        if not AccountGroup.objects.filter(owner=owner, name=unit).exists():
            create_group(scope=scope, actor=actor, name=unit, description="Simulated accounts of one department")
    rows = (_row(number, member) for number, member in enumerate(members, start=1))
    return import_rows(rows, scope=scope, actor=actor, dry_run=False)


def summary(results: Counter[str]) -> str:
    """``298 connected, 2 refused``"""
    words = {"added": "connected", "exists": "connected before", "refused": "refused"}
    return ", ".join(f"{number} {words.get(state, state)}" for state, number in results.most_common())


def _members(count: int, external_id: str) -> list[dict[str, Any]]:
    """Of the three clouds in turn, so that a fleet that is half connected shows all of them."""
    parts = [
        _ask("aws.put_fleet", count=count, external_id=external_id),
        _ask("azure.put_fleet", count=count),
        _ask("gcp.put_fleet", count=count),
    ]
    longest = max(map(len, parts))
    return [part[place] for place in range(longest) for part in parts if place < len(part)]


def _row(number: int, member: dict[str, Any]) -> Row:
    values = {
        "provider": member["provider"],
        "account_id": member["account_id"],
        "name": member["name"],
        "environment": member["environment"],
        "auth_method": member["method"],
        "group": member["unit"],
    }
    regions = member["regions"]
    return Row(number, values, () if regions == "all" else tuple(regions), member["credentials"])


def _ask(command: str, **arguments: Any) -> list[dict[str, Any]]:
    file: Path | None = settings.SANDBOX_DESCRIPTION
    try:
        described = json.loads(file.read_text() if file else "")
        parts = urlsplit(described["control_url"])
        # Past any proxy of the environment: the question is to this machine.
        connection = HTTPConnection(str(parts.hostname), parts.port, timeout=_PATIENCE)
        try:
            headers = {"Authorization": f"Bearer {described['control_token']}", "Content-Type": "application/json"}
            connection.request("POST", f"/{command}", json.dumps(arguments), headers)
            answer = json.loads(connection.getresponse().read())
        finally:
            connection.close()
    except TimeoutError as error:
        raise NoSandboxError(
            f"The simulated clouds did not build their part within {_PATIENCE:.0f} s: start again when less goes on, "
            "or with fewer accounts."
        ) from error
    except (KeyError, OSError, ValueError) as error:
        raise NoSandboxError("The simulated clouds do not run: start them by make demo.") from error
    if "error" in answer:
        raise NoSandboxError(str(answer["error"]))
    result: list[dict[str, Any]] = answer["result"]
    return result
