"""The three answers to a question about a policy."""

from __future__ import annotations

from enum import IntEnum


class Answer(IntEnum):
    """In order, so that ``max`` is "or" and ``min`` is "and"."""

    NO = 0
    UNSURE = 1  # rests on something that is not known here
    YES = 2
