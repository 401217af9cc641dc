from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from cloudaccounts.audit.actor import SYSTEM
from cloudaccounts.groups.services import add_members, create_group
from cloudaccounts.models import AuditEvent, CloudAccount, Job
from cloudaccounts.templatetags.services import service
from scans.findings import views
from scans.findings.groups import by_account
from scans.findings.suppression import end_suppressions
from scans.findings.tag_sets import remember_tag_sets
from scans.models import RANKS, Finding, FindingDay, ScanRun
from scans.search_keys import id_search_key, search_key
from scans.tags import tag_set_key
from teams.scope import Scope
from tests.conftest import ALL_DATABASES, MakeAccount
from tests.pages import NAVIGATION, seen
from tests.scans.conftest import Scan
from tests.toycloud.provider import State

pytestmark = pytest.mark.django_db(databases=ALL_DATABASES)
Make = Callable[..., Finding]


def make(account: CloudAccount, name: str, severity: str = "high", *, days: int = 0, **fields: Any) -> Finding:
    since = timezone.now() - timedelta(days=days)
    native_id = f"arn:aws:s3:::bucket/{name}"
    values: dict[str, Any] = {
        "check_id": "aws_s3_public", "title": "Buckets are private", "service": "s3", "region": "eu-west-1",
        "asset_key": uuid4().hex, "asset": uuid4(), "asset_type": "aws.s3.bucket", "native_id": native_id,
        "first_seen": since, "last_seen": since, "open_since": since, "last_run": uuid4(), "changed_run": uuid4(),
        **fields,
    }  # fmt: skip
    lines = values.get("tags", "")
    remember_tag_sets(account.owner, [lines])
    return Finding.objects.create(
        tag_set=tag_set_key(lines), account=account.pk, owner=account.owner, account_name=account.name,
        provider=account.provider,
        asset_name=name, name_key=search_key(name), id_key=id_search_key(native_id), severity=severity,
        severity_rank=RANKS[severity], **values,
    )  # fmt: skip


@pytest.fixture
def account(alice: User, make_account: MakeAccount) -> CloudAccount:
    return make_account(alice)


def names(client: Client, query: str = "") -> list[str]:
    response = client.get(f"/findings/{query}{'&' if query else '?'}group_by=none")
    assert response.status_code == 200
    return [row["finding"].asset_name for row in response.context["page"].object_list]


def text(client: Client, url: str) -> str:
    response = client.get(url)
    assert response.status_code == 200
    return seen(response)


def test_it_hides_other_peoples_findings(
    alices: Client, account: CloudAccount, bob: User, make_account: MakeAccount
) -> None:
    make(account, "mine")
    theirs = make(make_account(bob), "theirs")
    assert names(alices) == ["mine"]
    for path in ("", "suppress/", "unsuppress/"):
        assert alices.post(f"/findings/{theirs.pk}/{path}", {"reason": "x"}).status_code in {404, 405}
    assert alices.get(f"/findings/{theirs.pk}/").status_code == 404
    alices.post("/findings/bulk/", {"action": "suppress", "confirmed": "1", "finding": str(theirs.pk), "reason": "x"})
    theirs.refresh_from_db()
    assert not theirs.suppressed


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", ["worst", "web", "old"]),
        ("?sort=newest", ["web", "worst", "old"]),
        ("?sort=oldest", ["old", "worst", "web"]),
        ("?severity=critical", ["worst"]),
        ("?service=ec2", ["web"]),
        ("?region=us-east-1", ["web"]),
        ("?provider=azure", []),
        ("?check=aws_ec2_imds", ["web"]),
        ("?age=30", ["old"]),
        ("?status=resolved", ["mended"]),
        ("?status=suppressed", ["meant"]),
        ("?q=WO", ["worst"]),
        ("?q=arn:aws:s3:::bucket/worst", ["worst"]),
        ("?q=data-plat", ["worst", "web", "old"]),
        ("?q=nothing-like-it", []),
        ("?severity=none&status=none&age=none&account=none&sort=none&run=none", ["worst", "web", "old"]),
    ],
)
def test_it_filters_and_sorts(alices: Client, account: CloudAccount, query: str, expected: list[str]) -> None:
    make(account, "old", "low", days=40)
    make(account, "worst", "critical", days=3)
    make(account, "web", "high", service="ec2", region="us-east-1", check_id="aws_ec2_imds")
    make(account, "mended", status="resolved", resolved_at=timezone.now())
    make(account, "meant", suppressed=True)
    assert names(alices, query) == expected


