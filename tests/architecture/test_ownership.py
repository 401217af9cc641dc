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

from cloudaccounts.actors import SYSTEM
from cloudaccounts.contract import Asset as Found
from cloudaccounts.contract import ScanUnit
from cloudaccounts.models import CloudAccount
from cloudaccounts.services import create_token
from scans.models import Asset, ScanRun
from scans.services import request_scan
from scans.services.storing import AssetWriter
from tests.conftest import ALL_DATABASES
from wizard.services import create_wizard_session

pytestmark = pytest.mark.django_db(databases=ALL_DATABASES)
MakeAccount = Callable[..., CloudAccount]
_PARAMETER = re.compile(r"<(?:\w+:)?(\w+)>")
WORDS = {"name": "status", "method": "access_keys", "guide": "cli", "number": "0"}


def routes(patterns: list[URLPattern | URLResolver], prefix: str = "") -> Iterator[str]:
    for pattern in patterns:
        route = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            if not route.startswith("admin/"):
                yield from routes(pattern.url_patterns, route)
        else:
            yield route


OWNED = sorted(
    route
    for route in routes(get_resolver().url_patterns)
    if re.search("<uuid:(account_id|run_id|asset_id|draft_id|token_id)>", route)
)


@pytest.fixture
def alices_records(alice: User, make_account: MakeAccount) -> dict[str, UUID]:
    account = make_account(alice)
    run = ScanRun.objects.filter(account=account.pk).first() or request_scan(account, actor=SYSTEM)
    AssetWriter(run).write(ScanUnit("s3", "global"), [Found("aws.s3.bucket", "s3", "global", "arn:aws:s3:::x", "x")])
    draft = create_wizard_session(str(alice.pk))
    token, _ = create_token(owner=str(alice.pk), actor=SYSTEM, name="script")
    assert timezone.now() >= run.requested_at
    return {
        "account_id": account.pk,
        "run_id": run.run_id,
        "asset_id": Asset.objects.get().pk,
        "draft_id": draft.pk,
        "token_id": token.pk,
    }


def address(route: str, records: dict[str, UUID]) -> str:
    return "/" + _PARAMETER.sub(lambda found: str(records.get(found[1], WORDS.get(found[1]))), route)


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
