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
from cloudaccounts.events import account_reclassified, account_renamed
from cloudaccounts.models import CloudAccount, Environment
from cloudaccounts.work.databases import SECURITY
from teams.names import name_key


def update_account(
    account: CloudAccount,
    *,
    actor: Actor,
    name: str | None = None,
    environment: str | None = None,
    regions: Sequence[str] | None = None,
    all_regions: bool | None = None,
) -> CloudAccount:
    """Writes those of name, environment and regions that are given, and nothing else: the others may change meanwhile.

    With ``all_regions`` the next scan resolves which these are; until then it is what is known of the account.
    Raises `InputError`, and `DoesNotExist` where the account was deleted.
    """
    row = CloudAccount.objects.of(account.owner).filter(pk=account.pk)
    if all_regions:
        current = row.only("regions", "enabled_regions").get()
        regions = current.regions if current.enabled_regions is None else current.enabled_regions
    # Cleaned as a whole although only some fields are written: regions depend on the partition, which stays.
    details = clean_details(
        AccountDetails(
            provider=account.provider,
            account_id=account.account_id,
            partition=account.partition,
            name=account.name if name is None else name,
            environment=account.environment if environment is None else environment,
            regions=tuple(account.regions if regions is None else regions),
            all_regions=account.all_regions if regions is None else bool(all_regions),
        )
    )
    fields: dict[str, Any] = {}
    if name is not None:
        fields |= {"name": details.name, "name_key": name_key(details.name)}
    if environment is not None:
        fields["environment"] = details.environment
    if regions is not None:
        fields |= {"regions": list(details.regions), "all_regions": details.all_regions}
    # An UPDATE of these columns, and no save(): a check or a rotation may write the others at the same moment.
    with transaction.atomic(using=SECURITY):
        # Read within the transaction, for the audit: the object in hand may be older than another change.
        before = _changeable_fields(row.get())
        if not row.update(**fields, updated_at=timezone.now()):
            raise CloudAccount.DoesNotExist
        for field, value in fields.items():
            setattr(account, field, value)
        after = {field: value for field, value in _changeable_fields(account).items() if field in fields}
        record_event(
            actor=actor,
            owner=account.owner,
            action="account.changed",
            text=f"Changed: {', '.join(after)}",
            account=account.id,
            label=account.name,
            before={field: before[field] for field in after},
            after=after,
        )
        if "regions" in after and before["regions"] != after["regions"]:
            # Which regions are gaps depends on which are chosen, so the coverage is assessed again.
            write_summary(account.pk)
    if "name" in after and before["name"] != after["name"]:
        # Scans show the account's name on rows of their own: a list there needs no join. After the transaction, because
        # there may be 100,000 of them.
        account_renamed.send(sender=CloudAccount, account=account)
    if "environment" in after and before["environment"] != after["environment"]:
        account_reclassified.send(sender=CloudAccount, account=account)
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
    account_reclassified.send(sender=CloudAccount, account=account)
    return True


def _changeable_fields(account: CloudAccount) -> dict[str, Any]:
    """As the audit shows them."""
    return {"name": account.name, "environment": account.environment, "regions": chosen_regions(account)}
