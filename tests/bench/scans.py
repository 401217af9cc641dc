"""Scans: the clouds' seeded accounts in full and again, and the pages about 100,000 assets and findings."""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterator
from datetime import timedelta
from functools import partial
from typing import Any
from uuid import uuid4

from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from cloudaccounts.audit.actor import SYSTEM
from cloudaccounts.contract.identity import CredentialFacts, Credentials
from cloudaccounts.credentials.vault import store
from cloudaccounts.models import CloudAccount
from sandbox.rig import Rig
from scans.assets.planner_statistics import renew_statistics
from scans.findings.filters import FindingFilter
from scans.findings.queries import findings
from scans.findings.tag_sets import remember_tag_sets
from scans.models import RANKS, Finding, ScanRun, ScanSchedule
from scans.models import Asset as StoredAsset
from scans.runs.execution import run_scan
from scans.runs.requests import request_scan
from scans.search_keys import id_search_key, search_key
from scans.tags import tag_lines, tag_set_key
from teams.scope import Scope
from tests.bench.filling import insert
from tests.bench.result import Result, interleaved, processor_time
from tests.bench.synthetic import KINDS

RESOURCES, FEW = 100_000, 1_000
TIMES = 40
PANEL = "It counts every open finding, so it grows with them: its p95 alone is aimed at."
P95 = 100.0  # milliseconds of server time that a page may take
FACETS_P95 = 150.0  # and the facets of findings, each of which counts all that is open
SEARCH_P95 = 50.0  # milliseconds, of finding alone
SEARCHES = {  # each hits so many rows: a hundred, all, some, none, a quarter by identifier, all and checks' titles
    "a beginning": "web-0000", "what all have in common": "eb-0", "digits": "0042", "nothing": "zzzq",
    "a region in identifiers": "ap-south", "a name and titles of checks": "web",
}  # fmt: skip
WITH_FACETS = (
    "/findings/", "/findings/?severity=medium&service=ec2&region=eu-west-1", "/findings/?severity=high&environment=dev",
    "/findings/?tag=team%3Dteam-3", "/findings/?tag=env%3Dprod", "/findings/?open_for=7-30",
    "/findings/?group_by=account", "/findings/facets/tag/", "/findings/facets/control/", "/findings/tabs/",
)  # fmt: skip
PLACES = {
    "aws": ("aws", ["us-east-1", "eu-west-1"]),
    "azure": ("public", ["westeurope", "northeurope"]),
    "gcp": ("gcp", ["europe-west1", "us-central1"]),
}
NOTES = {
    "aws": "One LookupEvents for each of the 18 enabled regions, whatever is scanned: the fewer regions, the larger.",
    "gcp": "Token, project, log, one list and the policies: each is needed, and the full scan is 25 calls.",
}


def account_of(user: User, **fields: object) -> CloudAccount:
    values = {
        "provider": "aws", "partition": "aws", "auth_method": "access_keys", "status": "active",
        "regions": ["eu-west-1"], "account_id": f"{uuid4().int % 10**12:012d}", "name": "benchmark", **fields,
    }  # fmt: skip
    account = CloudAccount(owner=str(user.pk), **values)
    account.save(force_insert=True)
    ScanRun.objects.filter(account=account.pk).delete()  # the first scan that its signal asks for
    ScanSchedule.objects.filter(account=account.pk).delete()
    return account


def scan(account: CloudAccount, scan_type: str) -> float:
    """Seconds. Raises RuntimeError where the scan does not complete."""
    run = request_scan(account, actor=SYSTEM, scan_type=scan_type)
    began = time.perf_counter()
    run_scan(run.run_id)
    taken = time.perf_counter() - began
    run.refresh_from_db()
    if run.status != "completed":
        raise RuntimeError(f"the scan is {run.status}: {run.error}")
    return taken


