"""The checks of all providers, looked up by id, by text and by service."""

from __future__ import annotations

from collections.abc import Collection

from django.db.models import Max

from cloudaccounts import registry
from cloudaccounts.contract.rules import PostureCheck
from scans.models import Finding

# Titles of checks that no provider has any more, by id. Of the process, and read once: their findings would else be
# read for each page that names them.
_retired: dict[str, str] = {}


def all_checks() -> list[PostureCheck]:
    return [check for provider in registry.all_providers() for check in provider.posture_checks()]


def find_check(check_id: str) -> PostureCheck | None:
    """None for a check that no provider has any more: its findings stay in the history."""
    return next((check for check in all_checks() if check.id == check_id), None)


def check_ids_matching(text: str) -> list[str]:
    """Ids of checks with this text in their id or title, whatever its case."""
    text = text.strip().lower()
    return [check.id for check in all_checks() if text in check.id.lower() or text in check.title.lower()]


def evaluated_services(provider: str = "") -> list[str]:
    """Services to choose from: those that have checks. To list those that have findings, all would be read."""
    providers = [spec for spec in registry.all_providers() if provider in {"", spec.key}]
    return sorted({check.service for spec in providers for check in spec.posture_checks()})


def titles_of(check_ids: Collection[str]) -> dict[str, str]:
    """Titles by id, also of checks that no provider has any more: those are read from one of their findings."""
    known = {check.id: check.title for check in all_checks()}
    missing = [key for key in check_ids if key not in known and key not in _retired]
    if missing:
        rows = Finding.objects.filter(check_id__in=missing).order_by().values("check_id").annotate(any_of=Max("title"))
        _retired.update({row["check_id"]: row["any_of"] for row in rows})
    return {key: known.get(key) or _retired.get(key) or key for key in check_ids}