def test_it_narrows_to_an_account_and_to_what_a_run_changed(
    alices: Client, alice: User, account: CloudAccount, make_account: MakeAccount
) -> None:
    other = make_account(alice, name="other")
    make(account, "here")
    run = uuid4()
    make(other, "there", status="resolved", changed_run=run)
    assert names(alices, f"?account={account.pk}") == ["here"]
    assert names(alices, f"?run={run}") == ["there"]
    group = create_group(scope=Scope(account.owner), actor=SYSTEM, name="payments")
    add_members(group, actor=SYSTEM, accounts=[other.pk])
    make(other, "grouped")
    assert names(alices, f"?group={group.pk}") == ["grouped"]


def test_it_asks_the_same_few_questions_however_many_findings_there_are(
    alices: Client, account: CloudAccount, django_assert_num_queries: Any
) -> None:
    make(account, "first")
    alices.get("/findings/")  # reads the title of a check that no provider has, once
    with django_assert_num_queries(NAVIGATION + 9, using="cloud_security"):
        alices.get("/findings/")
    for number in range(60):
        make(account, f"more-{number}")
    with django_assert_num_queries(NAVIGATION + 9, using="cloud_security"):
        alices.get("/findings/")
    filters = "severity=high&severity=low&service=s3&region=eu-west-1&open_for=0-1&provider=aws&status=open"
    with django_assert_num_queries(NAVIGATION + 12, using="cloud_security"):
        alices.get(f"/findings/?{filters}")
    for grouping, queries in {"resource": 11, "account": 9, "none": 10}.items():
        with django_assert_num_queries(NAVIGATION + queries, using="cloud_security"):
            alices.get(f"/findings/?group_by={grouping}")
    with django_assert_num_queries(NAVIGATION + 11, using="cloud_security"):
        alices.get("/findings/?q=more")


def test_the_csv_opens_in_a_reader_and_holds_no_formula(alices: Client, account: CloudAccount) -> None:
    make(account, "=HYPERLINK(1)", "critical", reason='Says "yes", twice')
    response = alices.get("/findings/?format=csv")
    assert response["Content-Disposition"].startswith('attachment; filename="findings-')
    (row,) = csv.DictReader(io.StringIO(response.getvalue().decode()))
    assert (row["asset_name"], row["reason"]) == ("'=HYPERLINK(1)", 'Says "yes", twice')
    assert (row["account_name"], row["account_id"], row["status"]) == ("data-platform", account.account_id, "open")
    assert AuditEvent.objects.get(action="export.taken").actor_label == "alice"


def test_an_export_has_all_that_fits_the_filter_and_asks_little(
    alices: Client, account: CloudAccount, django_assert_num_queries: Any
) -> None:
    for number in range(70):
        make(account, f"more-{number}", "low" if number % 2 else "high")
    with django_assert_num_queries(3, using="cloud_security"):
        rows = json.loads(alices.get("/findings/?format=json&severity=low").getvalue())
    assert len(rows) == 35
    assert {row["severity"] for row in rows} == {"low"}


def test_a_finding_tells_what_why_and_how(alices: Client, scan: Scan, toycloud: State) -> None:
    toycloud.set_assets("boxes", "left", "red", lid="open")
    scan()
    page = text(alices, f"/findings/{Finding.objects.get().pk}/")
    texts = [
        "The lid of red is open.", "Things fall out.", "Open the shelf and repair it.", "toy repair &lt;name&gt;",
        "Toy benchmark · 1.1", 'href="https://console.toys.example/abcdef/red"', 'target="_blank"', "abcdef",
    ]  # fmt: skip
    for expected in texts:
        assert expected in page


