"""PagerDuty's Events API v2: https://developer.pagerduty.com/docs/send-alert-event.

What a trigger needs (summary, source, severity), the four severities and the answers are as described there; an alert
is named by its `dedup_key`, and a resolve for one that there is not is accepted and does nothing.
"""

from typing import Any

from sandbox.receivers.call import Call, Reply

HOSTS = ("events.pagerduty.com", "events.eu.pagerduty.com")
ROUTING_KEY = "5a4dbc0a11ee4bd0a11e5a4dbc0a11ee"
SEVERITIES = {"critical", "error", "warning", "info"}
LONGEST_SUMMARY, LONGEST_KEY = 1024, 255


class PagerDuty:
    label = "PagerDuty"
    hosts = HOSTS
    settings = {"routing_key": ROUTING_KEY, "region": "us"}

    def __init__(self) -> None:
        self.alerts: dict[str, str] = {}  # by key: triggered, acknowledged, resolved

    def answer(self, call: Call) -> Reply:
        if call.path != "/v2/enqueue" or call.method != "POST":
            return Reply.of_json(404, {"message": "Not Found"})
        content = call.json()
        if not isinstance(content, dict) or (errors := _errors(content)):
            wrong = errors if isinstance(content, dict) else ["body is not JSON"]
            return Reply.of_json(
                400, {"status": "invalid event", "message": "Event object is invalid", "errors": wrong}
            )
        key = content.get("dedup_key") or f"generated-{len(self.alerts)}"
        action = content["event_action"]
        lines = [f"{action}: {key}"]
        if action == "trigger":
            self.alerts[key] = "triggered"
            lines += [f"{content['payload']['severity']}: {content['payload']['summary']}"]
        elif key in self.alerts:
            self.alerts[key] = f"{action}d"
        body = {"status": "success", "message": "Event processed", "dedup_key": key}
        return Reply.of_json(202, body, shown=lines)


def _errors(content: dict[str, Any]) -> list[str]:
    errors = []
    if content.get("routing_key") != ROUTING_KEY:
        errors.append("'routing_key' is invalid")
    action = content.get("event_action")
    if action not in {"trigger", "acknowledge", "resolve"}:
        errors.append("'event_action' is invalid")
    if action != "trigger" and not content.get("dedup_key"):
        errors.append("'dedup_key' is missing or blank")
    if len(content.get("dedup_key") or "") > LONGEST_KEY:
        errors.append("'dedup_key' is too long")
    if action == "trigger":
        payload = content.get("payload") or {}
        errors += [f"'payload.{name}' is missing or blank" for name in ("summary", "source") if not payload.get(name)]
        if len(payload.get("summary", "")) > LONGEST_SUMMARY:
            errors.append("'payload.summary' is too long")
        if payload.get("severity") not in SEVERITIES:
            errors.append("'payload.severity' is invalid (must be one of the following: 'critical', 'warning', …)")
    return errors
