"""Every rule, with what passes, fails, is not its business, and cannot be told; and what the simulated company has."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cloudaccounts.contract.inventory import Asset
from cloudaccounts.contract.rules import Evaluation, PostureCheck, Severity, Verdict
from cloudaccounts.providers.gcp.checks import CHECKS
from cloudaccounts.providers.gcp.inventory.cloud_identity import COUNTS
from cloudaccounts.providers.gcp.provider import PROVIDER

BY_ID = {check.id: check for check in CHECKS}
REGIONS = ("europe-west1", "us-central1", "us-east1")


def unread(*names: str, **more: Any) -> dict[str, Any]:
    return {**more, **dict.fromkeys(names), "unreadable": dict.fromkeys(names, "permission_denied")}


def rule(port: str = "22", source: str = "0.0.0.0/0", protocol: str = "tcp", **more: Any) -> dict[str, Any]:
    allowed = {"IPProtocol": protocol, **({"ports": [port]} if port else {})}
    return {"sourceRanges": [source], "allowed": [allowed], **more}


def metadata(**items: str) -> dict[str, Any]:
    told = [{"key": key.replace("_", "-"), "value": value} for key, value in items.items()]
    return {"metadata": {"items": told}, "commonInstanceMetadata": {"items": told}}


def ends(time: str, network: str = "0.0.0.0/0") -> dict[str, Any]:
    return {"value": network, "expirationTime": time}


def database(instance: str = "CLOUD_SQL_INSTANCE", *, backup: Any = None, **network: Any) -> dict[str, Any]:
    settings = {"ipConfiguration": network, "backupConfiguration": backup or {}}
    return {"instanceType": instance, "settings": settings}


ALL_APIS = "cloudapis.googleapis.com"
DEFAULT = "123456789012-compute@developer.gserviceaccount.com"
FULL = "https://www.googleapis.com/auth/cloud-platform"
KEY = {"keyType": "USER_MANAGED", "validAfterTime": "2026-01-02T03:04:05Z", "older_than_90_days": False}
SYSTEM = {**KEY, "keyType": "SYSTEM_MANAGED"}
AUDIT = {"service": "allServices", "types": ["ADMIN_READ", "DATA_READ", "DATA_WRITE"], "exempted": []}
NODE = {"name": "gke-shop-1", "tags": {"goog-gke-node": ""}}
ENFORCED = {"iamConfiguration": {"publicAccessPrevention": "enforced"}}
SYMMETRIC = {"purpose": "ENCRYPT_DECRYPT"}


def until(end: str) -> dict[str, Any]:
    return {"validBeforeTime": end, **SEEN}


SEEN = {"observed": {"at": "2026-12-01T12:00:00+00:00"}}


def rotating(seconds: int, upcoming: str) -> dict[str, Any]:
    """A key that was seen on 1 December 2026."""
    more = {"nextRotationTime": upcoming and f"{upcoming}T00:00:00Z"} if upcoming else {}
    return {**SYMMETRIC, "rotationPeriod": f"{seconds}s", **more, "observed": {"at": "2026-12-01T12:00:00+00:00"}}


P, F, N, U = Verdict.PASS, Verdict.FAIL, Verdict.NOT_APPLICABLE, Verdict.UNKNOWN
ODD = "odd"


def annotated(name: str, value: str, **more: str) -> dict[str, Any]:
    return {
        "metadata": {"annotations": {f"run.googleapis.com/{key}": one for key, one in {name: value, **more}.items()}}
    }


UNCHECKED: tuple[dict[str, Any], ...] = ({"invokerIamDisabled": True}, annotated("invoker-iam-disabled", "true"))


def people(**counts: Any) -> dict[str, Any]:
    return {"people": {**dict.fromkeys(COUNTS, 0), "all": 9, "super_administrators": 2, **counts}}


NOT_TAKEN = {"people": None, "unreadable": {"people": "grant_not_given"}}
NO_ADMIN_FACTOR = "super_administrators_without_second_factor"
ADMIN_UNTOLD = "super_administrators_second_factor_untold"
CASES: list[tuple[str, Verdict, dict[str, Any]]] = [
    *(("gcp_super_administrators_second_factor", P, people(without_second_factor=number)) for number in (0, 1, 9)),
    *(("gcp_super_administrators_second_factor", F, people(**{NO_ADMIN_FACTOR: number})) for number in (1, 2, 3)),
    *(("gcp_super_administrators_second_factor", U, it) for it in (NOT_TAKEN, {}, people(**{NO_ADMIN_FACTOR: "0"}))),
    *(("gcp_super_administrators_second_factor", U, people(**{it: 1})) for it in (ADMIN_UNTOLD, "role_untold")),
    ("gcp_super_administrators_second_factor", F, people(**{NO_ADMIN_FACTOR: 1, ADMIN_UNTOLD: 1})),
    ("gcp_super_administrators_second_factor", P, people(second_factor_untold=3)),
    ("gcp_people_second_factor", U, people(second_factor_untold=1)),
    ("gcp_people_second_factor", F, people(without_second_factor=1, second_factor_untold=1)),
    ("gcp_people_second_factor", P, people(role_untold=1)),
    *(("gcp_super_administrators_number", U, people(super_administrators=n, role_untold=1)) for n in (0, 1, 3)),
    ("gcp_super_administrators_number", F, people(super_administrators=5, role_untold=1)),
    *(("gcp_people_second_factor", P, people(all=number)) for number in (1, 9, 900)),
    *(("gcp_people_second_factor", F, people(without_second_factor=number)) for number in (1, 2, 9)),
    *(("gcp_people_second_factor", U, it) for it in (NOT_TAKEN, {}, people(without_second_factor=None))),
    *(("gcp_super_administrators_number", P, people(super_administrators=number)) for number in (2, 3, 4)),
    *(("gcp_super_administrators_number", F, people(super_administrators=number)) for number in (1, 5, 900)),
    *(("gcp_super_administrators_number", U, it) for it in (NOT_TAKEN, {}, people(super_administrators=0))),
    ("gcp_service_account_user_key", F, KEY),
    ("gcp_service_account_user_key", N, SYSTEM),
    ("gcp_service_account_user_key", N, {**KEY, "disabled": True}),
    ("gcp_service_account_user_key", U, {}),
    # Seen on 1 December 2026.
    ("gcp_service_account_user_key", F, {**KEY, **until("9999-12-31T23:59:59Z")}),
    ("gcp_service_account_user_key", F, {**KEY, **until("2026-12-01T12:00:01Z")}),
    ("gcp_service_account_user_key", N, {**KEY, **until("2026-12-01T12:00:00Z")}),
    ("gcp_service_account_user_key", U, {**KEY, **until("some day")}),
    ("gcp_service_account_key_age", N, {**KEY, "older_than_90_days": True, **until("2026-11-30T12:00:00Z")}),
    ("gcp_service_account_key_age", F, {**KEY, "older_than_90_days": True, **until("2027-01-01T00:00:00Z")}),
    ("gcp_service_account_key_age", P, KEY),
    ("gcp_service_account_key_age", F, {**KEY, "older_than_90_days": True}),
    ("gcp_service_account_key_age", N, {**SYSTEM, "older_than_90_days": True}),
    ("gcp_service_account_key_age", N, {**KEY, "disabled": True}),
    ("gcp_service_account_key_age", U, {**KEY, "older_than_90_days": None}),
    ("gcp_service_account_admin_roles", P, {"project_roles": ["roles/viewer", "roles/storage.objectViewer"]}),
    ("gcp_service_account_admin_roles", F, {"project_roles": ["roles/viewer", "roles/editor"]}),
    ("gcp_service_account_admin_roles", F, {"project_roles": ["roles/storage.admin"]}),
    ("gcp_service_account_admin_roles", U, unread("project_roles")),
    ("gcp_project_basic_roles", P, {"basic_roles": {"roles/owner": ["user:a"], "roles/editor": []}}),
    ("gcp_project_basic_roles", F, {"basic_roles": {"roles/owner": [], "roles/editor": ["serviceAccount:a"]}}),
    ("gcp_project_basic_roles", F, {"basic_roles": {"roles/owner": ["user:a", "user:b", "user:c"]}}),
    ("gcp_project_basic_roles", U, unread("basic_roles")),
    ("gcp_project_acting_roles", P, {"acting_roles": {"roles/iam.serviceAccountUser": ["serviceAccount:a"]}}),
    ("gcp_project_acting_roles", F, {"acting_roles": {"roles/iam.serviceAccountUser": ["group:all"]}}),
    ("gcp_project_acting_roles", U, unread("acting_roles")),
    ("gcp_project_audit_logs", P, {"audit_configs": [AUDIT]}),
    ("gcp_project_audit_logs", F, {"audit_configs": []}),
    ("gcp_project_audit_logs", F, {"audit_configs": [{**AUDIT, "types": ["ADMIN_READ"]}]}),
    ("gcp_project_audit_logs", F, {"audit_configs": [{**AUDIT, "service": "storage.googleapis.com"}]}),
    ("gcp_project_audit_logs", F, {"audit_configs": [{**AUDIT, "exempted": ["user:a"]}]}),
    ("gcp_project_audit_logs", U, unread("audit_configs")),
    ("gcp_firewall_ssh_open", P, rule("22", "10.0.0.0/8")),
    ("gcp_firewall_ssh_open", P, rule("443")),
    ("gcp_firewall_ssh_open", P, rule("22", protocol="udp")),
    ("gcp_firewall_ssh_open", F, rule("20-25")),
    ("gcp_firewall_ssh_open", F, rule("", "::/0", "all")),
    ("gcp_firewall_ssh_open", F, rule("22", protocol="6")),
    ("gcp_firewall_ssh_open", N, rule("22", direction="EGRESS")),
    ("gcp_firewall_ssh_open", N, rule("22", disabled=True)),
    ("gcp_firewall_ssh_open", N, {"sourceRanges": ["0.0.0.0/0"], "denied": [{"IPProtocol": "tcp"}]}),
    ("gcp_firewall_ssh_open", U, {"allowed": ODD}),
    ("gcp_firewall_rdp_open", P, rule("22")),
    ("gcp_firewall_rdp_open", F, rule("3389")),
    ("gcp_firewall_rdp_open", U, {**rule(), "sourceRanges": ODD}),
    ("gcp_firewall_all_open", P, rule("0-1024")),
    ("gcp_firewall_all_open", F, rule("", protocol="all")),
    ("gcp_firewall_all_open", F, rule("1-65535", protocol="udp")),
    ("gcp_firewall_all_open", N, rule("", protocol="all", disabled=True)),
    ("gcp_firewall_all_open", U, {**rule(), "disabled": ODD}),
    ("gcp_default_network", P, {"name": "production"}),
    ("gcp_default_network", F, {"name": "default"}),
    ("gcp_legacy_network", P, {"autoCreateSubnetworks": False}),
    ("gcp_legacy_network", F, {"IPv4Range": "10.240.0.0/16"}),
    ("gcp_legacy_network", U, {"IPv4Range": 7}),
    ("gcp_subnet_flow_logs", P, {"logConfig": {"enable": True}}),
    ("gcp_subnet_flow_logs", F, {"purpose": "PRIVATE"}),
    ("gcp_subnet_flow_logs", N, {"purpose": "REGIONAL_MANAGED_PROXY"}),
    ("gcp_subnet_flow_logs", U, {"logConfig": ODD}),
    ("gcp_dns_dnssec", P, {"visibility": "public", "dnssecConfig": {"state": "on"}}),
    ("gcp_dns_dnssec", F, {"visibility": "public"}),
    ("gcp_dns_dnssec", N, {"visibility": "private"}),
    ("gcp_dns_dnssec", U, {"dnssecConfig": ODD}),
    ("gcp_project_oslogin", P, metadata(enable_oslogin="TRUE")),
    ("gcp_project_oslogin", F, metadata(other="x")),
    ("gcp_project_oslogin", F, {}),
    ("gcp_project_oslogin", U, {"commonInstanceMetadata": {"items": ODD}}),
    ("gcp_vm_oslogin_overridden", P, metadata(enable_oslogin="TRUE")),
    ("gcp_vm_oslogin_overridden", F, metadata(enable_oslogin="false")),
    ("gcp_vm_oslogin_overridden", U, {"metadata": ODD}),
    ("gcp_vm_serial_port", P, metadata(serial_port_enable="FALSE")),
    ("gcp_vm_serial_port", F, metadata(serial_port_enable="1")),
    ("gcp_vm_serial_port", U, {"metadata": ODD}),
    ("gcp_project_serial_port", P, {}),
    ("gcp_project_serial_port", F, metadata(serial_port_enable="TRUE")),
    ("gcp_project_serial_port", U, {"commonInstanceMetadata": ODD}),
    ("gcp_vm_ip_forwarding", P, {}),
    ("gcp_vm_ip_forwarding", F, {"canIpForward": True}),
    ("gcp_vm_ip_forwarding", N, {"canIpForward": True, **NODE}),
    ("gcp_vm_ip_forwarding", U, {"canIpForward": ODD}),
    ("gcp_vm_default_account_full_scope", P, {}),
    ("gcp_vm_default_account_full_scope", P, {"serviceAccounts": [{"email": "own@p.iam", "scopes": [FULL]}]}),
    ("gcp_vm_default_account_full_scope", P, {"serviceAccounts": [{"email": DEFAULT, "scopes": []}]}),
    ("gcp_vm_default_account_full_scope", F, {"serviceAccounts": [{"email": DEFAULT, "scopes": [FULL]}]}),
    ("gcp_vm_default_account_full_scope", U, {"serviceAccounts": [{"email": DEFAULT, "scopes": ODD}]}),
    ("gcp_vm_default_account_full_scope", N, {**NODE, "serviceAccounts": [{"email": DEFAULT, "scopes": [FULL]}]}),
    ("gcp_vm_public_address", P, {"networkInterfaces": [{"name": "nic0"}]}),
    ("gcp_vm_public_address", F, {"networkInterfaces": [{"name": "nic0", "accessConfigs": [{"natIP": "x"}]}]}),
    ("gcp_vm_public_address", N, {"networkInterfaces": [{"accessConfigs": [{}]}], **NODE}),
    ("gcp_vm_public_address", U, {"networkInterfaces": ODD}),
    ("gcp_vm_shielded", P, {"shieldedInstanceConfig": {"enableVtpm": True, "enableIntegrityMonitoring": True}}),
    ("gcp_vm_shielded", F, {"shieldedInstanceConfig": {"enableVtpm": True, "enableIntegrityMonitoring": False}}),
    ("gcp_vm_shielded", F, {"shieldedInstanceConfig": {"enableVtpm": False, "enableIntegrityMonitoring": True}}),
    ("gcp_vm_shielded", U, {"shieldedInstanceConfig": {"enableVtpm": True}}),
    ("gcp_vm_shielded", U, {}),
    ("gcp_vm_shielded", U, {"shieldedInstanceConfig": ODD}),
    ("gcp_vm_project_ssh_keys", P, metadata(block_project_ssh_keys="TRUE")),
    ("gcp_vm_project_ssh_keys", P, metadata(enable_oslogin="TRUE")),
    ("gcp_vm_project_ssh_keys", F, metadata()),
    ("gcp_vm_project_ssh_keys", U, {"metadata": ODD}),
    ("gcp_gke_legacy_abac", P, {"legacyAbac": {}}),
    ("gcp_gke_legacy_abac", F, {"legacyAbac": {"enabled": True}}),
    ("gcp_gke_legacy_abac", U, {"legacyAbac": ODD}),
    ("gcp_gke_api_open", P, {"masterAuthorizedNetworksConfig": {"enabled": True}}),
    ("gcp_gke_api_open", P, {"privateClusterConfig": {"enablePrivateEndpoint": True}}),
    ("gcp_gke_api_open", F, {"masterAuthorizedNetworksConfig": {}}),
    ("gcp_gke_api_open", U, {"masterAuthorizedNetworksConfig": ODD}),
    ("gcp_disk_customer_key", P, {"diskEncryptionKey": {"kmsKeyName": "projects/p/…"}}),
    ("gcp_disk_customer_key", P, {"diskEncryptionKey": {"sha256": "x"}}),
    ("gcp_disk_customer_key", F, {}),
    ("gcp_disk_customer_key", U, {"diskEncryptionKey": ODD}),
    ("gcp_storage_public", P, {"public_roles": []}),
    ("gcp_storage_public", P, {**ENFORCED, "public_roles": ["roles/storage.objectViewer"]}),
    ("gcp_storage_public", F, {"public_roles": ["roles/storage.objectViewer"]}),
    ("gcp_storage_public", U, unread("public_roles")),
    ("gcp_storage_public_access_prevention", P, ENFORCED),
    ("gcp_storage_public_access_prevention", F, {"iamConfiguration": {"publicAccessPrevention": "inherited"}}),
    ("gcp_storage_public_access_prevention", U, {"iamConfiguration": ODD}),
    ("gcp_storage_uniform_access", P, {"iamConfiguration": {"uniformBucketLevelAccess": {"enabled": True}}}),
    ("gcp_storage_uniform_access", F, {"iamConfiguration": {}}),
    ("gcp_storage_uniform_access", U, {"iamConfiguration": {"uniformBucketLevelAccess": ODD}}),
    ("gcp_bigquery_dataset_public", P, {"access": [{"specialGroup": "projectOwners"}], "public_roles": []}),
    ("gcp_bigquery_dataset_public", F, {"access": [{"specialGroup": "allAuthenticatedUsers", "role": "READER"}]}),
    ("gcp_bigquery_dataset_public", F, {"access": [{"iamMember": "allUsers", "role": "READER"}]}),
    ("gcp_bigquery_dataset_public", F, {"public_roles": ["roles/bigquery.dataViewer"]}),
    ("gcp_bigquery_dataset_public", U, unread("public_roles")),
    ("gcp_kms_key_public", P, {"public_roles": []}),
    ("gcp_kms_key_public", F, {"public_roles": ["roles/cloudkms.cryptoKeyDecrypter"]}),
    ("gcp_kms_key_public", U, unread("public_roles")),
    *(("gcp_kms_rotation", P, rotating(7_776_000, day)) for day in ("2026-12-02", "2027-02-28", "2026-11-01")),
    *(("gcp_kms_rotation", F, rotating(7_776_000, day)) for day in ("2027-03-03", "2031-01-01")),
    *(("gcp_kms_rotation", U, rotating(7_776_000, day)) for day in ("", "soon")),
    ("gcp_kms_rotation", F, {**SYMMETRIC, "rotationPeriod": "31536000s"}),
    ("gcp_kms_rotation", F, SYMMETRIC),
    ("gcp_kms_rotation", N, {"purpose": "ASYMMETRIC_SIGN"}),
    ("gcp_kms_rotation", U, {**SYMMETRIC, "rotationPeriod": "often"}),
    ("gcp_pubsub_topic_public", P, {"public_roles": []}),
    ("gcp_pubsub_topic_public", F, {"public_roles": ["roles/pubsub.publisher"]}),
    ("gcp_pubsub_topic_public", U, unread("public_roles")),
    ("gcp_secret_public", P, {"public_roles": []}),
    ("gcp_secret_public", F, {"public_roles": ["roles/secretmanager.secretAccessor"]}),
    ("gcp_secret_public", U, unread("public_roles")),
    ("gcp_sql_open_network", P, database(authorizedNetworks=[{"value": "203.0.113.0/24"}])),
    ("gcp_sql_open_network", F, database(authorizedNetworks=[{"value": "0.0.0.0/0"}])),
    ("gcp_sql_open_network", F, database(authorizedNetworks=[{"value": "128.0.0.0/1"}])),
    ("gcp_sql_open_network", U, database(authorizedNetworks=[{"value": "everywhere"}])),
    ("gcp_sql_open_network", P, {**database(authorizedNetworks=[ends("2026-12-01T12:00:00Z")]), **SEEN}),
    ("gcp_sql_open_network", F, {**database(authorizedNetworks=[ends("2026-12-01T12:00:01Z")]), **SEEN}),
    ("gcp_sql_open_network", U, {**database(authorizedNetworks=[ends("some day")]), **SEEN}),
    ("gcp_sql_open_network", F, database(authorizedNetworks=[ends("some day"), {"value": "0.0.0.0/0"}])),
    ("gcp_sql_public_address", P, database(ipv4Enabled=False)),
    ("gcp_sql_public_address", F, database(ipv4Enabled=True)),
    ("gcp_sql_public_address", U, {}),
    ("gcp_sql_ssl", P, database(sslMode="ENCRYPTED_ONLY")),
    ("gcp_sql_ssl", P, database(requireSsl=True)),
    ("gcp_sql_ssl", F, database(sslMode="ALLOW_UNENCRYPTED_AND_ENCRYPTED", requireSsl=True)),
    ("gcp_sql_ssl", F, database()),
    ("gcp_sql_ssl", U, {}),
    ("gcp_sql_backups", P, database(backup={"enabled": True})),
    ("gcp_sql_backups", F, database()),
    ("gcp_sql_backups", N, database("READ_REPLICA_INSTANCE")),
    ("gcp_sql_backups", U, {}),
    ("gcp_sql_point_in_time", P, database(backup={"pointInTimeRecoveryEnabled": True})),
    ("gcp_sql_point_in_time", P, database(backup={"binaryLogEnabled": True})),
    ("gcp_sql_point_in_time", F, database()),
    ("gcp_sql_point_in_time", N, database("READ_REPLICA_INSTANCE")),
    ("gcp_sql_point_in_time", U, {}),
    ("gcp_api_key_apis", P, {"restrictions": {"apiTargets": [{"service": "maps"}]}}),
    ("gcp_api_key_apis", F, {}),
    ("gcp_api_key_apis", F, {"restrictions": {"apiTargets": [{"service": "maps"}, {"service": ALL_APIS}]}}),
    ("gcp_api_key_apis", F, {"restrictions": {"apiTargets": [{"service": ALL_APIS}]}}),
    ("gcp_api_key_apis", N, {"deleteTime": "2026-01-01T00:00:00Z"}),
    ("gcp_api_key_apis", U, {"restrictions": ODD}),
    ("gcp_api_key_clients", P, {"restrictions": {"serverKeyRestrictions": {"allowedIps": ["203.0.113.1"]}}}),
    ("gcp_api_key_clients", F, {"restrictions": {"apiTargets": [{"service": "maps"}]}}),
    ("gcp_api_key_clients", N, {"deleteTime": "2026-01-01T00:00:00Z"}),
    ("gcp_api_key_clients", U, {"restrictions": ODD}),
    ("gcp_function_public", P, {"public_roles": []}),
    ("gcp_function_public", F, {"public_roles": ["roles/cloudfunctions.invoker"]}),
    ("gcp_function_public", U, unread("public_roles")),
    ("gcp_run_public", P, {"public_roles": []}),
    ("gcp_run_public", F, {"public_roles": ["roles/run.invoker"]}),
    ("gcp_run_public", U, unread("public_roles")),
    # The check of who calls can be left out, and then no binding shows it.
    *(("gcp_run_public", F, {"public_roles": [], **off}) for off in UNCHECKED),
    ("gcp_run_public", P, {"public_roles": [], "invokerIamDisabled": True, "ingress": "INGRESS_TRAFFIC_NONE"}),
    ("gcp_run_public", P, {"public_roles": [], **annotated("invoker-iam-disabled", "true", ingress="internal")}),
    ("gcp_run_public", U, {"public_roles": [], "invokerIamDisabled": True, "iapEnabled": True}),
    ("gcp_run_public", U, {"public_roles": [], **annotated("invoker-iam-disabled", "true", **{"iap-enabled": "true"})}),
    ("gcp_run_public", U, {"public_roles": ["roles/run.invoker"], "iapEnabled": True}),
    ("gcp_run_public", U, {"public_roles": [], **annotated("iap-enabled", "true")}),
    ("gcp_run_public", P, {"public_roles": [], **annotated("invoker-iam-disabled", "false")}),
    ("gcp_run_public", P, {"public_roles": [], "invokerIamDisabled": False, "iapEnabled": False}),
    ("gcp_run_public", U, {"public_roles": [], **annotated("invoker-iam-disabled", "perhaps")}),
    *(("gcp_function_public", F, {"public_roles": [], "run_service": off}) for off in UNCHECKED),
    ("gcp_function_public", P, {"public_roles": [], "run_service": {}}),
    ("gcp_function_public", U, {"public_roles": [], "run_service": None}),
    *(("gcp_bigquery_dataset_customer_key", N, {"type": kind}) for kind in ("LINKED", "EXTERNAL", "BIGLAKE_HIVE")),
    ("gcp_bigquery_dataset_customer_key", F, {"type": "DEFAULT"}),
    ("gcp_bigquery_dataset_customer_key", U, {"type": "SOMETHING_NEW"}),
]


def judged(check: PostureCheck, properties: dict[str, Any], name: str = "one", **tags: str) -> Evaluation:
    return check.evaluate(Asset(check.asset_type, check.service, "europe-west1", "//x", name, tags, properties))


@pytest.mark.parametrize(("identifier", "verdict", "properties"), CASES)
def test_a_rule_judges_by_what_it_sees(identifier: str, verdict: Verdict, properties: dict[str, Any]) -> None:
    told = dict(properties)
    name, tags = told.pop("name", "one"), told.pop("tags", {})
    result = judged(BY_ID[identifier], told, name, **tags)
    assert result.verdict == verdict, result.reason
    assert result.reason.endswith(".")


def test_a_rule_says_nothing_of_another_type() -> None:
    for check in CHECKS:
        assert check.evaluate(Asset("gcp.other.thing", "other", "global", "//x", "x")).verdict == N


def test_rules_are_told_whole() -> None:
    assert len(CHECKS) >= 20
    assert PROVIDER.posture_checks() == CHECKS
    assert len(BY_ID) == len(CHECKS)
    for check in CHECKS:
        assert check.id.startswith("gcp_")
        assert check.title
        assert not check.title.endswith(".")
        assert check.why.endswith(".")
        assert check.console
        assert check.command.startswith(("gcloud ", "bq "))
        assert check.asset_type.startswith(f"gcp.{check.service}.")
        assert check.severity in Severity
        assert any(one.url.startswith("https://cloud.google.com/") for one in check.references)


odd = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
NAMES = sorted({name for _, _, properties in CASES for name in properties} - {"name", "tags"})
WITHIN = ["IPProtocol", "ports", "items", "key", "value", "email", "scopes", "ipConfiguration", "authorizedNetworks"]
WITHIN += ["service", "types", "exempted", "state", "enabled", "roles/owner", "roles/editor", "apiTargets"]
inner = st.dictionaries(st.sampled_from(WITHIN), odd, max_size=6)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])  # how long it takes depends on the machine
@given(properties=st.dictionaries(st.sampled_from(NAMES), odd | inner | st.lists(inner, max_size=3), max_size=6))
def test_odd_properties_never_raise(properties: dict[str, Any]) -> None:
    for check in CHECKS:
        assert judged(check, properties).verdict in Verdict
