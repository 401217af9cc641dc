"""What its tests do and what must hold whatever happens."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from cloudaccounts.audit.actor import SYSTEM
from cloudaccounts.credentials import vault
from cloudaccounts.models import CloudAccount, CredentialRotation, RotationRun, RotationStep
from cloudaccounts.models.automatic_rotation import StepOutcome
from cloudaccounts.rotation.automatic.requests import ask_for
from cloudaccounts.rotation.automatic.runner import run_automatic_rotation
from cloudaccounts.rotation.reconcile import requeue_rotations
from cloudaccounts.rotation.verify import run_rotation
from tests.toycloud.keys import KeyRing, Killed

FIRST = "K1"


@dataclass
class Clock:
    now: datetime

    def forward(self, **time: float) -> None:
        self.now += timedelta(**time)


@dataclass
class Scene:
    account: CloudAccount
    ring: KeyRing
    clock: Clock

    @property
    def run(self) -> RotationRun:
        return RotationRun.objects.filter(account=self.account.pk).latest("began_at")

    def key_in_use(self) -> str:
        credentials = vault.open_credentials(account=self.account, actor=SYSTEM, purpose="a test")
        return credentials["key_id"]

    def begin(self) -> RotationRun:
        return ask_for(self.account)

    def work(self) -> None:
        """A worker's turn, when the run's own time has come; a kill ends it, as it would a process."""
        run = self.run
        self.clock.now = max(self.clock.now, run.requested_at, *(filter(None, [run.lease_until])))
        self.clock.forward(seconds=1)
        self.ring.at_work = True
        try:
            run_automatic_rotation(run.pk)
        except Killed:
            self.restart()
        finally:
            self.ring.at_work = False
        self.must_hold()

    def restart(self) -> None:
        """The process is gone with all it held in memory; its leases end, and the scheduler finds what it left."""
        self.ring.kill_at, self.ring.at_work = None, False
        self.clock.forward(minutes=5)
        requeue_rotations()
        for rotation in CredentialRotation.objects.filter(state="queued"):
            run_rotation(rotation.pk)

    def until_it_ends(self, turns: int = 120) -> RotationRun:
        for _ in range(turns):
            if not self.run.is_active:
                break
            self.work()
        assert not self.run.is_active, f"{self.run.state}: {self.run.code} {self.run.cause}"
        return self.run

    def must_hold(self) -> None:
        """At every moment: the credential in use opens the account, and no key of a person was touched."""
        in_use = self.ring.keys.get(self.key_in_use())
        assert in_use is not None, "the key in use was deleted"
        assert in_use.active, "the key in use was deactivated"
        assert set(self.ring.deleted) <= {FIRST, *self.ring.created}, "a person's key was deleted"

    def must_be_settled(self) -> None:
        """At the end: each key of ours at the cloud is in use, or is named; what the row says is so."""
        run = self.run
        named = {item["id"] for item in run.leftovers}
        ours = {key for key, one in self.ring.keys.items() if one.is_ours}
        assert ours - {self.key_in_use()} <= named, (run.state, run.code, ours, named)
        if run.state == "finished":
            assert self.key_in_use() == run.new_key
            assert run.old_key not in self.ring.keys
        for step in RotationStep.objects.filter(run=run.pk, outcome=StepOutcome.DONE, action__in=["delete", "remove"]):
            assert step.key_id not in self.ring.keys
