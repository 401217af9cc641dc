"""Coverage and posture, as lists and pages show them."""

from __future__ import annotations

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

from cloudaccounts.models import CloudAccount

register = template.Library()


@register.simple_tag
def coverage_pill(account: CloudAccount) -> SafeString:
    """How much of the account is read; never green while something is not, and not known is said so."""
    percent = account.coverage_percent
    if percent is None:
        return format_html('<span class="pill mute">{}</span>', "not known")
    tone = "ok" if percent == 100 else "warn" if percent >= 50 else "bad"
    return format_html('<span class="pill {}">{} %</span>', tone, percent)


@register.filter
def regions_of(account: CloudAccount) -> str:
    """For lists: ``all · 17``, ``us-east-1 + 1``."""
    names = account.regions
    if account.all_regions:
        return f"all · {len(names)}" if names else "all"
    if not names:
        return "none"
    return names[0] if len(names) == 1 else f"{names[0]} + {len(names) - 1}"