def seeded(rig: Rig, cloud: str) -> Iterator[Result]:
    """The simulated company's account: calls and seconds of a full scan, and of an incremental one right after it."""
    account = onboarded(rig.scenario("Everything granted", cloud))
    label = account.spec.short_label
    calls: dict[str, int] = {}
    seconds: dict[str, float] = {}
    for scan_type in ("full", "incremental"):
        rig.control.clear_journal()
        seconds[scan_type] = scan(account, scan_type)
        calls[scan_type] = len(rig.control.calls(cloud))
    name = f"{label}: incremental scan of the unchanged account / full"
    yield Result(f"{name}, calls", calls["incremental"], "calls", "lower", calls["full"], "≤ 0.2", NOTES.get(cloud, ""))
    yield Result(name, seconds["incremental"], "s", "lower", seconds["full"], "")


def onboarded(scenario: dict[str, Any]) -> CloudAccount:
    partition, regions = PLACES[scenario["cloud"]]
    name = f"owner-of-seeded-{scenario['cloud']}"
    user = User.objects.filter(username=name).first() or User.objects.create_user(name, password="not-used-here")
    account = account_of(
        user, provider=scenario["cloud"], partition=partition, auth_method=scenario["method"],
        account_id=scenario["account_id"], regions=regions,
    )  # fmt: skip
    cleaned = account.spec.clean_credentials(
        scenario["method"], scenario["fields"], account_id=account.account_id, partition=partition
    )
    credentials = Credentials(scenario["method"], cleaned.values)
    store(account=account, credentials=credentials, facts=CredentialFacts(kind="Key"), since=timezone.now(),
          actor=SYSTEM)  # fmt: skip
    return account


def pages() -> Iterator[Result]:
    """Findings and assets at 100,000 rows and at 1,000, as they open and as people narrow them."""
    many, few = _owner_of(RESOURCES), _owner_of(FEW)
    addresses = {
        "findings page": "/findings/",
        "findings page, filtered": "/findings/?severity=medium&service=ec2&region=eu-west-1",
        "findings page, two facets": "/findings/?severity=high&environment=dev",
        "findings page, rare region": "/findings/?region=us-gov-east-1",
        "findings page, a tag of one in twenty": "/findings/?tag=team%3Dteam-3",
        "findings page, a tag of a third": "/findings/?tag=env%3Dprod",
        "findings page, an age": "/findings/?open_for=7-30",
        "findings page, by account": "/findings/?group_by=account",
        "facet of tags": "/findings/facets/tag/",
        "facet of controls": "/findings/facets/control/",
        "counts of saved views": "/findings/tabs/",
        "findings page, searched": "/findings/?q=web-0000",
        "assets page": "/assets/",
        "assets page, searched": "/assets/?q=web-0000",
        "findings panel": "/findings/panels/severity/",
    }
    yield from _searches(User.objects.get(username=f"owner-of-{RESOURCES}-rows"))
    for name, address in addresses.items():
        times: list[float] = []
        used: list[float] = []
        value, reference = interleaved(
            partial(_get, many, address, times, used), partial(_get, few, address, [], []), times=TIMES
        )
        late, late_used = (statistics.quantiles(taken, n=20)[-1] * 1000 for taken in (times, used))
        aim, note = ("", PANEL) if "panel" in name or address in WITH_FACETS else ("≤ 1.3", "")
        yield Result(f"{name}, {RESOURCES:,} / {FEW:,} rows", value * 1000, "ms", "lower", reference * 1000, aim, note)
        aimed = FACETS_P95 if address in WITH_FACETS else P95
        yield Result(f"{name}, {RESOURCES:,} rows: p95", late, "ms", "lower", aimed, "≤ 1")
        yield Result(f"{name}, {RESOURCES:,} rows: p95 by processor", late_used, "ms", "lower", aimed, "≤ 1")


