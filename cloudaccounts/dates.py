from __future__ import annotations

from datetime import datetime

from django.utils import timezone
from django.utils.dateparse import parse_datetime


def parse_aware(text: str) -> datetime | None:
    """A date of a report, aware; None where it is empty."""
    found = parse_datetime(text) if text else None
    return found if found is None or timezone.is_aware(found) else timezone.make_aware(found)
