"""One run of an automatic rotation as a worker has it: its row, its claim, and each step written before it is made."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, TypeVar

from django.db import transaction
from django.utils import timezone

from cloudaccounts import registry
from cloudaccounts.accounts.details import details_of
from cloudaccounts.audit.actor import SYSTEM
from cloudaccounts.contract.errors import ProviderError
from cloudaccounts.contract.own_keys import OwnKeys
from cloudaccounts.credentials import staging, vault
from cloudaccounts.health.validation import target_for
from cloudaccounts.models import CloudAccount, RotationRun, RotationStep
from cloudaccounts.models.automatic_rotation import RunState, StepOutcome
from cloudaccounts.models.notice import NoticeKind
from cloudaccounts.notifications.notify import notify
from cloudaccounts.provider_kit.deadlines import within
from cloudaccounts.rotation.results import record
from cloudaccounts.work.databases import SECURITY
from cloudaccounts.work.leases import Claim

T = TypeVar("T")
FIRST_PAUSE, LONGEST_PAUSE = 30, 6 * 3600  # seconds between tries of what failed
CALL_SECONDS = 60.0  # for one question to the cloud, its retries included
NAMED_AFTER = 3  # failures in a row before people are notified: a single refusal may be a hiccup

# Nothing has been changed at the cloud yet, or nothing is left there: these give up, all others go on.
GIVES_UP = {RunState.PREPARING: 8, RunState.REMOVING: 12}  # failures in a row


class LostClaimError(Exception):
    """Somebody else works on this run, or it was deleted: nothing more may be written or asked."""


@dataclass(slots=True)
class Keys:
    """The identity's keys, through the credential in use. ``in_use`` is its own key, empty where that cannot
    be told. Asking for it may call the network.
    """

    own: OwnKeys
    own_id: str  # as the credential tells it; empty where only the cloud can
    generation: int  # of the credential's row when it was opened: it grows with each swap
    label: str

    @property
    def in_use(self) -> str:
        # Asked when it is needed: a credential that may not read its own keys is to hear what is missing first.
        if not self.own_id:
            self.own_id = self.ask(self.own.in_use)
        return self.own_id

    def ask(self, question: Callable[[], T], seconds: float = CALL_SECONDS) -> T:
        """The cloud's answer, within a deadline. Raises `ProviderError`."""
        return within(seconds, self.label, question)


