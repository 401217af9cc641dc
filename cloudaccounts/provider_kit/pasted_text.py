"""Single values that people type or paste: white space removed, common slips refused with an explanation.

No message repeats the input, because a secret may have landed in the wrong field.
"""

from __future__ import annotations

import codecs

from cloudaccounts.contract.errors import ProviderError

_QUOTES = "\"'`“”‘’«»"
# White space around a value is removed, so a longer text than the limit may still hold a valid one. Beyond this margin
# nothing is scanned: the length of a stranger's text must not decide how long we work on it.
_MARGIN = 1000


def without_byte_order_marks(text: str) -> str:
    """The text without the marks that Windows' editors and shells put before a file, and before each part of one that
    was joined of several. They are invisible, and whoever saves the file again as told gets them again.
    """
    return "\n".join(line.removeprefix("\ufeff") for line in text.split("\n")) if "\ufeff" in text else text


def text_encoding(start: bytes) -> str:
    """The encoding of a text file by its first bytes: UTF-16 has a mark there, which Windows' programs write."""
    return "utf-16" if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) else "utf-8-sig"


def clean_single_value(raw: str, code: str, *, longest: int, company: str, source: str) -> str:
    """The value without white space around it: one line of printable ASCII, at most ``longest`` characters.

    ``company`` and ``source`` stand in the texts: who never uses other characters, and where to copy the value from.
    Raises `ProviderError` with the given code.
    """
    # First, before anything looks at the text.
    if len(raw) > longest + _MARGIN:
        raise ProviderError(
            code, f"This is far too long: at most {longest} characters are expected.", "Paste this one value only."
        )
    # White space may stand before the mark and behind it.
    value = without_byte_order_marks(raw.strip()).strip()
    if not value:
        raise ProviderError(code, "This field is empty.", "Paste the value.")
    # Quotation marks come along when a value is copied from a configuration file. They are not removed for the person:
    # no value has them, so what else was copied must be looked at.
    if value[0] in _QUOTES or value[-1] in _QUOTES:
        raise ProviderError(code, "There are quotation marks around the value.", "Remove the quotation marks.")
    if "\n" in value or "\r" in value:
        raise ProviderError(code, "This is more than one line.", "Paste this one value only.")
    if not all("!" <= character <= "~" or character == " " for character in value):
        raise ProviderError(
            code,
            f"There is a character in it that {company} never uses here (an invisible one, or one of another script).",
            f"Copy the value again from {source}, or type it.",
        )
    if len(value) > longest:
        raise ProviderError(
            code, f"This is too long: at most {longest} characters are expected.", "Paste this one value only."
        )
    return value
