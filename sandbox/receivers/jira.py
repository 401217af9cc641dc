"""Jira Cloud's REST API v3, as far as issues of a project need it:
https://developer.atlassian.com/cloud/jira/platform/rest/v3/.

One project with the simplest workflow. Bodies of issues and comments are Atlassian documents; a search is the new one
(`/search/jql`), whose answers hold only the fields that are asked for.
"""

import base64
import re
from typing import Any

from sandbox.receivers.call import Call, Reply

HOST = "meadowlark.atlassian.net"
EMAIL, TOKEN, PROJECT = "cloud-accounts@meadowlark.example", "ATATT3xFfGF0sandbox", "SEC"
TYPES = {"Task", "Bug"}
LONGEST_SUMMARY = 255
STATUSES = {
    "new": {"id": "10000", "name": "To Do", "statusCategory": {"id": 2, "key": "new", "name": "To Do"}},
    "indeterminate": {
        "id": "10001", "name": "In Progress",
        "statusCategory": {"id": 4, "key": "indeterminate", "name": "In Progress"},
    },
    "done": {"id": "10002", "name": "Done", "statusCategory": {"id": 3, "key": "done", "name": "Done"}},
}  # fmt: skip
TRANSITIONS = {"11": "new", "21": "indeterminate", "31": "done"}
GONE = "Issue does not exist or you do not have permission to see it."
_QUERY = re.compile(r'project = "([A-Z0-9_]+)" AND labels = "([\w-]+)"(?: ORDER BY created DESC)?')


class Jira:
    label = "Jira"
    hosts = (HOST,)
    settings = {
        "site": f"https://{HOST}", "email": EMAIL, "api_token": TOKEN, "project": PROJECT, "issue_type": "Task",
    }  # fmt: skip

    def __init__(self) -> None:
        self.issues: dict[str, dict[str, Any]] = {}

    def answer(self, call: Call) -> Reply:
        if call.headers.get("authorization") != f"Basic {base64.b64encode(f'{EMAIL}:{TOKEN}'.encode()).decode()}":
            return Reply.of_text(401, "Client must be authenticated to access this resource.")
        route = call.path.removeprefix("/rest/api/3")
        if call.method == "POST" and route == "/issue":
            return self._create(call.json())
        if call.method == "POST" and route == "/search/jql":
            return self._search(call.json())
        match = re.fullmatch(r"/issue/([A-Z0-9_]+-\d+)(/comment|/transitions)?", route)
        if match is None:
            return _errors(404, "No endpoint of this name is simulated.")
        issue = self.issues.get(match[1])
        if issue is None:
            return _errors(404, GONE)
        if match[2] is None:
            return Reply.of_json(200, _shown(issue, call.query.get("fields", ["*"])[0].split(",")))
        return self._comments(issue, call) if match[2] == "/comment" else self._transitions(issue, call)

    def _create(self, content: Any) -> Reply:
        fields = content.get("fields", {}) if isinstance(content, dict) else {}
        wrong = {}
        if fields.get("project", {}).get("key") != PROJECT:
            wrong["project"] = "Specify a valid project ID or key"
        if fields.get("issuetype", {}).get("name") not in TYPES:
            wrong["issuetype"] = "Specify a valid issue type"
        summary = fields.get("summary") or ""
        if not 0 < len(summary) <= LONGEST_SUMMARY or "\n" in summary:
            wrong["summary"] = "Summary must be one line of at most 255 characters."
        if "description" in fields and not _is_document(fields["description"]):
            wrong["description"] = "Operation value must be an Atlassian Document (see the Atlassian Document Format)"
        if any(" " in label or len(label) > 255 for label in fields.get("labels", [])):
            wrong["labels"] = "The label contains spaces which is invalid."
        if wrong:
            return Reply.of_json(400, {"errorMessages": [], "errors": wrong})
        key = f"{PROJECT}-{len(self.issues) + 1}"
        issue: dict[str, Any] = {
            "id": str(10000 + len(self.issues)),
            "key": key,
            "status": "new",
            "comments": [],
            "fields": fields,
        }
        self.issues[key] = issue
        body = {"id": issue["id"], "key": key, "self": f"https://{HOST}/rest/api/3/issue/{issue['id']}"}
        return Reply.of_json(201, body, shown=[f"{key} created: {summary}", *_texts(fields.get("description"))])

    def _search(self, content: Any) -> Reply:
        query = _QUERY.fullmatch(content.get("jql", "")) if isinstance(content, dict) else None
        if query is None:
            return _errors(400, "Error in the JQL Query.")
        matching = [
            _shown(issue, content.get("fields", []))
            for issue in reversed(self.issues.values())
            if query[1] == PROJECT and query[2] in issue["fields"].get("labels", [])
        ]
        return Reply.of_json(200, {"issues": matching[: content.get("maxResults", 50)], "isLast": True})

    def _comments(self, issue: dict[str, Any], call: Call) -> Reply:
        if call.method == "GET":
            comments = list(reversed(issue["comments"]))
            return Reply.of_json(200, {"comments": comments, "total": len(comments), "startAt": 0})
        content = call.json()
        if not isinstance(content, dict) or not _is_document(content.get("body")):
            return Reply.of_json(400, {"errorMessages": [], "errors": {"comment": "Comment body is not valid!"}})
        comment = {"id": str(len(issue["comments"]) + 1), "body": content["body"]}
        issue["comments"].append(comment)
        return Reply.of_json(201, comment, shown=[f"{issue['key']} commented on", *_texts(content["body"])])

    def _transitions(self, issue: dict[str, Any], call: Call) -> Reply:
        # From each status to each other one, as the simplest workflow allows.
        offered = {key: status for key, status in TRANSITIONS.items() if status != issue["status"]}
        if call.method == "GET":
            listed = [{"id": key, "name": STATUSES[to]["name"], "to": STATUSES[to]} for key, to in offered.items()]
            return Reply.of_json(200, {"transitions": listed})
        key = ((call.json() or {}).get("transition") or {}).get("id")
        if key not in offered:
            return _errors(400, "It seems that you have tried to perform a workflow operation that is not valid.")
        issue["status"] = offered[key]
        return Reply(204, shown=[f"{issue['key']} is {STATUSES[issue['status']]['name']}"])


def _shown(issue: dict[str, Any], names: list[str]) -> dict[str, Any]:
    every = {**issue["fields"], "status": STATUSES[issue["status"]]}
    chosen = every if "*" in names else {name: every[name] for name in names if name in every}
    return {"id": issue["id"], "key": issue["key"], "fields": chosen}


def _is_document(value: Any) -> bool:
    return isinstance(value, dict) and value.get("type") == "doc" and value.get("version") == 1 and bool(_texts(value))


def _texts(document: Any) -> list[str]:
    """The texts of a document's paragraphs."""
    parts = document.get("content", []) if isinstance(document, dict) else []
    return ["".join(node.get("text", "") for node in part.get("content", [])) for part in parts]


def _errors(status: int, message: str) -> Reply:
    return Reply.of_json(status, {"errorMessages": [message], "errors": {}})
