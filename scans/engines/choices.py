"""Who wants a second engine: a team for its accounts, or an account for itself. Without a word, nobody does."""

from __future__ import annotations

from uuid import UUID

from django.conf import settings
from django.db import IntegrityError, transaction

from cloudaccounts.audit.actor import Actor
from cloudaccounts.audit.record import record_event
from cloudaccounts.models import CloudAccount
from cloudaccounts.work.databases import SECURITY
from scans.engines.models import EngineChoice

PROWLER = "prowler"


def is_installed() -> bool:
    """Whether the operator named one. Whether it can be run, the system check says."""
    return bool(settings.PROWLER_COMMAND)


def team_choice(owner: str) -> bool:
    return _choice(f"team:{owner}") or False


def account_choice(account: CloudAccount) -> bool | None:
    """None where it follows its team."""
    return _choice(f"account:{account.pk}")


def is_wanted(account: CloudAccount) -> bool:
    own = account_choice(account)
    return team_choice(account.owner) if own is None else own


def choose_for_team(owner: str, *, enabled: bool, actor: Actor) -> None:
    """For all accounts of the team that have no choice of their own, from their next full scan on."""
    if enabled == team_choice(owner):
        return
    with transaction.atomic(using=SECURITY):
        _write(f"team:{owner}", {"owner": owner, "enabled": enabled})
        text = f"The second engine is {'on' if enabled else 'off'} for the team's accounts"
        record_event(actor=actor, owner=owner, action="engine.team", text=text, enabled=enabled)


def choose_for_account(account: CloudAccount, *, enabled: bool | None, actor: Actor) -> None:
    """None takes the account's own choice away."""
    if enabled == account_choice(account):
        return
    subject = f"account:{account.pk}"
    with transaction.atomic(using=SECURITY):
        if enabled is None:
            EngineChoice.objects.filter(subject=subject).delete()
        else:
            _write(subject, {"owner": account.owner, "account": account.pk, "enabled": enabled})
        said = "as the team chooses" if enabled is None else "on" if enabled else "off"
        record_event(
            actor=actor, owner=account.owner, action="engine.account", text=f"The second engine is {said}",
            account=account.pk, label=account.name, enabled=enabled,
        )  # fmt: skip


def forget_account(account_id: UUID) -> None:
    """After a transfer: whether its new team hands credentials to another program is for that team to say."""
    EngineChoice.objects.filter(account=account_id).delete()


def _choice(subject: str) -> bool | None:
    return EngineChoice.objects.filter(subject=subject).values_list("enabled", flat=True).first()


def _write(subject: str, values: dict[str, object]) -> None:
    # Update, else create, else update: MongoDB's backend has no upsert, and the key decides.
    rows = EngineChoice.objects.filter(subject=subject)
    if not rows.update(**values):
        try:
            with transaction.atomic(using=SECURITY):
                EngineChoice.objects.create(subject=subject, **values)
        except IntegrityError:
            rows.update(**values)
