"""Whether a filter of Cloud Logging takes a log entry: a filter counts by what it takes, not by how it is written.

A part of the language, https://cloud.google.com/logging/docs/view/logging-query-language: comparisons, ``AND``, ``OR``,
``NOT``, brackets, several values for one field, and words that stand alone. ``NOT`` binds strongest, then ``OR``, then
``AND``; what stands side by side is joined by ``AND``. What is not understood makes the answer None, and so does what
the entry does not tell: an entry here is an example, and Google's have more fields than it. No Django, no SDK.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

MOST_CHARACTERS = 20_000  # as long as Google lets a filter be
_MOST_BRACKETS = 50
_TOKEN = re.compile(
    r"""(?P<space>\s+|--[^\n]*)|(?P<text>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')|(?P<operator>!=|=~|!~|>=|<=|[=:<>()\-,])"""
    r"""|(?P<word>[^\s"'()=:<>!,]+)"""
)
# A path's segments, of which those with special characters are quoted: protoPayload."@type"
_SEGMENT = re.compile(r'"((?:[^"\\]|\\.)*)"|([^."\s]+)')
_PATH = re.compile(rf"(?:{_SEGMENT.pattern})(?:\.(?:{_SEGMENT.pattern}))*")
# An entry has one of them: https://cloud.google.com/logging/docs/reference/v2/rest/v2/LogEntry
_PAYLOADS = frozenset({"protoPayload", "jsonPayload", "textPayload"})
_COMPARISONS = frozenset({"=", "!=", ":", "=~", "!~", ">", "<", ">=", "<="})


class _NotUnderstoodError(Exception):
    pass


def takes(log_filter: str, entry: Mapping[str, Any]) -> bool | None:
    """None where the filter has a part that is not understood, or not told by the entry, and decides."""
    try:
        tokens = list(_tokens(log_filter))
        if not tokens:
            return True
        parser = _Parser(tokens, entry)
        result = parser.conjunction()
        # Something is left, such as a bracket too many: then the rest was not understood.
        if parser.peek() is not None:
            return None
    except _NotUnderstoodError:
        return None
    return result


def takes_everything(log_filter: str) -> bool:
    """Empty, comments alone, or the lowest severity and all above it, which every entry has.

    https://cloud.google.com/logging/docs/reference/v2/rest/v2/LogEntry#LogSeverity
    """
    try:
        tokens = [text.lower() for _, text in _tokens(log_filter)]
    except _NotUnderstoodError:
        return False
    return tokens in ([], ["severity", ">=", "default"])


def _tokens(text: str) -> Iterator[tuple[str, str]]:
    """Kinds: operator, word, text (quoted, without its quotes), and path, which has quoted segments and keeps them."""
    if len(text) > MOST_CHARACTERS:
        raise _NotUnderstoodError
    position = 0
    held: tuple[str, str] | None = None  # of words and quoted texts without space between them, as they are written
    while position < len(text):
        match = _TOKEN.match(text, position)
        if match is None:
            raise _NotUnderstoodError
        position = match.end()
        kind, written = str(match.lastgroup), match[0]
        if kind in ("text", "word"):
            held = (kind, written) if held is None else ("path", held[1] + written)
            continue
        if held is not None:
            yield _whole(*held)
            held = None
        if kind != "space":
            yield kind, written
    if held is not None:
        yield _whole(*held)


def _whole(kind: str, written: str) -> tuple[str, str]:
    if kind == "path" and not _PATH.fullmatch(written):
        raise _NotUnderstoodError
    return kind, _unescaped(written[1:-1]) if kind == "text" else written


def _unescaped(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text)


def _segments(kind: str, field: str) -> list[str]:
    """Of a field's path: https://cloud.google.com/logging/docs/view/logging-query-language"""
    # Quoted as a whole it would be one segment, which no entry has; a trailing or doubled dot is no path.
    if kind == "text" or not _PATH.fullmatch(field):
        raise _NotUnderstoodError
    return [_unescaped(quoted) or plain for quoted, plain in _SEGMENT.findall(field)]


