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
from cloudaccounts.providers.azure.checks.monitoring import PLANS, WATCHED
from cloudaccounts.providers.azure.provider import PROVIDER
from tests.cloudaccounts.providers.azure.conftest import REGIONS, Cloud

BY_ID = {check.id: check for check in CHECKS}
OWNER = "8e3af657-a8ff-443c-a75c-2fe8c4bcb635"
ADMINISTRATOR = "18d7d88d-d35e-4fb5-a5c3-7773c20a72d9"


def rule(port: str = "22", source: str = "*", **more: Any) -> dict[str, Any]:
    usual = {"direction": "Inbound", "access": "Allow", "protocol": "Tcp", "priority": 200}
    ends = {"sources": [source], "destinations": ["*"], "source_ports": ["*"], "ports": [port]}
    return {"name": "one", **ends, **usual, **more}


def unread(*names: str) -> dict[str, Any]:
    return {**dict.fromkeys(names), "unreadable": dict.fromkeys(names, "permission_denied")}


ROLE = {"actions": ["*"], "not_actions": [], "data_actions": [], "not_data_actions": []}
EXPORT = {"name": "central", "to": ["workspaceId"], "logs": ["Administrative", "Security", "Alert", "Policy"]}
ALERTS = [{"name": str(n), "operation": operation, "acts": True} for n, operation in enumerate(WATCHED)]
PLANS_ON = dict.fromkeys(PLANS, "Standard")
NARROW = {"name": "office", "from": "203.0.113.1", "to": "203.0.113.9"}
ZERO = "0.0.0.0"  # noqa: S104 # no address to listen on
WIDE = {"name": "all", "from": ZERO, "to": "255.255.255.255"}
AZURE = {"name": "azure", "from": ZERO, "to": ZERO}
ON = {"require_secure_transport": "on", "log_connections": "on", "log_checkpoints": "on"}

