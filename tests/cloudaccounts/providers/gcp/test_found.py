"""What the rules say of the simulated company, on the wire."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from cloudaccounts.contract.inventory import Asset
from cloudaccounts.contract.rules import Evaluation, Verdict
from cloudaccounts.providers.gcp.checks import CHECKS, cloud_identity
from cloudaccounts.providers.gcp.inventory import POLICIES
from cloudaccounts.providers.gcp.permissions import PERMISSIONS
from tests.cloudaccounts.providers.gcp.conftest import Cloud, by_key

REGIONS = ("europe-west1", "us-central1", "us-east1")
P, F, N, U = Verdict.PASS, Verdict.FAIL, Verdict.NOT_APPLICABLE, Verdict.UNKNOWN


def verdicts(assets: list[Asset]) -> dict[str, dict[str, Evaluation]]:
    """By rule and name of the resource."""
    found: dict[str, dict[str, Evaluation]] = {}
    for asset in assets:
        for check in CHECKS:
            if check.asset_type == asset.type:
                found.setdefault(check.id, {})[asset.name] = check.evaluate(asset.as_of(datetime.now(UTC)))
    return found


def names(found: dict[str, dict[str, Evaluation]], identifier: str, verdict: Verdict = F) -> set[str]:
    return {name for name, one in found.get(identifier, {}).items() if one.verdict == verdict}


def scan(cloud: Cloud, credentials: Any, project: str) -> list[Asset]:
    session = cloud.open(credentials, account_id=project, regions=REGIONS)
    return [asset for unit in session.units(REGIONS) for asset in session.collect(unit)]


def test_the_data_platform_has_what_was_put_there(cloud: Cloud) -> None:
    found = verdicts(scan(cloud, cloud.scenario("Everything granted"), "meadowlark-data-prod"))
    assert names(found, "gcp_storage_public") == {"meadowlark-public-docs"}
    assert names(found, "gcp_storage_uniform_access") == {"meadowlark-public-docs"}
    assert names(found, "gcp_firewall_ssh_open") == {"allow-ssh-from-anywhere"}
    assert names(found, "gcp_default_network") == {"default"}
    assert names(found, "gcp_subnet_flow_logs") == {"default"}
    assert names(found, "gcp_vm_default_account_full_scope") == {"bastion"}
    assert names(found, "gcp_vm_serial_port") == {"bastion"}
    assert names(found, "gcp_vm_public_address") == {"bastion"}
    assert names(found, "gcp_kms_rotation") == {"archive"}
    assert names(found, "gcp_bigquery_dataset_public") == {"open_data"}
    assert names(found, "gcp_service_account_admin_roles") == {
        "airflow-loader@meadowlark-data-prod.iam.gserviceaccount.com"
    }
    assert len(names(found, "gcp_service_account_key_age")) == 1
    assert len(names(found, "gcp_service_account_key_age", N)) == 1
    assert names(found, "gcp_project_audit_logs", P) == {"meadowlark-data-prod"}
    assert names(found, "gcp_project_oslogin", P) == {"meadowlark-data-prod"}
    assert names(found, "gcp_dns_dnssec", P) == {"meadowlark"}
    assert names(found, "gcp_dns_dnssec", N) == {"inside"}
    assert names(found, "gcp_sql_ssl", P) == {"warehouse-meta"}
    assert names(found, "gcp_kms_rotation", N) == {"retired"}
    assert names(found, "gcp_storage_log_lock", P) == {"meadowlark-audit-logs"}
    assert names(found, "gcp_bigquery_table_customer_key", N) == {"clicks_daily"}
    assert names(found, "gcp_bigquery_table_customer_key", P) == {"clicks"}
    assert names(found, "gcp_network_dns_logging", P) == {"default"}
    assert names(found, "gcp_lb_https_tls", P) == names(found, "gcp_lb_logging", P) == {"dashboards"}
    for rule in ("essential_contacts", "log_sink", "asset_inventory", "service_account_duties", "key_duties"):
        assert names(found, f"gcp_project_{rule}", P) == {"meadowlark-data-prod"}
    alerts = [identifier for identifier in found if identifier.startswith("gcp_alert_")]
    assert len(alerts) == 8
    assert all(names(found, identifier, P) == {"meadowlark-data-prod"} for identifier in alerts)
    unknown = {identifier for identifier, by_name in found.items() if U in {one.verdict for one in by_name.values()}}
    assert unknown == {check.id for check in cloud_identity.CHECKS}  # whose step of set-up was not taken


def test_the_shop_has_what_was_put_there(cloud: Cloud) -> None:
    email = cloud.admin.put_service_account(cloud.project, "shop-scanner", on="meadowlark-shop-prod")
    cloud.admin.put_service_account(cloud.project, "shop-scanner")
    found = verdicts(scan(cloud, by_key(cloud.admin.put_key(email)), "meadowlark-shop-prod"))
    assert names(found, "gcp_firewall_all_open") == {"allow-everything"}
    assert names(found, "gcp_sql_open_network") == {"orders"}
    assert names(found, "gcp_sql_backups") == names(found, "gcp_sql_public_address") == {"orders"}
    # Its folder and its organization may not be read, so that one of them may have switched them on.
    assert names(found, "gcp_project_audit_logs", U) == {"meadowlark-shop-prod"}
    assert names(found, "gcp_project_acting_roles") == {"meadowlark-shop-prod"}
    assert names(found, "gcp_project_serial_port") == {"meadowlark-shop-prod"}
    assert names(found, "gcp_gke_legacy_abac") == names(found, "gcp_gke_api_open") == {"shop"}
    assert len(names(found, "gcp_api_key_apis")) == 1
    assert names(found, "gcp_dns_dnssec") == {"shop"}
    assert names(found, "gcp_dns_key_signing_sha1") == names(found, "gcp_dns_zone_signing_sha1") == {"shop-mail"}
    assert names(found, "gcp_function_v1_public") == names(found, "gcp_function_v1_runtime") == {"receipts"}
    assert names(found, "gcp_gke_version") == {"shop"}
    assert names(found, "gcp_sql_version") == {"reports"}
    assert names(found, "gcp_vm_serial_port") == {"web-1"}  # as the project's metadata says
    assert names(found, "gcp_sql_mysql_local_infile") == {"reports"}
    assert names(found, "gcp_sql_sqlserver_user_connections") == {"accounting"}
    assert names(found, "gcp_dataproc_customer_key") == {"stock"}
    assert names(found, "gcp_storage_log_lock") == {"meadowlark-shop-logs"}
    assert names(found, "gcp_project_service_account_duties") == {"meadowlark-shop-prod"}
    assert names(found, "gcp_project_essential_contacts") == {"meadowlark-shop-prod"}
    assert names(found, "gcp_project_log_sink", U) == {"meadowlark-shop-prod"}
    assert (
        len([identifier for identifier in found if identifier.startswith("gcp_alert_") and names(found, identifier)])
        == 8
    )


def test_what_may_not_be_read_is_unknown_with_the_reason(cloud: Cloud) -> None:
    hidden = ("cloudasset.assets.searchAllIamPolicies", "resourcemanager.projects.getIamPolicy")
    permissions = [item.name for item in PERMISSIONS if item.name not in hidden]
    session = cloud.open(cloud.key(permissions=permissions))
    units = [unit for unit in session.units(REGIONS) if unit.service != POLICIES]
    found = verdicts([asset for unit in units for asset in session.collect(unit)])
    for identifier in ("gcp_project_audit_logs", "gcp_project_basic_roles", "gcp_project_acting_roles"):
        (told,) = found[identifier].values()
        assert told.verdict == U
        assert "permission denied" in told.reason
    assert {one.verdict for one in found["gcp_service_account_admin_roles"].values()} == {U}


def test_the_policies_are_searched_once_for_all_units(cloud: Cloud) -> None:
    scan(cloud, cloud.scenario("Everything granted"), "meadowlark-data-prod")
    assert len(cloud.calls("SearchAllIamPolicies")) == 1
    # The project's, and its folder's: whoever is refused there is not asked about what lies above.
    assert len(cloud.calls("GetIamPolicy")) == 2
