from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from django.contrib.auth.models import User
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from cloudaccounts.audit.actor import SYSTEM
from cloudaccounts.contract.inventory import Asset as Found
from cloudaccounts.contract.inventory import ScanUnit
from cloudaccounts.models import CloudAccount
from scans.assets.writer import AssetWriter
from scans.findings.evaluation import Evaluator
from scans.findings.writer import FindingWriter
from scans.models import RANKS, Asset, Finding, ScanRun
from scans.runs.requests import cancel_scan
from tests.api.conftest import Caller, assert_problem
from tests.conftest import ALL_DATABASES
from tests.toycloud.provider import ToyProvider

pytestmark = pytest.mark.django_db(databases=ALL_DATABASES)
MakeAccount = Callable[..., CloudAccount]


def writer_of(run: ScanRun, account: CloudAccount) -> AssetWriter:
    evaluator = Evaluator(account.spec)
    return AssetWriter(run, evaluator, FindingWriter(run, account, evaluator.titles))


@pytest.fixture
def scanned(alice: User, toy_account: MakeAccount) -> CloudAccount:
    """An account whose first scan has ended, with two assets."""
    account = toy_account(alice)
    run = ScanRun.objects.get()
    writer_of(run, account).write(
        ScanUnit("boxes", "left"),
        [Found("toy.box", "boxes", "left", f"toy:box:{name}", name) for name in ("one", "two")],
    )
    cancel_scan(run, actor=SYSTEM)
    account.refresh_from_db()
    return account


def make_finding(account: CloudAccount, **fields: Any) -> Finding:
    now = timezone.now()
    asset = Asset.objects.filter(account=account.pk).first()
    assert asset is not None
    severity = fields.pop("severity", "high")
    values: dict[str, Any] = {
        "account": account.pk, "check_id": f"toy_{uuid4().hex[:8]}", "asset_key": asset.asset_key,
        "owner": account.owner, "account_name": account.name, "provider": account.provider, "title": "Box is open",
        "severity": severity, "severity_rank": RANKS[severity], "service": "boxes", "region": "left",
        "asset": asset.pk, "asset_type": asset.type, "asset_name": asset.name, "native_id": asset.native_id,
        "name_key": "one", "id_key": "toy", "first_seen": now, "last_seen": now, "open_since": now,
        "last_run": uuid4(), "changed_run": uuid4(), **fields,
    }  # fmt: skip
    return Finding.objects.create(**values)


def test_a_scan_is_started_once(alice_calls: Caller, scanned: CloudAccount) -> None:
    started = alice_calls.post(f"cloud-accounts/{scanned.pk}/scans", {"scan_type": "full", "regions": ["left"]})
    assert started.status_code == 202, started.content
    run_id = started.json()["scan_run_id"]
    assert ScanRun.objects.get(pk=run_id).regions == ["left"]
    data = assert_problem(alice_calls.post(f"cloud-accounts/{scanned.pk}/scans"), 409, "scan_active")
    assert data["details"] == {"scan_run_id": run_id}
    assert data["scan_run_id"] == run_id


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"scan_type": "quick"}, "scan_type"),
        ({"regions": ["moon"]}, "regions"),
        ({"regions": "left"}, "regions"),
        ({"deep": True}, "deep"),
    ],
)
def test_a_scan_of_what_is_not_there_is_refused(
    alice_calls: Caller, scanned: CloudAccount, body: dict[str, Any], field: str
) -> None:
    data = assert_problem(alice_calls.post(f"cloud-accounts/{scanned.pk}/scans", body), 422, "input_invalid")
    assert list(data["details"]["fields"]) == [field]
    assert not ScanRun.objects.filter(active_account=scanned.pk).exists()


def test_a_scan_tells_its_progress(alice_calls: Caller, scanned: CloudAccount) -> None:
    run_id = alice_calls.post(f"cloud-accounts/{scanned.pk}/scans").json()["scan_run_id"]
    ScanRun.objects.filter(pk=run_id).update(units_done=1, units_total=3, now_doing="boxes in left")
    data = alice_calls.get(f"scans/{run_id}").json()
    assert (data["run_id"], data["status"], data["scan_type"]) == (run_id, "queued", "full")
    assert data["progress"] == {
        "units_done": 1, "units_total": 3, "percent": 33, "now_doing": "boxes in left", "seconds_left": None,
    }  # fmt: skip
    assert (data["account"], data["account_name"]) == (str(scanned.pk), scanned.name)


