"""Keys to search by: every database orders them alike, so that "begins with" is a range of an ordinary index.

Names are compared in lower case, and written in hexadecimal: under a locale's collation (PostgreSQL) punctuation counts
last or not at all, and a range over plain text would miss what it should find.
"""

from __future__ import annotations

import re

_BYTES = 40
KEY_LENGTH = 2 * _BYTES
_LAST = re.compile(r"[^/:]+(?=[/:]*$)")


def key_of(text: str) -> str:
    """Of the first 40 bytes, in lower case."""
    return text.strip().lower().encode()[:_BYTES].hex()


def id_key_of(native_id: str) -> str:
    """Of an identifier's last part, which is what people copy: ``i-0abc`` of ``arn:…:instance/i-0abc``."""
    last = _LAST.search(native_id)
    return key_of(last[0] if last else native_id)


def after(key: str) -> str:
    """The end of the range of what begins with a key: no hexadecimal digit comes after ``f``."""
    return key + "g"
