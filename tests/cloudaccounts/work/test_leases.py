"""Work goes on after the database had been away for a moment: leases are renewed, and rows go back to their queue."""

from __future__ import annotations

import threading

import pytest
from django.db import DatabaseError, OperationalError, connections
from django.utils import timezone

from cloudaccounts.models import Job
from cloudaccounts.models.job import JobState
from cloudaccounts.work import leases
from cloudaccounts.work.leases import Claim, LeaseKeeper
from tests.conftest import ALL_DATABASES
from tests.environment import MONGODB
from tests.stack import wait_for

pytestmark = [
    pytest.mark.django_db(transaction=True, databases=ALL_DATABASES),
    pytest.mark.skipif(MONGODB, reason="Its driver opens connections by itself."),
]


def test_a_keeper_that_lost_its_connection_renews_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """As PostgreSQL leaves it: the connection is there, and every statement on it fails until it is closed."""
    monkeypatch.setattr(leases, "RENEW_EVERY", 0.02)
    lost = threading.Event()
    outcomes: list[str] = []

    def renew() -> bool:
        connection = connections["cloud_security"]
        if not lost.is_set():
            connection.ensure_connection()
            connection.connection.close()  # the server's end
            lost.set()
        try:
            Job.objects.exists()
        except Exception as error:
            outcomes.append("failed")
            raise OperationalError from error
        outcomes.append("renewed")
        return True

    with LeaseKeeper(renew) as keeper:
        wait_for(lambda: "renewed" in outcomes, seconds=10, what="a renewal")
        assert not keeper.lost.is_set()
    assert outcomes[0] == "failed"


@pytest.fixture
def claim() -> Claim:
    now = timezone.now()
    job = Job.objects.create(owner="1", kind="x", title="x", state="queued", requested_at=now, nudged_at=now)
    rows = Job.objects.filter(pk=job.pk)
    claim = Claim.take(rows.filter(state="queued"), rows.filter(state="running"), state=JobState.RUNNING)
    assert claim is not None
    return claim


def test_a_row_goes_back_although_the_connection_was_lost(claim: Claim) -> None:
    """A server that was restarted: whoever writes on the connection of before writes nothing."""
    connection = connections["cloud_security"]
    if connection.vendor != "postgresql":
        pytest.skip("A file has no connection that could be lost.")
    connection.connection.close()  # the server's end
    with pytest.raises(DatabaseError) as lost:
        Job.objects.exists()
    assert claim.outlives(lost.value, tries=1, state=JobState.QUEUED)
    row = Job.objects.get()
    assert (row.state, row.claim, row.lease_until, row.nudged_at, row.attempts) == ("queued", None, None, None, 1)


def test_only_an_outage_gives_it_back_and_only_while_tries_are_left(claim: Claim) -> None:
    assert not claim.outlives(ValueError(), tries=1, state=JobState.QUEUED)
    assert not claim.outlives(OperationalError("no such table: x"), tries=1, state=JobState.QUEUED)
    assert not claim.outlives(OperationalError("gone"), tries=0, state=JobState.QUEUED)
    assert Job.objects.get().state == "running"
    assert claim.outlives(OperationalError("gone"), tries=1, state=JobState.QUEUED)
    assert Job.objects.get().state == "queued"


def test_where_not_even_that_can_be_written_the_lease_ends(claim: Claim, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(*_: object, **__: object) -> bool:
        raise OperationalError("gone")

    monkeypatch.setattr(Claim, "give_back", away)
    assert claim.outlives(OperationalError("gone"), tries=1, state=JobState.QUEUED)
    assert Job.objects.get().lease_until is not None