def test_a_scan_is_cancelled_and_stays_so(alice_calls: Caller, scanned: CloudAccount) -> None:
    run_id = alice_calls.post(f"cloud-accounts/{scanned.pk}/scans").json()["scan_run_id"]
    for _ in range(2):
        answer = alice_calls.post(f"scans/{run_id}/cancel")
        assert (answer.status_code, answer.json()["status"]) == (200, "cancelled")


def test_scans_are_listed_by_account(
    alice: User, alice_calls: Caller, scanned: CloudAccount, make_account: MakeAccount
) -> None:
    make_account(alice)
    everything = alice_calls.get("scans/?limit=1").json()
    assert (everything["count"], len(everything["items"])) == (2, 1)
    of_one = alice_calls.get(f"scans/?account={scanned.pk}&status=cancelled").json()
    assert [item["account"] for item in of_one["items"]] == [str(scanned.pk)]


def test_assets_carry_the_accounts_name_and_the_console(
    alice_calls: Caller, scanned: CloudAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    def link(self: ToyProvider, asset: Found, *, account_id: str, partition: str, tenant: str = "") -> str:
        return f"https://console.toy.example/{partition}/{account_id}/{asset.type}/{asset.name}"

    monkeypatch.setattr(ToyProvider, "build_console_link", link)
    data = alice_calls.get("assets/").json()
    assert data["count"] == 2
    assert [item["console_link"] for item in data["items"]] == [
        "https://console.toy.example/shelf/abcdef/toy.box/one",
        "https://console.toy.example/shelf/abcdef/toy.box/two",
    ]
    assert {item["account_name"] for item in data["items"]} == {scanned.name}
    assert alice_calls.get("assets/?region=right").json() == {"items": [], "count": 0}
    assert alice_calls.get(f"assets/?account={scanned.pk}&type=toy.box&gone=false").json()["count"] == 2
    assert alice_calls.get("assets/?gone=true").json()["count"] == 0


def test_findings_are_listed_the_worst_first(alice_calls: Caller, scanned: CloudAccount) -> None:
    for severity in ("low", "critical", "medium"):
        make_finding(scanned, severity=severity)
    make_finding(scanned, status="resolved")
    make_finding(scanned, suppressed=True)
    data = alice_calls.get("findings/").json()
    assert [item["severity"] for item in data["items"]] == ["critical", "medium", "low"]
    assert {item["account_name"] for item in data["items"]} == {scanned.name}
    assert all(item["console_link"].startswith("https://console.toys.example/") for item in data["items"])
    assert alice_calls.get("findings/?severity=critical").json()["count"] == 1
    for status in ("suppressed", "resolved"):
        rows = alice_calls.get(f"findings/?status={status}").json()
        assert [item["status"] for item in rows["items"]] == [status]


@pytest.mark.parametrize("path", ["findings/", "assets/", "scans/"])
def test_a_filter_that_does_not_exist_is_refused(alice_calls: Caller, path: str) -> None:
    for query in ("colour=red", "provider=mars", "limit=0", "account=me", "status=odd" if path != "assets/" else "x=1"):
        assert_problem(alice_calls.get(f"{path}?{query}"), 422, "input_invalid")


@pytest.mark.parametrize("path", ["findings/", "assets/", "scans/"])
@pytest.mark.usefixtures("steady_minute")
def test_a_list_takes_as_many_queries_for_many_as_for_one(
    path: str, alice_calls: Caller, scanned: CloudAccount, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    alice_calls.get(path)
    run = ScanRun.objects.get()
    more = [Found("toy.box", "boxes", "left", f"toy:box:{n}", str(n)) for n in range(30)]
    make_finding(scanned)
    for _ in range(2):
        # The token, its count, how many, the page; and the accounts where there are links into consoles.
        with django_assert_num_queries(4 if path == "scans/" else 5, using="cloud_security"):
            assert alice_calls.get(path).status_code == 200
        writer_of(run, scanned).write(ScanUnit("boxes", "left"), more)
        for _ in range(20):
            make_finding(scanned)
