"""The rules that benchmarks ask for: flags, alerts, duties, keys of one's own, contacts, load balancers, old keys."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloudaccounts.contract.inventory import Asset
from cloudaccounts.contract.rules import Evaluation, Verdict
from cloudaccounts.provider_kit import posture
from cloudaccounts.providers.gcp.checks import CHECKS, database_flags
from cloudaccounts.providers.gcp.checks.log_alerts import EXAMPLES
from sandbox.gcp.log_resources import WATCHED
from tests.cloudaccounts.providers.gcp import shapes, test_checks, test_reach
from tests.cloudaccounts.providers.gcp.test_checks import ODD, unread

BY_ID = {check.id: check for check in CHECKS}
P, F, N, U = Verdict.PASS, Verdict.FAIL, Verdict.NOT_APPLICABLE, Verdict.UNKNOWN
NOW = "2026-11-30T12:00:00+00:00"
SEEN = {"observed": {"at": NOW}}
Case = tuple[str, Verdict, dict[str, Any]]


def sql(version: str | None, *flags: tuple[str, Any], instance: str = "CLOUD_SQL_INSTANCE") -> dict[str, Any]:
    told = [{"name": name, "value": value} for name, value in flags]
    settings = {"databaseFlags": told} if told else {}
    return {"databaseVersion": version, "instanceType": instance, "settings": settings}


# A flag, its engine's versions, values that are good and bad, and the verdict where it is not set.
ENGINES = {"mysql": "MYSQL_8_0", "postgres": "POSTGRES_16", "sqlserver": "SQLSERVER_2022_STANDARD"}
ON, OFF = ["on", "ON", "1"], ["off", "Off", "0"]
FLAGS: list[tuple[str, str, list[str], list[str], Verdict]] = [
    ("gcp_sql_mysql_skip_show_database", "skip_show_database", ON, OFF, F),
    ("gcp_sql_mysql_local_infile", "local_infile", OFF, ON, F),
    ("gcp_sql_postgres_log_error_verbosity", "log_error_verbosity", ["default", "TERSE"], ["verbose", "VERBOSE"], P),
    ("gcp_sql_postgres_log_connections", "log_connections", ON, OFF, F),
    ("gcp_sql_postgres_log_disconnections", "log_disconnections", ON, OFF, F),
    ("gcp_sql_postgres_log_statement", "log_statement", ["ddl", "mod", "all"], ["none", "NONE"], F),
    ("gcp_sql_postgres_log_min_messages", "log_min_messages", ["warning", "ERROR", "panic"], ["notice", "debug1"], P),
    ("gcp_sql_postgres_log_min_error_statement", "log_min_error_statement", ["error", "ERROR"], ["panic", "notice"], P),
    ("gcp_sql_postgres_log_min_duration_statement", "log_min_duration_statement", ["-1"], ["0", "250", "1000"], P),
    ("gcp_sql_postgres_enable_pgaudit", "cloudsql.enable_pgaudit", ON, OFF, F),
    ("gcp_sql_sqlserver_external_scripts_enabled", "external scripts enabled", OFF, ON, P),
    ("gcp_sql_sqlserver_cross_db_ownership_chaining", "cross db ownership chaining", OFF, ON, P),
    ("gcp_sql_sqlserver_user_connections", "user connections", ["0"], ["10", "32767", "500"], P),
    ("gcp_sql_sqlserver_user_options", "user options", ["0"], ["1024", "512", "2"], P),
    ("gcp_sql_sqlserver_remote_access", "remote access", OFF, ON, F),
    ("gcp_sql_sqlserver_trace_3625", "3625", ON, OFF, F),
    ("gcp_sql_sqlserver_contained_database_authentication", "contained database authentication", OFF, ON, P),
]
SWITCHES = {flag.identifier for flag in database_flags.FLAGS if flag.values}


def _flag_cases() -> list[Case]:
    cases: list[Case] = []
    for identifier, name, good, bad, unset in FLAGS:
        engine = identifier.split("_")[2]
        version = ENGINES[engine]
        other = next(one for key, one in ENGINES.items() if key != engine)
        cases += [(identifier, P, sql(version, ("another", "x"), (name, one))) for one in good]
        cases += [(identifier, F, sql(version, (name, one))) for one in bad]
        cases += [(identifier, unset, sql(version)), (identifier, unset, sql(version, ("another", "on")))]
        cases += [
            (identifier, N, sql(other, (name, bad[0]))),
            (identifier, N, sql(version, (name, bad[0]), instance="ON_PREMISES_INSTANCE")),
            (identifier, U, sql("ALLOYDB_17", (name, bad[0]))),
            (identifier, U, {**sql(version), "settings": None}),
            (identifier, U, {**sql(version), "databaseVersion": None}),
            (identifier, U, sql(version, (name, None))),
            (identifier, U, {**sql(version), "settings": {"databaseFlags": ODD}}),
        ]
        if identifier in SWITCHES:
            cases += [(identifier, U, sql(version, (name, "sometimes")))]
    return cases


KMS = "projects/p/locations/eu/keyRings/r/cryptoKeys/k"
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


def signed(*algorithms: str, kind: str = "keySigning", state: str = "on") -> dict[str, Any]:
    specs = [{"keyType": kind, "algorithm": one} for one in algorithms]
    return {"visibility": "public", "dnssecConfig": {"state": state, "defaultKeySpecs": specs}}


def balancer(enable: Any = None, **more: Any) -> dict[str, Any]:
    log = {} if enable is None else {"logConfig": {"enable": enable}}
    return {"protocol": "HTTPS", "loadBalancingScheme": "EXTERNAL_MANAGED", **log, **more}


def tls(version: str | None = "TLS_1_2", profile: str | None = "MODERN", **more: Any) -> dict[str, Any]:
    told = {"name": "p", "minTlsVersion": version, "profile": profile, **more}
    return {"sslPolicy": "x", "ssl_policy": {key: one for key, one in told.items() if one is not None}, **SEEN}


def made(date: Any, **more: Any) -> dict[str, Any]:
    return {"createTime": date, "observed": {"at": NOW}, **more}


def account(email: str) -> dict[str, Any]:
    return {"serviceAccounts": [{"email": email, "scopes": ["https://www.googleapis.com/auth/logging.write"]}]}


def alert(text: str, **more: Any) -> dict[str, Any]:
    told = {"alert": "A", "metric": "m", "filter": text, "enabled": True, "disabled": False, "combined": False}
    return {**told, **more}


def called(*roles: str, **more: Any) -> dict[str, Any]:
    return {"public_roles": [*roles], **more}


GKE = {"name": "gke-shop-1", "tags": {"goog-gke-node": ""}}
DEFAULT = "123456789012-compute@developer.gserviceaccount.com"
SYMMETRIC = {"purpose": "ENCRYPT_DECRYPT"}
LOCKED = {"retentionPolicy": {"retentionPeriod": "31536000", "isLocked": True}}
ANNOTATED = {"metadata": {"annotations": {"run.googleapis.com/ingress": "internal"}}}
ON_SITES = {"browserKeyRestrictions": {"allowedReferrers": ["*"]}}
PROJECT_OS_LOGIN = {"project_metadata": {"enable-oslogin": "TRUE"}}


def flow(enable: Any = True, **more: Any) -> dict[str, Any]:
    whole = {"aggregationInterval": "INTERVAL_5_SEC", "flowSampling": 1, "metadata": "INCLUDE_ALL_METADATA"}
    told = {"enable": enable, **whole, **more}
    return {"purpose": "PRIVATE", "logConfig": {key: one for key, one in told.items() if one is not None}}


def _named(*cases: tuple[str, list[tuple[Verdict, dict[str, Any]]]]) -> list[Case]:
    return [(identifier, verdict, told) for identifier, table in cases for verdict, told in table]


def _twice(identifiers: tuple[str, ...], table: list[tuple[Verdict, dict[str, Any]]]) -> list[Case]:
    return [(identifier, verdict, told) for identifier in identifiers for verdict, told in table]


CASES: list[Case] = [
    *_flag_cases(),
    *_named(
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
            "gcp_project_log_sink",
            [
                (P, sinks(sink())),
                (P, sinks(sink(filter=" ", exclusions=[]), parent="folders/1")),
                (P, sinks(sink(filter="severity>=ERROR"), sink("other", exclusions=[{"name": "x", "disabled": True}]))),
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
            "gcp_storage_log_lock",
            [
                (P, {"sinks": ["all"], **LOCKED}),
                (P, {"sinks": ["all", "errors"], **LOCKED}),
                (F, {"sinks": ["all"]}),
                (F, {"sinks": ["all"], "retentionPolicy": {"retentionPeriod": "31536000"}}),
                (F, {"sinks": ["all"], "retentionPolicy": {"retentionPeriod": "31536000", "isLocked": False}}),
                (N, {"sinks": []}),
                (U, unread("sinks")),
                (U, {}),
                (U, {"sinks": ["all"], "retentionPolicy": ODD}),
            ],
        ),
        (
            "gcp_network_dns_logging",
            [
                (P, {"dns_policies": [{"name": "a", "enableLogging": True}]}),
                (P, {"dns_policies": [{"name": "a", "enableLogging": False}, {"name": "b", "enableLogging": True}]}),
                (F, {"dns_policies": []}),
                (F, {"dns_policies": [{"name": "a", "enableLogging": False}]}),
                (F, {"dns_policies": [{"name": "a"}]}),
                (U, {"dns_policies": [{"name": "a", "enableLogging": "new"}]}),
                (U, unread("dns_policies")),
                (U, {}),
            ],
        ),
        (
            "gcp_dns_key_signing_sha1",
            [
                (P, signed("rsasha256")),
                (P, signed("ecdsap256sha256", state="transfer")),
                (P, signed("rsasha1", kind="zoneSigning")),
                (P, {"dnssecConfig": {"state": "on"}}),
                (F, signed("rsasha1")),
                (F, signed("rsasha256", "rsasha1")),
                (F, signed("rsasha1", state="transfer")),
                (N, signed("rsasha1", state="off")),
                (N, {"visibility": "private"}),
                (N, {}),
                (U, signed("rsasha3")),
                (U, {"visibility": "shared"}),
                (U, {"dnssecConfig": {"state": "on", "defaultKeySpecs": ODD}}),
            ],
        ),
        (
            "gcp_dns_zone_signing_sha1",
            [
                (P, signed("rsasha512", kind="zoneSigning")),
                (P, signed("rsasha1")),
                (P, {"dnssecConfig": {"state": "on", "defaultKeySpecs": []}}),
                (F, signed("rsasha1", kind="zoneSigning")),
                (F, signed("rsasha1", "rsasha256", kind="zoneSigning")),
                (F, signed("rsasha1", kind="zoneSigning", state="transfer")),
                (N, signed("rsasha1", kind="zoneSigning", state="off")),
                (U, signed("new", kind="zoneSigning")),
            ],
        ),
        (
            "gcp_vm_default_account",
            [
                (P, {}),
                (P, account("own@p.iam.gserviceaccount.com")),
                (P, {"serviceAccounts": []}),
                (F, account(DEFAULT)),
                (F, {"serviceAccounts": [{"email": DEFAULT}]}),
                (F, {"serviceAccounts": [{"email": "own@p.iam.gserviceaccount.com"}, {"email": DEFAULT}]}),
                (N, {**account(DEFAULT), **GKE}),
                (U, {"serviceAccounts": ODD}),
            ],
        ),
        (
            "gcp_vm_confidential",
            [
                (P, {"confidentialInstanceConfig": {"enableConfidentialCompute": True}}),
                (P, {"confidentialInstanceConfig": {"confidentialInstanceType": "SEV_SNP"}}),
                (
                    P,
                    {
                        "confidentialInstanceConfig": {
                            "confidentialInstanceType": "TDX",
                            "enableConfidentialCompute": False,
                        }
                    },
                ),
                (F, {}),
                (F, {"confidentialInstanceConfig": {"enableConfidentialCompute": False}}),
                (
                    F,
                    {
                        "confidentialInstanceConfig": {
                            "confidentialInstanceType": "CONFIDENTIAL_INSTANCE_TYPE_UNSPECIFIED"
                        }
                    },
                ),
                (N, GKE),
                (U, {"confidentialInstanceConfig": ODD}),
                (U, {"confidentialInstanceConfig": {"enableConfidentialCompute": ODD}}),
            ],
        ),
        (
            "gcp_vm_serial_port",
            [
                (P, {"project_metadata": {}}),
                (
                    P,
                    {
                        **test_checks.metadata(serial_port_enable="FALSE"),
                        "project_metadata": {"serial-port-enable": "TRUE"},
                    },
                ),
                (P, {"metadata": {}, "project_metadata": {"serial-port-enable": "0"}}),
                (F, {"project_metadata": {"serial-port-enable": "TRUE"}}),
                (F, {**test_checks.metadata(other="x"), "project_metadata": {"serial-port-enable": "1"}}),
                (
                    F,
                    {
                        **test_checks.metadata(serial_port_enable="TRUE"),
                        "project_metadata": {"serial-port-enable": "FALSE"},
                    },
                ),
                (U, unread("project_metadata")),
                (U, {"project_metadata": None}),
                (U, {"project_metadata": {"serial-port-enable": "maybe"}}),
            ],
        ),
        (
            "gcp_vm_project_ssh_keys",
            [
                (P, PROJECT_OS_LOGIN),
                (P, {**test_checks.metadata(block_project_ssh_keys="TRUE"), **unread("project_metadata")}),
                (P, {**test_checks.metadata(enable_oslogin="TRUE"), "project_metadata": {"enable-oslogin": "FALSE"}}),
                (F, {"project_metadata": {}}),
                (F, {"project_metadata": {"block-project-ssh-keys": "TRUE"}}),
                (F, {**test_checks.metadata(enable_oslogin="FALSE"), **PROJECT_OS_LOGIN}),
                (U, unread("project_metadata")),
                (U, {"project_metadata": {"enable-oslogin": "perhaps"}}),
            ],
        ),
        (
            "gcp_kms_rotation",
            [
                (P, {**SYMMETRIC, "rotationPeriod": "2592000s", "primary": {"state": "ENABLED"}}),
                (P, {**SYMMETRIC, "rotationPeriod": "7776000s", "primary": {"state": "DISABLED"}}),
                (P, {**SYMMETRIC, "rotationPeriod": "7776000.000s", "version_states": {"ENABLED": 1, "DESTROYED": 3}}),
                (F, {**SYMMETRIC, "primary": {"state": "ENABLED"}}),
                (F, {**SYMMETRIC, "version_states": {"DISABLED": 1, "DESTROYED": 1}}),
                (F, {**SYMMETRIC, "rotationPeriod": "7776001s", "primary": {"state": "ENABLED"}}),
                (N, {**SYMMETRIC, "primary": {"state": "DESTROYED"}}),
                (N, {**SYMMETRIC, "primary": {"state": "DESTROY_SCHEDULED"}}),
                (N, {**SYMMETRIC, "version_states": {"DESTROYED": 2}}),
                (N, {**SYMMETRIC, "version_states": {}}),
                (N, {**SYMMETRIC, "importOnly": True}),
                (N, {**SYMMETRIC, "versionTemplate": {"protectionLevel": "EXTERNAL"}}),
                (N, {"purpose": "MAC"}),
                (U, {**SYMMETRIC, **unread("version_states")}),
                (U, {"purpose": "QUANTUM"}),
                (U, {}),
            ],
        ),
        (
            "gcp_bigquery_table_customer_key",
            [
                (P, {"type": "TABLE", "encryptionConfiguration": {"kmsKeyName": KMS}}),
                (P, {"type": "SNAPSHOT", "encryptionConfiguration": {"kmsKeyName": KMS}}),
                (P, {"encryptionConfiguration": {"kmsKeyName": KMS}}),
                (F, {"type": "TABLE"}),
                (F, {"type": "TABLE", "encryptionConfiguration": {}}),
                (F, {"type": "SNAPSHOT"}),
                (N, {"type": "VIEW"}),
                (N, {"type": "EXTERNAL"}),
                (N, {"type": "MATERIALIZED_VIEW"}),
                (U, {"type": "HOLOGRAM"}),
                (U, {"type": "TABLE", "encryptionConfiguration": ODD}),
            ],
        ),
        (
            "gcp_bigquery_dataset_customer_key",
            [
                (P, {"defaultEncryptionConfiguration": {"kmsKeyName": KMS}}),
                (P, {"type": "DEFAULT", "defaultEncryptionConfiguration": {"kmsKeyName": KMS}}),
                (F, {}),
                (F, {"defaultEncryptionConfiguration": {}}),
                (F, {"type": "DEFAULT"}),
                (N, {"type": "LINKED"}),
                (U, {"defaultEncryptionConfiguration": ODD}),
            ],
        ),
        (
            "gcp_bigquery_table_public",
            [(P, called()), (F, called("roles/bigquery.dataViewer")), (U, unread("public_roles")), (U, {})],
        ),
        (
            "gcp_dataproc_customer_key",
            [
                (P, {"config": {"encryptionConfig": {"gcePdKmsKeyName": KMS}}}),
                (P, {"config": {"encryptionConfig": {"kmsKey": KMS}}}),
                (F, {"config": {}}),
                (F, {"config": {"encryptionConfig": {}}}),
                (F, {"config": {"configBucket": "x"}}),
                (N, {"virtualClusterConfig": {"stagingBucket": "x"}}),
                (U, {}),
                (U, {"config": {"encryptionConfig": ODD}}),
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
            "gcp_function_v1_public",
            [
                (P, called()),
                (P, called(ingressSettings="ALLOW_ALL")),
                (P, called("roles/cloudfunctions.invoker", ingressSettings="ALLOW_INTERNAL_ONLY")),
                (F, called("roles/cloudfunctions.invoker")),
                (F, called("roles/cloudfunctions.invoker", ingressSettings="ALLOW_ALL")),
                (F, called("roles/cloudfunctions.admin", "roles/cloudfunctions.invoker")),
                (U, called("roles/cloudfunctions.invoker", ingressSettings="ALLOW_INTERNAL_AND_GCLB")),
                (U, called("roles/cloudfunctions.invoker", ingressSettings="NEW")),
                (U, unread("public_roles")),
                (U, {}),
            ],
        ),
        (
            "gcp_function_public",
            [
                (P, called("roles/run.invoker", serviceConfig={"ingressSettings": "ALLOW_INTERNAL_ONLY"})),
                (F, called("roles/run.invoker", serviceConfig={"ingressSettings": "ALLOW_ALL"})),
                (F, called("roles/run.invoker", serviceConfig={})),
                (U, called("roles/run.invoker", serviceConfig={"ingressSettings": "NEW"})),
                (U, called("roles/run.invoker", serviceConfig=ODD)),
            ],
        ),
        (
            "gcp_run_public",
            [
                (P, called("roles/run.invoker", **ANNOTATED)),
                (P, called("roles/run.invoker", ingress="INGRESS_TRAFFIC_INTERNAL_ONLY")),
                (F, called("roles/run.invoker", metadata={"annotations": {"run.googleapis.com/ingress": "all"}})),
                (F, called("roles/run.invoker", ingress="INGRESS_TRAFFIC_ALL")),
                (U, called("roles/run.invoker", metadata={"annotations": ODD})),
            ],
        ),
        (
            "gcp_sql_iam_authentication",
            [
                (P, sql("POSTGRES_16", ("cloudsql.iam_authentication", "on"))),
                (P, sql("MYSQL_8_0", ("cloudsql_iam_authentication", "on"))),
                (P, sql("MYSQL_8_4", ("a", "b"), ("cloudsql_iam_authentication", "On"))),
                (F, sql("POSTGRES_16")),
                (F, sql("POSTGRES_16", ("cloudsql.iam_authentication", "off"))),
                (F, sql("MYSQL_8_0", ("iam", "on"))),
                (N, sql("SQLSERVER_2022_STANDARD")),
                (U, sql("ALLOYDB_17")),
                (U, {"databaseVersion": "POSTGRES_16"}),
            ],
        ),
        (
            "gcp_sql_deletion_protection",
            [
                (P, {"settings": {"deletionProtectionEnabled": True}}),
                (F, {"settings": {}}),
                (F, {"settings": {"deletionProtectionEnabled": False}}),
                (N, {"instanceType": "ON_PREMISES_INSTANCE", "settings": {}}),
                (U, {}),
                (U, {"settings": {"deletionProtectionEnabled": ODD}}),
            ],
        ),
        (
            "gcp_sql_public_address",
            [
                (
                    F,
                    {
                        "settings": {"ipConfiguration": {}},
                        "ipAddresses": [{"type": "PRIMARY", "ipAddress": "203.0.113.9"}],
                    },
                ),
                (P, {"settings": {"ipConfiguration": {"ipv4Enabled": False}}, "ipAddresses": [{"type": "PRIVATE"}]}),
                (U, {"settings": {"ipConfiguration": {}}}),
                (U, {"settings": {}}),
            ],
        ),
        (
            "gcp_sql_ssl",
            [
                (U, test_checks.database(sslMode="NEWER_AND_STRICTER")),
                (P, test_checks.database(sslMode="SSL_MODE_UNSPECIFIED", requireSsl=True)),
                (P, test_checks.database(sslMode="TRUSTED_CLIENT_CERTIFICATE_REQUIRED")),
            ],
        ),
        (
            "gcp_sql_backups",
            [(N, test_checks.database("READ_POOL_INSTANCE")), (U, test_checks.database("NEW_KIND_OF_INSTANCE"))],
        ),
        (
            "gcp_storage_public",
            [
                (F, called(acl=[{"entity": "allUsers", "role": "READER"}])),
                (F, called(defaultObjectAcl=[{"entity": "allAuthenticatedUsers", "role": "READER"}])),
                (
                    P,
                    called(
                        acl=[{"entity": "user-ana@shop.example"}],
                        iamConfiguration={"publicAccessPrevention": "inherited"},
                    ),
                ),
                (
                    P,
                    called(
                        acl=[{"entity": "allUsers"}], iamConfiguration={"uniformBucketLevelAccess": {"enabled": True}}
                    ),
                ),
                (U, called("roles/x", iamConfiguration={"publicAccessPrevention": "mostly"})),
            ],
        ),
        (
            "gcp_storage_public_access_prevention",
            [(U, {}), (U, {"iamConfiguration": {"publicAccessPrevention": "mostly"}})],
        ),
        (
            "gcp_subnet_flow_logs",
            [
                (N, {"purpose": "GLOBAL_MANAGED_PROXY"}),
                (N, {"purpose": "PRIVATE_NAT"}),
                (N, {"purpose": "PRIVATE_SERVICE_CONNECT"}),
                (U, {"purpose": "ORBITAL"}),
                (P, {"purpose": "PRIVATE_RFC_1918", "logConfig": {"enable": True}}),
            ],
        ),
        ("gcp_dns_dnssec", [(U, {"dnssecConfig": {"state": "halfway"}}), (P, {"dnssecConfig": {"state": "transfer"}})]),
        (
            "gcp_service_account_user_key",
            [(U, {"keyType": "KEY_TYPE_UNSPECIFIED"}), (F, {"keyType": "USER_MANAGED", "disabled": False})],
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
            "gcp_project_basic_roles",
            [
                (P, {"basic_roles": {"roles/owner": ["user:a", "deleted:user:b?uid=1", "deleted:user:c?uid=2"]}}),
                (P, {"basic_roles": {"roles/owner": [], "roles/editor": ["deleted:serviceAccount:x?uid=3"]}}),
            ],
        ),
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
        ("gcp_vm_public_address", [(U, {})]),
    ),
    *_twice(
        ("gcp_lb_logging", "gcp_lb_regional_logging"),
        [
            (P, balancer(True)),
            (P, balancer(True, protocol="HTTP2", loadBalancingScheme="EXTERNAL")),
            (P, balancer(True, protocol="HTTP")),
            (F, balancer()),
            (F, balancer(False)),
            (F, balancer(False, loadBalancingScheme="EXTERNAL")),
            (N, balancer(loadBalancingScheme="INTERNAL_MANAGED")),
            (N, balancer(protocol="TCP", loadBalancingScheme="EXTERNAL")),
            (U, balancer(protocol="QUIC")),
            (U, balancer(loadBalancingScheme="SIDEWAYS")),
            (U, {"logConfig": {"enable": True}}),
            (U, balancer(ODD)),
        ],
    ),
    *_twice(
        ("gcp_lb_https_tls", "gcp_lb_ssl_tls"),
        [
            (P, tls()),
            (P, tls("TLS_1_3", "RESTRICTED")),
            (P, tls("TLS_1_2", "FIPS_202205", enabledFeatures=["TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"])),
            (P, tls("TLS_1_2", "CUSTOM", customFeatures=["TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"])),
            (F, {"ssl_policy": {}}),
            (F, tls("TLS_1_0")),
            (F, tls("TLS_1_1", "RESTRICTED")),
            (F, tls("TLS_1_2", "COMPATIBLE")),
            (F, tls("TLS_1_2", "CUSTOM", customFeatures=["TLS_RSA_WITH_3DES_EDE_CBC_SHA"])),
            (F, tls("TLS_1_2", "FIPS_202205", enabledFeatures=["TLS_RSA_WITH_AES_128_GCM_SHA256"])),
            (U, tls("TLS_1_2", "FIPS_202205")),
            (U, tls("TLS_1_2", "CUSTOM")),
            (U, tls("TLS_2_0")),
            (U, tls(None)),
            (U, tls("TLS_1_2", "POST_QUANTUM")),
            (U, unread("ssl_policy")),
            (U, {}),
        ],
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
        (_identifier, U, {"log_alerts": [alert(_filter, enabled=None)]}),
        (_identifier, U, {"log_alerts": [alert(_filter, combined=True)]}),
        (_identifier, U, {"log_alerts": [alert(f'{_filter} AND protoPayload.methodName=~"."')]}),
        (_identifier, U, unread("log_alerts")),
        (_identifier, U, {}),
    ]


def built(runtime: Any, **more: Any) -> dict[str, Any]:
    return {"buildConfig": {"runtime": runtime}, **SEEN, **more}


def on_version(version: Any, *, at: str = NOW, channel: str = "") -> dict[str, Any]:
    told: dict[str, Any] = {"currentMasterVersion": version, "observed": {"at": at}}
    return {**told, "releaseChannel": {"channel": channel}} if channel else told


def let_in(action: str, port: str, source: str = "0.0.0.0/0") -> dict[str, Any]:
    match = {"srcIpRanges": [source], "layer4Configs": [{"ipProtocol": "tcp", **({"ports": [port]} if port else {})}]}
    rule = {"priority": 1, "action": action, "match": match}
    return {
        "firewall_policies": [{"name": "a", "type": "NETWORK", "before": False, "rules": [rule]}],
        "classic_denies": [],
    }


for _name, _port in (("ssh", "22"), ("rdp", "3389"), ("all", "")):
    CASES += _named(
        (
            f"gcp_network_policy_{_name}_open",
            [
                (P, {"firewall_policies": [], "classic_denies": []}),
                (P, let_in("deny", _port)),
                (P, let_in("allow", _port, "10.0.0.0/8")),
                (F, let_in("allow", _port)),
                (F, let_in("allow", _port, "128.0.0.0/1")),
                (F, let_in("allow", "0-65535")),
                (U, let_in("inspect", _port)),
                (U, let_in("allow", _port, "everywhere")),
                (U, {"firewall_policies": [], **unread("classic_denies")}),
                (U, unread("firewall_policies")),
                (U, {}),
            ],
        )
    )
CASES += _named(
    (
        "gcp_function_runtime",
        [
            (P, built("python313")),
            (P, built("nodejs24")),
            (P, built("go125")),
            (P, built("dotnet10")),
            (F, built("python39")),
            (F, built("nodejs20")),
            (F, built("go124")),
            (F, built("nodejs6")),
            (U, built("python399")),
            (U, built(None)),
            (U, {"buildConfig": {"runtime": "python39"}}),
        ],
    ),
    (
        "gcp_function_v1_runtime",
        [
            (P, {"runtime": "python312", **SEEN}),
            (P, {"runtime": "python310", "observed": {"at": "2026-10-03T23:00:00+00:00"}}),
            (P, {"runtime": "java21", **SEEN}),
            (F, {"runtime": "python310", "observed": {"at": "2026-10-04T00:00:00+00:00"}}),
            (F, {"runtime": "python37", **SEEN}),
            (F, {"runtime": "go111", **SEEN}),
            (U, {"runtime": "cobol", **SEEN}),
            (U, {"runtime": "go125", "observed": {"at": "2028-01-01T00:00:00+00:00"}}),
            (U, SEEN),
        ],
    ),
    (
        "gcp_sql_version",
        [
            (P, {"databaseVersion": "POSTGRES_16", **SEEN}),
            (P, {"databaseVersion": "SQLSERVER_2022_STANDARD", **SEEN}),
            (P, {"databaseVersion": "MYSQL_8_0_36", "observed": {"at": "2026-06-30T00:00:00+00:00"}}),
            (P, {"databaseVersion": "SQLSERVER_2017_WEB", "observed": {"at": "2027-10-12T00:00:00+00:00"}}),
            (F, {"databaseVersion": "SQLSERVER_2017_WEB", "observed": {"at": "2027-10-13T00:00:00+00:00"}}),
            (F, {"databaseVersion": "MYSQL_8_0_36", **SEEN}),
            (F, {"databaseVersion": "MYSQL_5_7", **SEEN}),
            (F, {"databaseVersion": "POSTGRES_9_6", **SEEN}),
            (F, {"databaseVersion": "POSTGRES_13", **SEEN}),
            (U, {"databaseVersion": "POSTGRES_18", **SEEN}),
            (U, {"databaseVersion": "POSTGRES_20", **SEEN}),
            (U, {"databaseVersion": "ALLOYDB", **SEEN}),
            (U, {"databaseVersion": "POSTGRES_16"}),
            (U, SEEN),
        ],
    ),
    (
        "gcp_gke_version",
        [
            (P, on_version("1.35.7-gke.1222000")),
            (P, on_version("1.36.3-gke.1640000", channel="RAPID")),
            (P, on_version("1.33.2-gke.1000", at="2026-08-02T00:00:00+00:00")),
            (F, on_version("1.33.2-gke.1000")),
            (F, on_version("1.30.14-gke.2866000", channel="REGULAR")),
            (F, on_version("1.17.17-gke.9100")),
            (U, on_version("1.33.2-gke.1000", channel="EXTENDED")),
            (U, on_version("1.99.0-gke.1")),
            (U, on_version("new")),
            (U, on_version(None)),
        ],
    ),
    (
        "gcp_subnet_flow_log_detail",
        [
            (P, flow()),
            (P, flow(flowSampling=1.0, filterExpr="true")),
            (P, flow(aggregationInterval=None)),
            (F, flow(flowSampling=0.5)),
            (F, flow(flowSampling=None)),
            (F, flow(aggregationInterval="INTERVAL_1_MIN")),
            (F, flow(metadata="CUSTOM_METADATA")),
            (F, flow(metadata=None)),
            (F, flow(filterExpr="inIpRange(connection.src_ip, '10.0.0.0/8')")),
            (N, flow(enable=False)),
            (N, flow(enable=None)),
            (N, {**flow(flowSampling=0.1), "purpose": "PRIVATE_NAT"}),
            (U, {**flow(), "purpose": "ORBITAL"}),
            (U, flow(flowSampling="all")),
            (U, {"logConfig": ODD}),
        ],
    ),
    (
        "gcp_service_account_user_key",
        [(F, {"keyType": "USER_MANAGED", "keyOrigin": "USER_PROVIDED"}), (N, {"keyType": "SYSTEM_MANAGED"})],
    ),
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
        "gcp_service_account_admin_roles",
        [(P, {"project_roles": []}), (P, {"project_roles": ["roles/run.invoker"], "disabled": False})],
    ),
    ("gcp_project_basic_roles", [(F, {"basic_roles": {"roles/editor": ["user:a"], "roles/owner": ["user:a"]}})]),
    ("gcp_project_acting_roles", [(F, {"acting_roles": {ACTS: ["domain:shop.example"]}})]),
    (
        "gcp_project_audit_logs",
        [
            (P, {"audit_configs": [test_checks.AUDIT, {"service": "storage.googleapis.com", "types": []}]}),
            (
                P,
                {"audit_configs": [{**test_checks.AUDIT, "types": ["DATA_WRITE", "OTHER", "DATA_READ", "ADMIN_READ"]}]},
            ),
        ],
    ),
    (
        "gcp_legacy_network",
        [
            (P, {}),
            (P, {"autoCreateSubnetworks": True}),
            (F, {"IPv4Range": "10.0.0.0/8"}),
            (F, {"IPv4Range": "192.168.0.0/16", "autoCreateSubnetworks": False}),
        ],
    ),
    (
        "gcp_subnet_flow_logs",
        [
            (P, {"enableFlowLogs": True}),
            (F, {"purpose": "PRIVATE", "logConfig": {"enable": False}}),
            (F, {"enableFlowLogs": False}),
        ],
    ),
    (
        "gcp_dns_dnssec",
        [
            (P, {"visibility": "public", "dnssecConfig": {"state": "on", "defaultKeySpecs": []}}),
            (F, {"dnssecConfig": {"state": "off"}}),
            (F, {"visibility": "public", "dnssecConfig": {}}),
        ],
    ),
    ("gcp_network_dns_logging", [(P, {"dns_policies": [{"name": "b", "enableLogging": True}], "IPv4Range": "x"})]),
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
        "gcp_vm_oslogin_overridden",
        [
            (P, {}),
            (P, {"metadata": {"items": [{"key": "other", "value": "FALSE"}]}}),
            (F, {"metadata": {"items": [{"key": "enable-oslogin", "value": "0"}]}}),
            (F, {"metadata": {"items": [{"key": "enable-oslogin", "value": "No"}]}}),
            (U, {"metadata": {"items": [{"key": "enable-oslogin", "value": ""}]}}),
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
        "gcp_vm_ip_forwarding",
        [
            (P, {"canIpForward": False}),
            (P, {"canIpForward": False, "name": "gke-shop-1"}),
            (F, {"canIpForward": True, "name": "gke-shop-1"}),
            (F, {"canIpForward": True, "tags": {"goog-gke-node": ""}}),
        ],
    ),
    (
        "gcp_vm_default_account_full_scope",
        [
            (
                F,
                {
                    "serviceAccounts": [
                        {"email": DEFAULT, "scopes": [test_checks.FULL, "https://www.googleapis.com/auth/x"]}
                    ]
                },
            ),
            (F, {"serviceAccounts": [{"email": "own@p"}, {"email": DEFAULT, "scopes": [test_checks.FULL]}]}),
        ],
    ),
    (
        "gcp_vm_public_address",
        [
            (P, {"networkInterfaces": []}),
            (P, {"networkInterfaces": [{"name": "nic0", "accessConfigs": []}, {"name": "nic1"}]}),
            (F, {"networkInterfaces": [{"name": "nic0"}, {"name": "nic1", "accessConfigs": [{"natIP": "x"}]}]}),
            (F, {"networkInterfaces": [{"name": "nic0", "ipv6AccessConfigs": [{"externalIpv6": "x"}]}]}),
        ],
    ),
    (
        "gcp_vm_shielded",
        [
            (
                P,
                {
                    "shieldedInstanceConfig": {
                        "enableVtpm": True,
                        "enableIntegrityMonitoring": True,
                        "enableSecureBoot": True,
                    }
                },
            ),
            (
                P,
                {
                    "shieldedInstanceConfig": {
                        "enableSecureBoot": False,
                        "enableVtpm": True,
                        "enableIntegrityMonitoring": True,
                    }
                },
            ),
            (F, {"shieldedInstanceConfig": {"enableVtpm": False, "enableIntegrityMonitoring": False}}),
        ],
    ),
    (
        "gcp_disk_customer_key",
        [
            (P, {"diskEncryptionKey": {"kmsKeyName": KMS, "sha256": "x"}}),
            (F, {"diskEncryptionKey": {}}),
            (F, {"diskEncryptionKey": {"kmsKeyServiceAccount": "x"}}),
        ],
    ),
    ("gcp_storage_log_lock", [(P, {"sinks": ["a"], "retentionPolicy": {"isLocked": True}})]),
    (
        "gcp_bigquery_table_public",
        [
            (P, called(type="TABLE")),
            (P, called(type="VIEW")),
            (F, called("roles/bigquery.dataEditor", type="VIEW")),
            (F, called("roles/owner", "roles/viewer")),
        ],
    ),
    (
        "gcp_storage_public_access_prevention",
        [
            (
                P,
                {
                    "iamConfiguration": {
                        "publicAccessPrevention": "enforced",
                        "uniformBucketLevelAccess": {"enabled": True},
                    }
                },
            ),
            (P, {"iamConfiguration": {"publicAccessPrevention": "enforced", "uniformBucketLevelAccess": {}}}),
            (F, {"iamConfiguration": {"publicAccessPrevention": "unspecified"}}),
            (F, {"iamConfiguration": {"publicAccessPrevention": "inherited", "uniformBucketLevelAccess": {}}}),
        ],
    ),
    (
        "gcp_storage_uniform_access",
        [
            (P, {"iamConfiguration": {"uniformBucketLevelAccess": {"enabled": True, "lockedTime": "x"}}}),
            (
                P,
                {
                    "iamConfiguration": {
                        "publicAccessPrevention": "enforced",
                        "uniformBucketLevelAccess": {"enabled": True},
                    }
                },
            ),
            (F, {"iamConfiguration": {"uniformBucketLevelAccess": {"enabled": False}}}),
            (F, {}),
        ],
    ),
    (
        "gcp_bigquery_dataset_public",
        [
            (P, called(access=[])),
            (P, called(access=[{"role": "READER", "userByEmail": "ana@shop.example"}, {"domain": "shop.example"}])),
        ],
    ),
    (
        "gcp_sql_public_address",
        [
            (P, test_checks.database(ipv4Enabled=False, sslMode="ENCRYPTED_ONLY")),
            (F, test_checks.database(ipv4Enabled=True, requireSsl=True)),
        ],
    ),
    ("gcp_sql_ssl", [(F, test_checks.database(sslMode="ALLOW_UNENCRYPTED_AND_ENCRYPTED"))]),
    (
        "gcp_sql_backups",
        [
            (P, test_checks.database("", backup={"enabled": True})),
            (P, test_checks.database(backup={"enabled": True, "binaryLogEnabled": True})),
            (F, test_checks.database(backup={"enabled": False})),
            (F, test_checks.database("SQL_INSTANCE_TYPE_UNSPECIFIED")),
        ],
    ),
    (
        "gcp_sql_point_in_time",
        [
            (P, test_checks.database(backup={"pointInTimeRecoveryEnabled": True, "enabled": True})),
            (F, test_checks.database(backup={"enabled": True})),
            (F, test_checks.database(backup={"pointInTimeRecoveryEnabled": False, "binaryLogEnabled": False})),
        ],
    ),
    (
        "gcp_sql_deletion_protection",
        [
            (P, {"settings": {"deletionProtectionEnabled": True}, "instanceType": "READ_REPLICA_INSTANCE"}),
            (P, {"settings": {"deletionProtectionEnabled": True, "tier": "x"}}),
            (F, {"settings": {"tier": "x"}}),
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
    ("gcp_function_public", [(P, called(serviceConfig={"service": "projects/p/locations/l/services/s"}))]),
    (
        "gcp_gke_legacy_abac",
        [
            (P, {}),
            (P, {"legacyAbac": {"enabled": False}}),
            (F, {"legacyAbac": {"enabled": True}, "location": "europe-west1"}),
            (F, {"legacyAbac": {"enabled": True}, "name": "gke"}),
        ],
    ),
    ("gcp_sql_postgres_log_error_verbosity", [(F, sql("POSTGRES_18", ("log_error_verbosity", "Verbose")))]),
    ("gcp_sql_postgres_log_min_messages", [(F, sql("POSTGRES_13", ("log_min_messages", "INFO")))]),
    ("gcp_sql_postgres_log_min_error_statement", [(F, sql("POSTGRES_13", ("log_min_error_statement", "fatal")))]),
    ("gcp_bigquery_dataset_customer_key", [(P, {"defaultEncryptionConfiguration": {"kmsKeyName": "x"}})]),
    ("gcp_dataproc_customer_key", [(P, {"config": {"encryptionConfig": {"gcePdKmsKeyName": KMS, "kmsKey": KMS}}})]),
    ("gcp_project_api_keys", [(P, {"api_keys": [], "parent": "folders/1"}), (P, {"api_keys": [], "state": "ACTIVE"})]),
    (
        "gcp_project_asset_inventory",
        [
            (P, {"enabled_services": ["cloudasset.googleapis.com", "compute.googleapis.com"]}),
            (F, {"enabled_services": ["compute.googleapis.com", "iam.googleapis.com"]}),
        ],
    ),
    *(
        (
            identifier,
            [
                (P, called()),
                (P, called(name="x")),
                (P, called(name="y", location="global")),
                (F, called("roles/viewer", location="global")),
                (F, called("roles/owner", "roles/viewer")),
                (F, called("roles/owner")),
                (U, {}),
                (U, unread("public_roles")),
            ],
        )
        for identifier in (
            *("gcp_kms_key_public", "gcp_pubsub_topic_public", "gcp_secret_public", "gcp_artifact_repository_public"),
            *("gcp_pubsub_subscription_public", "gcp_image_public", "gcp_snapshot_public"),
            "gcp_service_account_public",
        )
    ),
)


def judge(identifier: str, properties: dict[str, Any]) -> Evaluation:
    check = BY_ID[identifier]
    told = dict(properties)
    name, tags = told.pop("name", "one"), told.pop("tags", {})
    return check.evaluate(Asset(check.asset_type, check.service, "europe-west1", "//x", name, tags, told))


@pytest.mark.parametrize(("identifier", "verdict", "properties"), CASES)
def test_a_rule_judges_by_what_it_sees(identifier: str, verdict: Verdict, properties: dict[str, Any]) -> None:
    result = judge(identifier, properties)
    assert result.verdict == verdict, result.reason
    assert result.reason.endswith(".")


EVERY_CASE: list[Case] = [*CASES, *test_checks.CASES, *test_reach.CASES]


# Rules with fewer ways to pass, to fail or to be unknown than three, three and one.
FEW = {
    "gcp_default_network": "a network has a name, and it is default or not",
    "gcp_service_account_user_key": "no key that a user manages is well",
}


def test_each_rule_has_three_cases_that_pass_and_three_that_fail() -> None:
    few = {}
    for check in CHECKS:
        seen = [verdict for identifier, verdict, _ in EVERY_CASE if identifier == check.id]
        counts = (seen.count(P), seen.count(F), seen.count(U))
        if counts[0] < 3 or counts[1] < 3 or counts[2] < 1:
            few[check.id] = counts
    assert set(few) == set(FEW), few


def _is_odd(told: Any) -> bool:
    return told == ODD or (isinstance(told, dict) and any(map(_is_odd, told.values())))


def test_what_rules_are_told_has_the_shape_of_google_s_own_description() -> None:
    wrong = set()
    for identifier, _, properties in EVERY_CASE:
        told = {name: one for name, one in properties.items() if name not in ("name", "tags")}
        both = {"metadata", "commonInstanceMetadata"} <= set(told)  # one helper serves machines and projects
        if both:
            told.pop("metadata" if BY_ID[identifier].asset_type == "gcp.compute.project" else "commonInstanceMetadata")
        if not _is_odd(told):
            wrong |= set(shapes.unknown_fields(BY_ID[identifier].asset_type, told))
    assert wrong == set()


def test_every_rule_reads_fields_that_google_has(monkeypatch: pytest.MonkeyPatch) -> None:
    paths: set[tuple[str, str]] = set()
    current = ""

    def note(path: str, value: Any) -> None:
        paths.add((current, path))

    monkeypatch.setattr(posture, "record", note)
    for identifier, _, properties in EVERY_CASE:
        current = BY_ID[identifier].asset_type
        judge(identifier, properties)
    assert {kind for kind, _ in paths} <= set(shapes.SCHEMAS)
    assert [(kind, path) for kind, path in sorted(paths) if not shapes.has_path(kind, path)] == []
    assert len(paths) > 100


odd = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
FACTS = sorted({name for _, _, properties in CASES for name in properties} - {"name", "tags"})


@given(st.sampled_from([check.id for check in CHECKS]), st.dictionaries(st.sampled_from(FACTS), odd, max_size=5))
def test_odd_properties_never_raise(identifier: str, properties: dict[str, Any]) -> None:
    assert judge(identifier, properties).verdict in Verdict


@given(st.sampled_from(CASES), st.sampled_from(FACTS))
def test_what_could_not_be_read_never_becomes_a_pass(case: Case, name: str) -> None:
    identifier, _, properties = case
    before = judge(identifier, properties).verdict
    told = {**properties.get("unreadable", {}), name: "throttled"}
    after = judge(identifier, {**properties, name: None, "unreadable": told}).verdict
    assert after in (before, U)


@given(st.sampled_from(sorted(ALERTS)), st.lists(st.sampled_from(list(WATCHED.values())), max_size=4))
def test_more_alerts_never_make_it_worse(identifier: str, filters: list[str]) -> None:
    fewer = judge(identifier, {"log_alerts": [alert(one) for one in filters[1:]]}).verdict
    more = judge(identifier, {"log_alerts": [alert(one) for one in filters]}).verdict
    assert (fewer, more) != (P, F)
    assert judge(identifier, {"log_alerts": [alert(one) for one in filters[::-1]]}).verdict == more


def test_each_alert_has_entries_that_it_is_tried_with() -> None:
    assert len(EXAMPLES) == len(ALERTS)
    assert all(entry["protoPayload"]["methodName"] for entries in EXAMPLES.values() for entry in entries)
