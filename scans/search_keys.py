"""Search keys: "begins with" becomes a range of an ordinary index, on every database.

A key is the beginning of a name in lower case, in hexadecimal. Under a locale's collation (PostgreSQL) punctuation
counts last or not at all, so a range over plain text would miss matches; hexadecimal digits sort alike everywhere.
"""

from __future__ import annotations

import re

from teams.names import name_key

KEY_LENGTH = 80  # 40 bytes of a name are compared: longer ones differ earlier, and two indexes carry these keys
_LAST_PART = re.compile(r"[^/:]+(?=[/:]*$)")


def search_key(text: str) -> str:
    """Hexadecimal of the first 40 bytes of the text in lower case."""
    return name_key(text)[:KEY_LENGTH]


def id_search_key(native_id: str) -> str:
    """The key of an identifier's last part, which is what people copy: ``i-0abc`` of ``arn:…:instance/i-0abc``."""
    last_part = _LAST_PART.search(native_id)
    return search_key(last_part[0] if last_part else native_id)


def range_end(key: str) -> str:
    """The exclusive end of the range of keys that begin with ``key``: ``g`` sorts behind every hexadecimal digit."""
    return key + "g"
