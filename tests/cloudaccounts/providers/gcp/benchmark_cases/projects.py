"""Cases of projects, service accounts, API keys and alerts."""

from __future__ import annotations

from typing import Any

from sandbox.gcp.log_resources import WATCHED
from tests.cloudaccounts.providers.gcp import test_checks
from tests.cloudaccounts.providers.gcp.benchmark_cases import NOW, Case, F, N, P, U, named
from tests.cloudaccounts.providers.gcp.test_checks import ODD, unread

OWNER = "user:ana@shop.example"
ADMINISTRATOR, ACTS = "roles/iam.serviceAccountAdmin", "roles/iam.serviceAccountUser"
KMS_ADMIN, DECRYPTS = "roles/cloudkms.admin", "roles/cloudkms.cryptoKeyDecrypter"


def duties(**roles: list[str]) -> dict[str, Any]:
    names = {"makes": ADMINISTRATOR, "acts": ACTS, "keys": KMS_ADMIN, "decrypts": DECRYPTS}
    return {"duty_roles": {names[key]: members for key, members in roles.items()}}


def contacts(*categories: str, valid: str = "VALID") -> dict[str, Any]:
    told = [{"at": "organizations/1", "categories": [one], "valid": valid} for one in categories]
    return {"essential_contacts": told}


def sink(name: str = "all", **more: Any) -> dict[str, Any]:
    return {"name": name, "destination": "storage.googleapis.com/logs", **more}


def sinks(*told: dict[str, Any], parent: str = "") -> dict[str, Any]:
    return {"log_sinks": [*told], **({"parent": parent} if parent else {})}


def made(date: Any, **more: Any) -> dict[str, Any]:
    return {"createTime": date, "observed": {"at": NOW}, **more}


def alert(text: str, **more: Any) -> dict[str, Any]:
    told = {"alert": "A", "metric": "m", "filter": text, "enabled": True, "disabled": False, "combined": False}
    return {**told, **more}


