"""A digest as a mail: plain text, to one person, with the remediation of each notice and a link to its account."""

from __future__ import annotations

import smtplib
from collections.abc import Iterable, Iterator
from itertools import groupby
from urllib.parse import urlsplit

from django.conf import settings
from django.core.mail import EmailMessage
from django.urls import reverse

from cloudaccounts.models import Notice, NoticeDigest
from cloudaccounts.models.notice import NoticeKind
from cloudaccounts.notifications.recipients import reachable
from cloudaccounts.text import clean_name
from teams.queries import team_keys_of

LISTED = 100  # in one mail; the page lists all of them
# The worst first, whenever it happened.
ORDER = [
    NoticeKind.SYSTEM, NoticeKind.FINDING_CRITICAL, NoticeKind.ACCOUNT_FAILED, NoticeKind.MEMBER_CLOSED,
    NoticeKind.ROTATION_CRITICAL, NoticeKind.CREDENTIAL_EXPIRING, NoticeKind.ROTATION_FAILED, NoticeKind.ROTATION_HELD,
    NoticeKind.PERMISSION_LOST, NoticeKind.COVERAGE_LOST, NoticeKind.SCAN_FAILED, NoticeKind.CHANNEL_FAILED,
    NoticeKind.EXTERNAL_ID_ENDING, NoticeKind.TRANSFER_OFFERED, NoticeKind.TRANSFER_DECIDED,
    NoticeKind.ROTATION_WARNING, NoticeKind.CREDENTIAL_RETIRED, NoticeKind.CREDENTIAL_UNUSED, NoticeKind.MUTE_ENDED,
    NoticeKind.ROTATION_DONE, NoticeKind.PERMISSION_BACK, NoticeKind.COVERAGE_BACK, NoticeKind.ACCOUNT_RECOVERED,
]  # fmt: skip


class NobodyError(Exception):
    """The recipient is inactive, deleted, or has no address any more."""


class MailRefusedError(Exception):
    """The mail was not taken. ``all_of_it``: the server itself is unusable, so no other mail is tried in this round."""

    def __init__(self, reason: str, *, all_of_it: bool) -> None:
        super().__init__(reason)
        self.all_of_it = all_of_it


def send(digest: NoticeDigest, notices: list[Notice]) -> None:
    """Raises `NobodyError` and `MailRefusedError`. Asks the network."""
    # Asked when it is sent and not only when it was spread: people leave while a digest waits (docs/decisions/0010).
    user = reachable(digest.recipient)
    if user is None:
        raise NobodyError("The recipient is not active any more, or has no e-mail address.")
    message = EmailMessage(
        subject=subject(notices),
        body=body(digest, notices, username=user.get_username()),
        to=[str(getattr(user, "email", ""))],
        # The same for each try: where we crashed after the server had taken the mail, receivers recognize the second.
        headers={
            "Message-ID": f"<{digest.pk}@{urlsplit(settings.BASE_URL).hostname}>",
            # So that out-of-office replies are not sent back to us (RFC 3834).
            "Auto-Submitted": "auto-generated",
        },
    )
    try:
        message.send()
    # Which errors concern this mail alone, and which the server: the latter end the round for the channel.
    except smtplib.SMTPRecipientsRefused:
        raise MailRefusedError("The mail server refused the recipient.", all_of_it=False) from None
    except (smtplib.SMTPServerDisconnected, smtplib.SMTPConnectError, smtplib.SMTPAuthenticationError) as error:
        raise MailRefusedError(f"The mail server could not be used: {type(error).__name__}.", all_of_it=True) from None
    except smtplib.SMTPException as error:
        raise MailRefusedError(f"The mail server refused the mail: {type(error).__name__}.", all_of_it=False) from None
    except OSError as error:
        raise MailRefusedError(f"The mail server cannot be reached: {type(error).__name__}.", all_of_it=True) from None


def subject(notices: list[Notice]) -> str:
    """One line of plain text: a name in it must neither end the header nor be taken for markup of one."""
    # RFC 2047: mail programs decode "=?utf-8?b?…?=" in a header, and would show what somebody hid in a name.
    first = clean_name(_by_weight(notices)[0].text).replace("=?", "= ?")
    first = first if len(first) <= 90 else f"{first[:89]}…"
    more = len(notices) - 1
    return f"[Cloud Accounts] {first}" + (f" and {more} more" if more else "")


def body(digest: NoticeDigest, notices: list[Notice], *, username: str) -> str:
    lines = [f"Hello {username},", "", "this is new in Cloud Accounts:"]
    ordered, teams = _by_weight(notices), team_keys_of(digest.recipient)
    for kind, group in groupby(ordered[:LISTED], key=lambda notice: notice.kind):
        lines += ["", _heading(kind)]
        lines += _lines(group, teams)
    if len(notices) > LISTED:
        lines += ["", f"… and {len(notices) - LISTED} more."]
    lines += ["", f"All of it: {settings.BASE_URL}{reverse('notices')}"]
    lines += [f"Which of this you get by e-mail: {settings.BASE_URL}{reverse('profile')}", ""]
    return "\n".join(lines)


def link(notice: Notice, teams: set[str]) -> str:
    """The account's page for who is in its team, its page in the admin for other operators; empty without an account.

    ``teams``: the keys of those that the recipient is in.
    """
    if notice.account is None:
        return ""
    if notice.owner in teams:
        return f"{settings.BASE_URL}{reverse('account', args=[notice.account])}"
    return f"{settings.BASE_URL}{reverse('admin:cloudaccounts_cloudaccount_change', args=[notice.account])}"


def _lines(notices: Iterable[Notice], teams: set[str]) -> Iterator[str]:
    for notice in notices:
        yield f"- {notice.text}"
        if notice.remedy:
            yield f"  {notice.remedy}"
        yield f"  {notice.created_at:%Y-%m-%d %H:%M} UTC {link(notice, teams)}".rstrip()


def _heading(kind: str) -> str:
    label = NoticeKind(kind).label if kind in NoticeKind.values else kind
    title = label[:1].upper() + label[1:]
    return f"{title}\n{'-' * len(title)}"


def _by_weight(notices: list[Notice]) -> list[Notice]:
    weight = {kind.value: number for number, kind in enumerate(ORDER)}
    return sorted(notices, key=lambda notice: (weight.get(notice.kind, len(weight)), notice.created_at))