P, F, N, U = Verdict.PASS, Verdict.FAIL, Verdict.NOT_APPLICABLE, Verdict.UNKNOWN
CASES: list[tuple[str, Verdict, dict[str, Any]]] = [
    ("azure_subscription_owners", P, {"owners": ["a", "b", "c"]}),
    ("azure_subscription_owners", F, {"owners": ["a", "b", "c", "d"]}),
    ("azure_subscription_owners", U, unread("owners")),
    ("azure_custom_owner_role", P, {"permissions": [{**ROLE, "actions": ["*/read"]}], "assignable_scopes": ["/"]}),
    ("azure_custom_owner_role", P, {"permissions": [{**ROLE, "not_actions": ["x/*"]}], "assignable_scopes": ["/"]}),
    ("azure_custom_owner_role", F, {"permissions": [ROLE], "assignable_scopes": ["/subscriptions/s"]}),
    ("azure_custom_owner_role", N, {"permissions": [ROLE], "assignable_scopes": ["/subscriptions/s/resourcegroups/g"]}),
    ("azure_custom_owner_role", U, unread("permissions")),
    ("azure_access_administrator_at_root", P, {"role_id": ADMINISTRATOR, "scope": "/subscriptions/s"}),
    ("azure_access_administrator_at_root", F, {"role_id": ADMINISTRATOR, "scope": "/"}),
    ("azure_access_administrator_at_root", N, {"role_id": OWNER, "scope": "/"}),
    ("azure_access_administrator_at_root", U, {}),
    ("azure_owner_is_application", P, {"role_id": OWNER, "principal_type": "User"}),
    ("azure_owner_is_application", F, {"role_id": OWNER, "principal_type": "ServicePrincipal"}),
    ("azure_owner_is_application", N, {"role_id": ADMINISTRATOR, "principal_type": "ServicePrincipal"}),
    ("azure_owner_is_application", U, {"role_id": OWNER}),
    ("azure_activity_log_exported", P, {"exports": [EXPORT]}),
    ("azure_activity_log_exported", P, {"exports": [{**EXPORT, "logs": ["allLogs"]}]}),
    ("azure_activity_log_exported", F, {"exports": []}),
    ("azure_activity_log_exported", F, {"exports": [{**EXPORT, "logs": ["Administrative"]}]}),
    ("azure_activity_log_exported", F, {"exports": [{**EXPORT, "to": []}]}),
    ("azure_activity_log_exported", U, unread("exports")),
    ("azure_activity_log_alerts", P, {"alerts": ALERTS}),
    ("azure_activity_log_alerts", F, {"alerts": ALERTS[1:]}),
    ("azure_activity_log_alerts", F, {"alerts": [{**one, "acts": False} for one in ALERTS]}),
    ("azure_activity_log_alerts", U, unread("alerts")),
    ("azure_defender_plans", P, {"plans": PLANS_ON}),
    ("azure_defender_plans", F, {"plans": {**PLANS_ON, "keyvaults": "Free"}}),
    ("azure_defender_plans", U, unread("plans")),
    ("azure_nsg_ssh_open", P, {"rules": [rule("22", "10.0.0.0/8"), rule("443"), rule(access="Deny")]}),
    ("azure_nsg_ssh_open", F, {"rules": [rule("20-25", "Internet")]}),
    ("azure_nsg_ssh_open", P, {"rules": [rule("22"), rule("22", access="Deny", priority=100)]}),
    ("azure_nsg_ssh_open", F, {"rules": [rule("22"), rule("22", access="Deny", priority=300)]}),
    ("azure_nsg_ssh_open", P, {"rules": [rule("22", direction="Outbound"), rule("22", protocol="Udp")]}),
    ("azure_nsg_ssh_open", U, unread("rules")),
    ("azure_nsg_rdp_open", P, {"rules": [rule("22")]}),
    ("azure_nsg_rdp_open", F, {"rules": [rule("3389", "0.0.0.0/0")]}),
    ("azure_nsg_rdp_open", U, unread("rules")),
    ("azure_nsg_all_ports_open", P, {"rules": [rule("0-1024")]}),
    ("azure_nsg_all_ports_open", F, {"rules": [rule("*", protocol="*")]}),
    ("azure_nsg_all_ports_open", F, {"rules": [rule("1-65535", "::/0", protocol="Udp")]}),
    ("azure_nsg_all_ports_open", U, unread("rules")),
    ("azure_nsg_database_open", P, {"rules": [rule("443"), rule("5432", "10.1.0.0/16")]}),
    ("azure_nsg_database_open", F, {"rules": [rule("5432")]}),
    ("azure_nsg_database_open", U, {"rules": [{**rule(), "ports": "odd"}]}),
    ("azure_storage_public_access", P, {"allow_blob_public_access": False}),
    ("azure_storage_public_access", F, {"allow_blob_public_access": True}),
    ("azure_storage_public_access", F, {"allow_blob_public_access": None}),
    ("azure_storage_public_access", U, unread("allow_blob_public_access")),
    ("azure_storage_https_only", P, {"https_only": True}),
    ("azure_storage_https_only", F, {"https_only": False}),
    ("azure_storage_https_only", U, unread("https_only")),
    ("azure_storage_minimum_tls", P, {"minimum_tls": "TLS1_2"}),
    ("azure_storage_minimum_tls", P, {"minimum_tls": "TLS1_3"}),
    ("azure_storage_minimum_tls", F, {"minimum_tls": "TLS1_1"}),
    ("azure_storage_minimum_tls", F, {"minimum_tls": None}),
    ("azure_storage_minimum_tls", U, unread("minimum_tls")),
    ("azure_storage_shared_keys", P, {"allow_shared_key_access": False}),
    ("azure_storage_shared_keys", F, {"allow_shared_key_access": None}),
    ("azure_storage_shared_keys", U, {"allow_shared_key_access": "perhaps"}),
    ("azure_storage_network_open", P, {"public_network_access": "Disabled", "network_default_action": "Allow"}),
    ("azure_storage_network_open", P, {"public_network_access": "Enabled", "network_default_action": "Deny"}),
    ("azure_storage_network_open", F, {"public_network_access": None, "network_default_action": "Allow"}),
    ("azure_storage_network_open", U, unread("public_network_access")),
    ("azure_storage_soft_delete", P, {"blob_service": {"delete_days": 7, "container_delete_days": 7}}),
    ("azure_storage_soft_delete", F, {"blob_service": {"delete_days": 7, "container_delete_days": 0}}),
    ("azure_storage_soft_delete", N, {"kind": "FileStorage", **unread("blob_service")}),
    ("azure_storage_soft_delete", U, unread("blob_service")),
    ("azure_keyvault_recoverable", P, {"soft_delete": None, "purge_protection": True}),
    ("azure_keyvault_recoverable", F, {"soft_delete": True, "purge_protection": None}),
    ("azure_keyvault_recoverable", F, {"soft_delete": False, "purge_protection": True}),
    ("azure_keyvault_recoverable", U, unread("purge_protection")),
    ("azure_keyvault_network_open", P, {"network_default_action": "Deny"}),
    ("azure_keyvault_network_open", P, {"public_network_access": "disabled"}),
    ("azure_keyvault_network_open", F, {"public_network_access": "Enabled", "network_default_action": None}),
    ("azure_keyvault_network_open", U, unread("network_default_action")),
    ("azure_keyvault_rbac", P, {"rbac_authorization": True}),
    ("azure_keyvault_rbac", F, {"rbac_authorization": None}),
    ("azure_keyvault_rbac", U, unread("rbac_authorization")),
    ("azure_keyvault_logging", P, {"log_exports": [{**EXPORT, "logs": ["AuditEvent"]}]}),
    ("azure_keyvault_logging", P, {"log_exports": [{**EXPORT, "logs": ["audit"]}]}),
    ("azure_keyvault_logging", F, {"log_exports": []}),
    ("azure_keyvault_logging", U, unread("log_exports")),
    ("azure_sql_firewall_open", P, {"firewall_rules": [NARROW]}),
    ("azure_sql_firewall_open", P, {"firewall_rules": [WIDE], "public_network_access": "Disabled"}),
    ("azure_sql_firewall_open", F, {"firewall_rules": [NARROW, WIDE]}),
    ("azure_sql_firewall_open", F, {"firewall_rules": [AZURE]}),
    ("azure_sql_firewall_open", U, {"firewall_rules": [{"name": "x", "from": "::", "to": "::9"}]}),
    ("azure_sql_firewall_open", U, unread("firewall_rules")),
    ("azure_sql_auditing", P, {"auditing": {"state": "Enabled"}}),
    ("azure_sql_auditing", F, {"auditing": {"state": "Disabled"}}),
    ("azure_sql_auditing", U, unread("auditing")),
    ("azure_sql_minimum_tls", P, {"minimum_tls": "1.2"}),
    ("azure_sql_minimum_tls", F, {"minimum_tls": "None"}),
    ("azure_sql_minimum_tls", F, {"minimum_tls": None}),
    ("azure_sql_minimum_tls", U, unread("minimum_tls")),
    ("azure_sql_entra_administrator", P, {"entra_administrators": [{"login": "dba", "entra_only": True}]}),
    ("azure_sql_entra_administrator", F, {"entra_administrators": []}),
    ("azure_sql_entra_administrator", U, unread("entra_administrators")),
    ("azure_sql_database_encryption", P, {"encryption": "Enabled"}),
    ("azure_sql_database_encryption", F, {"encryption": "Disabled"}),
    ("azure_sql_database_encryption", N, {"encryption": "Disabled", "name": "server/master"}),
    ("azure_sql_database_encryption", U, unread("encryption")),
    ("azure_postgresql_ssl", P, {"parameters": ON}),
    ("azure_postgresql_ssl", F, {"parameters": {**ON, "require_secure_transport": "off"}}),
    ("azure_postgresql_ssl", U, {"parameters": {}}),
    ("azure_postgresql_ssl", U, unread("parameters")),
    ("azure_postgresql_firewall_open", P, {"firewall_rules": []}),
    ("azure_postgresql_firewall_open", F, {"firewall_rules": [AZURE]}),
    ("azure_postgresql_firewall_open", U, unread("firewall_rules")),
    ("azure_postgresql_logs_connections", P, {"parameters": ON}),
    ("azure_postgresql_logs_connections", F, {"parameters": {**ON, "log_checkpoints": "off"}}),
    ("azure_postgresql_logs_connections", U, unread("parameters")),
    ("azure_web_https_only", P, {"https_only": True}),
    ("azure_web_https_only", F, {"https_only": None}),
    ("azure_web_https_only", U, unread("https_only")),
    ("azure_web_minimum_tls", P, {"config": {"minimum_tls": "1.3"}}),
    ("azure_web_minimum_tls", F, {"config": {"minimum_tls": "1.0"}}),
    ("azure_web_minimum_tls", U, unread("config")),
    ("azure_web_ftp", P, {"config": {"ftps_state": "FtpsOnly"}}),
    ("azure_web_ftp", F, {"config": {"ftps_state": "AllAllowed"}}),
    ("azure_web_ftp", U, unread("config")),
    ("azure_web_remote_debugging", P, {"config": {"remote_debugging": False}}),
    ("azure_web_remote_debugging", F, {"config": {"remote_debugging": True}}),
    ("azure_web_remote_debugging", U, unread("config")),
    ("azure_vm_managed_disks", P, {"uses_managed_disks": True}),
    ("azure_vm_managed_disks", F, {"uses_managed_disks": False}),
    ("azure_vm_managed_disks", U, {}),
    ("azure_vm_encryption_at_host", P, {"encryption_at_host": True}),
    ("azure_vm_encryption_at_host", F, {"encryption_at_host": None}),
    ("azure_vm_encryption_at_host", U, unread("encryption_at_host")),
    ("azure_vm_password_login", P, {"os_type": "Linux", "password_login_disabled": True}),
    ("azure_vm_password_login", F, {"os_type": "Linux", "password_login_disabled": None}),
    ("azure_vm_password_login", N, {"os_type": "Windows"}),
    ("azure_vm_password_login", U, unread("os_type", "password_login_disabled")),
    ("azure_vm_trusted_launch", P, {"security_type": "TrustedLaunch"}),
    ("azure_vm_trusted_launch", F, {"security_type": None}),
    ("azure_vm_trusted_launch", U, unread("security_type")),
    ("azure_disk_public_network", P, {"network_access": "DenyAll", "public_network_access": "Enabled"}),
    ("azure_disk_public_network", F, {"network_access": "AllowAll", "public_network_access": "Enabled"}),
    ("azure_disk_public_network", U, unread("network_access", "public_network_access")),
    ("azure_aks_api_open", P, {"private_cluster": True, "authorized_ip_ranges": []}),
    ("azure_aks_api_open", P, {"private_cluster": None, "authorized_ip_ranges": ["203.0.113.0/24"]}),
    ("azure_aks_api_open", F, {"private_cluster": None, "authorized_ip_ranges": ["0.0.0.0/0"]}),
    ("azure_aks_api_open", U, unread("private_cluster")),
    ("azure_aks_local_accounts", P, {"kubernetes_version": "1.31", "local_accounts_disabled": True}),
    ("azure_aks_local_accounts", F, {"kubernetes_version": "1.31", "local_accounts_disabled": False}),
    ("azure_aks_local_accounts", U, unread("kubernetes_version", "local_accounts_disabled")),
]