def test_a_link_that_is_not_https_is_not_shown(
    alices: Client, scan: Scan, toycloud: State, monkeypatch: pytest.MonkeyPatch
) -> None:
    toycloud.set_assets("boxes", "left", "red", lid="open")
    scan()
    monkeypatch.setattr(
        "tests.toycloud.provider.ToyProvider.build_console_link", lambda *_, **__: "javascript:alert(1)"
    )
    assert "javascript:" not in text(alices, f"/findings/{Finding.objects.get().pk}/")


def test_a_finding_of_a_check_that_is_not_made_any_more_still_has_a_page(alices: Client, account: CloudAccount) -> None:
    assert "no longer exists" in text(alices, f"/findings/{make(account, 'x', check_id='gone').pk}/")


def test_suppressing_needs_a_reason_and_a_day_to_come(alices: Client, account: CloudAccount) -> None:
    row = make(account, "meant")
    url = f"/findings/{row.pk}/suppress/"
    assert alices.post(url, {"reason": " "}).status_code == 422
    assert alices.post(url, {"reason": "Meant", "until": "2001-01-01"}).status_code == 422
    assert alices.post(url, {"reason": "Meant", "until": "2099-01-01"}).status_code == 302
    row.refresh_from_db()
    assert (row.suppressed, row.suppressed_reason, row.suppressed_by) == (True, "Meant", "alice")
    assert row.state == "suppressed"
    assert AuditEvent.objects.filter(action="finding.suppressed").count() == 1
    assert "until 1 January 2099" in text(alices, f"/findings/{row.pk}/")
    alices.post(f"/findings/{row.pk}/unsuppress/")
    row.refresh_from_db()
    assert (row.suppressed, row.suppressed_reason, row.suppressed_until) == (False, "", None)
    assert [line["what"] for line in row.timeline] == ["suppressed", "unsuppressed"]


def test_several_are_suppressed_at_once_after_a_question(alices: Client, account: CloudAccount) -> None:
    first, other = make(account, "one"), make(account, "other")
    make(account, "third")
    chosen = {"action": "suppress", "finding": [str(first.pk), str(other.pk), "nonsense"], "reason": "Meant"}
    assert "Suppress 2 findings" in seen(alices.post("/findings/bulk/", chosen))
    assert Finding.objects.filter(suppressed=True).count() == 0
    alices.post("/findings/bulk/", {**chosen, "confirmed": "1"})
    assert set(Finding.objects.filter(suppressed=True)) == {first, other}
    assert names(alices) == ["third"]


def test_all_of_a_rule_or_of_the_view_are_chosen_within_its_filters(alices: Client, account: CloudAccount) -> None:
    make(account, "here", check_id="aws_x", region="eu-west-1")
    make(account, "there", check_id="aws_x", region="us-east-1")
    make(account, "other", check_id="aws_y", region="eu-west-1")
    done = {"action": "suppress", "confirmed": "1", "reason": "Meant", "query": "region=eu-west-1"}
    alices.post("/findings/bulk/", {**done, "check": "aws_x"})
    assert set(names(alices)) == {"there", "other"}
    alices.post("/findings/bulk/", {**done, "all": "1"})
    assert names(alices) == ["there"]


def test_findings_are_assigned_and_checked_again_in_bulk(alices: Client, account: CloudAccount) -> None:
    row = make(account, "one")
    alices.post("/findings/bulk/", {"action": "assign", "confirmed": "1", "finding": row.pk, "assignee": "alice"})
    assert names(alices, "?assignee=alice") == ["one"]
    answer = alices.post("/findings/bulk/", {"action": "recheck", "confirmed": "1", "finding": row.pk})
    assert answer["Location"] == f"/jobs/{Job.objects.get().pk}/"


def test_the_panel_and_the_rows_of_a_rule_are_loaded_into_the_list(alices: Client, account: CloudAccount) -> None:
    row = make(account, "web", check_id="aws_x")
    make(account, "other", check_id="aws_y")
    assert "web" in text(alices, "/findings/rows/?check=aws_x")
    assert "other" not in text(alices, "/findings/rows/?check=aws_x")
    assert 'id="finding"' in text(alices, f"/findings/{row.pk}/panel/")
    assert 'id="finding-title"' in text(alices, f"/findings/?finding={row.pk}")


