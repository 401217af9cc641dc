"""Wildcards of policies: ``*`` stands for any run of characters, also across colons and slashes, ``?`` for one.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_resource.html#reference_policies_elements_resource_wildcards
"""

from __future__ import annotations

import re

# A policy variable: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html
_VARIABLE = re.compile(r"\$\{[^}]*\}")


MOST_STEPS = 250_000  # of comparing two patterns: far more than two ARNs as people write them take


def is_wild(text: str) -> bool:
    return "*" in text or "?" in text


def has_variable(text: str) -> bool:
    return "${" in text


def widened(text: str) -> str:
    """With each variable replaced by ``*``: whatever it may stand for."""
    return _VARIABLE.sub("*", text)


def fixed_start(pattern: str) -> str:
    """What each text that the pattern matches begins with."""
    return re.split(r"[*?]", pattern, maxsplit=1)[0]


def covers(general: str, special: str) -> bool:
    """Whether ``general`` matches everything that ``special``, a pattern or a plain text, matches.

    A yes is certain. A no may be wrong where ``special`` has ``*`` in a place where ``general`` asks for ``?``.
    """
    # Greedy with one step back to the last star: linear for patterns as people write them, and never exponential.
    at, place = 0, 0
    star, resume = -1, 0
    while place < len(special):
        if at < len(general) and general[at] == "*":
            star, resume = at, place
            at += 1
        elif at < len(general) and (general[at] == special[place] or (general[at] == "?" and special[place] != "*")):
            at += 1
            place += 1
        elif star >= 0:
            resume += 1
            at, place = star + 1, resume
        else:
            return False
    return not general[at:].strip("*")


def overlaps(one: str, other: str) -> bool:
    """Whether some text matches both patterns. Assumed of pairs so long that nobody would wait for the answer."""
    if len(one) * len(other) > MOST_STEPS:
        return True
    # Pairs of places in both patterns: each is looked at once, whatever the stars.
    seen: set[tuple[int, int]] = set()
    waiting = [(0, 0)]
    while waiting:
        state = waiting.pop()
        if state in seen:
            continue
        seen.add(state)
        first, second = state
        if first == len(one) and second == len(other):
            return True
        if first < len(one) and one[first] == "*":
            waiting.append((first + 1, second))
            if second < len(other):
                waiting.append((first, second + 1))
        if second < len(other) and other[second] == "*":
            waiting.append((first, second + 1))
            if first < len(one):
                waiting.append((first + 1, second))
        if first < len(one) and second < len(other):
            here, there = one[first], other[second]
            if "*" not in (here, there) and (here == there or "?" in (here, there)):
                waiting.append((first + 1, second + 1))
    return False
