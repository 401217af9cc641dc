"""Slack's incoming webhooks: https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks/#handling_errors.

Answers are plain text: `ok`, or a word for what is wrong. Blocks are held to the limits of Block Kit's reference.
"""

import re
import time
from collections import deque
from typing import Any

from sandbox.receivers.call import Call, Reply

HOST = "hooks.slack.com"
PATH = "/services/T0MEADOW/B0ALERTS/sandboxsandboxsandbox000"
CHANNEL = "#cloud-alerts"
MOST_BLOCKS = 50
LONGEST_TEXT = 3000
# "One per second", with short bursts: https://docs.slack.dev/apis/web-api/rate-limits/
BURST, SPAN = 10, 10.0


class Slack:
    label = "Slack"
    hosts = (HOST,)
    settings = {"url": f"https://{HOST}{PATH}"}

    def __init__(self) -> None:
        self._recent: deque[float] = deque(maxlen=BURST)

    def answer(self, call: Call) -> Reply:
        if call.method != "POST":
            return Reply.of_text(405, "method_not_allowed")
        if call.path != PATH:
            return Reply.of_text(404, "no_service")
        now = time.monotonic()
        if len(self._recent) == BURST and now - self._recent[0] < SPAN:
            return Reply(429, b"rate_limited", {"Retry-After": str(round(SPAN))})
        content = call.json()
        if not isinstance(content, dict):
            return Reply.of_text(400, "invalid_payload")
        blocks = content.get("blocks", [])
        if not content.get("text") and not blocks:
            return Reply.of_text(400, "no_text")
        if not _are_valid(blocks):
            return Reply.of_text(400, "invalid_blocks")
        self._recent.append(now)
        texts = [_as_read(block["text"]["text"]) for block in blocks] or [_as_read(content["text"])]
        return Reply.of_text(200, "ok", shown=[f"To {CHANNEL}", *texts])


def _are_valid(blocks: Any) -> bool:
    if not isinstance(blocks, list) or len(blocks) > MOST_BLOCKS:
        return False
    return all(
        isinstance(block, dict)
        and block.get("type") == "section"
        and isinstance(block.get("text"), dict)
        and block["text"].get("type") in {"mrkdwn", "plain_text"}
        and 0 < len(block["text"].get("text", "")) <= LONGEST_TEXT
        for block in blocks
    )


def _as_read(text: str) -> str:
    """Links by their words, and the three characters of the markup as they are."""
    text = re.sub(r"<[^|>]+\|([^>]*)>", r"\1", text)
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
