"""What a job needs and may not hold itself: files with secrets, encrypted, for as long as the job or its retry may be.

A job's options name the row (``document``); neither they nor a message hold anything of it.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

from django.utils import timezone

from cloudaccounts.contract.errors import ProviderError
from cloudaccounts.crypto.fields import KeyringError, Sealed
from cloudaccounts.errors import CredentialsUnreadableError
from cloudaccounts.models import ApplyDocument, Job
from cloudaccounts.models.job import JobState

COLUMN = "content"
OPTION = "document"
KEPT = timedelta(days=1)  # after that the file is given once more


def keep_document(owner: str, content: dict[str, Any]) -> str:
    """The id of the row, for the job's options. Raises `CredentialsUnreadableError` where there is no key to encrypt
    by."""
    forget_documents()
    row = ApplyDocument(owner=owner, created_at=timezone.now())
    try:
        row.content = Sealed.seal(content, bound_to=row.pk, column=COLUMN)
    except KeyringError as error:
        raise CredentialsUnreadableError(error.code, error.cause, error.remedy) from None
    row.save(force_insert=True)
    return str(row.pk)


def document_of(job: Job) -> dict[str, Any]:
    """Raises `ProviderError` where it is not kept any more, or not readable."""
    row = ApplyDocument.objects.filter(owner=job.owner, pk=UUID(str(job.options[OPTION]))).first()
    if row is None or row.content is None:
        raise ProviderError("document_gone", "The file is not kept any more.", "Give it once more.")
    try:
        return row.content.open(bound_to=row.pk, column=COLUMN)
    except KeyringError as error:
        raise CredentialsUnreadableError(error.code, error.cause, error.remedy) from None


def is_kept(job: Job) -> bool:
    return ApplyDocument.objects.filter(owner=job.owner, pk=UUID(str(job.options[OPTION]))).exists()


def forget_documents() -> int:
    """Deletes what no job needs any more."""
    old = ApplyDocument.objects.filter(created_at__lt=timezone.now() - KEPT)
    active = Job.objects.filter(state__in=(JobState.QUEUED, JobState.RUNNING)).values_list("options", flat=True)
    needed = [str(options[OPTION]) for options in active if options.get(OPTION)]
    return old.exclude(pk__in=[UUID(key) for key in needed]).delete()[0]
