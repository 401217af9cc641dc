"""The checks of all providers, looked up by id, by text and by service."""

from __future__ import annotations

from cloudaccounts import registry
from cloudaccounts.contract.rules import PostureCheck


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
