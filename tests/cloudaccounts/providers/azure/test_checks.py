"""Every rule, with what passes, fails, is not its business, and cannot be told; and what the simulated company has."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cloudaccounts.contract.errors import ProviderError
from cloudaccounts.contract.inventory import Asset
from cloudaccounts.contract.rules import Evaluation, PostureCheck, Severity, Verdict
from cloudaccounts.providers.azure.checks import CHECKS
from cloudaccounts.providers.azure.provider import PROVIDER
from tests.cloudaccounts.providers.azure.cases import (
    Cases,
    Properties,
    access,
    compute,
    databases,
    directory,
    monitoring,
    network,
    storage,
    unread,
    vaults,
    web,
)
from tests.cloudaccounts.providers.azure.conftest import REGIONS, Cloud

BY_ID = {check.id: check for check in CHECKS}


P, F, N, U = Verdict.PASS, Verdict.FAIL, Verdict.NOT_APPLICABLE, Verdict.UNKNOWN
CASES: dict[str, Cases] = {
    identifier: cases
    for module in (access, compute, databases, directory, monitoring, network, storage, vaults, web)
    for identifier, cases in module.CASES.items()
}
TABLE: list[tuple[str, Verdict, Properties]] = [
    (identifier, verdict, properties)
    for identifier, cases in CASES.items()
    for verdict, several in ((P, cases.passing), (F, cases.failing), (N, cases.not_applicable), (U, cases.unknown))
    for properties in several
]
PASSING = [(identifier, properties) for identifier, verdict, properties in TABLE if verdict == P]


def judged(check: PostureCheck, properties: dict[str, Any], name: str = "one") -> Evaluation:
    return check.evaluate(Asset(check.asset_type, check.service, "westeurope", "/x", name, properties=properties))


def judged_case(identifier: str, properties: Properties) -> Evaluation:
    own = dict(properties)
    return judged(BY_ID[identifier], own, str(own.pop("name", "one")))


@pytest.mark.parametrize("identifier", sorted(CASES))
def test_a_rule_judges_by_what_it_sees(identifier: str) -> None:
    for own, verdict, properties in TABLE:
        if own == identifier:
            result = judged_case(identifier, properties)
            assert result.verdict == verdict, (properties, result.reason)
            assert result.reason.endswith(".")
            assert len(result.reason) < 300


def test_every_rule_is_tried_with_three_that_pass_and_three_that_fail() -> None:
    assert set(CASES) == set(BY_ID)
    for identifier, cases in CASES.items():
        assert len(cases.passing) >= 3, identifier
        assert len(cases.failing) >= 3, identifier
        assert cases.unknown, identifier


@pytest.mark.parametrize("identifier", sorted(CASES))
def test_what_could_not_be_read_never_passes(identifier: str) -> None:
    """Every property of a case that passes, all of them at once and one by one."""
    for properties in CASES[identifier].passing:
        names = [name for name in properties if name not in ("name", "observed", "kind", "resource_type")]
        result = judged_case(identifier, {**properties, **unread(*names)})
        assert result.verdict == U, properties
        assert "permission denied" in result.reason
        read_one_by_one = [judged_case(identifier, {**properties, **unread(name)}) for name in names]
        assert {one.verdict for one in read_one_by_one} <= {P, U}


@pytest.mark.parametrize("identifier", sorted(BY_ID))
def test_a_rule_that_needs_the_date_says_so(identifier: str) -> None:
    """Else an asset that did not change is not evaluated again when its time has come."""
    dated = [properties for one, properties in PASSING if one == identifier and "observed" in properties]
    assert BY_ID[identifier].time_dependent == bool(dated)
    for properties in dated:
        undated = {name: value for name, value in properties.items() if name != "observed"}
        assert judged_case(identifier, undated).verdict == U


def test_a_rule_says_nothing_of_another_type() -> None:
    for check in CHECKS:
        other = Asset("azure.other.thing", "other", "global", "/x", "x")
        assert check.evaluate(other).verdict == N


def test_rules_are_told_whole() -> None:
    assert len(CHECKS) >= 20
    assert PROVIDER.posture_checks() == CHECKS
    assert len(BY_ID) == len(CHECKS)
    for check in CHECKS:
        assert check.id.startswith("azure_")
        assert check.title
        assert not check.title.endswith(".")
        assert all(text.endswith((".", "'", '"')) for text in (check.why, check.console))
        assert check.command.startswith("az ")
        assert check.severity in Severity
        assert any(one.url.startswith("https://learn.microsoft.com/") for one in check.references)
        assert all(one.section or one.url for one in check.references)


def test_a_deny_rule_that_comes_first_closes_the_port() -> None:
    rule = network.rule
    deny = rule("*", access="Deny", protocol="*", priority=150, name="deny")
    early, late = rule(priority=100, name="early"), rule(priority=300, name="late")
    check = BY_ID["azure_nsg_ssh_open"]
    result = judged(check, {"rules": [late, deny, early]})
    assert (result.verdict, result.reason) == (F, "Port 22 is open to the internet by early.")
    assert judged(check, {"rules": [late, deny]}).verdict == P


odd = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
NAMES = sorted({name for _, _, properties in TABLE for name in properties})
WITHIN = sorted(
    {"state", "to", "logs", "name", "from", "sources", "ports", "priority", "protocol", "access", "direction"}
)
inner = st.dictionaries(st.sampled_from(WITHIN), odd, max_size=6)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])  # how long it takes depends on the machine
@given(properties=st.dictionaries(st.sampled_from(NAMES), odd | inner | st.lists(inner, max_size=3), max_size=6))
def test_odd_properties_never_raise(properties: dict[str, Any]) -> None:
    for check in CHECKS:
        assert judged(check, properties).verdict in Verdict


# On the wire ---------------------------------------------------------------------------------------------------------


def failing(cloud: Cloud, place: str, regions: tuple[str, ...] = REGIONS) -> dict[str, set[str]]:
    """Names of what fails, by rule."""
    found: dict[str, set[str]] = {}
    for asset in cloud.scan(cloud.app(place), place, regions=regions):
        for check in CHECKS:
            if check.asset_type == asset.type and check.evaluate(asset).verdict == F:
                found.setdefault(check.id, set()).add(asset.name)
    return found


def test_what_nobody_looks_after_fails(cloud: Cloud) -> None:
    found = failing(cloud, "legacy-reporting", ("westeurope", "westus2"))
    assert found["azure_subscription_owners"] == {"legacy-reporting"}
    assert found["azure_nsg_ssh_open"] == found["azure_nsg_rdp_open"] == {"everything"}
    assert found["azure_nsg_database_open"] == {"everything"}
    storage_checks = {check.id for check in CHECKS if check.service == "storage"}
    # Its firewall is off, and how old its keys are is told only where the time of the scan is known.
    assert {name for name in found if name.startswith("azure_storage_")} == storage_checks - {
        "azure_storage_trusted_services",
        "azure_storage_key_age",
    }
    vault_checks = {check.id for check in CHECKS if check.service == "keyvault"}
    by_roles = {identifier for identifier in vault_checks if identifier.endswith("_expiry_rbac")}
    assert {name for name in found if name.startswith("azure_keyvault_")} == vault_checks - by_roles
    for service in ("analytics", "monitoring"):
        own = {check.id for check in CHECKS if check.service == service}
        assert own <= set(found), service
    assert found["azure_sql_database_encryption"] == {"legacy-reports/reports"}
    assert {name for name in found if name.startswith("azure_sql_")} == {
        check.id for check in CHECKS if check.id.startswith("azure_sql_")
    }
    assert {name for name in found if name.startswith("azure_mysql_")} == {
        "azure_mysql_ssl",
        "azure_mysql_minimum_tls",
        "azure_mysql_firewall_open",
    }
    web_checks = {check.id for check in CHECKS if check.service == "web"}
    of_apps = {identifier for identifier in web_checks if not identifier.startswith("azure_web_slot_")}
    assert {name for name in found if name.startswith("azure_web_")} == of_apps - {"azure_web_runtime"}
    assert {name for name in found if name.startswith("azure_scale_set_")} == {
        check.id for check in CHECKS if check.id.startswith("azure_scale_set_")
    }
    assert {name for name in found if name.startswith(("azure_gateway_", "azure_waf_", "azure_vpn_"))} == {
        check.id for check in CHECKS if check.id.startswith(("azure_gateway_", "azure_waf_", "azure_vpn_"))
    }
    assert {"azure_network_ddos", "azure_subnet_without_nsg", "azure_flow_log_retention_nsg"} <= set(found)
    assert {"azure_vm_encryption_at_host", "azure_vm_password_login", "azure_vm_update_assessment"} <= set(found)


def test_what_is_looked_after_passes(cloud: Cloud) -> None:
    found = failing(cloud, "data-platform")
    unsure = {"azure_storage_trusted_services", "azure_storage_key_age"}
    assert found == {
        "azure_nsg_ssh_open": {"lake-bastion"},
        "azure_nsg_http_open": {"lake-web"},
        "azure_vm_encryption_at_host": {"bastion"},
        "azure_vm_password_login": {"bastion"},
        "azure_vm_update_assessment": {"bastion"},
        "azure_vm_trusted_launch": {"bastion"},
        "azure_disk_public_network": {"forgotten-restore"},
        "azure_aks_api_open": {"lake-aks"},
        "azure_aks_local_accounts": {"lake-aks"},
        **{
            check.id: {"larkfieldpublicdocs"}
            for check in CHECKS
            if check.service == "storage" and check.id not in unsure
        },
    }


def test_a_plan_that_is_off_on_every_resource_protects_nothing(cloud: Cloud, request: pytest.FixtureRequest) -> None:
    place, credentials = cloud.places["data-platform"], cloud.app("data-platform")

    def cover(how: str) -> None:
        cloud.control.set_resource(place, "pricings/KeyVaults", resourcesCoverageStatus=how)

    def judged_again(how: str) -> Evaluation:
        cover(how)
        assets = cloud.scan(credentials, "data-platform")
        (defender,) = [asset for asset in assets if asset.type == "azure.monitoring.defender"]
        return BY_ID["azure_defender_key_vault"].evaluate(defender)

    request.addfinalizer(lambda: cover("FullyCovered"))
    assert judged_again("FullyCovered").verdict == P
    assert "some resources" in judged_again("PartiallyCovered").reason
    assert judged_again("NotCovered").verdict == F


def test_what_is_neither_the_best_nor_the_worst(cloud: Cloud) -> None:
    assets = {asset.name: asset for asset in cloud.scan(cloud.app("platform-management"), "platform-management")}

    def verdict(identifier: str, name: str) -> Verdict:
        return BY_ID[identifier].evaluate(assets[name]).verdict

    assert verdict("azure_vm_password_login", "restored-server") == U
    assert verdict("azure_nsg_ssh_open", "two-halves") == F
    assert verdict("azure_keyvault_network_open", "larkfield-perimeter") == U
    assert verdict("azure_keyvault_public_network", "larkfield-perimeter") == U


def test_the_directory_is_judged_where_the_grant_was_given(cloud: Cloud) -> None:
    ours, theirs = cloud.scenario("Everything granted"), cloud.scenario("Certificate")
    checks = [check for check in CHECKS if check.asset_type == "azure.entra.tenant"]
    for (credentials, account), verdict in ((ours, F), (theirs, P)):
        (tenant,) = [asset for asset in cloud.scan(credentials, account) if asset.type == "azure.entra.tenant"]
        assert {check.id: check.evaluate(tenant).verdict for check in checks} == {check.id: verdict for check in checks}


def test_without_the_grant_the_directory_is_unknown_with_that_reason(cloud: Cloud) -> None:
    assets = cloud.scan(cloud.app("payments-prod"), "payments-prod")
    (tenant,) = [asset for asset in assets if asset.type == "azure.entra.tenant"]
    for check in (check for check in CHECKS if check.asset_type == "azure.entra.tenant"):
        result = check.evaluate(tenant)
        assert result.verdict == U
        assert "an optional step of set-up was not taken" in result.reason


def test_the_database_of_payments_fails_and_its_ledger_passes(cloud: Cloud) -> None:
    found = failing(cloud, "payments-prod")
    slots = {check.id for check in CHECKS if check.asset_type == "azure.web.slot"} - {"azure_web_slot_runtime"}
    assert {identifier for identifier, names in found.items() if names == {"larkfield-checkout/staging"}} == slots
    for name in ("ssl", "firewall_open", "logs_connections"):
        assert found[f"azure_postgresql_{name}"] == {"larkfield-payments-db"}
    assert found["azure_alert_nsg_write"] == {"Activity Log"}
    assert "azure_alert_policy_write" not in found
    assert "azure_subscription_owners" not in found


def test_what_may_not_be_read_is_unknown_with_the_reason(cloud: Cloud) -> None:
    denied = ["Microsoft.Sql/servers/firewallRules/*", "Microsoft.Insights/*", "Microsoft.Security/*"]
    denied += ["Microsoft.Authorization/roleAssignments/read", "Microsoft.KeyVault/*"]
    credentials = cloud.app("legacy-reporting", actions=["*/read"], not_actions=denied)
    session = PROVIDER.open_session(credentials, cloud.target("legacy-reporting"))
    assets: list[Asset] = []
    access, *others = session.units(REGIONS)
    with pytest.raises(ProviderError, match="roleAssignments/read"):
        assets.extend(session.collect(access))
    assets.extend(asset for unit in others for asset in session.collect(unit))
    session.close()
    verdicts = {
        check.id: check.evaluate(asset) for asset in assets for check in CHECKS if check.asset_type == asset.type
    }
    unknown = {identifier for identifier, one in verdicts.items() if one.verdict == U}
    denied_reason = {name for name in unknown if "permission denied" in verdicts[name].reason}
    expected = {
        check.id
        for check in CHECKS
        if check.asset_type in ("azure.keyvault.vault", "azure.monitoring.activity_log", "azure.monitoring.defender")
    }
    assert denied_reason == expected | {
        "azure_subscription_owners",
        "azure_sql_firewall_open",
        "azure_databricks_logging",
    }
