"""Celery tasks of the sign-in pages. Their names stand in messages and in the schedule, so they stay as they are."""

from __future__ import annotations

from uuid import UUID

from celery import shared_task

from cloudaccounts.notifications import mail_requests
from config.site.mails import SENDERS


@shared_task(name="project.send_mail", ignore_result=True, time_limit=60)
def send_mail(request_id: str) -> None:
    mail_requests.send_mail(UUID(request_id), SENDERS)


@shared_task(name="project.read_identity_providers", ignore_result=True, expires=50, time_limit=60)
def read_identity_providers() -> None:
    from config.signin import documents

    documents.refresh()


# `expires`: another one comes each minute, and they must not pile up while workers are down.
@shared_task(name="project.send_due_mails", ignore_result=True, expires=50, time_limit=240)
def send_due_mails() -> None:
    mail_requests.send_due_mails(SENDERS)
