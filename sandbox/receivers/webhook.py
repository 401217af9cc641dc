"""A company's own receiver, that takes what is signed as Standard Webhooks says:
https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md#verifying-signatures.

It knows no secret until it is given one (`set_secret` of the control API, `whsec_…`); until then it looks at the
headers alone. Written apart from the sender, from the specification.
"""

import base64
import binascii
import hashlib
import hmac
import time

from sandbox.receivers.call import Call, Reply

HOST = "hooks.meadowlark.example"
TOLERANCE = 300  # seconds


class Webhook:
    label = "Webhook"
    hosts = (HOST,)
    settings = {"url": f"https://{HOST}/cloud-accounts"}

    def __init__(self) -> None:
        self._secret = ""
        self._seen: set[str] = set()

    def set_secret(self, secret: str) -> None:
        base64.b64decode(secret.removeprefix("whsec_"), validate=True)
        self._secret = secret

    def answer(self, call: Call) -> Reply:
        if call.method != "POST":
            return Reply.of_text(405, "POST")
        message = call.headers.get("webhook-id", "")
        timestamp = call.headers.get("webhook-timestamp", "")
        if not message or not timestamp.isdigit() or abs(time.time() - int(timestamp)) > TOLERANCE:
            return Reply.of_text(400, "no id, or no timestamp of now")
        verdict = self._verdict(message, timestamp, call)
        if verdict == "refused":
            return Reply.of_text(401, "no signature matches")
        if message in self._seen:
            return Reply(204)  # sent again: taken, and done nothing with
        self._seen.add(message)
        content = call.json() or {}
        data = content.get("data", {})
        events = [f"{event['type']}: {event['title']}" for event in data.get("events", [])]
        return Reply(204, shown=[f"{data.get('title', '')} (signature {verdict})", *events])

    def _verdict(self, message: str, timestamp: str, call: Call) -> str:
        if not self._secret:
            return "not verified: the receiver was given no secret"
        key = base64.b64decode(self._secret.removeprefix("whsec_"))
        signed = b".".join([message.encode(), timestamp.encode(), call.body])
        expected = hmac.new(key, signed, hashlib.sha256).digest()
        for candidate in call.headers.get("webhook-signature", "").split(" "):
            version, _, value = candidate.partition(",")
            try:
                if version == "v1" and hmac.compare_digest(base64.b64decode(value, validate=True), expected):
                    return "verified"
            except binascii.Error:
                continue
        return "refused"
