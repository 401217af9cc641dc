"""Dates as reports hold them: ISO 8601 texts."""

from __future__ import annotations

from datetime import datetime

from django.utils import timezone
from django.utils.dateparse import parse_datetime


def parse_aware(text: str) -> datetime | None:
    """A date of a report, with a time zone; None where it is empty. One that names no zone is the server's."""
    parsed = parse_datetime(text) if text else None
    return parsed if parsed is None or timezone.is_aware(parsed) else timezone.make_aware(parsed)
