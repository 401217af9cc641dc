"""Whether a filter of Cloud Logging takes a log entry: a filter counts by what it takes, not by how it is written.

A part of the language, https://cloud.google.com/logging/docs/view/logging-query-language: comparisons, ``AND``, ``OR``,
``NOT``, brackets, several values for one field, and words that stand alone. ``NOT`` binds strongest, then ``OR``, then
``AND``; what stands side by side is joined by ``AND``. What is not understood makes the answer None. No Django, no SDK.
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
_COMPARISONS = frozenset({"=", "!=", ":", "=~", "!~", ">", "<", ">=", "<="})


class _NotUnderstoodError(Exception):
    pass


def takes(log_filter: str, entry: Mapping[str, Any]) -> bool | None:
    """None where the filter has a part that is not understood and decides."""
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


def _tokens(text: str) -> Iterator[tuple[str, str]]:
    if len(text) > MOST_CHARACTERS:
        raise _NotUnderstoodError
    position = 0
    while position < len(text):
        match = _TOKEN.match(text, position)
        if match is None:
            raise _NotUnderstoodError
        position = match.end()
        if match.lastgroup == "text":
            yield "text", re.sub(r"\\(.)", r"\1", match[0][1:-1])
        elif match.lastgroup != "space":
            yield str(match.lastgroup), match[0]


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
            return self._values(text, operator[1])
        if operator == ("operator", "("):  # log_id("…"), sample(…), ip_in_net(…)
            raise _NotUnderstoodError
        return any(text.lower() in value.lower() for value in _texts(self._entry))

    def _values(self, field: str, operator: str) -> bool | None:
        """One value, or several in brackets that are joined by AND, OR and NOT as comparisons are."""
        if self.peek() != ("operator", "("):
            kind, value = self._next()
            if kind == "operator":
                raise _NotUnderstoodError
            return _compare(_at(self._entry, field.split(".")), operator, value, quoted=kind == "text")
        self._at += 1
        self._rewrite(field, operator)
        return self._in_brackets(self.conjunction)

    def _rewrite(self, field: str, operator: str) -> None:
        """``field=(a OR b)`` is read as ``(field=a OR field=b)``."""
        written: list[tuple[str, str]] = []
        for index in range(self._at, len(self._tokens)):
            kind, text = self._tokens[index]
            if (kind, text) == ("operator", ")"):
                self._tokens[self._at : index] = written
                return
            # Quoted words are values, even where they read AND or OR.
            if kind == "text" or (kind == "word" and text not in ("AND", "OR", "NOT")):
                written += [("word", field), ("operator", operator)]
            elif kind == "operator" and text != "-":
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


def _compare(values: list[str], operator: str, wanted: str, *, quoted: bool) -> bool | None:
    """Of a field that repeats, one value that fits is enough. Without regard to case, as Logging compares."""
    lower = wanted.lower()
    if operator == "=":
        return any(value.lower() == lower for value in values)
    if operator == "!=":
        return not any(value.lower() == lower for value in values)
    if operator == ":":
        return bool(values) if wanted == "*" and not quoted else any(lower in value.lower() for value in values)
    return None  # orders and regular expressions (RE2, which Python's are not)


def _at(value: Any, path: list[str]) -> list[str]:
    """All scalar values at the path, as texts; an object counts as one, for ``:*``."""
    if isinstance(value, list):
        return [text for item in value for text in _at(item, path)]
    if not path:
        return ["" if isinstance(value, Mapping) else str(value)]
    if not isinstance(value, Mapping) or path[0] not in value:
        return []
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
