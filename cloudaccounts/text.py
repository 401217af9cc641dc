"""Text that people typed, made fit for one line of a list."""

from __future__ import annotations

import re
import unicodedata


def clean_name(raw: str) -> str:
    """Letters as typed, in one line: control characters and runs of blanks become one blank."""
    # Composed: keyboards send accents either way, and one name must be one text in searches and unique columns.
    text = unicodedata.normalize("NFC", raw)
    # Format characters as well: marks of direction would turn the line in which a stranger's name stands.
    text = "".join(" " if unicodedata.category(char) in {"Cc", "Cf", "Zl", "Zp", "Cs"} else char for char in text)
    return re.sub(r"\s+", " ", text).strip()
