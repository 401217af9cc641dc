"""The modules of a `ModularProvider` have the functions that it calls, with the parameters that it passes."""

from __future__ import annotations

import inspect
from importlib import import_module
from typing import Any

import pytest

from cloudaccounts import registry
from cloudaccounts.provider_kit import modular_provider
from cloudaccounts.provider_kit.modular_provider import ModularProvider

PROTOCOLS = {
    "credentials": modular_provider.CredentialsModule,
    "setup": modular_provider.GuidesModule,
    "setup_rotation": modular_provider.GuidesModule,
    "organization_setup": modular_provider.OrganizationSetupModule,
    "plan": modular_provider.PlanModule,
    "validation": modular_provider.ValidationModule,
    "connection_check": modular_provider.ConnectionCheckModule,
    "inventory": modular_provider.InventoryModule,
    "organization": modular_provider.OrganizationModule,
    "server": modular_provider.ServerModule,
    "checks": modular_provider.ChecksModule,
    "console": modular_provider.ConsoleModule,
    "remediation": modular_provider.RemediationModule,
    "own_keys": modular_provider.OwnKeysModule,
    "own_key_texts": modular_provider.OwnKeyTextsModule,
    "permissions": modular_provider.PermissionsModule,
    "engine": modular_provider.EngineModule,
}


def providers() -> list[ModularProvider]:
    return [provider for provider in registry.all_providers() if isinstance(provider, ModularProvider)]


def parameters(function: Any) -> list[tuple[str, Any]]:
    own = [p for p in inspect.signature(function).parameters.values() if p.name != "self"]
    return [(parameter.name, parameter.kind) for parameter in own]


def test_all_of_our_own_use_it() -> None:
    assert {provider.key for provider in providers()} >= {"aws", "azure", "gcp"}


def test_no_module_is_left_out_here() -> None:
    source = inspect.getsource(ModularProvider)
    assert source.count("self._module(") >= len(PROTOCOLS)
    assert all(f'self._module("{name}")' in source for name in PROTOCOLS)


@pytest.mark.parametrize("provider", providers(), ids=lambda provider: provider.key)
@pytest.mark.parametrize("name", PROTOCOLS)
def test_each_module_has_its_functions(provider: ModularProvider, name: str) -> None:
    module = import_module(f"{provider.package}.{name}")
    protocol = PROTOCOLS[name]
    for constant in getattr(protocol, "__annotations__", {}):
        assert hasattr(module, constant)
    functions = {key: value for key, value in vars(protocol).items() if inspect.isfunction(value) and key[0] != "_"}
    for function_name, expected in functions.items():
        assert parameters(getattr(module, function_name)) == parameters(expected), function_name
