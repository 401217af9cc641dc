"""A workflow of Microsoft Teams that begins with a webhook and posts each Adaptive Card of `attachments`.

The address is signed (`sig`), as all triggers of Logic Apps by HTTP are; an unknown signature is refused with 401 and
Azure's shape of an error. The trigger answers 202 before the flow has done anything:
https://learn.microsoft.com/azure/logic-apps/logic-apps-http-endpoint.
"""

from typing import Any

from sandbox.receivers.call import Call, Reply

HOST = "prod-00.westeurope.logic.azure.com"
PATH = "/workflows/5a4dbc0a11ee4bd0a11e5a4dbc0a11ee/triggers/manual/paths/invoke"
SIGNATURE = "c2FuZGJveC1zaWduYXR1cmU"
CARD = "application/vnd.microsoft.card.adaptive"
LARGEST = 28 * 1024  # bytes of a message in Teams


class Teams:
    label = "Microsoft Teams"
    hosts = (HOST,)
    settings = {
        "url": f"https://{HOST}:443{PATH}?api-version=2016-06-01&sp=%2Ftriggers%2Fmanual%2Frun&sv=1.0&sig={SIGNATURE}"
    }

    def answer(self, call: Call) -> Reply:
        if call.path != PATH or call.query.get("sig") != [SIGNATURE]:
            return _error(401, "DirectApiAuthorizationRequired", "The request must be authenticated.")
        if call.method != "POST":
            return _error(405, "MethodNotAllowed", "The trigger takes POST.")
        content = call.json()
        if not isinstance(content, dict):
            return _error(400, "InvalidRequestContent", "The request content is not valid JSON.")
        return Reply(202, shown=_posted(content, len(call.body)))


def _posted(content: dict[str, Any], size: int) -> list[str]:
    """What the flow posts; a message that it cannot post fails the run, which the caller does not hear of."""
    cards = [item["content"] for item in content.get("attachments", []) if item.get("contentType") == CARD]
    if size > LARGEST or not cards:
        return ["The run of the flow failed: no card that Teams takes."]
    texts = [part["text"] for card in cards for part in card.get("body", []) if part.get("type") == "TextBlock"]
    return ["To Cloud security › Alerts", *(text.replace("\\", "") for text in texts)]


def _error(status: int, code: str, message: str) -> Reply:
    return Reply.of_json(status, {"error": {"code": code, "message": message}})
