"""Mails to addresses of a team's own: a list, a mailbox that many read. People's own notices are `transport.py`'s."""

from __future__ import annotations

import smtplib
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings as project
from django.core.mail import EmailMessage

from cloudaccounts.errors import InputError
from cloudaccounts.notifications.channels import wording
from cloudaccounts.notifications.channels.base import ChannelKind, Setting, Settings
from cloudaccounts.notifications.channels.message import Message, Sent
from cloudaccounts.notifications.outbound.errors import DeliveryError
from cloudaccounts.text import clean_name

LISTED = 100


class Email(ChannelKind):
    key = "email"
    label = "E-mail"
    summary = "A digest to a mailing list or a shared mailbox."
    settings = (
        Setting(
            "to",
            "Addresses",
            help="Up to 10, separated by commas.",
            example="cloud-security@example.com",
            # What a mail server takes for one address, and nothing that could end a header or name a second one.
            pattern=r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@(?:[A-Za-z0-9-]{1,63}\.)+[A-Za-z]{2,63}",
            wrong="Give addresses such as cloud-security@example.com.",
            longest=254,
            is_list=True,
            most=10,
        ),
    )
    usual_digest = 15
    least_digest = 5  # strangers' mailboxes: news of a busy day is some mails, and not hundreds

    def clean(
        self, values: Mapping[str, Any], *, prefix: str = "settings.", open_alone: bool = False
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        shown, secret = super().clean(values, prefix=prefix, open_alone=open_alone)
        domains = {domain.lower() for domain in project.CHANNEL_MAIL_DOMAINS}
        if domains and any(address.rpartition("@")[2].lower() not in domains for address in shown["to"]):
            raise InputError({f"{prefix}to": f"This server mails to {', '.join(sorted(domains))} alone."})
        return shown, secret

    def send(self, message: Message, settings: Settings) -> Sent:
        mail = EmailMessage(
            subject=subject(message),
            body=body(message),
            to=list(settings["to"]),
            headers={
                # The same for each try: a server or a reader that has it recognizes the second.
                "Message-ID": f"<{message.id}@{urlsplit(project.BASE_URL).hostname}>",
                "Auto-Submitted": "auto-generated",  # RFC 3834: no automatic reply comes back
            },
        )
        try:
            mail.send()
        except smtplib.SMTPRecipientsRefused:
            raise DeliveryError(
                "receiver_refused", "The mail server refused the addresses.", "Correct them in a new channel."
            ) from None
        except (smtplib.SMTPException, OSError) as error:
            raise DeliveryError(
                "receiver_unreachable",
                f"The mail server did not take it: {type(error).__name__}.",
                "It is tried again. Tell the operator if this goes on.",
            ) from None
        return Sent("The mail server took it.")

    def where(self, settings: Settings) -> str:
        first, *others = settings["to"]
        return f"{first} and {len(others)} more" if others else str(first)


def subject(message: Message) -> str:
    # RFC 2047: "=?utf-8?…?=" in a name would be decoded by mail programs, and show what somebody hid in it.
    return f"[Cloud Accounts] {wording.cut(clean_name(wording.headline(message)), 110)}".replace("=?", "= ?")


def body(message: Message) -> str:
    events = wording.by_weight(message.events)
    lines = [wording.headline(message), ""]
    for event in events[:LISTED]:
        first, *others = wording.plain_lines(event)
        lines += [f"- {first}", *(f"  {line}" for line in others)]
    if len(events) > LISTED:
        lines.append(f"… and {len(events) - LISTED} more.")
    return "\n".join([*lines, "", f"Sent by a channel of your team: {project.BASE_URL}/channels/", ""])


KIND = Email()
