"""Federated credentials: this server's own token, and the owner's mark on the subscription."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from cloudaccounts.contract.errors import ProviderError
from cloudaccounts.contract.identity import Credentials
from cloudaccounts.contract.report import CheckStatus, CloudValidationResult
from cloudaccounts.providers.azure import server
from cloudaccounts.providers.azure.provider import PROVIDER
from tests.cloudaccounts.providers.azure.conftest import EXTERNAL_ID, OTHERS_ID, TAG, UNKNOWN, Cloud, check


@pytest.fixture
def legacy(cloud: Cloud) -> Iterator[str]:
    """A subscription without any mark."""
    place = cloud.places["legacy-reporting"]
    cloud.control.put_tag(place, TAG, None)
    yield place
    cloud.control.put_tag(place, TAG, None)


def test_a_subscription_with_the_owners_mark_is_accepted(cloud: Cloud, legacy: str, token_file: Path) -> None:
    credentials = cloud.federated()
    cloud.control.put_tag(legacy, TAG, EXTERNAL_ID)
    report = cloud.validate(credentials, "legacy-reporting")
    assert report.ok, report.cause
    assert check(report, "external_id_proof").status == CheckStatus.PASSED
    assert cloud.scan(credentials, "legacy-reporting")


def test_azure_keeps_no_case_in_the_names_of_tags(cloud: Cloud, legacy: str, request: pytest.FixtureRequest) -> None:
    request.addfinalizer(lambda: cloud.control.put_tag(legacy, TAG.upper(), None))
    cloud.control.put_tag(legacy, TAG.upper(), EXTERNAL_ID)
    assert cloud.validate(cloud.federated(), "legacy-reporting").ok


def test_the_old_scenario_of_the_demo_works_once_the_mark_is_set(cloud: Cloud, legacy: str) -> None:
    credentials, account = cloud.scenario("Federated credential")
    assert cloud.validate(credentials, account).code == "external_id_missing"
    cloud.control.put_tag(account, TAG, EXTERNAL_ID)
    assert cloud.validate(credentials, account).ok


def test_a_missing_mark_is_refused_with_the_command_that_sets_it(cloud: Cloud, legacy: str) -> None:
    report = cloud.validate(cloud.federated(), "legacy-reporting")
    assert (report.ok, report.code) == (False, "external_id_missing")
    command = f"az tag update --resource-id /subscriptions/{legacy} --operation Merge --tags {TAG}={EXTERNAL_ID}"
    assert command in report.remedy
    assert report.mending == command


def test_what_another_customer_marked_is_refused_and_nothing_of_it_told(cloud: Cloud, legacy: str) -> None:
    """Bob knows Alice's tenant, app and subscription, and her app trusts this server."""
    credentials = cloud.federated()
    cloud.control.put_tag(legacy, TAG, EXTERNAL_ID)
    cloud.control.clear_journal()
    report = cloud.validate(credentials, "legacy-reporting", external_id=OTHERS_ID)
    assert (report.ok, report.code) == (False, "external_id_mismatch")
    told = str(report.to_dict())
    assert EXTERNAL_ID not in told
    assert "legacy-reporting" not in told
    assert "Larkfield" not in told
    assert {item.status for item in report.checks[4:]} == {CheckStatus.SKIPPED}
    assert not report.permissions
    read = {call["action"] for call in cloud.control.calls("azure") if call["service"] == "arm"}
    assert read == {"Microsoft.Resources/tenants/read", "Microsoft.Resources/subscriptions/read"}


def test_a_scan_proves_the_mark_again(cloud: Cloud, legacy: str) -> None:
    credentials = cloud.federated()
    with pytest.raises(ProviderError, match="external_id_missing"):
        cloud.scan(credentials, "legacy-reporting")
    cloud.control.put_tag(legacy, TAG, EXTERNAL_ID)
    with pytest.raises(ProviderError, match="external_id_mismatch"):
        cloud.scan(credentials, "legacy-reporting", external_id=OTHERS_ID)


def test_no_external_id_opens_nothing(cloud: Cloud, legacy: str) -> None:
    cloud.control.put_tag(legacy, TAG, "")
    assert cloud.validate(cloud.federated(), "legacy-reporting", external_id="").code == "external_id_mismatch"


def test_neighbours_are_offered_only_with_the_owners_mark(
    cloud: Cloud, legacy: str, request: pytest.FixtureRequest
) -> None:
    credentials, account = cloud.scenario("Federated credential")  # sees data-platform as well
    platform = cloud.places["data-platform"]
    request.addfinalizer(lambda: cloud.control.put_tag(platform, TAG, None))
    cloud.control.put_tag(account, TAG, EXTERNAL_ID)
    cloud.control.put_tag(platform, TAG, OTHERS_ID)
    assert list(PROVIDER.visible_accounts(credentials, cloud.target(account))) == []
    cloud.control.put_tag(platform, TAG, EXTERNAL_ID)
    assert [one.account_id for one in PROVIDER.visible_accounts(credentials, cloud.target(account))] == [platform]
    with pytest.raises(ProviderError, match="external_id_mismatch"):
        list(PROVIDER.visible_accounts(credentials, cloud.target(account, external_id=OTHERS_ID)))