class _Parser:
    """Evaluates while it reads. True, False, or None for what cannot be told."""

    def __init__(self, tokens: list[tuple[str, str]], entry: Mapping[str, Any]) -> None:
        self._tokens = tokens
        self._entry = entry
        self._at = 0
        self._depth = 0

    def peek(self) -> tuple[str, str] | None:
        return self._tokens[self._at] if self._at < len(self._tokens) else None

    def conjunction(self) -> bool | None:
        results = [self._disjunction()]
        while (token := self.peek()) is not None and token != ("operator", ")"):
            if token == ("word", "AND"):
                self._at += 1
            results.append(self._disjunction())
        # A part that is surely false decides, whatever the parts are that are not understood.
        return False if False in results else None if None in results else True

    def _disjunction(self) -> bool | None:
        results = [self._negation()]
        while self.peek() == ("word", "OR"):
            self._at += 1
            results.append(self._negation())
        # The same for OR, the other way round.
        return True if True in results else None if None in results else False

    def _negation(self) -> bool | None:
        if self.peek() in (("word", "NOT"), ("operator", "-")):
            self._at += 1
            result = self._negation()
            # Not knowing stays not knowing.
            return None if result is None else not result
        return self._term()

    def _term(self) -> bool | None:
        kind, text = self._next()
        if (kind, text) == ("operator", "("):
            return self._in_brackets(self.conjunction)
        if kind == "operator":
            raise _NotUnderstoodError
        operator = self.peek()
        if operator is not None and operator[0] == "operator" and operator[1] in _COMPARISONS:
            self._at += 1
            return self._values(kind, text, operator[1])
        if operator == ("operator", "("):  # log_id("…"), sample(…), ip_in_net(…)
            raise _NotUnderstoodError
        if kind == "path":
            raise _NotUnderstoodError
        # It may stand in a field that the example lacks.
        return True if any(text.lower() in value.lower() for value in _texts(self._entry)) else None

    def _values(self, kind: str, field: str, operator: str) -> bool | None:
        """One value, or several in brackets that are joined by AND, OR and NOT as comparisons are."""
        if self.peek() != ("operator", "("):
            value_kind, value = self._next()
            if value_kind not in ("text", "word"):
                raise _NotUnderstoodError
            path = _segments(kind, field)
            return _compare(*_at(self._entry, path), operator, value, quoted=value_kind == "text")
        self._at += 1
        self._rewrite((kind, field), operator)
        return self._in_brackets(self.conjunction)

    def _rewrite(self, field: tuple[str, str], operator: str) -> None:
        """``field=(a OR b)`` is read as ``(field=a OR field=b)``."""
        written: list[tuple[str, str]] = []
        for index in range(self._at, len(self._tokens)):
            kind, text = self._tokens[index]
            if (kind, text) == ("operator", ")"):
                self._tokens[self._at : index] = written
                return
            # Quoted words are values, even where they read AND or OR.
            if kind == "text" or (kind == "word" and text not in ("AND", "OR", "NOT")):
                written += [field, ("operator", operator)]
            elif kind == "path" or (kind == "operator" and text != "-"):
                break
            written.append((kind, text))
        raise _NotUnderstoodError

    def _in_brackets(self, read: Any) -> bool | None:
        self._depth += 1
        if self._depth > _MOST_BRACKETS:
            raise _NotUnderstoodError
        result: bool | None = read()
        if self._next() != ("operator", ")"):
            raise _NotUnderstoodError
        self._depth -= 1
        return result

    def _next(self) -> tuple[str, str]:
        token = self.peek()
        if token is None or token in (("word", "AND"), ("word", "OR")):
            raise _NotUnderstoodError
        self._at += 1
        return token


def _compare(values: list[str], whole: bool, operator: str, wanted: str, *, quoted: bool) -> bool | None:
    """Of a field that repeats, one value that fits is enough. Without regard to case, as Logging compares.

    ``whole``: the entry has no other values there. Otherwise only a value that fits decides.
    """
    lower = wanted.lower()
    if operator in ("=", "!="):
        fits = any(value.lower() == lower for value in values)
        # Of a field that an entry lacks, != is true: it is NOT =.
        return None if not fits and not whole else fits == (operator == "=")
    if operator == ":":
        fits = bool(values) if wanted == "*" and not quoted else any(lower in value.lower() for value in values)
        return fits or (False if whole else None)
    return None  # orders and regular expressions (RE2, which Python's are not)


def _at(value: Any, path: list[str]) -> tuple[list[str], bool]:
    """All scalar values at the path, as texts, and whether an entry of Google's has no others there.

    An object counts as one value, for ``:*``. A list is told whole, also where it is empty.
    """
    if isinstance(value, list):
        found = [_at(item, path) for item in value]
        return [text for texts, _ in found for text in texts], all(whole for _, whole in found)
    if not path:
        return ["" if isinstance(value, Mapping) else str(value)], True
    if not isinstance(value, Mapping):
        return [], True
    if path[0] not in value:
        return [], path[0] in _PAYLOADS and not _PAYLOADS.isdisjoint(value)
    return _at(value[path[0]], path[1:])


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, Mapping):
        for item in value.values():
            yield from _texts(item)
    elif isinstance(value, list):
        for item in value:
            yield from _texts(item)
    else:
        yield str(value)
