"""What may change on a connected account without another validation: nothing here is part of its credential."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db import transaction
from django.utils import timezone

from cloudaccounts.accounts.details import AccountDetails, chosen_regions, clean_details
from cloudaccounts.accounts.summaries import write_summary
from cloudaccounts.audit.actor import Actor
from cloudaccounts.audit.record import record_event
from cloudaccounts.errors import InputError
from cloudaccounts.events import account_renamed
from cloudaccounts.models import CloudAccount, Environment
from cloudaccounts.work.databases import SECURITY


def update_account(
    account: CloudAccount,
    *,
    actor: Actor,
    name: str,
    environment: str,
    regions: Sequence[str] = (),
    all_regions: bool = False,
) -> CloudAccount:
    """Writes name, environment and regions. Raises `InputError`, and `DoesNotExist` where the account was deleted.

    With ``all_regions`` the next scan resolves which these are; until then it is what is known of the account.
    """
    row = CloudAccount.objects.of(account.owner).filter(pk=account.pk)
    if all_regions:
        current = row.only("regions", "enabled_regions").get()
        regions = current.regions if current.enabled_regions is None else current.enabled_regions
    details = clean_details(
        AccountDetails(
            provider=account.provider,
            account_id=account.account_id,
            partition=account.partition,
            name=name,
            environment=environment,
            regions=tuple(regions),
            all_regions=all_regions,
        )
    )
    account.name, account.environment, account.regions = details.name, details.environment, list(details.regions)
    account.all_regions = all_regions
    after = _changeable_fields(account)
    fields = after | {"regions": account.regions, "all_regions": all_regions}
    # An UPDATE of these columns, and no save(): a check or a rotation may write the others at the same moment.
    with transaction.atomic(using=SECURITY):
        before = _changeable_fields(row.get())
        if not row.update(**fields, updated_at=timezone.now()):
            raise CloudAccount.DoesNotExist
        record_event(
            actor=actor,
            owner=account.owner,
            action="account.changed",
            text="Name, environment or regions changed",
            account=account.id,
            label=account.name,
            before=before,
            after=after,
        )
        if before["regions"] != after["regions"]:
            write_summary(account.pk)
        if before["name"] != after["name"]:
            # Scans show the account's name on rows of their own: a list there needs no join.
            account_renamed.send(sender=CloudAccount, account=account)
    return account


def set_environment(account: CloudAccount, *, actor: Actor, environment: str) -> bool:
    """Writes the environment alone: what else was changed meanwhile stays. False where it is that already.

    Raises `InputError`, and `DoesNotExist` where the account was deleted or given away.
    """
    if environment not in Environment.values:
        raise InputError({"environment": "Choose production, staging or dev."})
    row = CloudAccount.objects.of(account.owner).filter(pk=account.pk)
    with transaction.atomic(using=SECURITY):
        # Read for the audit event only; whether something changes is decided by the conditional UPDATE.
        before = row.values_list("environment", flat=True).get()
        if not row.exclude(environment=environment).update(environment=environment, updated_at=timezone.now()):
            return False
        record_event(
            actor=actor, owner=account.owner, action="account.changed", text="Environment changed", account=account.id,
            label=account.name, before={"environment": before}, after={"environment": environment},
        )  # fmt: skip
    account.environment = environment
    return True


def _changeable_fields(account: CloudAccount) -> dict[str, Any]:
    """As the audit shows them."""
    return {"name": account.name, "environment": account.environment, "regions": chosen_regions(account)}
