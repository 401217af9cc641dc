"""Texts in the Atlassian Document Format, which issues and comments of REST v3 take:
https://developer.atlassian.com/cloud/jira/platform/apis/document/structure/.

Text nodes are no markup: what a name holds is shown as it is.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

LONGEST = 5000  # characters of a paragraph; a field of Jira has 32,767


def document(paragraphs: Iterable[str], *, link: str = "") -> dict[str, Any]:
    content = [_paragraph({"type": "text", "text": text[:LONGEST]}) for text in paragraphs if text]
    if link:
        mark = {"type": "link", "attrs": {"href": link}}
        content.append(_paragraph({"type": "text", "text": "Open in Cloud Accounts", "marks": [mark]}))
    return {"type": "doc", "version": 1, "content": content}


def _paragraph(node: dict[str, Any]) -> dict[str, Any]:
    return {"type": "paragraph", "content": [node]}
