"""Of two calls that change one record from the same state at the same moment, exactly one does."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.contrib.auth.models import User
from django.db import connections
from django.utils import timezone

from cloudaccounts.api import conditional, one_at_a_time
from cloudaccounts.audit.actor import SYSTEM
from cloudaccounts.channels import services as channel_services
from cloudaccounts.errors import ChangedMeanwhileError
from cloudaccounts.groups import services as group_services
from cloudaccounts.lifecycle import onboarding, state_changes
from cloudaccounts.models import ChangeUnderWay, CloudAccount, Organization
from cloudaccounts.tokens.retention import purge_api_records
from scans.findings import triage
from scans.models import Finding
from scans.muting.rules import create_mute_rule
from teams.scope import Scope
from tests.api.conftest import Caller, assert_problem
from tests.channels import make_channel
from tests.cloudaccounts.organizations.conftest import connecting, organization, tree  # noqa: F401 # fixtures
from tests.conftest import ALL_DATABASES, MakeAccount
from tests.scans.compliance.own.conftest import OWN
from tests.scans.findings.test_views import make
from tests.toycloud.provider import State

pytestmark = pytest.mark.django_db(databases=ALL_DATABASES, transaction=True)
Call = Callable[[int], Any]


@pytest.fixture
def account(alice: User, make_account: MakeAccount, toycloud: State) -> CloudAccount:
    return make_account(alice)


@pytest.fixture
def slow_check(monkeypatch: pytest.MonkeyPatch) -> None:
    """A while passes between the look at the tag and the change, so that two would both have looked."""
    etag_of = conditional.etag_of

    def looked_at(state: Any) -> str:
        tag = etag_of(state)
        time.sleep(0.3)
        return tag

    monkeypatch.setattr(conditional, "etag_of", looked_at)


def both(call: Call) -> list[int]:
    """The statuses of two calls that begin at the same moment."""
    together = threading.Barrier(2)

    def one(number: int) -> int:
        try:
            together.wait(10)
            return int(call(number).status_code)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(2) as pool:
        return sorted(pool.map(one, range(2)))


@pytest.mark.usefixtures("slow_check")
def test_a_schedule(alice_calls: Caller, account: CloudAccount) -> None:
    path = f"cloud-accounts/{account.pk}/schedule"
    tag = alice_calls.get(path)["ETag"]
    assert both(lambda n: alice_calls.put(path, {"every": ["weekly", "off"][n]}, **{"If-Match": tag})) == [200, 412]


@pytest.mark.usefixtures("slow_check")
def test_what_an_account_wishes_of_rotation(alice_calls: Caller, account: CloudAccount) -> None:
    path = f"cloud-accounts/{account.pk}/rotation"
    tag = alice_calls.get(path)["ETag"]
    body = {"automatic": False}
    assert both(lambda n: alice_calls.put(path, {**body, "max_age_days": 40 + n}, **{"If-Match": tag})) == [200, 412]


@pytest.mark.usefixtures("slow_check")
def test_a_team_s_policy(alice_calls: Caller) -> None:
    tag = alice_calls.get("rotation/policy")["ETag"]
    given = {"automatic": True, "max_age_days": 40}
    statuses = both(
        lambda n: alice_calls.put("rotation/policy", {**given, "max_age_days": 40 + n}, **{"If-Match": tag})
    )
    assert statuses == [200, 412]


@pytest.mark.usefixtures("slow_check")
def test_an_organization_s_rules(alice_calls: Caller, organization: Organization) -> None:  # noqa: F811
    path = f"organizations/{organization.pk}/rules"
    tag = alice_calls.get(path)["ETag"]
    rules: list[list[Any]] = [[{"under": "root", "environment": "dev", "regions": "all", "auto": True}], []]
    rules[1] = [{**rules[0][0], "auto": False}]
    assert both(lambda n: alice_calls.put(path, {"rules": rules[n]}, **{"If-Match": tag})) == [200, 412]


@pytest.mark.usefixtures("slow_check")
def test_the_switch_of_a_check(alice_calls: Caller, account: CloudAccount) -> None:
    tag = alice_calls.get("checks/toy_blunt")["ETag"]
    body = {"enabled": False}
    assert both(
        lambda n: alice_calls.put("checks/toy_blunt", {**body, "reason": f"because {n}"}, **{"If-Match": tag})
    ) == [200, 412]


@pytest.mark.usefixtures("slow_check")
def test_a_mute_rule(alice_calls: Caller, alice: User) -> None:
    rule = create_mute_rule(Scope(str(alice.pk)), {"region": "left"}, actor=SYSTEM, reason="x", until=None).rule
    tag = alice_calls.get(f"mute-rules/{rule.pk}")["ETag"]
    assert both(lambda _: alice_calls.delete(f"mute-rules/{rule.pk}", **{"If-Match": tag})) == [204, 412]


@pytest.mark.usefixtures("slow_check", "toycloud")
def test_a_framework_of_one_s_own(alice_calls: Caller) -> None:
    """Deleted by one while the other replaces it."""
    made = alice_calls.post("compliance/", {"yaml": OWN})
    path, tag = f"compliance/{made.json()['framework']}", {"If-Match": made["ETag"]}
    calls: list[Call] = [
        lambda _: alice_calls.delete(path, **tag),
        lambda _: alice_calls.put(path, {"yaml": OWN + "# 1\n"}, **tag),
    ]
    statuses = both(lambda n: calls[n](n))
    assert statuses in ([204, 404], [200, 412])


@pytest.mark.usefixtures("slow_check")
def test_a_finding(alice_calls: Caller, account: CloudAccount) -> None:
    path = f"findings/{make(account, 'a').pk}"
    tag = alice_calls.get(path)["ETag"]
    bodies: list[dict[str, Any]] = [{"assignee": "alice"}, {"due": f"{timezone.now().date():%Y-%m-%d}"}]
    assert both(lambda n: alice_calls.patch(path, bodies[n], **{"If-Match": tag})) == [200, 412]


def test_a_finding_that_a_page_changes_meanwhile(
    alice_calls: Caller, alice: User, account: CloudAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    finding = make(account, "a")
    path, today = f"findings/{finding.pk}", timezone.now().date()
    tag, etag_of = alice_calls.get(path)["ETag"], conditional.etag_of

    def meanwhile(state: Any) -> str:
        triage.set_due(Scope(str(alice.pk)), [finding.pk], actor=SYSTEM, due=today)
        return etag_of(state)

    monkeypatch.setattr(conditional, "etag_of", meanwhile)
    assert_problem(alice_calls.patch(path, {"assignee": "alice"}, **{"If-Match": tag}), 412, "changed_meanwhile")
    stored = Finding.objects.get(pk=finding.pk)
    assert (stored.assignee, stored.due) == ("", today)
    assert [line["what"] for line in stored.suppressions] == ["due"]


@pytest.fixture
def slow_change(monkeypatch: pytest.MonkeyPatch) -> Callable[[Any, str], None]:
    """A while passes between the last look at the state and the change: another call would find it unchanged."""

    def slow(module: Any, name: str) -> None:
        change = getattr(module, name)

        def slowly(*args: Any, **kwargs: Any) -> Any:
            time.sleep(0.6)
            return change(*args, **kwargs)

        monkeypatch.setattr(module, name, slowly)

    return slow


def one_after_the_other(call: Call) -> list[int]:
    """The statuses of two calls, of which the second comes while the first is about to change something."""

    def shortly_after(number: int) -> Any:
        time.sleep(0.3 * number)
        return call(number)

    return both(shortly_after)


def test_an_account_that_is_about_to_change(
    alice_calls: Caller, account: CloudAccount, slow_change: Callable[[Any, str], None]
) -> None:
    slow_change(onboarding, "change_account")
    path = f"cloud-accounts/{account.pk}"
    tag = {"If-Match": alice_calls.get(path)["ETag"]}
    assert one_after_the_other(lambda n: alice_calls.patch(path, {"name": f"n{n}"}, **tag)) == [200, 412]
    account.refresh_from_db()
    assert account.name == "n0"
    slow_change(state_changes, "delete_account")
    tag = {"If-Match": alice_calls.get(path)["ETag"]}
    assert one_after_the_other(lambda _: alice_calls.delete(path, **tag)) == [204, 404]


def test_a_group_that_is_about_to_change(
    alice_calls: Caller, alice: User, slow_change: Callable[[Any, str], None]
) -> None:
    slow_change(group_services, "update_group")
    slow_change(group_services, "delete_group")
    path = f"groups/{group_services.create_group(scope=Scope(str(alice.pk)), actor=SYSTEM, name='g').pk}"
    tag = {"If-Match": alice_calls.get(path)["ETag"]}
    assert one_after_the_other(lambda n: alice_calls.patch(path, {"name": f"n{n}"}, **tag)) == [200, 412]
    tag = {"If-Match": alice_calls.get(path)["ETag"]}
    assert one_after_the_other(lambda _: alice_calls.delete(path, **tag)) == [204, 404]


def test_a_channel_that_is_about_to_change(
    alice_calls: Caller, alice: User, slow_change: Callable[[Any, str], None]
) -> None:
    slow_change(channel_services, "update_channel")
    slow_change(channel_services, "delete_channel")
    path = f"channels/{make_channel(alice).pk}"
    tag = {"If-Match": alice_calls.get(path)["ETag"]}
    assert one_after_the_other(lambda n: alice_calls.patch(path, {"name": f"n{n}"}, **tag)) == [200, 412]
    tag = {"If-Match": alice_calls.get(path)["ETag"]}
    assert one_after_the_other(lambda _: alice_calls.delete(path, **tag)) == [204, 404]


def test_another_team_does_not_wait(alice_calls: Caller, bob_calls: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(one_at_a_time, "PATIENCE", 0.0)
    given = {"automatic": True, "max_age_days": 40}
    with one_at_a_time._alone(f"{alice_calls.token.owner} /api/v1/rotation/policy"):
        assert bob_calls.put("rotation/policy", given).status_code == 200
        assert_problem(alice_calls.put("rotation/policy", given), 412, "changed_meanwhile")
    assert alice_calls.put("rotation/policy", given).status_code == 200
    assert not ChangeUnderWay.objects.exists()


def test_who_died_holds_a_record_for_a_while_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(one_at_a_time, "PATIENCE", 0.0)
    with one_at_a_time._alone("a record"):
        ChangeUnderWay.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
        with one_at_a_time._alone("a record"):
            pass
    ChangeUnderWay.objects.create(key="x", claim=uuid4(), lease_until=timezone.now() - timedelta(seconds=1))
    purge_api_records()
    assert not ChangeUnderWay.objects.exists()


def test_who_waits_writes_nothing_meanwhile(monkeypatch: pytest.MonkeyPatch) -> None:
    """On SQLite whoever writes waits for all others: forty calls of one record must not hold up everybody's writes."""
    tries: list[str] = []
    taken = one_at_a_time._taken

    def count(key: str, claim: Any) -> bool:
        tries.append(key)
        return taken(key, claim)

    monkeypatch.setattr(one_at_a_time, "_taken", count)
    monkeypatch.setattr(one_at_a_time, "PATIENCE", 0.5)
    with one_at_a_time._alone("a record"):
        assert len(tries) == 1
        with pytest.raises(ChangedMeanwhileError), one_at_a_time._alone("a record"):
            raise AssertionError("Two at a time.")
        assert len(tries) == 2
    with one_at_a_time._alone("a record"):
        assert len(tries) == 3
