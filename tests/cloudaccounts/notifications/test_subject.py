"""What a name of somebody's choice does in the subject of a mail: nothing."""

from __future__ import annotations

from email.header import decode_header, make_header

import pytest
from django.core.mail import EmailMessage

from cloudaccounts.models import Notice
from cloudaccounts.models.notice import NoticeKind
from cloudaccounts.notifications.channels.email.transport import subject


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("Data & <Platform>", "Data & <Platform>"),  # no markup: it is shown as it was typed
        ("Zürich 東京", "Zürich 東京"),
        ("a\r\nBcc: everybody@example.org", "a Bcc: everybody@example.org"),
        ("a\u2028b\u0085c", "a b c"),
        ("safe\u202egnp.exe", "safe gnp.exe"),  # turns the rest around
        ("in\u200bvisible", "in visible"),
        ("=?utf-8?q?Your_password_expires?=", "= ?utf-8?q?Your_password_expires?="),
        ("=?utf-8?b?WW91IHdvbg==?= ü", "= ?utf-8?b?WW91IHdvbg== ?= ü"),
    ],
    ids=range(8),
)
def test_a_name_is_plain_text_in_the_subject(name: str, shown: str) -> None:
    notice = Notice(kind=NoticeKind.ACCOUNT_FAILED, text=f"{name} cannot be opened.")
    message = EmailMessage(subject([notice]), "", to=["a@example.org"]).message()
    assert str(make_header(decode_header(str(message["Subject"])))) == f"[Cloud Accounts] {shown} cannot be opened."
    assert set(message.keys()) & {"Bcc", "bcc"} == set()
