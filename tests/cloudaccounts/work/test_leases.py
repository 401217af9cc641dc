"""A keeper renews its lease again after the database had been away for a moment."""

from __future__ import annotations

import threading

import pytest
from django.db import OperationalError, connections

from cloudaccounts.models import Job
from cloudaccounts.work import leases
from cloudaccounts.work.leases import LeaseKeeper
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
