"""A page as a browser reads it, for tests of its words."""

from __future__ import annotations

import re
from typing import Any


def seen(response: Any) -> str:
    """A page's source, a run of whitespace as one space and none before an end tag: how it is wrapped says nothing."""
    return re.sub(r"\s+(?=</)", "", " ".join(response.content.decode().split()))
