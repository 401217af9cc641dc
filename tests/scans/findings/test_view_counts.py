"""The counts in the tabs of the list of findings."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from cloudaccounts.audit.actor import SYSTEM
from cloudaccounts.groups.services import add_members, create_group
from cloudaccounts.models import CloudAccount
from scans.findings.filters import FindingFilter
from scans.findings.queries import findings
from scans.findings.view_counts import view_counts
from scans.saved_views.services import Person, save_view
from teams.scope import Scope
from tests.conftest import ALL_DATABASES, MakeAccount
from tests.pages import seen
from tests.scans.findings.test_views import make

pytestmark = pytest.mark.django_db(databases=ALL_DATABASES)


@pytest.fixture
def account(alice: User, make_account: MakeAccount) -> CloudAccount:
    return make_account(alice)


def test_each_view_counts_what_its_list_has(alice: User, account: CloudAccount, make_account: MakeAccount) -> None:
    scope, now = Scope(str(alice.pk)), timezone.now()
    other = make_account(alice, name="other")
    outer = create_group(scope=scope, actor=SYSTEM, name="outer")
    inner = create_group(scope=scope, actor=SYSTEM, name="inner", parent=outer.pk)
    add_members(inner, actor=SYSTEM, accounts=[account.pk])
    make(account, "a", "critical", environment="production", tags="\nteam=web\n", due=now.date() - timedelta(days=2))
    make(account, "b", "high", environment="dev", assignee="bob", days=10, due=now.date() + timedelta(days=2))
    make(other, "c", "low", check_id="aws_s3_bucket_tls_only", days=40)
    make(other, "d", "low", suppressed=True, muted=True)
    make(other, "e", "low", status="resolved", resolved_at=now)
    views = [
        FindingFilter(), FindingFilter(severity=("critical", "high")), FindingFilter(environment=("production",)),
        FindingFilter(due="overdue"), FindingFilter(status=("suppressed",)), FindingFilter(status=("open", "resolved")),
        FindingFilter(group=(outer.pk,)), FindingFilter(group=(inner.pk,), severity=("high",)),
        FindingFilter(control=("cis_aws_5.0:2.1.1",)), FindingFilter(control=("nowhere:1",)),
        FindingFilter(tag=("team",)),
        FindingFilter(assignee=("-",), open_for=("30-90",)), FindingFilter(account=(other.pk,), age=5),
        FindingFilter(region=("mars",)), FindingFilter(status=("resolved",), resolved_for=1),
    ]  # fmt: skip
    assert view_counts(scope, views) == [findings(scope, view).count() for view in views]
    assert view_counts(Scope("nobody"), views) == [0] * len(views)
    assert view_counts(scope, [FindingFilter(q="a")]) == [None], "a search is not counted beforehand"


def test_a_limited_membership_counts_what_it_sees(
    alice: User, account: CloudAccount, make_account: MakeAccount
) -> None:
    group = create_group(scope=Scope(str(alice.pk)), actor=SYSTEM, name="theirs")
    add_members(group, actor=SYSTEM, accounts=[account.pk])
    make(account, "in")
    make(make_account(alice, name="other"), "out")
    scope = Scope(str(alice.pk), groups=frozenset({group.pk}))
    assert view_counts(scope, [FindingFilter(), FindingFilter(group=(group.pk,))]) == [1, 1]


def test_the_tabs_are_counted_after_the_page_by_as_many_queries_however_much_there_is(
    alice: User, alices: Client, account: CloudAccount, django_assert_num_queries: Any
) -> None:
    make(account, "a", "critical", environment="production")
    text = seen(alices.get("/findings/"))
    assert 'hx-get="/findings/tabs/?" hx-trigger="load"' in text
    for number in range(30):
        make(account, f"more-{number}", "high", environment="production")
        person = Person(str(alice.pk))
        save_view(Scope(str(alice.pk)), person, actor=SYSTEM, name=f"v{number}", page="findings",
                  query=f"severity=high&region=r{number}", shared=False)  # fmt: skip
    alices.get("/findings/tabs/")
    with django_assert_num_queries(4, using="cloud_security"):  # the views, what is open, overdue and suppressed
        text = seen(alices.get("/findings/tabs/"))
    assert "hx-trigger" not in text, "it is not asked for again"
    assert "Urgent in production <em>31</em>" in text
    assert "Overdue <em>0</em>" in text