# What Entra ID says of the token -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("federation", "code", "sdk_error"),
    [
        ({"issuer": "https://other.example/"}, "federated_issuer_mismatch", "AADSTS700211"),
        ({"subject": "system:serviceaccount:other:server"}, "federated_subject_mismatch", "AADSTS700213"),
        ({"audience": "api://other"}, "federated_audience_mismatch", "AADSTS700212"),
    ],
)
def test_a_federated_credential_for_somebody_else_is_told(
    cloud: Cloud, federation: dict[str, str], code: str, sdk_error: str
) -> None:
    report = cloud.validate(cloud.federated(**federation), "legacy-reporting")
    assert (report.ok, report.code) == (False, code)
    assert check(report, "identity").sdk_error == sdk_error


def test_an_app_without_any_federated_credential_is_told(cloud: Cloud) -> None:
    made = cloud.app("legacy-reporting")
    credentials = Credentials("federated", {name: made[name] for name in ("tenant_id", "client_id")})
    report = cloud.validate(credentials, "legacy-reporting")
    assert (report.code, check(report, "identity").sdk_error) == ("federated_credential_missing", "AADSTS70025")


# This server's own file ----------------------------------------------------------------------------------------------


def test_the_token_is_read_anew_for_each_sign_in(cloud: Cloud, token_file: Path, legacy: str) -> None:
    credentials = cloud.federated()
    cloud.control.put_tag(legacy, TAG, EXTERNAL_ID)
    token_file.write_text(cloud.control.server_token(sub="renamed"))
    assert cloud.validate(credentials, "legacy-reporting").code == "federated_subject_mismatch"
    token_file.write_text(cloud.control.server_token() + "\n")
    assert cloud.validate(credentials, "legacy-reporting").ok


def broken(cloud: Cloud) -> CloudValidationResult:
    report = cloud.validate(cloud.federated(), "legacy-reporting")
    assert not report.ok
    assert "AZURE_FEDERATED_TOKEN_FILE" in report.remedy
    assert cloud.calls("token") == []
    return report


def test_without_the_setting_the_operator_is_asked(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AZURE_FEDERATED_TOKEN_FILE")
    assert broken(cloud).code == "server_identity_missing"
    assert server.server_identity(5).error_code == "server_identity_missing"


@pytest.mark.parametrize("content", ["", "not a token", "a.b", "a.!!.c", "a.e30", "x" * 70_000, "é.é.é"])
def test_a_file_that_holds_no_token_is_the_operators_matter(cloud: Cloud, token_file: Path, content: str) -> None:
    token_file.write_text(content)
    assert broken(cloud).code == "server_identity_invalid"
    assert server.server_identity(5).error_code == "server_identity_invalid"


def test_a_file_that_cannot_be_read_is_the_operators_matter(cloud: Cloud, token_file: Path) -> None:
    token_file.unlink()
    assert broken(cloud).code == "server_identity_invalid"


def test_an_expired_token_is_not_even_sent(cloud: Cloud, token_file: Path) -> None:
    token_file.write_text(cloud.control.server_token(-60))
    report = broken(cloud)
    assert report.code == "server_identity_invalid"
    assert "expired" in report.cause


def test_the_servers_identity_is_issuer_and_subject(cloud: Cloud) -> None:
    identity = PROVIDER.server_identity(1.0)
    assert identity.issuer == "https://oidc.sandbox.invalid/cloud-accounts"
    assert identity.principal == "system:serviceaccount:cloud-accounts:server"
    assert not identity.error
    assert cloud.hosts() == set()


def test_a_token_without_issuer_is_no_identity(token_file: Path, cloud: Cloud) -> None:
    token_file.write_text(cloud.control.server_token(iss="http://plain.example"))
    assert server.server_identity(5).error_code == "server_identity_invalid"


def test_no_form_names_a_file() -> None:
    values = {"tenant_id": UNKNOWN, "client_id": "0e0e0e0e-1111-4222-8333-444444444444"}
    smuggled = {**values, "token_file_path": "/etc/passwd", "AZURE_FEDERATED_TOKEN_FILE": "/etc/passwd"}
    account = "0d0d0d0d-1111-4222-8333-444444444444"
    cleaned = PROVIDER.clean_credentials("federated", smuggled, account_id=account, partition="public")
    assert dict(cleaned.values) == values
