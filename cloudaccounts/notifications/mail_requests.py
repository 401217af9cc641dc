"""Mails to one person that a page asks for, and a worker sends: the page never waits for a mail server.

That is not for speed alone. A page that looks up an address and sends a mail takes longer for addresses that exist, and
so tells which do. Here it writes one row either way; the worker looks the address up.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from datetime import timedelta
from uuid import UUID, uuid4

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from cloudaccounts.crypto.fields import KeyringError, Sealed
from cloudaccounts.models import MailRequest
from cloudaccounts.work import messages
from cloudaccounts.work.databases import SECURITY

TASK = "project.send_mail"
LASTS = timedelta(hours=1)  # whoever asked for a link that has not come by then has asked again
AGAIN = timedelta(minutes=2)  # after a try: longer than a mail server may take
BATCH = 100

logger = logging.getLogger(__name__)

# By kind: sends the mail with these values. Raises OSError (smtplib's errors are such) where it was not taken.
Senders = Mapping[str, Callable[[Mapping[str, str]], None]]


def request_mail(kind: str, **values: str) -> None:
    """Raises `KeyringError` where there is no key to encrypt with."""
    row = MailRequest(id=uuid4(), kind=kind)
    row.content = Sealed.seal(values, bound_to=row.id, column="content")
    with transaction.atomic(using=SECURITY):
        row.save(force_insert=True)
        messages.send_on_commit(TASK, str(row.pk), using=SECURITY)


def send_mail(request_id: UUID, senders: Senders) -> bool:
    """Sends one that is due. Whether it was taken. Asks the network."""
    now = timezone.now()
    # The next time is written first: it is a lease, and a worker that dies leaves the row to be due again.
    row = MailRequest.objects.filter(pk=request_id, due_at__lte=now)
    if not row.update(due_at=now + AGAIN, attempts=F("attempts") + 1):
        return False
    request = MailRequest.objects.filter(pk=request_id).first()
    if request is None or request.content is None:
        return False
    try:
        senders[request.kind](request.content.open(bound_to=request.pk, column="content"))
    # The row stays: `due_at` was moved ahead above, and the next beat tries again until LASTS is over.
    except (OSError, KeyringError) as error:
        logger.warning("mail.not_taken", extra={"kind": request.kind, "error": type(error).__name__})
        return False
    # Nothing is kept of it: the row named an address that somebody typed.
    MailRequest.objects.filter(pk=request_id).delete()
    return True


def send_due_mails(senders: Senders) -> int:
    """Those whose message was lost, or that were not taken; drops what is too old. How many were taken."""
    now = timezone.now()
    MailRequest.objects.filter(requested_at__lt=now - LASTS).delete()
    due = MailRequest.objects.filter(due_at__lte=now).order_by("due_at")
    return sum(send_mail(key, senders) for key in list(due.values_list("pk", flat=True)[:BATCH]))