def _searches(user: User) -> Iterator[Result]:
    """The search itself: finding the rows and reading a page of them, without what the page shows beside them."""
    scope = Scope(str(user.pk))

    def search(text: str) -> None:
        list(findings(scope, FindingFilter(q=text))[:25])

    for what, text in SEARCHES.items():
        search(text)
        used, times = [], []
        for _ in range(TIMES):
            began, cpu = time.perf_counter(), processor_time()
            search(text)
            times.append(time.perf_counter() - began)
            used.append(processor_time() - cpu)
        for how, taken in (("p95", times), ("p95 by processor", used)):
            late = statistics.quantiles(taken, n=20)[-1] * 1000
            yield Result(f"search for {what}, {RESOURCES:,} rows: {how}", late, "ms", "lower", SEARCH_P95, "≤ 1")


def _get(client: Client, address: str, times: list[float], used: list[float]) -> None:
    began, processor = time.perf_counter(), processor_time()
    answer = client.get(address)
    times.append(time.perf_counter() - began)
    used.append(processor_time() - processor)
    if answer.status_code != 200:
        raise RuntimeError(f"{address} answered {answer.status_code}")


def _owner_of(count: int) -> Client:
    """Twenty accounts; severities, services and regions take turns."""
    user = User.objects.create_user(f"owner-of-{count}-rows", password="not-used-here")
    accounts = [account_of(user, name=f"account {number}") for number in range(20)]
    remember_tag_sets(str(user.pk), {tag_lines(tags(number)) for number in range(count)})
    insert(StoredAsset, (asset_values(accounts[number % 20], number) for number in range(count)))
    insert(Finding, (finding_values(accounts[number % 20], number) for number in range(count)))
    renew_statistics(count)  # as a scan of so many does
    client = Client(SERVER_NAME="127.0.0.1")
    client.force_login(user)
    return client


NOW = timezone.now()
REGIONS = ("eu-west-1", "us-east-1", "global", "ap-south-1")
SERVICES = ("ec2", "s3", "iam", "rds", "kms")


def _common(account: CloudAccount, number: int) -> dict[str, object]:
    region, name = REGIONS[number % 4], f"web-{number:06d}"
    native_id = f"arn:aws:ec2:{region}:{account.account_id}:instance/i-{number:017x}"
    return {
        "id": uuid4(), "account": account.pk, "asset_key": f"{number:064x}", "owner": account.owner,
        "account_name": account.name, "provider": "aws", "service": SERVICES[number % 5], "region": region,
        "native_id": native_id, "name_key": search_key(name), "id_key": id_search_key(native_id),
        "last_run": account.pk,
    }  # fmt: skip


def asset_values(account: CloudAccount, number: int) -> dict[str, object]:
    return {
        **_common(account, number), "type": f"aws.ec2.{KINDS[number % 4]}", "unit_region": REGIONS[number % 4],
        "name": f"web-{number:06d}", "properties": {"encrypted": True, "rules": [{"port": 22}] * 5},
        "fingerprint": "f", "first_seen_at": NOW, "last_seen_at": NOW, "changed_at": NOW,
    }  # fmt: skip


def tags(number: int) -> dict[str, object]:
    """As companies have them: each resource says its environment, team and cost center, one in eight its own name."""
    named = {"Name": f"web-{number:06d}"} if number % 8 == 0 else {}
    return {
        "env": ("prod", "dev", "test")[number % 3],
        "team": f"team-{number % 20}",
        "cost": f"{number % 70}",
        **named,
    }


def finding_values(account: CloudAccount, number: int) -> dict[str, object]:
    severity, lines = list(RANKS)[number % 4], tag_lines(tags(number))
    return {
        **_common(account, number), "check_id": f"check_{number % 40}", "title": f"Rule {number % 40} holds",
        "severity": severity, "severity_rank": RANKS[severity], "asset": uuid4(), "asset_type": "aws.ec2.instance",
        "asset_name": f"web-{number:06d}", "reason": "It does not.", "first_seen": NOW, "last_seen": NOW,
        "open_since": NOW - timedelta(days=number % 120), "changed_run": account.pk, "tags": lines,
        "tag_set": tag_set_key(lines),
    }  # fmt: skip
