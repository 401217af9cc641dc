"""Template tags for compliance."""

from __future__ import annotations

from typing import Any

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

register = template.Library()

_TONES = {"passed": "ok", "failed": "bad", "unknown": "warn", "manual": "info"}


@register.filter
def settings_of(report: Any, control: Any) -> Any:  # of `scans.compliance`, which stands above
    """What the team set otherwise for the checks of a control: ``report|settings_of:control``."""
    return report.adjustments_of(control)


@register.simple_tag
def control_state(state: str) -> SafeString:
    """A control's state as a pill: by its word, its shape and its colour."""
    return format_html('<span class="pill {}">{}</span>', _TONES.get(str(state), "mute"), str(state).replace("_", " "))
