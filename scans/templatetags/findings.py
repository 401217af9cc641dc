"""Template tags for findings."""

from __future__ import annotations

import json
from typing import Any

from django import template
from django.utils.dateparse import parse_datetime
from django.utils.html import format_html
from django.utils.safestring import SafeString

from cloudaccounts.templatetags.display import ago

register = template.Library()

_TONES = {"critical": "bad solid", "high": "bad", "medium": "warn", "low": "info"}


@register.simple_tag
def severity(word: str) -> SafeString:
    """A severity as a pill: by its word and its colour."""
    return format_html('<span class="pill {}">{}</span>', _TONES.get(word, "mute"), word)


@register.filter
def when(text: str) -> SafeString | str:
    """A time of a finding's history, which holds it as text."""
    return ago(parse_datetime(text))


@register.filter
def fact_text(value: Any) -> str:
    """A value of a finding's evidence: text as it is, anything else as JSON, which says true and false."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
