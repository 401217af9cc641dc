"""Slack, by an incoming webhook: https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks/.

Slack has no key that tells a repeated message, so a crash in the moment after it took one shows it twice.
"""

from __future__ import annotations

from typing import Any

from cloudaccounts.notifications.channels import wording
from cloudaccounts.notifications.channels.base import ChannelKind, Setting, Settings
from cloudaccounts.notifications.channels.message import Event, Message, Sent
from cloudaccounts.notifications.outbound import http
from cloudaccounts.notifications.outbound.hosts import parse_address

# A message has 50 blocks at most, and a section's text 3,000 characters:
# https://docs.slack.dev/reference/block-kit/blocks/
MOST_EVENTS = 40
LONGEST_TEXT = 2900
# The words of Slack's answers that we pass on; anything else stays unsaid, since an answer may repeat what was sent.
_SAID = {
    "invalid_payload", "user_not_found", "channel_not_found", "channel_is_archived", "action_prohibited",
    "posting_to_general_channel_denied", "too_many_attachments", "no_service", "no_service_id", "no_team",
    "team_disabled", "invalid_token", "no_text", "invalid_blocks", "rollup_error", "no_active_hooks",
}  # fmt: skip
_MARKS = {"critical": ":red_circle:", "high": ":large_orange_circle:", "medium": ":large_yellow_circle:"}


class Slack(ChannelKind):
    key = "slack"
    label = "Slack"
    summary = "A message in one Slack channel, with findings grouped by check and account."
    hosts = ("hooks.slack.com", "hooks.slack-gov.com")
    settings = (
        Setting(
            "url",
            "Incoming webhook",
            help="Slack: your app, Incoming Webhooks, Add New Webhook. Whoever has it can write there.",
            example="https://hooks.slack.com/services/T…/B…/…",
            secret=True,
            longest=500,
            is_address=True,
        ),
    )

    def send(self, message: Message, settings: Settings) -> Sent:
        address = parse_address(settings["url"], vendor_hosts=self.hosts)
        answer = http.call_json(address, content(message))
        if answer.ok:
            return Sent("Slack took it.")
        said = answer.body[:80].decode("ascii", "replace").strip()
        raise http.refusal(answer, receiver="Slack", said=said if said in _SAID else "")

    def where(self, settings: Settings) -> str:
        return parse_address(settings["url"], vendor_hosts=self.hosts).host


def content(message: Message) -> dict[str, Any]:
    title = escape(wording.cut(wording.headline(message), 150))
    events = wording.by_weight(message.events)
    blocks: list[dict[str, Any]] = [_section(f"*{title}*")]
    blocks += [_section(_event(event)) for event in events[:MOST_EVENTS]]
    if len(events) > MOST_EVENTS:
        blocks.append(_section(f"… and {len(events) - MOST_EVENTS} more."))
    # `text` is what notifications and screen readers say.
    return {"text": title, "blocks": blocks, "unfurl_links": False, "unfurl_media": False}


def escape(text: str) -> str:
    """As Slack asks for the three characters that its markup is made of; no name can then be a link or a mention.

    https://docs.slack.dev/messaging/formatting-message-text/#escaping
    """
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _event(event: Event) -> str:
    mark = _MARKS.get(event.severity, "")
    severity = f" · {event.severity}" if event.severity else ""
    title = escape(event.title)
    link = f"<{event.url}|{title.replace('|', '¦')}>" if event.url else title
    lines = [f"{mark} *{link}*{severity}".strip(), escape(event.text), escape(event.remedy)]
    return wording.cut("\n".join(line for line in lines if line), LONGEST_TEXT)


def _section(text: str) -> dict[str, Any]:
    return {"type": "section", "text": {"type": "mrkdwn", "text": text, "verbatim": True}}


KIND = Slack()
