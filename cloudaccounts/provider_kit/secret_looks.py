"""Texts that look like a secret, or hold one: the second line behind `evidence_fields`, which goes by field.

No list of looks is complete, so nothing rests on this alone. What is hidden here would have been shown to everybody who
reads a finding: on pages, in exports, mails and messages.
"""

from __future__ import annotations

import re

NOT_SHOWN = "not shown: it may be a secret"
_LOOKED_AT = 8192  # characters: longer texts are cut before they are shown
_LONG = (
    r"password|passwd|passphrase|secret|client_?secret|secret_?(?:access_?)?key|private_?key(?:_?data)?|api_?key|"
    r"connection_?string|(?:access|refresh|auth|id|sas|session|bearer)_?token|account_?key|shared_?(?:access_?)?key|"
    r"shared_?access_?signature|auth_?string|credentials?|authorization"
)
_SHORT = r"pass|pwd|sig"  # also the end of other words
_NAMES = rf"{_LONG}|{_SHORT}"
SECRET_NAME = re.compile(rf"(?:{_NAMES})s?", re.IGNORECASE)
_TEXT = re.compile(
    # PEM; JSON Web Tokens; user and password in a URL, the user perhaps empty.
    r"-----BEGIN [A-Z0-9 ]{1,60}-----|\beyJ[\w-]{10,}\.[\w-]{10,}\.|://[^/\s@:]{0,200}:[^/\s@]{1,200}@|"
    # A name and a value behind it, as in JSON, connection strings and queries.
    rf"(?:{_LONG}|(?<![A-Za-z])(?:{_SHORT}))\\?[\"']?\s{{0,9}}(?:=|:(?!:)|%3D)\s{{0,9}}\\?[\"']?[^\s\"'\\;&,]{{3}}|"
    r"\b(?:gh[pousr]_\w{20}|github_pat_\w{20}|xox[abeprs]-\w{8}|AIza[\w-]{30}|A[KS]IA[A-Z0-9]{16}|sk_live_\w{8}|"
    r"glpat-[\w-]{16}|SG\.[\w-]{16})|\bBearer\s+\S{12}",
    re.IGNORECASE,
)
_TOKEN = re.compile(r"[A-Za-z0-9+/_=-]{20,}")
_KINDS = re.compile(r"[A-Z]+|[a-z]+|[0-9]+")
_WORD = re.compile(r"(?:^|[/_=+-])[a-z]{5,}(?:$|[/_=+-])")  # a part that is a word: of a path or a name


def looks_secret(text: str) -> bool:
    """Whether it should not be shown. Short words are never told from passwords: those are hidden by their field."""
    part = text[:_LOOKED_AT]
    return _TEXT.search(part) is not None or any(_is_random(token.group()) for token in _TOKEN.finditer(part))


def without_secrets(text: str) -> str:
    """A sentence in which what looks like a secret is replaced; all of it where that has no clear end."""
    if not looks_secret(text):
        return text
    harmless = _TOKEN.sub(lambda token: "(not shown)" if _is_random(token.group()) else token.group(), text)
    return NOT_SHOWN if _TEXT.search(harmless[:_LOOKED_AT]) else harmless


def _is_random(token: str) -> bool:
    """Capitals, small letters and digits that change as often as in base64, and no part that is a word."""
    if token.count("/") > 3 or _WORD.search(token):
        return False
    kinds = _KINDS.findall(token)
    letters = sum(map(len, kinds))
    has_all = any(kind.isdigit() for kind in kinds) and any(kind.isupper() for kind in kinds)
    return has_all and letters >= 20 and len(kinds) / letters >= 0.45
