"""Accounts are transferred when their owner leaves.

Where the provider binds access to the old owner's external ID, the account waits, pending, for the new one.
"""

from __future__ import annotations

from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone

from cloudaccounts import registry
from cloudaccounts.accounts.external_id import external_id_for
from cloudaccounts.audit.actor import Actor
from cloudaccounts.audit.record import record_event
from cloudaccounts.contract.errors import ProviderError
from cloudaccounts.contract.report import ValidationProgress
from cloudaccounts.credentials import staging
from cloudaccounts.credentials.new_keys import refuse_new_key
from cloudaccounts.credentials.sharing import refuse_while_used
from cloudaccounts.errors import CredentialBorrowedError, InputError
from cloudaccounts.events import account_changed_hands, account_transferred
from cloudaccounts.groups.services import remove_from_all_groups
from cloudaccounts.health import transitions
from cloudaccounts.health.validation import refusal_report
from cloudaccounts.models import (
    CloudAccount,
    CloudAccountStatus,
    ConnectionCheck,
    CredentialRotation,
    Organization,
    OrganizationMember,
    RotationRun,
    RotationSetting,
    RotationStep,
)
from cloudaccounts.models.check import CheckState
from cloudaccounts.models.rotation import RotationStage
from cloudaccounts.rotation.requests import discard_staged
from cloudaccounts.rotation.swap import catch_up_with_swap, notify_retired
from cloudaccounts.work.databases import SECURITY
from cloudaccounts.work.leases import Claim
from teams.queries import find_team, members_of

TRANSFERRED = {"code": "account_transferred", "cause": "The account changed hands."}


class TransferRefusedError(ProviderError):
    def __init__(self, account: CloudAccount) -> None:
        super().__init__(
            "account_exists",
            f"The new owner has connected {account.account_id} already.",
            "Delete one of the two: an owner has an account once.",
        )


def check_new_owner(owner: str) -> str:
    """The team's name. Raises `InputError` where there is no such team, or nobody in it who can sign in."""
    team = find_team(owner)
    if team is None or not any(row.user.is_active for row in members_of(owner)):
        raise InputError({"to": "Choose an active user, or a team."})
    return team.name


def transfer_account(account: CloudAccount, *, to_owner: str, actor: Actor) -> None:
    """Moves the account with its checks, scans and assets; it leaves its groups.

    What stays: audit events and notices of the time before; they are the old owner's. What is destroyed: a new
    credential that waits for its test, the one kept for a rollback (both were entered by somebody who has no say here
    any more) and the reports of their tests.

    Repeating it for an account that is theirs already finishes what a kill interrupted, where there are no transactions
    (MongoDB), and changes nothing else.

    Raises `TransferRefusedError` where the new owner has it already, `CredentialBorrowedError` and
    `ConnectionInUseError` where its credential opens other accounts or is another's, `KeysForbiddenError` where the new
    owner takes no keys, and `InputError`.
    """
    name = check_new_owner(to_owner)
    before = account.owner
    if before == to_owner:
        with transaction.atomic(using=SECURITY):
            _move_related_rows(account, actor=actor, began_before=True)
            account_transferred.send(sender=CloudAccount, account=account, before=before, actor=actor)
        account_changed_hands.send(sender=CloudAccount, account=account, actor=actor)
        return
    # What opens it belongs to another account, which would stay with its owner.
    if account.connection is not None:
        raise CredentialBorrowedError
    refuse_while_used(account)
    if CloudAccount.objects.of(to_owner).filter(provider=account.provider, account_id=account.account_id).exists():
        raise TransferRefusedError(account)
    catch_up_with_swap(account)  # so that what moves says of its credential what is true
    refuse_new_key(to_owner, secretless=account.credential_secretless)
    # What the old owner's external ID opened, it opens for nobody else.
    unproven_fields = {"former_external_id": "", **_unproven_fields(account, to_owner, name)}
    try:
        with transaction.atomic(using=SECURITY):
            # Conditional on the owner that was read: of two transfers at once, one moves the account.
            row = CloudAccount.objects.filter(pk=account.pk, owner=before)
            if not row.update(owner=to_owner, updated_at=timezone.now(), **unproven_fields):
                raise CloudAccount.DoesNotExist
            account.owner = to_owner
            for key, value in unproven_fields.items():
                setattr(account, key, value)
            _move_related_rows(account, actor=actor)
            account_transferred.send(sender=CloudAccount, account=account, before=before, actor=actor)
            for owner in (before, to_owner):
                record_event(
                    actor=actor, owner=owner, action="account.transferred",
                    text=f"Account transferred to {name} by {actor.label}", account=account.pk, label=account.name,
                    before={"owner": before}, after={"owner": to_owner},
                )  # fmt: skip
    except IntegrityError:
        # The database rolled back, the object in hand did not.
        account.owner = before
        raise TransferRefusedError(account) from None
    # After the transaction: 100,000 rows of scans would keep everybody else from writing for seconds. A kill before the
    # last of them is finished by repeating the transfer, as a job does.
    account_changed_hands.send(sender=CloudAccount, account=account, actor=actor)


