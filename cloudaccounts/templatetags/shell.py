"""Tags of the parts that every page is made of: icons, severities, bars."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import template
from django.templatetags.static import static
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

register = template.Library()

SEVERITIES = ("critical", "high", "medium", "low")
_SHORT = {"critical": "crit", "high": "high", "medium": "med", "low": "low"}


@register.simple_tag
def icon(name: str) -> SafeString:
    """A sign of static/img/icons.svg. Hidden from screen readers: words beside it, or a label, say the same."""
    return format_html('<svg class="i" aria-hidden="true"><use href="{}#i-{}"/></svg>', static("img/icons.svg"), name)


@register.simple_tag
def sev(severity: str) -> SafeString:
    """A severity by word, number of bars and colour."""
    return format_html('<span class="sev {}">{}</span>', _SHORT.get(severity, "low"), severity.capitalize())


@register.simple_tag
def sevs(numbers: Mapping[str, Any]) -> SafeString:
    """Counts by severity, such as an account's posture; a dash where nothing is known."""
    if not any(severity in numbers for severity in SEVERITIES):
        return format_html('<span class="ink3">{}</span>', "–")
    counts = [(severity, int(numbers.get(severity) or 0)) for severity in SEVERITIES]
    parts = format_html_join(
        "",
        '<span class="{}{}">{}</span>',
        ((severity[0], "" if number else " z", f"{number:,}") for severity, number in counts),
    )
    label = ", ".join(f"{number} {severity}" for severity, number in counts)
    return format_html('<span class="sevs" role="img" aria-label="{}">{}</span>', label, parts)


@register.simple_tag
def sevs_short(numbers: Mapping[str, Any]) -> SafeString:
    """As `sevs`, critical alone: beside a score there is no room for more."""
    number = int(numbers.get("critical") or 0)
    return format_html(
        '<span class="sevs" role="img" aria-label="{} critical"><span class="c{}">{}</span></span>',
        number, "" if number else " z", f"{number:,}",
    )  # fmt: skip


@register.simple_tag
def rank_bar(share: float, severity: str) -> SafeString:
    """How long a line of a ranking is, in percent of the longest. Decoration: its number stands beside it."""
    return format_html(
        '<svg class="bar plain" aria-hidden="true"><rect class="f-{}" width="{}%"/></svg>',
        _SHORT.get(severity, "low"), f"{share:.3g}",
    )  # fmt: skip


@register.simple_tag
def bar(label: str, *shares: Any, size: str = "") -> SafeString:
    """Shares in percent, each after its tone (``"pass", 69, "fail", 22``). What is left is hatched: it was not seen."""
    x = 0.0
    rects: list[tuple[str, str, str]] = []
    for tone, share in zip(shares[::2], shares[1::2], strict=True):
        width = max(0.0, min(100.0 - x, float(share or 0)))
        rects.append((tone, f"{x:.4g}", f"{width:.4g}"))
        x += width
    parts = format_html_join("", '<rect class="f-{}" x="{}%" width="{}%"/>', rects)
    return format_html('<svg class="bar {}" role="img" aria-label="{}">{}</svg>', size, label, parts)