@dataclass(slots=True)
class Course:
    run: RotationRun
    account: CloudAccount
    claim: Claim

    def write(self, **changes: Any) -> None:
        """Raises `LostClaimError` where the claim was lost: then nothing was written."""
        if not self.claim.write(**changes):
            raise LostClaimError
        for name, value in changes.items():
            setattr(self.run, name, value)

    def still_ours(self) -> None:
        """Asked before what cannot be taken back. Raises `LostClaimError`."""
        if not self.claim.renew():
            raise LostClaimError

    def step(self, action: str, key_id: str, call: Callable[[], T], name: Callable[[T], str] | None = None) -> T:
        """Makes the call between two writes of its row. Raises `ProviderError`.

        ``name`` says the key's id from the answer. A temporary failure leaves the row begun: the cloud may have done it
        all the same, and whoever comes next looks.
        """
        self.still_ours()
        row = RotationStep.objects.create(
            run=self.run.pk, account=self.account.pk, owner=self.account.owner, action=action, key_id=key_id,
            began_at=timezone.now(),
        )  # fmt: skip
        mine = RotationStep.objects.filter(pk=row.pk)
        try:
            answer = call()
        except ProviderError as error:
            outcome = StepOutcome.REFUSED if error.permanent else StepOutcome.BEGUN
            mine.update(outcome=outcome, code=error.code, cause=error.cause[:500], ended_at=timezone.now())
            raise
        named = name(answer) if name is not None else key_id
        mine.update(outcome=StepOutcome.DONE, key_id=named, ended_at=timezone.now())
        return answer

    def wait(self, seconds: float, **changes: Any) -> bool:
        """Lets a worker look again in so many seconds. False, for `return`: this worker is done."""
        self.write(requested_at=timezone.now() + timedelta(seconds=seconds), **changes)
        return False

    def pause(self, error: ProviderError) -> bool:
        """After a failure: longer with each one in a row. What needs a person is said once. Always False."""
        failures = self.run.failures + 1
        facts = {"code": error.code, "cause": error.cause[:500], "remedy": error.remedy[:500]}
        if failures >= GIVES_UP.get(RunState(self.run.state), failures + 1):
            leftovers = self.run.leftovers
            if self.run.state == RunState.REMOVING:
                leftovers = [*leftovers, leftover(self.run.new_key, f"It could not be deleted: {error.cause}")]
            return self.end(RunState.FAILED, leftovers=leftovers, **facts)
        held = error.permanent and failures >= NAMED_AFTER
        with transaction.atomic(using=SECURITY):
            self.wait(pause_after(failures), failures=failures, held=held, **facts)
            if held:
                self.notify_held(error.cause, error.remedy)
        return False

    def notify_held(self, cause: str, remedy: str) -> None:
        notify(
            NoticeKind.ROTATION_HELD,
            key=f"{self.run.pk}:{self.run.state}:{self.run.code}",
            text=f"{self.account.name}: automatic rotation does not go on. {cause}",
            remedy=remedy,
            account=self.account,
        )

    def end(self, state: RunState, **facts: Any) -> bool:
        """Writes the outcome with its audit event and its notice. Always False."""
        code, cause, remedy = (str(facts.get(name, getattr(self.run, name))) for name in ("code", "cause", "remedy"))
        leftovers = facts.get("leftovers", self.run.leftovers)
        named = "".join(f" Left at the provider: {item['id']}. {item['why']}" for item in leftovers)
        with transaction.atomic(using=SECURITY):
            self.write(
                state=state, active_account=None, claim=None, lease_until=None, finished_at=timezone.now(), held=False,
                **facts,
            )  # fmt: skip
            if state == RunState.FINISHED:
                text = f"Rotated: {self.run.new_key} is in use, {self.run.old_key} is deleted at the provider.{named}"
                record(self.account, SYSTEM, "credential.rotated", text)
                kind = NoticeKind.ROTATION_DONE
            else:
                text = f"Automatic rotation ended without a new key: {cause}{named}"
                record(self.account, SYSTEM, "credential.rotation_failed", text, code=code)
                kind = NoticeKind.ROTATION_FAILED
            notify(kind, key=str(self.run.pk), text=f"{self.account.name}: {text}", remedy=remedy, account=self.account)
        return False

    def audit(self, action: str, text: str) -> None:
        record(self.account, SYSTEM, action, text)


def leftover(key_id: str, why: str) -> dict[str, str]:
    return {"id": key_id, "why": why[:300], "since": timezone.now().isoformat()}


def pause_after(failures: int, first: int = FIRST_PAUSE, longest: int = LONGEST_PAUSE) -> float:
    """Seconds, with jitter: after an outage not all runs come back in one second."""
    pause = min(longest, first * 2 ** min(failures - 1, 20))
    return float(pause * random.uniform(0.8, 1.2))  # noqa: S311 # nosec B311 # spreads load, guards nothing


@contextmanager
def opened(account: CloudAccount) -> Iterator[Keys]:
    """Signs in with the credential in use. Raises `ProviderError`. Asks the network."""
    row = staging.credential_row(account.pk)
    credentials = vault.open_credentials(account=account, actor=SYSTEM, purpose="automatic rotation")
    provider, target = registry.get(account.provider), target_for(account.owner, details_of(account))
    own = within(target.deadline, provider.short_label, lambda: provider.own_keys(credentials, target))
    try:
        yield Keys(own, provider.own_key_id(credentials), row.generation if row else 0, provider.short_label)
    finally:
        own.close()
