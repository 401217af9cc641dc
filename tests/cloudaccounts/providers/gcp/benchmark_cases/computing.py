"""Cases of machines, disks, clusters and functions."""

from __future__ import annotations

from typing import Any

from tests.cloudaccounts.providers.gcp import test_checks
from tests.cloudaccounts.providers.gcp.benchmark_cases import NOW, SEEN, Case, F, N, P, U, named
from tests.cloudaccounts.providers.gcp.test_checks import ODD, unread

KMS = "projects/p/locations/eu/keyRings/r/cryptoKeys/k"


def account(email: str) -> dict[str, Any]:
    return {"serviceAccounts": [{"email": email, "scopes": ["https://www.googleapis.com/auth/logging.write"]}]}


def called(*roles: str, **more: Any) -> dict[str, Any]:
    return {"public_roles": [*roles], **more}


GKE = {"name": "gke-shop-1", "tags": {"goog-gke-node": ""}}
DEFAULT = "123456789012-compute@developer.gserviceaccount.com"
ANNOTATED = {"metadata": {"annotations": {"run.googleapis.com/ingress": "internal"}}}
PROJECT_OS_LOGIN = {"project_metadata": {"enable-oslogin": "TRUE"}}


def built(runtime: Any, **more: Any) -> dict[str, Any]:
    return {"buildConfig": {"runtime": runtime}, **SEEN, **more}


def on_version(version: Any, *, at: str = NOW, channel: str = "") -> dict[str, Any]:
    told: dict[str, Any] = {"currentMasterVersion": version, "observed": {"at": at}}
    return {**told, "releaseChannel": {"channel": channel}} if channel else told


CASES: list[Case] = [
    *named(
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
                (U, {"confidentialInstanceConfig": {"confidentialInstanceType": "SOMETHING_NEW"}}),
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
        ("gcp_function_public", [(P, called(serviceConfig={"service": "projects/p/locations/l/services/s"}))]),
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
        ("gcp_vm_public_address", [(U, {})]),
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
        (
            "gcp_gke_legacy_abac",
            [
                (P, {}),
                (P, {"legacyAbac": {"enabled": False}}),
                (F, {"legacyAbac": {"enabled": True}, "location": "europe-west1"}),
                (F, {"legacyAbac": {"enabled": True}, "name": "gke"}),
            ],
        ),
    ),
]
