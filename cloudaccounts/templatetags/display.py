"""Tags and filters for times, states, clouds and ids, so that each looks the same on every page."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import groupby
from typing import TYPE_CHECKING, Any

from django import template
from django.utils import timezone
from django.utils.html import format_html
from django.utils.http import urlencode
from django.utils.safestring import SafeString

from cloudaccounts import registry
from cloudaccounts.credentials.age import CredentialAge, RotationState, age_of
from cloudaccounts.dates import parse_aware
from cloudaccounts.jobs.queries import first_sentence as sentence
from cloudaccounts.models import AuditEvent, CloudAccount, Job
from cloudaccounts.models.job import JobState
from cloudaccounts.web.pagination import COUNT_LIMIT

if TYPE_CHECKING:  # every command checks the tags, and few show a report
    from cloudaccounts.contract.provider import Provider
    from cloudaccounts.contract.report import CloudValidationResult, PermissionResult

register = template.Library()

# A tone is a class of app.css: the pill's colour. States that are not listed are muted.
TONES = {
    "active": "ok", "failed": "bad", "suspended": "mute", "pending": "info",
    "queued": "info", "running": "info", "completed": "ok", "cancelled": "mute", "finished": "ok", "abandoned": "bad",
    "completed with gaps": "warn", "idle": "ok", "new": "info", "onboarding": "info", "onboarded": "ok",
    "sent": "ok", "ready": "info", "gathering": "info",
    "left out": "mute", "closed": "mute", "degraded": "warn", "broken": "bad",
    "granted": "ok", "denied": "bad", "unverifiable": "warn",
    "open": "bad", "resolved": "ok", "suppressed": "mute", "reopened": "warn",
    "passed": "ok", "warning": "warn", "skipped": "mute", "critical": "bad", "ok": "ok", "not_applicable": "mute",
}  # fmt: skip
# Shown beside the colour, for people who cannot tell the colours apart.
MARKS = {"ok": "✓", "bad": "!", "warn": "!", "info": "→", "mute": "–"}
_EVENT_MARKS = {
    "account.created": ("+", ""),
    "account.deleted": ("×", ""),
    "account.suspended": ("‖", ""),
    "credential.unreadable": ("!", "bad"),
    "scan.requested": ("→", ""),
}
_SPANS = (
    (60, "second", 1), (3600, "minute", 60), (86400, "hour", 3600), (86400 * 120, "day", 86400),
    (float("inf"), "month", 86400 * 30),
)  # fmt: skip


def relative(seconds: float) -> str:
    """The same words as in static/js/app.js, which updates them while the page stays open."""
    span = abs(seconds)
    # A clock a little ahead of the server's must not show "in 2 seconds" for what has just happened.
    if span < 5:
        return "just now"
    if seconds < 0:
        # What is to come is rounded: 90 days that began a second ago are 90 days, and not 89.
        unit, size = next((unit, size) for limit, unit, size in _SPANS if round(span / size) * size < limit)
        number = round(span / size)
    else:
        unit, size = next((unit, size) for limit, unit, size in _SPANS if span < limit)
        number = int(span // size)
    words = f"{number} {unit}{'' if number == 1 else 's'}"
    return f"{words} ago" if seconds >= 0 else f"in {words}"


@register.simple_tag
def ago(moment: datetime | None, never: str = "never") -> SafeString | str:
    """``2 minutes ago``, with the exact time on hover."""
    if moment is None:
        return never
    return format_html(
        '<time datetime="{}" title="{}" data-relative>{}</time>',  # app.js looks for data-relative
        moment.astimezone(timezone.get_default_timezone()).isoformat(timespec="seconds"),
        f"{moment:%d %B %Y, %H:%M:%S} UTC".lstrip("0"),
        relative((timezone.now() - moment).total_seconds()),
    )


@register.filter
def as_moment(text: str) -> datetime | None:
    """A time kept in JSON."""
    return parse_aware(text)


@register.filter
def span(value: timedelta | None) -> str:
    """A length of time: ``40 s``, ``3 min``."""
    if value is None:
        return ""
    seconds = max(0, round(value.total_seconds()))
    if seconds < 90:
        return f"{seconds} s"
    return f"{round(seconds / 60)} min" if seconds < 5400 else f"{round(seconds / 3600)} h"


@register.filter
def thousands(number: int) -> str:
    return f"{number:,}"


@register.filter
def up_to_limit(number: int) -> str:
    """A number that was counted up to `COUNT_LIMIT`: beyond it is “10,000+”."""
    return f"{COUNT_LIMIT:,}+" if number > COUNT_LIMIT else f"{number:,}"


@register.filter
def first_sentence(text: str) -> str:
    """Of a cause that the page says whole elsewhere."""
    return sentence(text)


@register.filter
def counted(number: int, word: str) -> str:
    """``1,204 new``"""
    return f"{number:,} {word}"


@register.filter
def words(name: str) -> str:
    """A name of the code as words: ``role_name`` becomes ``role name``."""
    return name.replace("_", " ")


@register.filter
def as_under(node_id: str) -> str:
    """The query of an organization's page that opens this container."""
    return urlencode({"under": node_id})


@register.filter
def duration(milliseconds: int) -> str:
    return f"{milliseconds} ms" if milliseconds < 1000 else f"{milliseconds / 1000:.1f} s"