def test_a_suppression_ends_on_its_day(account: CloudAccount) -> None:
    past, now = timezone.now() - timedelta(minutes=1), timezone.now()
    ended = make(account, "a", suppressed=True, suppressed_reason="x", suppressed_until=past)
    make(account, "b", suppressed=True, suppressed_until=now + timedelta(days=1))
    make(account, "c", suppressed=True)
    assert (end_suppressions(), end_suppressions()) == (1, 0)
    ended.refresh_from_db()
    assert not ended.suppressed
    assert Finding.objects.filter(suppressed=True).count() == 2


class TestPanels:
    def test_severity_and_service(self, alices: Client, account: CloudAccount, django_assert_num_queries: Any) -> None:
        make(account, "a", "critical")
        make(account, "b", "low", service="ec2")
        make(account, "c", "low", suppressed=True)
        with django_assert_num_queries(1, using="cloud_security"):
            response = alices.get("/findings/panels/severity/")
        assert response.context["numbers"] == {"critical": 1, "high": 0, "medium": 0, "low": 1}
        assert [(line.key, line.total) for line in response.context["services"]] == [("s3", 1), ("ec2", 1)]
        assert "<svg" in response.content.decode()

    def test_account_and_age(self, alices: Client, account: CloudAccount, django_assert_num_queries: Any) -> None:
        for days in (0, 6, 8, 31, 100, 400):
            make(account, f"d{days}", days=days)
        with django_assert_num_queries(3, using="cloud_security"):
            context = alices.get("/findings/panels/spread/").context
        assert [number for _, _, number in context["ages"]] == [2, 1, 1, 2]
        assert [(row["account"].name, row["bar"].total) for row in context["bars"]] == [("data-platform", 6)]

    def test_what_to_fix_first_weighs_severity_and_number(self, alices: Client, account: CloudAccount) -> None:
        for number in range(30):
            make(account, f"low-{number}", "low", check_id="low", title="Little things")
        make(account, "worst", "critical", check_id="bad", title="Great things")
        rows = alices.get("/findings/panels/first/").context["rows"]
        assert [(row.title, row.number) for row in rows] == [("Great things", 1), ("Little things", 30)]

    def test_the_trend_is_drawn_from_days(self, alices: Client, account: CloudAccount) -> None:
        assert "scans to come" in text(alices, "/findings/panels/trend/")
        FindingDay.objects.create(owner=account.owner, day="2026-11-22", critical=3, low=1)
        assert "two days" in text(alices, "/findings/panels/trend/")
        FindingDay.objects.create(owner=account.owner, day="2026-11-23", critical=1)
        page = text(alices, "/findings/panels/trend/")
        assert "from 4 on 2026-11-22 to 1 on 2026-11-23" in page
        assert page.count("<polygon") == 4

    def test_what_changed(self, alices: Client, account: CloudAccount) -> None:
        ScanRun.objects.update(status="completed", active_account=None, findings_new=2, assets_gone=1)
        assert "2 new · assets: 0 new, 0 changed, 1 gone" in text(alices, "/findings/panels/changes/")

    def test_an_accounts_findings(self, alices: Client, bobs: Client, account: CloudAccount) -> None:
        make(account, "worst", "critical")
        url = f"/accounts/{account.pk}/panels/scans/findings/"
        assert "1 critical" in text(alices, url)
        assert bobs.get(url).status_code == 404

    @pytest.mark.parametrize("panel", ["severity", "spread", "trend", "first", "changes"])
    def test_nobody_sees_others(self, bobs: Client, account: CloudAccount, panel: str) -> None:
        make(account, "alices-own", title="Alices title")
        FindingDay.objects.create(owner=account.owner, day="2026-11-22", critical=77)
        ScanRun.objects.update(status="completed", active_account=None, findings_new=77)
        page = text(bobs, f"/findings/panels/{panel}/")
        assert "Alices" not in page
        assert "77" not in page


def test_the_scans_page_tells_what_it_changed_and_could_not_judge(alices: Client, scan: Scan, toycloud: State) -> None:
    toycloud.set_assets("boxes", "left", "red", lid="open")
    toycloud.set_assets("boxes", "right", "blue", lid="unreadable")
    run = scan()
    page = text(alices, f"/scans/{run.pk}/")
    assert "What it changed" in page
    assert "The lid could not be read." in page
    assert "0%: 0 of 1 evaluations · 1 without a result" in page


