"""Every list of a team that has 100,000 rows in it: a page in server time, at the 95th percentile.

Lists that a team's limits keep shorter hold what the limit allows, and what is kept of ended ones beyond. Findings and
assets are in `scans`, by rule, tag and search; here they are leafed through. Server time is what this process and the
database's process of its connection took of the processor (`result.processor_time`): a page has no other waiting.
"""

from __future__ import annotations

import gc
import os
import statistics
from collections.abc import Iterator

from django.contrib.auth.models import User
from django.test import Client

from cloudaccounts.audit.actor import SYSTEM
from cloudaccounts.tokens.services import create_token
from tests.bench import crowded_team
from tests.bench.result import Result, processor_time

TIMES = int(os.environ.get("BENCH_TIMES", "20"))
P95 = 50.0  # milliseconds of server time
LATE = 300  # a page that somebody still leafs to; 10,000 rows are offered
# Each list by its address: as it opens, late in it, narrowed, sorted. `crowded_team` fills the names in brackets.
PAGES: dict[str, tuple[str, ...]] = {
    "accounts": (
        "/accounts/", f"/accounts/?page={LATE}", "/accounts/?status=failed", "/accounts/?environment=dev",
        "/accounts/?provider=gcp", "/accounts/?coverage=gaps", "/accounts/?rotation=warning",
        "/accounts/?q=account-000123", "/accounts/?q=nothing", "/accounts/?sort=critical", "/accounts/?sort=score",
        "/accounts/?sort=coverage", "/accounts/?sort=age", "/accounts/?sort=scanned", "/accounts/?sort=-name",
        "/accounts/?group={group}",
    ),
    "scans": (
        "/scans/", f"/scans/?page={LATE}", "/scans/?status=failed", "/scans/?status=cancelled", "/scans/?provider=gcp",
        "/scans/?account={account}", "/scans/?group={group}",
    ),
    "jobs": ("/jobs/", f"/jobs/?page={LATE}"),
    "a job's items": ("/jobs/{job}/", f"/jobs/{{job}}/?page={LATE}", "/jobs/{job}/?state=failed"),
    "notices": (
        "/notices/", "/notices/?kind=permission.lost", f"/notices/?kind=permission.lost&page={LATE // 4}",
        "/notices/?kind=system",
    ),
    "audit": (
        "/audit/", "/audit/?before={audit_mark}", "/audit/?subject=scan", "/audit/?subject=encryption",
        "/audit/?actor=someone", "/audit/?first=2026-01-01", "/audit/?account={account}",
        "/audit/?action=group.deleted", "/audit/?actor=someone&subject=encryption",
    ),
    "mute rules": ("/mute-rules/",),
    "checks": ("/checks/",),
    "views": ("/views/",),
    "drafts": ("/wizard/",),
    "groups": ("/groups/", "/groups/{group}/", "/groups/{group}/?status=failed"),
    "organizations": (
        "/organizations/", "/organizations/{organization}/", "/organizations/{organization}/?q=member-00012",
        "/organizations/{organization}/?state=failed", f"/organizations/{{organization}}/?page={LATE // 4}",
    ),
    "channels": ("/channels/", "/channels/{channel}/", f"/channels/{{channel}}/?page={LATE}"),
    "tokens": ("/team/tokens/", "/profile/"),
    "team": ("/team/",),
    "second engine": (
        "/findings/second-engine/", f"/findings/second-engine/?page={LATE}", "/findings/second-engine/?relation=only",
        "/findings/second-engine/?resolved=on",
    ),
    "findings": (
        "/findings/", "/findings/?page=300", "/findings/?severity=low", "/findings/?sort=age",
        "/findings/?status=resolved", "/findings/rows/",
    ),
    "assets": (
        "/assets/", f"/assets/?page={LATE}", "/assets/?type=aws.ec2.volume", "/assets/?region=eu-west-1",
        "/assets/?gone=1", "/assets/?account={full_account}",
    ),
    "an account": (
        "/accounts/{account}/", "/accounts/{account}/history/", "/accounts/{account}/panels/scans/runs/",
        "/accounts/{full_account}/panels/scans/findings/", "/accounts/{full_account}/panels/scans/assets/",
    ),
    "search": ("/search/?q=account-000123",),
}  # fmt: skip
CALLS: dict[str, tuple[str, ...]] = {
    "accounts": ("cloud-accounts/", "cloud-accounts/?cursor=", "cloud-accounts/?status=failed"),
    "scans": ("scans/", "scans/?cursor=", "scans/?status=cancelled&cursor="),
    "findings": (
        "findings/", "findings/?cursor=", "findings/?severity=low&cursor=", "findings/?tag=env%3Dprod&cursor=",
    ),
    "assets": ("assets/", "assets/?cursor=", "assets/?type=aws.ec2.volume&cursor="),
    "jobs": ("jobs/", "jobs/?cursor="),
    "audit": ("audit/", "audit/?cursor=", "audit/?subject=encryption&cursor="),
    "notices": ("notices/", "notices/?cursor="),
    "mute rules": ("mute-rules/",),
    "groups": ("groups/",),
    "views": ("views/",),
    "channels": ("channels/", "channels/{channel}/messages", "channels/{channel}/messages?cursor="),
    "organizations": (
        "organizations/", "organizations/{organization}/members", "organizations/{organization}/members?cursor=",
    ),
    "rotation": ("rotation/standing-secrets", "rotation/standing-secrets?cursor="),
}  # fmt: skip


def pages() -> Iterator[Result]:
    user = User.objects.filter(username=crowded_team.NAME).first()
    names = crowded_team.fill() if user is None else crowded_team.names_of(user)
    user = User.objects.get(username=crowded_team.NAME)
    client = Client(SERVER_NAME="127.0.0.1")
    client.force_login(user)
    _, token = create_token(owner=str(user.pk), actor=SYSTEM, name="bench", user=str(user.pk))
    client.get("/accounts/")
    client.get("/api/v1/cloud-accounts/", headers={"Authorization": f"Bearer {token}"})
    gc.collect()
    gc.freeze()  # as `config.wsgi` does once all is loaded
    gc.set_threshold(20_000, 10, 10)
    for what, addresses in PAGES.items():
        for address in addresses:
            yield _measured(f"list of {what}: {address}", client, address.format(**names), "")
    for what, addresses in CALLS.items():
        for address in addresses:
            name = f"call for {what}: {address}"
            yield _measured(name, client, f"/api/v1/{address.format(**names)}", f"Bearer {token}")


def _measured(name: str, client: Client, address: str, authorization: str) -> Result:
    headers = {"Authorization": authorization} if authorization else {}
    taken = []
    for number in range(TIMES + 1):
        began = processor_time()
        answer = client.get(address, headers=headers)
        if answer.status_code != 200:
            raise RuntimeError(f"{address} answered {answer.status_code}")
        if number:  # the first one warms up
            taken.append((processor_time() - began) * 1000)
    late = statistics.quantiles(taken, n=20)[-1]
    note = f"median {statistics.median(taken):.1f}, quickest {min(taken):.1f}"
    return Result(name, late, "ms", "lower", P95, "≤ 1", note)