@register.simple_tag
def pill(state: str, text: str = "") -> SafeString:
    """A state by word, shape and colour."""
    # The word is always there: colour alone would not reach everybody.
    return format_html('<span class="pill {}">{}</span>', TONES.get(str(state), "mute"), text or _words(state))


@register.simple_tag
def job_pill(job: Job) -> SafeString:
    """How a job stands. One that ended is green only where nothing of it failed."""
    if job.is_active or not job.failed or job.state != JobState.FINISHED:
        return pill(job.state)
    if job.done:
        return pill("warning", "finished with failures")
    return pill("failed", "failed")


@register.simple_tag
def mark(state: str) -> SafeString:
    """A state's sign in a list of checks. Hidden from screen readers: the words beside it say the same."""
    tone = TONES.get(str(state), "mute")
    return format_html('<span class="mark {}" aria-hidden="true">{}</span>', tone, MARKS[tone])


@register.simple_tag
def event_mark(event: AuditEvent) -> SafeString:
    sign, tone = _EVENT_MARKS.get(event.action, ("·", ""))
    if event.action in {"account.failed", "permission.lost", "coverage.lost"}:
        sign, tone = "!", "bad"
    if event.action in {"account.recovered", "coverage.back", "permission.back"}:
        sign, tone = "✓", "ok"
    # A check that passed and one that failed are the same action; the code in its detail tells them apart.
    if event.action == "account.checked":
        sign, tone = ("!", "bad") if event.detail.get("code") else ("✓", "ok")
    return format_html('<span class="mark {}" aria-hidden="true">{}</span>', tone, sign)


@register.filter
def changes(event: AuditEvent) -> list[str]:
    """What an event changed, from its ``before`` and ``after``: ``name: old → new``, ``regions: + new − old``."""
    before, after = event.detail.get("before"), event.detail.get("after")
    if not isinstance(before, dict) or not isinstance(after, dict):
        return []
    return [f"{key}: {_change(before.get(key), new)}" for key, new in after.items() if before.get(key) != new]


def _change(old: Any, new: Any) -> str:
    if not isinstance(old, list) or not isinstance(new, list):
        return f"{old} → {new}"
    added, removed = [f"+ {item}" for item in new if item not in old], [f"− {item}" for item in old if item not in new]
    return ", ".join(added + removed) or "in another order"


def _words(state: str) -> str:
    return str(getattr(state, "label", state)).replace("_", " ")


def _provider(key: str) -> Provider | None:
    try:
        return registry.get(key)
    except registry.UnknownProviderError:
        return None


@register.simple_tag
def cloud(key: str) -> SafeString:
    """The provider's badge; its key where the provider is not installed any more."""
    spec = _provider(key)
    label, short = (spec.label, spec.short_label) if spec else (key, key.upper())
    return format_html('<span class="cloud" title="{}">{}</span>', label, short)


@register.filter
def provider_label(key: str) -> str:
    spec = _provider(key)
    return spec.label if spec else key


@register.filter
def number(account: CloudAccount) -> str:
    """The account id as the provider writes it, with separators. Copy buttons give the plain one."""
    spec = _provider(account.provider)
    return spec.format_account_id(account.account_id) if spec else account.account_id


@register.filter
def method_label(account: CloudAccount) -> str:
    spec = _provider(account.provider)
    # A method that is gone shows its key: accounts of an older version must still be readable.
    labels = {method.key: method.label for method in spec.methods} if spec else {}
    return labels.get(account.auth_method, account.auth_method.replace("_", " "))


@register.filter
def credential_age(account: CloudAccount) -> CredentialAge:
    return age_of(account)


@register.simple_tag
def age_pill(age: CredentialAge) -> SafeString:
    tones = {RotationState.CRITICAL: "bad", RotationState.WARNING: "warn", RotationState.OK: "ok"}
    return format_html(
        '<span class="pill {}" title="{}">{}</span>', tones.get(age.state, "mute"), age.state.label, age.text
    )


@register.filter
def by_service(permissions: Sequence[PermissionResult]) -> list[dict[str, Any]]:
    """The report's permissions by service. Services with denied permissions come first, and denied ones within each."""
    from cloudaccounts.contract.report import PermissionStatus

    # What needs a person stands first.
    order = {PermissionStatus.DENIED: 0, PermissionStatus.UNVERIFIABLE: 1, PermissionStatus.GRANTED: 2}
    groups = []
    for service, items in groupby(sorted(permissions, key=lambda p: p.service), key=lambda p: p.service):
        listed = sorted(items, key=lambda p: (order[p.status], p.permission))
        counts = {status.value: sum(p.status == status for p in listed) for status in PermissionStatus}
        groups.append({"service": service, "permissions": listed, "worst": listed[0].status, **counts})
    return sorted(groups, key=lambda group: (order[group["worst"]], group["service"]))


@register.filter
def with_gaps(groups: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Of `by_service`, those with something that is denied or could not be found out."""
    return [group for group in groups if group["granted"] < len(group["permissions"])]


@register.filter
def without_gaps(groups: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Of `by_service`, those that need nobody."""
    return [group for group in groups if group["granted"] == len(group["permissions"])]


@register.filter
def permission_counts(report: CloudValidationResult) -> list[tuple[str, int]]:
    """``granted`` always, the others where there are any."""
    from cloudaccounts.contract.report import PermissionStatus

    counts = [(status.value, report.count(status)) for status in PermissionStatus]
    return [(word, count) for word, count in counts if count or word == PermissionStatus.GRANTED]