def test_the_assets_page_tells_its_findings(alices: Client, scan: Scan, toycloud: State) -> None:
    toycloud.set_assets("boxes", "left", "red", lid="open")
    scan()
    page = text(alices, f"/assets/{Finding.objects.get().asset}/")
    assert "Boxes are closed" in page
    assert "https://console.toys.example/abcdef/red" in page


def test_assets_are_exported_too(alices: Client, scan: Scan, toycloud: State) -> None:
    toycloud.set_assets("boxes", "left", "red", "@blue")
    scan()
    rows = list(csv.DictReader(io.StringIO(alices.get("/assets/?format=csv").getvalue().decode())))
    assert [row["name"] for row in rows] == ["'@blue", "red"]
    assert rows[1]["console_link"] == "https://console.toys.example/abcdef/red"
    assert rows[1]["account_id"] == "abcdef"


def test_by_account_they_stand_in_the_order_of_the_lists_of_accounts(
    alice: User, alices: Client, make_account: MakeAccount
) -> None:
    for name in ("Zeta", "alpha", "Beta", "älter", "éclair"):
        make(make_account(alice, name=name), f"of {name}")
    accounts = [account.name for account in alices.get("/accounts/").context["page"].object_list]
    assert names(alices, "?sort=account") == [f"of {name}" for name in accounts]


def test_by_account_those_with_the_same_numbers_stand_by_their_names_on_each_page(
    alice: User, make_account: MakeAccount
) -> None:
    made = {name: make_account(alice, name=name) for name in ("delta", "Alpha", "echo", "bravo", "Charlie")}
    for name, account in made.items():
        make(account, f"of {name}", "critical" if name == "echo" else "high")
    rows = Finding.objects.all()
    whole, number = by_account(rows, 0, 10)
    assert ([group.label for group in whole], number) == (["echo", "Alpha", "bravo", "Charlie", "delta"], 5)
    paged = [group.label for start in (0, 2, 4) for group in by_account(rows, start, start + 2)[0]]
    assert paged == [group.label for group in whole]
    assert by_account(rows, 10, 12) == ([], 5)


def test_services_are_called_by_their_names_in_rows_facets_and_chips(alices: Client, account: CloudAccount) -> None:
    make(account, "one")
    page = seen(alices.get("/findings/?service=s3"))
    assert '<span title="S3">S3</span>' in page
    assert '<span class="sub">S3</span>' in page
    assert ">s3<" not in page
    assert service("keyvault") == "Key Vault"
    assert service("new-thing") == "New thing"


def test_what_was_resolved_since_yesterday_is_a_list(alices: Client, account: CloudAccount) -> None:
    now = timezone.now()
    make(account, "open")
    make(account, "mended", status="resolved", resolved_at=now - timedelta(hours=3))
    make(account, "long-mended", status="resolved", resolved_at=now - timedelta(days=3))
    shown = text(alices, "/findings/?group_by=none&status=resolved&resolved_for=1")
    assert "mended" in shown
    assert "long-mended" not in shown
    assert "Within a day" in shown
    assert "long-mended" in text(alices, "/findings/?group_by=none&status=resolved&resolved_for=7")


def test_counting_of_resources_ends_and_says_so(
    alices: Client, account: CloudAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(7):
        make(account, f"bucket-{number}")
    monkeypatch.setattr(views, "PAGE_SIZE", 2)
    path = "/findings/?group_by=resource"
    assert "1–2 of 7" in text(alices, path)
    monkeypatch.setattr(views, "COUNT_LIMIT", 4)
    assert "1–2 of 4+" in text(alices, path)
    # No page beyond those that are counted: the last of them, with its own rows.
    last = alices.get(f"{path}&page=9").context["page"]
    assert (last.number, len(last.object_list), last.has_next()) == (2, 2, False)
    monkeypatch.setattr(views, "COUNT_LIMIT", 7)
    assert "1–2 of 7" in text(alices, path)
    assert "7+" not in text(alices, path)
