"""Severities and thresholds that a team has set for checks. Scans evaluate by them from the next one on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Model
from django.utils import timezone

from cloudaccounts.accounts.enabled_checks import switched_off
from cloudaccounts.audit.actor import Actor
from cloudaccounts.audit.record import record_event
from cloudaccounts.contract.rules import Severity, Threshold
from cloudaccounts.errors import InputError
from cloudaccounts.work.databases import SECURITY
from scans.findings.checks import all_checks, find_check
from scans.findings.evaluation import TeamSettings
from scans.findings.suppression import clean_reason
from scans.models import SeverityOverride, ThresholdSetting
from teams.names import name_order


def team_settings(owner: str) -> TeamSettings:
    """Three queries."""
    return TeamSettings(
        severities=dict(SeverityOverride.objects.filter(owner=owner).values_list("check_id", "severity")),
        thresholds=dict(ThresholdSetting.objects.filter(owner=owner).values_list("key", "value")),
        switched_off=switched_off(owner),
    )


def thresholds() -> dict[str, Threshold]:
    """All that checks have, by key, in the order of their labels."""
    by_key = {threshold.key: threshold for check in all_checks() for threshold in check.thresholds}
    return dict(sorted(by_key.items(), key=lambda item: name_order(item[1].label)))


def severity_overrides(owner: str) -> list[SeverityOverride]:
    return list(SeverityOverride.objects.filter(owner=owner).order_by("check_id"))


def set_severity(owner: str, check_id: str, severity: str, *, actor: Actor, reason: str) -> None:
    """From the next scan on. The check's own severity takes the override away. Raises `InputError`."""
    check = find_check(check_id)
    if check is None:
        raise InputError({"check_id": "There is no check of this id."})
    if severity not in list(Severity):
        raise InputError({"severity": f"Choose one of {', '.join(Severity)}."})
    if severity == check.severity:
        return reset_severity(owner, check_id, actor=actor)
    values = {
        "severity": severity, "reason": clean_reason(reason), "author": actor.label[:160], "created_at": timezone.now(),
    }  # fmt: skip
    with transaction.atomic(using=SECURITY):
        _write(SeverityOverride, {"owner": owner, "check_id": check_id}, values)
        text = f"“{check.title}” counts as {severity}, not {check.severity}: {values['reason']}"
        record_event(actor=actor, owner=owner, action="check.severity", text=text, check=check_id, severity=severity)
    return None


def reset_severity(owner: str, check_id: str, *, actor: Actor) -> None:
    with transaction.atomic(using=SECURITY):
        if SeverityOverride.objects.filter(owner=owner, check_id=check_id).delete()[0]:
            text = f"{check_id} has its own severity again"
            record_event(actor=actor, owner=owner, action="check.severity", text=text, check=check_id)


def set_threshold(owner: str, key: str, value: int | None, *, actor: Actor) -> None:
    """From the next scan on. None, or the usual number, takes the team's away. Raises `InputError`."""
    threshold = thresholds().get(key)
    if threshold is None:
        raise InputError({"key": "There is no threshold of this name."})
    if value is not None and not threshold.least <= value <= threshold.most:
        raise InputError({key: f"Give a number from {threshold.least} to {threshold.most}."})
    with transaction.atomic(using=SECURITY):
        before = ThresholdSetting.objects.filter(owner=owner, key=key).values_list("value", flat=True).first()
        if value is None or value == threshold.default:
            ThresholdSetting.objects.filter(owner=owner, key=key).delete()
        elif value != before:
            now = {"value": value, "author": actor.label[:160], "created_at": timezone.now()}
            _write(ThresholdSetting, {"owner": owner, "key": key}, now)
        after = threshold.default if value is None else value
        if after != (threshold.default if before is None else before):
            text = f"{threshold.label}: {after} {threshold.unit}; usually {threshold.default}"
            record_event(actor=actor, owner=owner, action="check.threshold", text=text, key=key, value=after)


def _write(model: type[Model], key: Mapping[str, Any], values: Mapping[str, Any]) -> None:
    """Update, else create, else update: MongoDB's backend has no upsert, and the unique constraint decides."""
    rows = model._default_manager.filter(**key)
    if not rows.update(**values):
        try:
            with transaction.atomic(using=SECURITY):
                model._default_manager.create(**key, **values)
        except IntegrityError:
            rows.update(**values)
