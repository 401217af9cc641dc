"""Virtual machines, disks, Kubernetes clusters."""

from __future__ import annotations

from typing import Any

from tests.cloudaccounts.providers.azure.cases import Cases, Properties, flags, on_day


def linux(disabled: Any = True, **more: Any) -> Properties:
    return {"os_type": "Linux", "has_os_settings": True, "password_login_disabled": disabled, **more}


def launch(kind: Any = "TrustedLaunch", **more: Any) -> Properties:
    return {"security_type": kind, "secure_boot": True, "vtpm": True, **more}


def aks(day: str, version: str | None, plan: str | None = "KubernetesOfficial") -> Properties:
    return on_day(day, kubernetes_version=version, current_version=version, support_plan=plan)


CASES = {
    "azure_vm_managed_disks": flags("uses_managed_disks"),
    # The specification says that it is off unless it is true.
    "azure_vm_encryption_at_host": Cases(
        tuple({"encryption_at_host": True, "x": number} for number in range(3)),
        ({"encryption_at_host": False}, {"encryption_at_host": None}, {}),
        (),
        ({"encryption_at_host": "odd"}, {"encryption_at_host": 1}),
    ),
    "azure_vm_password_login": Cases(
        (linux(), linux(size="Standard_D4s_v5"), linux(os_type="linux")),
        (linux(False), linux(False, size="Standard_D4s_v5"), linux(False, os_type="linux")),
        ({"os_type": "Windows", "has_os_settings": True}, {"os_type": "windows", "has_os_settings": False}),
        (
            linux(None),
            linux(None, has_os_settings=False),
            {"os_type": "Linux"},
            linux(os_type=None),
            linux(os_type="Plan9"),
        ),
    ),
    "azure_vm_update_assessment": Cases(
        tuple(
            {"has_os_settings": True, "update_assessment": "AutomaticByPlatform", "os_type": system}
            for system in ("Linux", "Windows", None)
        ),
        tuple(
            {"has_os_settings": True, "update_assessment": "ImageDefault", "os_type": system}
            for system in ("Linux", "Windows", None)
        ),
        (),
        (
            {"has_os_settings": True, "update_assessment": None},
            {"has_os_settings": False, "update_assessment": None},
            {"has_os_settings": True, "update_assessment": "ByMagic"},
            {"update_assessment": "AutomaticByPlatform"},
        ),
    ),
    "azure_vm_trusted_launch": Cases(
        (launch(), launch("ConfidentialVM"), launch("trustedlaunch")),
        (
            {"security_type": "Standard"},
            {"security_type": None},
            {},
            launch(secure_boot=False),
            launch(vtpm=False),
            launch("ConfidentialVM", secure_boot=None, vtpm=False),
        ),
        (),
        (launch("QuantumVM"), launch(7), launch(secure_boot=None), launch(vtpm=None), launch(vtpm="on")),
    ),
    "azure_disk_public_network": Cases(
        (
            {"network_access": "DenyAll", "public_network_access": "Enabled"},
            {"network_access": "AllowPrivate", "public_network_access": None},
            {"network_access": "AllowAll", "public_network_access": "Disabled"},
        ),
        (
            {"network_access": "AllowAll", "public_network_access": "Enabled"},
            {"network_access": None, "public_network_access": "Enabled"},
            {"network_access": None, "public_network_access": None},
        ),
        (),
        (
            {"network_access": "AllowSome", "public_network_access": "Enabled"},
            {"network_access": "AllowAll", "public_network_access": "SecuredByPerimeter"},
        ),
    ),
    "azure_aks_api_open": Cases(
        (
            {"private_cluster": True, "authorized_ip_ranges": []},
            {"private_cluster": None, "authorized_ip_ranges": ["203.0.113.0/24"]},
            {"private_cluster": False, "authorized_ip_ranges": ["0.0.0.0/32"]},
        ),
        (
            {"private_cluster": None, "authorized_ip_ranges": ["0.0.0.0/0"]},
            {"private_cluster": False, "authorized_ip_ranges": []},
            {"private_cluster": False, "authorized_ip_ranges": ["0.0.0.0/1", "128.0.0.0/1"]},
        ),
        (),
        (
            {"private_cluster": None, "authorized_ip_ranges": ["everywhere"]},
            {"private_cluster": "odd", "authorized_ip_ranges": []},
        ),
    ),
    "azure_aks_local_accounts": Cases(
        tuple({"kubernetes_version": version, "local_accounts_disabled": True} for version in ("1.31", "1.34", "2.0")),
        (
            *tuple({"kubernetes_version": "1.31", "local_accounts_disabled": value} for value in (False, None)),
            {"kubernetes_version": "1.34"},
        ),
        (),
        ({"local_accounts_disabled": True}, {"kubernetes_version": "1.31", "local_accounts_disabled": "odd"}),
    ),
    "azure_aks_version": Cases(
        (
            aks("2026-11-30", "1.35.1"),
            aks("2026-07-31", "1.33.2"),
            aks("2026-11-30", "1.31.9", "AKSLongTermSupport"),
        ),
        (aks("2026-11-30", "1.30.0"), aks("2026-08-01", "1.33.2"), aks("2026-12-01", "1.31.9", "AKSLongTermSupport")),
        (),
        (
            aks("2026-11-30", "1.99.0"),
            aks("2026-11-30", "1.31.1", "ForeverSupport"),
            aks("2026-11-30", None),
            {"kubernetes_version": "1.35.1", "current_version": "1.35.1"},
        ),
    ),
}
_OF_SCALE_SETS = ("encryption_at_host", "password_login", "trusted_launch")
CASES |= {f"azure_scale_set_{name}": CASES[f"azure_vm_{name}"] for name in _OF_SCALE_SETS}
