"""The rules that assets are judged by, of all providers."""

from __future__ import annotations

from cloudaccounts import registry
from cloudaccounts.contract.rules import PostureCheck


def all_checks() -> list[PostureCheck]:
    return [check for provider in registry.all_providers() for check in provider.posture_checks()]


def find_check(check_id: str) -> PostureCheck | None:
    """None for a check that is not made any more: its findings stay in the history."""
    return next((check for check in all_checks() if check.id == check_id), None)


def checks_like(text: str) -> list[str]:
    wanted = text.strip().lower()
    return [check.id for check in all_checks() if wanted in check.id.lower() or wanted in check.title.lower()]


def evaluated_services(provider: str = "") -> list[str]:
    """To choose from: by what is judged, not by what was found, which would read every finding."""
    providers = [spec for spec in registry.all_providers() if provider in {"", spec.key}]
    return sorted({check.service for spec in providers for check in spec.posture_checks()})
