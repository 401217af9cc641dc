"""What a provider need not have is not there to be called by mistake."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.test import Client

from cloudaccounts import registry
from cloudaccounts.audit.actor import SYSTEM
from cloudaccounts.contract.organizations import OrganizationProvider, organizations_of
from cloudaccounts.contract.provider import Provider
from cloudaccounts.errors import InputError
from cloudaccounts.health.connection_checks import request_check, run_check
from cloudaccounts.organizations.connections import connect_organization
from tests.conftest import ALL_DATABASES, MakeAccount
from tests.toycloud.provider import State, ToyProvider

ORGANIZATION_METHODS = ("organization_form", "organization_pages", "member_credentials", "organization_guides")


def as_plain_provider() -> Provider:
    """The toy cloud, as one would write it that knows no organizations."""
    wanted = {name: value for name, value in vars(ToyProvider).items() if "organization" not in name}
    wanted.pop("member_credentials")
    made: Provider = type("PlainProvider", (Provider,), wanted)()
    return made


@pytest.fixture
def plain(toycloud: State, monkeypatch: pytest.MonkeyPatch) -> Provider:
    provider = as_plain_provider()
    loaded = registry._loaded
    monkeypatch.setattr(registry, "_loaded", lambda key: provider if key == "toy" else loaded(key))
    return provider


def test_a_provider_without_organizations_has_none_of_their_methods(plain: Provider) -> None:
    assert organizations_of(plain) is None
    assert not any(hasattr(plain, name) for name in ORGANIZATION_METHODS)
    with pytest.raises(registry.UnknownProviderError):
        registry.get_with_organizations("toy")


def test_a_provider_with_organizations_says_all_of_it_or_is_none() -> None:
    class Half(ToyProvider):
        organization_pages = OrganizationProvider.organization_pages  # forgotten

    with pytest.raises(TypeError, match="organization_pages"):
        Half()


@pytest.mark.parametrize("key", ["aws", "azure", "gcp"])
def test_our_own_providers_have_organizations(key: str) -> None:
    assert registry.get_with_organizations(key) is registry.get(key)


@pytest.mark.django_db(databases=ALL_DATABASES)
def test_no_organization_is_offered_or_connected_through_one_without(
    plain: Provider, alice: User, alices: Client, toy_account: MakeAccount
) -> None:
    account = toy_account(alice)
    assert account.name not in alices.get("/organizations/").content.decode()
    assert alices.get(f"/organizations/connect/?account={account.pk}").status_code == 404
    with pytest.raises(InputError):
        connect_organization(account, actor=SYSTEM, options={})
    check = request_check(account, actor=SYSTEM)
    report = run_check(check.pk)  # all else works
    assert report is not None
    assert report.ok
