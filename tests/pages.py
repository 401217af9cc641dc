"""A page as a browser reads it, for tests of its words."""

from __future__ import annotations

import re
from typing import Any

# Queries that every page asks for its navigation: accounts, active scans, critical findings, notices and their mark.
NAVIGATION = 5


def seen(response: Any) -> str:
    """A page's source, a run of whitespace as one space and none before an end tag: how it is wrapped says nothing."""
    return re.sub(r"\s+(?=</)", "", " ".join(response.content.decode().split()))
