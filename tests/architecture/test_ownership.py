"""Every address that names somebody's record answers 404 to everybody else, superusers included."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from uuid import UUID

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from django.utils import timezone

from cloudaccounts.audit.actor import SYSTEM
from cloudaccounts.contract.inventory import Asset as Found
from cloudaccounts.contract.inventory import ScanUnit
from cloudaccounts.groups.services import create_group
from cloudaccounts.jobs.requests import start_job
from cloudaccounts.models import CloudAccount, Organization
from cloudaccounts.tokens.services import create_token
from scans.assets.writer import AssetWriter
from scans.findings.evaluation import Evaluator
from scans.findings.writer import FindingWriter
from scans.models import Asset, Finding, ScanRun
from scans.muting.rules import create_mute_rule
from scans.runs.requests import request_scan
from scans.saved_views.services import Person, save_view
from teams.scope import Scope
from tests.channels import make_channel
from tests.conftest import ALL_DATABASES
from wizard.drafts.editing import create_wizard_session

pytestmark = pytest.mark.django_db(databases=ALL_DATABASES)
MakeAccount = Callable[..., CloudAccount]
_PARAMETER = re.compile(r"<(?:\w+:)?(\w+)>")
WORDS = {
    "name": "status",
    "method": "access_keys",
    "guide": "cli",
    "number": "0",
    "action": "suspend",
    "kind": "webhook",
}


def routes(patterns: list[URLPattern | URLResolver], prefix: str = "") -> Iterator[str]:
    for pattern in patterns:
        route = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            if not route.startswith("admin/"):
                yield from routes(pattern.url_patterns, route)
        else:
            yield route


RECORDS = (
    "account_id", "run_id", "asset_id", "draft_id", "group_id", "organization_id", "finding_id", "job_id", "token_id",
    "channel_id", "rule_id", "view_id",
)  # fmt: skip
OWNED = sorted(
    route for route in routes(get_resolver().url_patterns) if re.search(f"<uuid:({'|'.join(RECORDS)})>", route)
)


@pytest.fixture
def alices_records(alice: User, make_account: MakeAccount) -> dict[str, UUID]:
    account = make_account(alice)
    run = ScanRun.objects.filter(account=account.pk).first() or request_scan(account, actor=SYSTEM)
    evaluator = Evaluator(account.spec)
    writer = AssetWriter(run, evaluator, FindingWriter(run, account, evaluator.titles))
    writer.write(ScanUnit("s3", "global"), [Found("aws.s3.bucket", "s3", "global", "arn:aws:s3:::x", "x")])
    asset = Asset.objects.get()
    Finding.objects.all().delete()
    finding = Finding.objects.create(
        account=account.pk, owner=account.owner, check_id="c", asset_key=asset.asset_key, asset=asset.pk,
        severity="high", severity_rank=1, first_seen=run.requested_at, last_seen=run.requested_at,
        open_since=run.requested_at, last_run=run.pk, changed_run=run.pk,
    )  # fmt: skip
    draft = create_wizard_session(Scope(str(alice.pk)))
    organization = Organization.objects.create(owner=str(alice.pk), provider="aws", connection=account.pk)
    job = start_job(
        scope=Scope(account.owner),
        actor=SYSTEM,
        kind="fleet.revalidate",
        title="Check",
        items=[(str(account.pk), "x")],
        options={},
    )
    token, _ = create_token(owner=str(alice.pk), actor=SYSTEM, name="script")
    assert timezone.now() >= run.requested_at
    return {
        "account_id": account.pk,
        "run_id": run.run_id,
        "asset_id": asset.pk,
        "finding_id": finding.pk,
        "draft_id": draft.pk,
        "group_id": create_group(scope=Scope(str(alice.pk)), actor=SYSTEM, name="alices").pk,
        "organization_id": organization.pk,
        "job_id": job.pk,
        "token_id": token.pk,
        "channel_id": make_channel(alice).pk,
        "rule_id": create_mute_rule(
            Scope(account.owner), {"account": account.pk}, actor=SYSTEM, reason="Meant"
        ).rule.pk,
        "view_id": save_view(
            Scope(account.owner),
            Person(account.owner),
            actor=SYSTEM,
            name="Mine",
            page="findings",
            query="",
            shared=False,
        ).pk,
    }


def address(route: str, records: dict[str, UUID]) -> str:
    return "/" + _PARAMETER.sub(lambda match: str(records.get(match[1], WORDS.get(match[1]))), route)


def test_there_are_such_addresses() -> None:
    assert len(OWNED) >= 20


@pytest.mark.parametrize("route", OWNED)
@pytest.mark.parametrize("who", ["bob", "operator"])
def test_it_does_not_exist_for_anybody_else(
    route: str, who: str, request: pytest.FixtureRequest, alices_records: dict[str, UUID]
) -> None:
    client = Client()
    client.force_login(request.getfixturevalue(who))
    before = CloudAccount.objects.values_list("status", "name").get()
    for method in (client.get, client.post):
        assert method(address(route, alices_records)).status_code in {404, 405}
    assert client.get(address(route, alices_records)).status_code == 404 or (
        client.post(address(route, alices_records)).status_code == 404
    )
    assert CloudAccount.objects.values_list("status", "name").get() == before


@pytest.mark.parametrize("route", OWNED)
def test_somebody_who_is_not_signed_in_is_asked_to(route: str, client: Client, alices_records: dict[str, UUID]) -> None:
    for method in (client.get, client.post):
        answer = method(address(route, alices_records))
        assert answer.status_code == 302
        assert answer["Location"].startswith("/login/")
