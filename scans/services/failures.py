from __future__ import annotations

from cloudaccounts.models import CloudAccount
from cloudaccounts.models.notice import NoticeKind
from cloudaccounts.services import tell
from scans.models import ScanRun


def tell_failed(run: ScanRun, cause: str, remedy: str) -> None:
    """People are told of each failed scan once."""
    account = CloudAccount.objects.filter(pk=run.account).first()
    if account is not None:
        text = f"The scan of {account.name} failed: {cause}"
        tell(NoticeKind.SCAN_FAILED, key=str(run.run_id), account=account, text=text, remedy=remedy)