ON_SITES = {"browserKeyRestrictions": {"allowedReferrers": ["*"]}}
CASES: list[Case] = [
    *named(
        (
            "gcp_project_service_account_duties",
            [
                (P, duties(makes=[], acts=[])),
                (P, duties(makes=[OWNER], acts=["user:tom@shop.example"])),
                (
                    P,
                    duties(makes=["deleted:user:old@shop.example?uid=1"], acts=["deleted:user:old@shop.example?uid=1"]),
                ),
                (P, duties(makes=[OWNER], keys=[OWNER])),
                (F, duties(makes=[OWNER], acts=[OWNER])),
                (F, duties(makes=["group:all@shop.example"], acts=[OWNER, "group:all@shop.example"])),
                (
                    F,
                    duties(
                        makes=["serviceAccount:a@p.iam.gserviceaccount.com"] * 2,
                        acts=[OWNER, "serviceAccount:a@p.iam.gserviceaccount.com"],
                    ),
                ),
                (U, unread("duty_roles")),
                (U, {}),
                (U, {"duty_roles": {ADMINISTRATOR: ODD}}),
            ],
        ),
        (
            "gcp_project_key_duties",
            [
                (P, duties(keys=[], decrypts=[OWNER])),
                (P, duties(keys=["user:tom@shop.example"], decrypts=[OWNER])),
                (P, duties(makes=[OWNER], decrypts=[OWNER])),
                (F, duties(keys=[OWNER], decrypts=[OWNER])),
                (F, {"duty_roles": {KMS_ADMIN: [OWNER], "roles/cloudkms.cryptoKeyEncrypterDecrypter": [OWNER]}}),
                (F, {"duty_roles": {KMS_ADMIN: [OWNER], "roles/cloudkms.cryptoKeyEncrypter": [OWNER]}}),
                (U, unread("duty_roles")),
            ],
        ),
        (
            "gcp_project_api_keys",
            [
                (P, {"api_keys": []}),
                (F, {"api_keys": ["Maps"]}),
                (F, {"api_keys": ["Maps", "Maps"]}),
                (F, {"api_keys": ["a", "b", "c", "d", "e", "f"]}),
                (U, unread("api_keys")),
                (U, {}),
            ],
        ),
        (
            "gcp_project_api_keys",
            [(P, {"api_keys": [], "parent": "folders/1"}), (P, {"api_keys": [], "state": "ACTIVE"})],
        ),
        (
            "gcp_project_essential_contacts",
            [
                (P, contacts("ALL")),
                (P, contacts("LEGAL", "SECURITY", "SUSPENSION", "TECHNICAL")),
                (P, contacts("BILLING", "ALL")),
                (F, contacts()),
                (F, contacts("LEGAL", "SECURITY", "TECHNICAL")),
                (F, contacts("BILLING", "PRODUCT_UPDATES", "TECHNICAL_INCIDENTS")),
                (F, contacts("ALL", valid="INVALID")),
                (U, unread("essential_contacts")),
                (U, {}),
                (U, {"essential_contacts": [{"categories": ODD}]}),
            ],
        ),
        (
            "gcp_project_asset_inventory",
            [
                (P, {"enabled_services": ["cloudasset.googleapis.com"]}),
                (P, {"enabled_services": ["a.googleapis.com", "cloudasset.googleapis.com"]}),
                (F, {"enabled_services": ["compute.googleapis.com"]}),
                (F, {"enabled_services": ["cloudasset"]}),
                (U, {"enabled_services": []}),
                (U, unread("enabled_services")),
            ],
        ),
        (
            "gcp_project_asset_inventory",
            [
                (P, {"enabled_services": ["cloudasset.googleapis.com", "compute.googleapis.com"]}),
                (F, {"enabled_services": ["compute.googleapis.com", "iam.googleapis.com"]}),
            ],
        ),
        (
            "gcp_project_log_sink",
            [
                (P, sinks(sink())),
                (P, sinks(sink(filter=" ", exclusions=[]), parent="folders/1")),
                (P, sinks(sink(filter="severity>=ERROR"), sink("other", exclusions=[{"name": "x", "disabled": True}]))),
                (P, sinks(sink(filter="severity>=DEFAULT"))),
                (P, sinks(sink(filter="-- all of it\n"))),
                (F, sinks(sink(filter="severity>=DEBUG"))),
                (F, sinks(sink(filter="severity>=DEFAULT", disabled=True))),
                (F, sinks()),
                (F, sinks(sink(disabled=True))),
                (F, sinks(sink(exclusions=[{"name": "x", "filter": "severity<ERROR"}]))),
                (F, sinks(sink(filter="severity>=ERROR"))),
                (U, sinks(parent="organizations/1")),
                (U, sinks(sink(filter="severity>=ERROR"), parent="folders/1")),
                (U, unread("log_sinks")),
                (U, {}),
            ],
        ),
        (
            "gcp_api_key_age",
            [
                (P, made("2026-11-29T12:00:00Z")),
                (P, made("2026-09-01T12:00:00.123456Z")),
                (P, made("2026-11-30T11:59:00Z")),
                (F, made("2026-08-31T11:00:00Z")),
                (F, made("2025-01-02T03:04:05Z")),
                (F, made("2015-01-02T03:04:05Z")),
                (N, made("2015-01-02T03:04:05Z", deleteTime="2026-01-01T00:00:00Z")),
                (U, made(None)),
                (U, made("once")),
                (U, {"createTime": "2015-01-02T03:04:05Z"}),
            ],
        ),
        (
            "gcp_api_key_clients",
            [
                (F, {"restrictions": ON_SITES}),
                (P, {"restrictions": {"browserKeyRestrictions": {"allowedReferrers": ["*.shop.example/*"]}}}),
                (U, {"restrictions": {"browserKeyRestrictions": {"allowedReferrers": ODD}}}),
            ],
        ),
        (
            "gcp_service_account_user_key",
            [(U, {"keyType": "KEY_TYPE_UNSPECIFIED"}), (F, {"keyType": "USER_MANAGED", "disabled": False})],
        ),
        (
            "gcp_service_account_user_key",
            [(F, {"keyType": "USER_MANAGED", "keyOrigin": "USER_PROVIDED"}), (N, {"keyType": "SYSTEM_MANAGED"})],
        ),
        (
            "gcp_service_account_admin_roles",
            [
                (F, {"project_roles": ["roles/compute.instanceAdmin.v1"]}),
                (F, {"project_roles": ["projects/p/roles/superAdmin"]}),
                (N, {"disabled": True, "project_roles": ["roles/owner"]}),
            ],
        ),
        (
            "gcp_service_account_admin_roles",
            [(P, {"project_roles": []}), (P, {"project_roles": ["roles/run.invoker"], "disabled": False})],
        ),
        (
            "gcp_project_basic_roles",
            [
                (P, {"basic_roles": {"roles/owner": ["user:a", "deleted:user:b?uid=1", "deleted:user:c?uid=2"]}}),
                (P, {"basic_roles": {"roles/owner": [], "roles/editor": ["deleted:serviceAccount:x?uid=3"]}}),
            ],
        ),
        ("gcp_project_basic_roles", [(F, {"basic_roles": {"roles/editor": ["user:a"], "roles/owner": ["user:a"]}})]),
        (
            "gcp_project_acting_roles",
            [
                (P, {"acting_roles": {ACTS: ["deleted:user:a@b?uid=1", "deleted:serviceAccount:a@b?uid=1"]}}),
                (
                    P,
                    {
                        "acting_roles": {
                            ACTS: [
                                "principal://iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/p/subject/s"
                            ]
                        }
                    },
                ),
                (
                    F,
                    {
                        "acting_roles": {
                            ACTS: ["principal://iam.googleapis.com/locations/global/workforcePools/p/subject/s"]
                        }
                    },
                ),
            ],
        ),
        ("gcp_project_acting_roles", [(F, {"acting_roles": {ACTS: ["domain:shop.example"]}})]),
        (
            "gcp_service_account_key_age",
            [
                (P, {"keyType": "USER_MANAGED", "older_than_90_days": False}),
                (P, {"keyType": "USER_MANAGED", "older_than_90_days": False, "disabled": False}),
                (F, {"keyType": "USER_MANAGED", "older_than_90_days": True, "validAfterTime": "2020-01-01T00:00:00Z"}),
                (F, {"keyType": "USER_MANAGED", "older_than_90_days": True}),
                (U, {"keyType": "NEW"}),
            ],
        ),
        (
            "gcp_project_audit_logs",
            [
                (P, {"audit_configs": [test_checks.AUDIT, {"service": "storage.googleapis.com", "types": []}]}),
                (
                    P,
                    {
                        "audit_configs": [
                            {**test_checks.AUDIT, "types": ["DATA_WRITE", "OTHER", "DATA_READ", "ADMIN_READ"]}
                        ]
                    },
                ),
            ],
        ),
        (
            "gcp_project_oslogin",
            [
                (P, {"commonInstanceMetadata": {"items": [{"key": "enable-oslogin", "value": "true"}]}}),
                (P, {"commonInstanceMetadata": {"items": [{"key": "a"}, {"key": "enable-oslogin", "value": "Y"}]}}),
                (F, {"commonInstanceMetadata": {"items": [{"key": "enable-oslogin", "value": "FALSE"}]}}),
                (U, {"commonInstanceMetadata": {"items": [{"key": "enable-oslogin", "value": "perhaps"}]}}),
            ],
        ),
        (
            "gcp_project_serial_port",
            [
                (P, {"commonInstanceMetadata": {}}),
                (P, {"commonInstanceMetadata": {"items": [{"key": "serial-port-enable", "value": "0"}]}}),
                (F, {"commonInstanceMetadata": {"items": [{"key": "serial-port-enable", "value": "1"}]}}),
                (F, {"commonInstanceMetadata": {"items": [{"key": "serial-port-enable", "value": "true"}]}}),
            ],
        ),
        (
            "gcp_api_key_apis",
            [
                (P, {"restrictions": {"apiTargets": [{"service": "a"}, {"service": "b"}]}}),
                (P, {"restrictions": {"apiTargets": [{"service": "a", "methods": ["x"]}]}}),
                (F, {"restrictions": {}}),
                (F, {"restrictions": {"apiTargets": []}}),
            ],
        ),
    ),
]
ALERTS = {
    "gcp_alert_ownership": "owners",
    "gcp_alert_audit_configuration": "audit-configuration",
    "gcp_alert_custom_roles": "custom-roles",
    "gcp_alert_firewalls": "firewalls",
    "gcp_alert_routes": "routes",
    "gcp_alert_networks": "networks",
    "gcp_alert_bucket_permissions": "bucket-permissions",
    "gcp_alert_databases": "databases",
}
OWN_LOG = 'logName="projects/one/logs/cloudaudit.googleapis.com%2Factivity"'
AUDIT_LOG = 'protoPayload."@type"="type.googleapis.com/google.cloud.audit.AuditLog"'
CALLER = "protoPayload.authenticationInfo.principalEmail"
for _identifier, _name in ALERTS.items():
    _filter = WATCHED[_name]
    CASES += [
        (_identifier, P, {"log_alerts": [alert(_filter)]}),
        (_identifier, P, {"log_alerts": [alert("severity>=ERROR"), alert(_filter, metric="")]}),
        (_identifier, P, {"log_alerts": [alert("")]}),
        (_identifier, F, {"log_alerts": []}),
        (_identifier, F, {"log_alerts": [alert('resource.type="gke_cluster"')]}),
        (_identifier, F, {"log_alerts": [alert(_filter, enabled=False)]}),
        (_identifier, F, {"log_alerts": [alert(_filter, disabled=True)]}),
        (_identifier, F, {"log_alerts": [alert(f"({_filter}) AND resource.labels.project_id=another")]}),
        # A filter may name the project (here "one"), as Google's own examples do.
        (_identifier, P, {"log_alerts": [alert(f"{OWN_LOG} AND ({_filter})")]}),
        (_identifier, P, {"log_alerts": [alert(f'({_filter}) AND resource.labels.project_id="one"')]}),
        (_identifier, P, {"log_alerts": [alert(f"{AUDIT_LOG} AND ({_filter})")]}),
        (_identifier, F, {"log_alerts": [alert(f"{OWN_LOG.replace('one', 'two')} AND ({_filter})")]}),
        (_identifier, F, {"log_alerts": [alert(f"jsonPayload.message:* AND ({_filter})")]}),
        # Fields that real entries have and examples lack.
        (_identifier, U, {"log_alerts": [alert(f"({_filter}) AND {CALLER}:*")]}),
        (_identifier, U, {"log_alerts": [alert(f'({_filter}) AND NOT {CALLER}="deploy@one.example"')]}),
        (_identifier, U, {"log_alerts": [alert(f'({_filter}) AND protoPayload.resourceName:"projects/"')]}),
        (_identifier, U, {"log_alerts": [alert(f"({_filter}) AND resource.labels.bucket_name:*")]}),
        (_identifier, U, {"log_alerts": [alert(f'({_filter}) AND "somebody@one.example"')]}),
        (_identifier, U, {"log_alerts": [alert(_filter, enabled=None)]}),
        (_identifier, U, {"log_alerts": [alert(_filter, combined=True)]}),
        (_identifier, U, {"log_alerts": [alert(f'{_filter} AND protoPayload.methodName=~"."')]}),
        (_identifier, U, unread("log_alerts")),
        (_identifier, U, {}),
    ]
