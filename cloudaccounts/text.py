"""Text that people typed, made fit for one line of a list."""

from __future__ import annotations

import re
import unicodedata


def clean_name(raw: str) -> str:
    """Letters as typed, in one line: control characters and runs of blanks become one blank."""
    text = unicodedata.normalize("NFC", raw)
    text = "".join(" " if unicodedata.category(char) in {"Cc", "Cf", "Zl", "Zp", "Cs"} else char for char in text)
    return re.sub(r"\s+", " ", text).strip()
