from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.test import Client

from cloudaccounts.models import CloudAccount, Organization
from tests.conftest import ALL_DATABASES
from tests.nul import FIELDS, NUL, refused_by_databases

pytestmark = pytest.mark.django_db(databases=ALL_DATABASES)


@pytest.fixture(autouse=True)
def _strict() -> Iterator[None]:
    with refused_by_databases():
        yield


@pytest.mark.parametrize(
    "path",
    [
        "/", "/accounts/", "/rotation/", "/groups/", "/groups/new/", "/audit/", "/notices/", "/organizations/",
        "/organizations/connect/", "/scans/", "/findings/", "/findings/rows/",
        "/findings/suppress/", "/assets/", "/confirm/",
    ],
)  # fmt: skip
def test_no_filter_of_a_list_takes_it(alices: Client, path: str) -> None:
    for name in FIELDS:
        status = alices.get(path, {name: NUL}).status_code
        assert status < 500, name


def test_no_form_of_an_organization_takes_it(
    alices: Client, organization: Organization, connecting: CloudAccount
) -> None:
    page = f"/organizations/{organization.pk}/"
    for name in FIELDS:
        assert alices.get(page, {name: NUL}).status_code < 500, name
        assert alices.get(f"{page}children/", {name: NUL}).status_code < 500, name
    for action in ("test", "onboard", "ignore", "restore", NUL):
        sent = {"action": action, "member": NUL, "under": NUL, "q": NUL, "group": NUL, "regions": NUL}
        assert alices.post(f"{page}members/", sent).status_code < 500, action
    assert alices.post("/findings/suppress/", {"finding": NUL, "reason": NUL, "until": NUL}).status_code < 500
    assert alices.post("/groups/new/", {"name": NUL, "description": NUL, "parent": NUL}).status_code < 500
    assert alices.post(f"/accounts/{connecting.pk}/edit/", {"name": NUL, "regions": NUL}).status_code < 500
