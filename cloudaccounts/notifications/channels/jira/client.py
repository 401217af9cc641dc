"""The seven calls of Jira's REST API that issues of groups need."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from cloudaccounts.notifications.outbound import http
from cloudaccounts.notifications.outbound.errors import DeliveryError
from cloudaccounts.notifications.outbound.hosts import Address

API = "/rest/api/3"
DONE = "done"  # the key of the status category, the same in each language and workflow
LOOKED_AT = 50  # comments, the latest first


@dataclass(frozen=True, slots=True)
class Issue:
    key: str
    is_done: bool


class Jira:
    """Each method raises `DeliveryError`, and asks the network."""

    def __init__(self, site: Address, authorization: str) -> None:
        self._site = site
        self._authorization = authorization

    def issue(self, key: str) -> Issue | None:
        """None where it was deleted, or this user may not see it any more."""
        answer = self._ask("GET", f"/issue/{quote(key, safe='')}?fields=status", missing=True)
        return _issue(answer) if answer else None

    def find(self, project: str, label: str) -> Issue | None:
        # Both are of our own alphabet, so that nothing in them can end the quotes.
        query = f'project = "{project}" AND labels = "{label}" ORDER BY created DESC'
        answer = self._ask("POST", "/search/jql", {"jql": query, "fields": ["status"], "maxResults": 1})
        issues = answer.get("issues") or []
        return _issue(issues[0]) if issues else None

    def create(self, fields: dict[str, Any]) -> str:
        return str(self._ask("POST", "/issue", {"fields": fields})["key"])[:60]

    def has_comment(self, key: str, mark: str) -> bool:
        path = f"/issue/{quote(key, safe='')}/comment?orderBy=-created&maxResults={LOOKED_AT}"
        comments = self._ask("GET", path).get("comments") or []
        # Looked for in the JSON: a comment is a tree, and its mark is one word.
        return any(mark in json.dumps(comment.get("body")) for comment in comments)

    def comment(self, key: str, body: dict[str, Any]) -> None:
        self._ask("POST", f"/issue/{quote(key, safe='')}/comment", {"body": body})

    def move(self, key: str, *, to_done: bool) -> bool:
        """By the first transition that leads to (or out of) the category "done". False where the workflow has none."""
        path = f"/issue/{quote(key, safe='')}/transitions"
        for transition in self._ask("GET", path).get("transitions") or []:
            category = transition.get("to", {}).get("statusCategory", {}).get("key")
            if (category == DONE) == to_done:
                self._ask("POST", path, {"transition": {"id": str(transition["id"])}})
                return True
        return False

    def _ask(self, method: str, path: str, content: Any = None, *, missing: bool = False) -> dict[str, Any]:
        headers = {"Authorization": self._authorization, "X-Atlassian-Token": "no-check"}
        target = f"{API}{path}"
        if content is None:
            answer = http.call(
                self._site, method=method, target=target, headers={**headers, "Accept": "application/json"}
            )
        else:
            answer = http.call_json(self._site, content, headers=headers, method=method, target=target)
        if answer.status == 404 and missing:
            return {}
        if not answer.ok:
            raise http.refusal(answer, receiver="Jira", said=_said(answer))
        value = answer.json() if answer.body else {}
        if not isinstance(value, dict):
            raise DeliveryError("answer_unreadable", "Jira's answer is no object.", "Check the site of this channel.")
        return value


def _issue(value: dict[str, Any]) -> Issue:
    category = value.get("fields", {}).get("status", {}).get("statusCategory", {}).get("key")
    return Issue(str(value["key"])[:60], category == DONE)


def _said(answer: http.Answer) -> str:
    """Which fields Jira refuses, by name: `project`, `issuetype`. Its sentences may repeat what was sent."""
    try:
        errors = answer.json().get("errors", {})
    except (DeliveryError, AttributeError):
        return ""
    names = [name for name in errors if name.isidentifier()] if isinstance(errors, dict) else []
    return f"about {', '.join(names[:5])}"[:120] if names else ""
