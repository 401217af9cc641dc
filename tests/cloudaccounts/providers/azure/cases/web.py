"""App Service."""

from __future__ import annotations

from typing import Any

from tests.cloudaccounts.providers.azure.cases import Cases, Properties, flags, on_day


def config(name: str, good: tuple[str, ...], bad: tuple[str, ...]) -> Cases:
    return Cases(
        tuple({"config": {name: value}} for value in good),
        tuple({"config": {name: value}} for value in bad),
        (),
        ({"config": {name: "New"}}, {"config": {name: None}}, {"config": {}}, {"config": {name: 1.2}}, {}),
    )


def runs(day: str, linux: str | None, net: str | None = None) -> Properties:
    return on_day(day, config={"linux_runtime": linux, "net_framework": net})


def flex(day: str, name: str, version: str | None) -> Properties:
    """A function app on the Flex Consumption plan: its config is that of an empty one."""
    return {**runs(day, "", "v4.0"), "function_runtime": name, "function_version": version}


def access(*rules: dict[str, Any], default: str | None = None, main: bool = False, **more: Any) -> Properties:
    named = {"default_action" if main else "deployment_default_action": default}
    return {
        "config": {
            "deployment_uses_main": main,
            "restrictions" if main else "deployment_restrictions": list(rules),
            **named,
            **more,
        }
    }


def allow(address: str | None = "203.0.113.0/24", **more: Any) -> dict[str, Any]:
    usual = {"name": "a", "priority": 100, "action": "Allow", "subnet": None, "tag": "Default", "narrowed": False}
    return {**usual, "address": address, **more}


_OF_APPS = {
    "azure_web_https_only": flags("https_only"),
    "azure_web_minimum_tls": config("minimum_tls", ("1.2", "1.3", "1.2"), ("1.0", "1.1", "1.0")),
    "azure_web_ftp": config("ftps_state", ("Disabled", "FtpsOnly", "ftpsonly"), ("AllAllowed",) * 3),
    "azure_web_remote_debugging": Cases(
        tuple({"config": {"remote_debugging": False, "always_on": value}} for value in (True, False, None)),
        tuple({"config": {"remote_debugging": True, "always_on": value}} for value in (True, False, None)),
        (),
        ({"config": {"remote_debugging": None}}, {"config": {}}, {"config": {"remote_debugging": "on"}}, {}),
    ),
    "azure_web_runtime": Cases(
        (
            runs("2026-11-30", "PYTHON|3.13"),
            runs("2026-04-30", "NODE|20-lts"),
            runs("2026-11-30", None, "v10.0"),
            runs("2026-11-10", "DOTNET-ISOLATED|8.0"),
            flex("2026-11-30", "python", "3.13"),
        ),
        (
            runs("2026-11-30", "PYTHON|3.9"),
            runs("2026-11-30", "PHP|7.4"),
            runs("2026-11-11", "DOTNETCORE|8.0"),
            *(runs("2026-11-30", f"DOTNETCORE|{version}") for version in ("3.1", "3.0", "2.2", "2.1", "1.0")),
            runs("2026-11-30", "Node|18"),
            runs("2026-11-30", "", "v6.0"),
            flex("2026-11-30", "python", "3.9"),
        ),
        (runs("2026-11-30", "DOCKER|shop/web:1"), runs("2026-11-30", "SITECONTAINERS"), runs("2026-11-30", "KUBE|x")),
        (
            runs("2026-11-30", "PYTHON|9.9"),
            runs("2026-11-30", "COBOL|85"),
            runs("2026-11-30", "PYTHON"),
            flex("2026-11-30", "python", None),
            flex("2026-11-30", "custom", "1.0"),
            runs("2026-11-30", None, "v4.0"),
            runs("2026-11-30", None, None),
            {"config": {"linux_runtime": "PYTHON|3.13"}},
            {},
        ),
    ),
    "azure_web_deployment_open": Cases(
        (
            access(allow()),
            access(allow(), default="Deny"),
            access(default="Deny"),
            access(allow("Any", action="Deny"), default="Allow"),
            access(allow(None, subnet="/s"), default="Deny"),
            access(allow(), default="Deny", main=True),
            {"public_network_access": "Disabled", **access(default="Allow")},
        ),
        (
            access(),
            access(default="Allow"),
            access(allow("Any"), default="Deny"),
            access(allow("0.0.0.0/1"), allow("128.0.0.0/1", priority=101), default="Deny"),
            access(allow(action="Deny"), default="Allow"),
            access(main=True),
        ),
        (),
        (
            access(allow("AzureDevOps", tag="ServiceTag"), default="Deny"),
            access(allow("Any", narrowed=True), default="Deny"),
            access(default="Sometimes"),
            access(allow("everywhere"), default="Deny"),
            {"config": {"deployment_uses_main": None, "deployment_restrictions": []}},
            {"config": {"deployment_uses_main": False, "deployment_restrictions": None}},
            {"config": {"deployment_uses_main": True, "deployment_restrictions": []}},
            {},
        ),
    ),
}
CASES = {
    **_OF_APPS,
    **{identifier.replace("azure_web_", "azure_web_slot_"): cases for identifier, cases in _OF_APPS.items()},
}
