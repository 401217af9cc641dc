"""Template tags for findings."""

from __future__ import annotations

import json
import re
from datetime import datetime
from typing import Any

from django import template
from django.http import HttpRequest
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.html import format_html, format_html_join
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
def engine_verdict(ours: str) -> str:
    """What our check said where a second engine's fails."""
    words = {"pass": "passes", "unknown": "cannot be decided", "not_applicable": "does not apply"}
    return words.get(ours, ours)


@register.filter
def fact_text(value: Any) -> str:
    """A value of a finding's evidence: text as it is, anything else as JSON, which says true and false."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


@register.filter
def says_expected(evidence: list[dict[str, Any]]) -> bool:
    """Whether a check says of any of these facts what it wants to see: a column of nothing is left out."""
    return any(fact.get("expected") is not None for fact in evidence)


@register.filter
def breakable(path: str) -> SafeString:
    """A property's path, which may go on in a new line after a dot or an underscore, and before a capital letter."""
    parts = re.split(r"(?<=[._\]])|(?<=[a-z])(?=[A-Z])", str(path))
    return format_html_join(SafeString("<wbr>"), "{}", ((part,) for part in parts))


@register.filter
def age(since: datetime | None) -> str:
    """How long ago, as short as a column needs it: ``2 h``, ``12 d``."""
    if since is None:
        return "–"
    hours = int((timezone.now() - since).total_seconds() // 3600)
    return f"{hours // 24} d" if hours >= 24 else f"{hours} h" if hours else "< 1 h"


@register.filter
def history_tone(what: str) -> str:
    """Of a line of a finding's history: opened is bad, resolved is good, what people did is neither."""
    return {"new": "bad", "reopened": "bad", "resolved": "ok"}.get(what, "")


@register.simple_tag(takes_context=True)
def order_link(context: dict[str, Any], name: str, label: str, order: str, css: str = "") -> SafeString:
    """A column's head that sorts groups by it, the other way round at the second time."""
    current = order.removeprefix("-") == name or (not order and name == "severity")
    # Numbers begin with the largest: who sorts by them looks for the most.
    first = f"-{name}" if name in {"count", "accounts"} else name
    target = {first: name.removeprefix("-") if first.startswith("-") else f"-{name}"}.get(order or "severity", first)
    query = _query(context, order=target)
    return format_html(
        '<a{}{} href="{}">{}</a>', format_html(' class="{}"', css) if css else "",
        SafeString(' aria-current="true"') if current else "", query, label,
    )  # fmt: skip


@register.simple_tag(takes_context=True)
def sort_header(context: dict[str, Any], name: str, label: str, sort: str) -> SafeString:
    """A column's head of a plain list. Of a date, the second time sorts the other way round."""
    direction, target = "", name
    if name == "newest":
        direction = {"newest": "descending", "oldest": "ascending"}.get(sort, "")
        target = "oldest" if sort == "newest" else "newest"
    elif sort == name:
        direction = "ascending"
    sorted_by = format_html(' aria-sort="{}"', direction) if direction else ""
    return format_html('<th scope="col"{}><a href="{}">{}</a></th>', sorted_by, _query(context, sort=target), label)


def _query(context: dict[str, Any], **values: str) -> str:
    request = context["request"]
    assert isinstance(request, HttpRequest)
    query = request.GET.copy()
    query.pop("page", None)
    for key, value in values.items():
        query[key] = value
    return f"?{query.urlencode()}"