def _move_related_rows(account: CloudAccount, *, actor: Actor, began_before: bool = False) -> None:
    """Moves or ends what belongs to the account in this app. What is the new owner's already is left alone.

    Secrets first: should a kill come where there are no transactions (MongoDB), the new owner must not find a
    credential that the old one staged.
    """
    owner = account.owner
    rotations = CredentialRotation.objects.filter(account=account.pk).exclude(owner=owner)
    if not began_before or rotations.exists():
        Claim(rotations.filter(active_account=account.pk)).end(state=RotationStage.ABANDONED, **TRANSFERRED)
        discard_staged(account, actor=actor)
        row = staging.credential_row(account.pk, previous__isnull=False)
        if row is not None:
            # First the reminder and then the end: a kill in between repeats both, and the notice's key keeps it one.
            notify_retired(account, row)
            staging.destroy_previous(account=account, generation=row.generation, actor=actor)
        catch_up_with_swap(account)  # by a worker that was in the middle of it; before its report goes
        rotations.update(owner=owner, report={})
    # What is under way goes on to its end, since it alone knows which key to delete; the wish was the old owner's.
    for rows in (RotationRun, RotationStep):
        rows.objects.filter(account=account.pk).exclude(owner=owner).update(owner=owner)
    RotationSetting.objects.filter(account=account.pk).exclude(owner=owner).delete()
    checks = ConnectionCheck.objects.filter(account=account.pk).exclude(owner=owner)
    # One under way proves the old owner's access, so it ends.
    Claim(checks.filter(active_account=account.pk)).end(state=CheckState.ABANDONED, **TRANSFERRED)
    checks.update(owner=owner)
    remove_from_all_groups(account.pk, but_of=owner)
    for organization in Organization.objects.filter(connection=account.pk):
        # Members before their organization: each opening compares owners, and refuses in between (0008).
        OrganizationMember.objects.filter(organization=organization.pk).update(owner=owner)
        Organization.objects.filter(pk=organization.pk).update(owner=owner)


def _unproven_fields(account: CloudAccount, to_owner: str, name: str) -> dict[str, Any]:
    """The columns that say "not proven any more": only where the provider binds access to the old external ID."""
    if not _is_bound(account):
        return {}
    error = ProviderError(
        "external_id_changed",
        f"This account now belongs to {name}, whose external ID the provider does not know yet.",
        f"Put {external_id_for(to_owner)} in the place of the old external ID (the role's trust policy, or the tag or "
        "label cloud-accounts-external-id), then check access.",
    )
    fields: dict[str, Any] = {
        "last_check": refusal_report(ValidationProgress(), error).to_dict(),
        "last_check_code": error.code,
        "last_check_cause": error.cause[:500],
        "last_check_remedy": error.remedy[:500],
    }
    # A suspended account stays so: only its new owner decides when it is checked again.
    if account.status != CloudAccountStatus.SUSPENDED:
        fields |= transitions.unproven_fields(account)
    return fields


def _is_bound(account: CloudAccount) -> bool:
    try:
        methods = {method.key: method for method in registry.get(account.provider).methods}
    except registry.UnknownProviderError:
        return False
    method = methods.get(account.auth_method)
    # A secret opens the account for whoever holds it; only our own identity is bound to an owner's external ID.
    return method is not None and method.uses_server_identity
