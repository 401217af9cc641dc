"""Microsoft Teams, by a workflow that starts with a webhook: https://support.microsoft.com/office/
create-incoming-webhooks-with-workflows-for-microsoft-teams-8ae491c7-0394-4861-ba59-055e33f75498.

The flow's templates post each Adaptive Card among `attachments`. Its address is signed: whoever has it can post.
"""

from __future__ import annotations

from typing import Any

from cloudaccounts.notifications.channels import wording
from cloudaccounts.notifications.channels.base import ChannelKind, Setting, Settings
from cloudaccounts.notifications.channels.message import Event, Message, Sent
from cloudaccounts.notifications.outbound import http
from cloudaccounts.notifications.outbound.hosts import parse_address

CARD = "application/vnd.microsoft.card.adaptive"
# A message in Teams has 28 KB at most (learn.microsoft.com/microsoftteams/limits-specifications-teams); an event here
# has 700 bytes in the middle.
MOST_EVENTS = 20
LONGEST_TEXT = 600
_COLOURS = {"critical": "Attention", "high": "Warning"}


class Teams(ChannelKind):
    key = "teams"
    label = "Microsoft Teams"
    summary = "A card in one channel or chat of Microsoft Teams, by a workflow."
    hosts = (
        "*.logic.azure.com", "*.environment.api.powerplatform.com", "*.logic.azure.us",
        "*.environment.api.gov.powerplatform.microsoft.us", "*.logic.azure.cn",
    )  # fmt: skip
    settings = (
        Setting(
            "url",
            "Workflow's address",
            help="Teams: Workflows, “Send webhook alerts to a channel”, and copy its address.",
            example="https://prod-01.westeurope.logic.azure.com/workflows/…/triggers/manual/paths/invoke?…",
            secret=True,
            longest=1000,
            is_address=True,
        ),
    )

    def send(self, message: Message, settings: Settings) -> Sent:
        address = parse_address(settings["url"], vendor_hosts=self.hosts)
        answer = http.call_json(address, content(message))
        # 202 says that the flow has started, and not that the card is there: a flow has no better answer.
        if answer.ok:
            return Sent("The workflow took it.")
        raise http.refusal(answer, receiver="The workflow")

    def where(self, settings: Settings) -> str:
        return parse_address(settings["url"], vendor_hosts=self.hosts).host


def content(message: Message) -> dict[str, Any]:
    events = wording.by_weight(message.events)
    body: list[dict[str, Any]] = [
        _text(plain(wording.cut(wording.headline(message), 200)), size="Medium", weight="Bolder"),
        *(part for event in events[:MOST_EVENTS] for part in _event(event)),
    ]
    if len(events) > MOST_EVENTS:
        body.append(_text(f"… and {len(events) - MOST_EVENTS} more."))
    card = {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "body": body,
        "msteams": {"width": "Full"},
    }
    return {"type": "message", "attachments": [{"contentType": CARD, "contentUrl": None, "content": card}]}


def _event(event: Event) -> list[dict[str, Any]]:
    severity = f" · {event.severity}" if event.severity else ""
    title = plain(event.title)
    link = f"[{title}]({event.url})" if event.url else title
    detail = "\n\n".join(plain(line) for line in (event.text, event.remedy) if line)
    parts = [_text(f"{link}{severity}", weight="Bolder", color=_COLOURS.get(event.severity, "Default"), separator=True)]
    return [*parts, _text(wording.cut(detail, LONGEST_TEXT), isSubtle=True, spacing="Small")] if detail else parts


def plain(text: str) -> str:
    """Without what Adaptive Cards read as Markdown: a name must be neither a link nor a mention."""
    return "".join(f"\\{character}" if character in "\\[]()*_`<>" else character for character in text)


def _text(text: str, **more: Any) -> dict[str, Any]:
    return {"type": "TextBlock", "text": text, "wrap": True, **more}


KIND = Teams()
