"""Sinks of providers as kinds of channels: each finding of the groups that changed, not a message about them."""

from __future__ import annotations

import re

from cloudaccounts import registry as providers
from cloudaccounts.contract.errors import ProviderError
from cloudaccounts.contract.sinks import Delivery, FindingSink
from cloudaccounts.notifications.channels.base import ChannelKind, Setting, Settings
from cloudaccounts.notifications.channels.message import FINDING_OPENED, FINDING_RESOLVED, Message, Sent
from cloudaccounts.notifications.outbound.errors import DeliveryError

EXTERNAL_ID = "external_id"  # put among the settings when it is sent


class SinkKind(ChannelKind):
    usual_severity = "low"
    takes_findings = True
    can_send = (FINDING_OPENED, FINDING_RESOLVED)

    def __init__(self, sink: FindingSink) -> None:
        self._sink = sink
        # Of this object, where other kinds have them of their class.
        self.key, self.label, self.summary = sink.key, sink.label, sink.summary  # type: ignore[misc]
        self.settings = tuple(  # type: ignore[misc]
            Setting(
                item.name, item.label, help=item.help, example=item.example, default=item.default, longest=600,
                required=item.required, pattern=item.pattern, wrong=item.wrong,
            )
            for item in sink.settings
        )  # fmt: skip

    def send(self, message: Message, settings: Settings) -> Sent:
        delivery = Delivery(str(message.id), message.created_at, settings[EXTERNAL_ID])
        if not message.findings and not message.is_test:
            return Sent("Nothing to send: its findings are gone.")
        try:
            return Sent(self._sink.send(message.findings, settings, delivery))
        except ProviderError as error:
            raise DeliveryError(
                error.code, error.cause, error.remedy, of_message=error.code == "findings_refused"
            ) from None

    def where(self, settings: Settings) -> str:
        return self._sink.where(settings)


def sink_kinds() -> list[ChannelKind]:
    kinds = [SinkKind(sink) for provider in providers.all_providers() for sink in provider.finding_sinks()]
    assert all(re.fullmatch(r"[a-z0-9_]{1,20}", kind.key) for kind in kinds)  # the column's length
    return list(kinds)