def judged(check: PostureCheck, properties: dict[str, Any], name: str = "one") -> Evaluation:
    return check.evaluate(Asset(check.asset_type, check.service, "westeurope", "/x", name, properties=properties))


@pytest.mark.parametrize(("identifier", "verdict", "properties"), CASES)
def test_a_rule_judges_by_what_it_sees(identifier: str, verdict: Verdict, properties: dict[str, Any]) -> None:
    told = dict(properties)
    result = judged(BY_ID[identifier], told, told.pop("name", "one"))
    assert result.verdict == verdict, result.reason
    assert result.reason.endswith(".")


def test_every_rule_is_tried_with_each_verdict_that_it_has() -> None:
    seen: dict[str, set[Verdict]] = {}
    for identifier, verdict, _ in CASES:
        seen.setdefault(identifier, set()).add(verdict)
    assert set(seen) == set(BY_ID)
    assert all({P, F, U} <= verdicts for verdicts in seen.values())


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
NAMES = sorted({name for _, _, properties in CASES for name in properties})
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
    storage = {identifier for identifier in found if identifier.startswith("azure_storage_")}
    assert storage == {check.id for check in CHECKS if check.service == "storage"}
    assert found["azure_sql_firewall_open"] == {"legacy-reports"}
    assert {"azure_sql_auditing", "azure_sql_minimum_tls", "azure_sql_entra_administrator"} <= set(found)
    assert found["azure_sql_database_encryption"] == {"legacy-reports/reports"}
    assert {"azure_web_https_only", "azure_web_minimum_tls", "azure_web_ftp", "azure_web_remote_debugging"} <= set(
        found
    )
    assert {"azure_keyvault_recoverable", "azure_keyvault_logging", "azure_keyvault_rbac"} <= set(found)
    assert {"azure_activity_log_exported", "azure_activity_log_alerts", "azure_defender_plans"} <= set(found)
    assert {"azure_vm_encryption_at_host", "azure_vm_password_login", "azure_disk_public_network"} <= set(found)


