"""Coverage and posture, as lists and pages show them."""

from __future__ import annotations

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

from cloudaccounts.models import CloudAccount, CloudAccountStatus
from cloudaccounts.models.account import AccountHealth
from cloudaccounts.templatetags.shell import bar

register = template.Library()


@register.simple_tag
def coverage_pill(account: CloudAccount) -> SafeString:
    """How much of the account is read; never green while something is not, and not known is said so."""
    percent = account.coverage_percent
    if percent is None:
        return format_html('<span class="pill mute">{}</span>', "not known")
    tone = "ok" if percent == 100 else "warn" if percent >= 50 else "bad"
    return format_html('<span class="pill {}">{}%</span>', tone, percent)


@register.filter
def regions_of(account: CloudAccount) -> str:
    """For lists: ``all 17 regions``, ``us-east-1 and 1 more``."""
    names = account.regions
    if account.all_regions:
        return f"all {len(names)} regions" if len(names) > 1 else "all regions"
    if not names:
        return "none"
    return names[0] if len(names) == 1 else f"{names[0]} and {len(names) - 1} more"


@register.simple_tag
def account_status(account: CloudAccount) -> SafeString:
    """How an account is, in a word: the worst that holds, so that one that is blinded never looks healthy."""
    tone, text = "", "Connected"
    if account.status == CloudAccountStatus.SUSPENDED:
        tone, text = "off", "Suspended"
    elif account.status == CloudAccountStatus.FAILED:
        tone, text = "bad", "Unreachable"
    elif account.status == CloudAccountStatus.PENDING:
        tone, text = "off", "Pending"
    elif account.health == AccountHealth.DEGRADED:
        tone, text = "warn", "Degraded"
    elif account.coverage_percent is not None and account.coverage_percent < 100:
        tone, text = "warn", "Partly blinded"
    return format_html('<span class="status {}">{}</span>', tone, text)


@register.simple_tag
def score_bar(account: CloudAccount) -> SafeString:
    """What passed and what failed in shares of all that the account has: what was not seen is in neither."""
    seen, score = account.coverage_percent or 0, account.score or 0
    passed, failed = seen * score / 100, seen * (100 - score) / 100
    label = f"{passed:.0f}% pass, {failed:.0f}% fail, {100 - seen}% not evaluated"
    return bar(label, "pass", passed, "fail", failed)
