"""Cloud tags as a column of findings and assets: lines of ``key=value`` between line breaks.

Text and not JSON, because a part of a text is looked for in the same way by every database. Case does not matter in
comparisons: databases differ in it, and so do clouds.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from uuid import UUID, uuid5

MAX_TAGS = 50  # as many as the clouds allow on a resource
MAX_LINE = 400  # characters
_NAMESPACE = UUID("8d1f8a52-5f0e-4c39-9a7e-0f5b1c7d2e64")  # of ids of combinations


def tag_lines(tags: Mapping[str, object]) -> str:
    r"""``\nenv=prod\nteam=web\n`` of a mapping, sorted by key; empty where there are none."""
    # A line break inside of a value would begin a tag of its own.
    lines = [" ".join(f"{key}={tags[key]}".split())[:MAX_LINE] for key in sorted(tags)[:MAX_TAGS]]
    return "\n".join(["", *lines, ""]) if lines else ""


def tag_needle(tag: str) -> str:
    r"""What a text of `tag_lines` contains where it has this tag: ``key=value``, or ``key`` with any value."""
    tag = " ".join(tag.split())
    return f"\n{tag}\n" if "=" in tag else f"\n{tag}="


def has_tag(lines: str, tag: str) -> bool:
    return tag_needle(tag).lower() in lines.lower()


def tag_text(text: str) -> str:
    """What a person typed, as `tag_lines` would have it: "team: web", as pages write a tag, is ``team=web``."""
    return " ".join(text.replace(": ", "=", 1).split())


def tags_with(lines: str, text: str) -> list[str]:
    """The tags of `tag_lines` that a text is part of."""
    needle = tag_text(text).lower()
    return [line for line in lines.split("\n") if needle and needle in line.lower()]


def tag_set_key(lines: str) -> int:
    """The number of a combination of tags: 63 bits of the hash of its `tag_lines`; 0 where there are none."""
    if not lines:
        return 0
    return int.from_bytes(hashlib.sha256(lines.encode()).digest()[:8], "big") >> 1 or 1


def tag_set_id(owner: str, lines: str) -> UUID:
    """The key of an owner's row of it: whoever writes the same combination writes the same row."""
    return uuid5(_NAMESPACE, f"{owner}\n{lines}")
