"""The account list at 10,000 accounts and at 100."""

from __future__ import annotations

from uuid import uuid4

from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from cloudaccounts.models import CloudAccount
from tests.bench.result import Result, interleaved

MANY, FEW = 10_000, 100


def _owner_of(count: int) -> Client:
    user = User.objects.create_user(f"owner-of-{count}", password="not-used-here")
    now = timezone.now()
    report = {"ok": True, "finished": True, "identity": "", "checks": [], "permissions": [], "regions": []}
    report["permissions"] = [{"service": "IAM", "permission": f"iam:Get{n}", "status": "granted"} for n in range(40)]
    # Inserted in bulk: no signal, and so no scan, which is not what is measured here.
    fields = {"provider": "aws", "partition": "aws", "auth_method": "access_keys", "status": "active"}
    CloudAccount.objects.bulk_create(
        CloudAccount(
            id=uuid4(),
            owner=str(user.pk),
            account_id=f"{count:04d}{number:08d}",
            name=f"account {number}",
            regions=["us-east-1", "eu-west-1"],
            last_checked_at=now,
            last_check=report,
            credential_since=now,
            **fields,
        )
        for number in range(count)
    )
    client = Client(SERVER_NAME="127.0.0.1")
    client.force_login(user)
    return client


def page() -> Result:
    many, few = _owner_of(MANY), _owner_of(FEW)

    def get(client: Client) -> None:
        answer = client.get("/accounts/")
        if answer.status_code != 200:
            raise RuntimeError(f"the list answered {answer.status_code}")

    value, reference = interleaved(lambda: get(many), lambda: get(few), times=25)
    return Result(f"list page at {MANY:,} accounts / {FEW}", value * 1000, "ms", "lower", reference * 1000, "≤ 1.3")