def test_what_is_looked_after_passes(cloud: Cloud) -> None:
    found = failing(cloud, "data-platform")
    assert found == {
        "azure_nsg_ssh_open": {"lake-bastion"},
        "azure_vm_encryption_at_host": {"bastion"},
        "azure_vm_password_login": {"bastion"},
        "azure_vm_trusted_launch": {"bastion"},
        "azure_disk_public_network": {"forgotten-restore"},
        "azure_aks_api_open": {"lake-aks"},
        "azure_aks_local_accounts": {"lake-aks"},
        **{check.id: {"larkfieldpublicdocs"} for check in CHECKS if check.service == "storage"},
    }


def test_the_database_of_payments_fails_and_its_ledger_passes(cloud: Cloud) -> None:
    found = failing(cloud, "payments-prod")
    for name in ("ssl", "firewall_open", "logs_connections"):
        assert found[f"azure_postgresql_{name}"] == {"larkfield-payments-db"}
    assert found["azure_activity_log_alerts"] == {"Activity Log"}
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
    assert unknown == {
        "azure_subscription_owners",
        "azure_activity_log_exported",
        "azure_activity_log_alerts",
        "azure_defender_plans",
        "azure_keyvault_recoverable",
        "azure_keyvault_network_open",
        "azure_keyvault_rbac",
        "azure_keyvault_logging",
        "azure_sql_firewall_open",
    }
    assert all("permission denied" in verdicts[identifier].reason for identifier in unknown)
