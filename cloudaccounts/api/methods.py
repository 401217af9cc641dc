"""Schemas of each method's credentials, made from the same forms as the wizard's fields."""

from __future__ import annotations

from typing import Any

from django import forms

from cloudaccounts import registry
from cloudaccounts.accounts.parsing import CLOUD
from cloudaccounts.contract.identity import AuthMethod
from cloudaccounts.contract.provider import Provider


def credentials_schema(schema: dict[str, Any]) -> None:
    """For pydantic's ``json_schema_extra``: one object a method, of whichever providers are installed."""
    # Made when the description is asked for: it loads all providers, which a call does not need.
    methods = [method_schema(provider, method) for provider in registry.all_providers() for method in provider.methods]
    schema.pop("additionalProperties", None)  # of the plain dict; each method's own object says which fields it takes
    schema["anyOf"] = methods


def provider_schema(schema: dict[str, Any]) -> None:
    schema["enum"] = [provider.key for provider in registry.all_providers()]


def method_names_schema(schema: dict[str, Any]) -> None:
    schema["enum"] = [method.key for provider in registry.all_providers() for method in provider.methods]


def method_schema(provider: Provider, method: AuthMethod) -> dict[str, Any]:
    properties = {
        name: _field_schema(field, secret=name in method.secret_fields)
        for name, field in method.form.base_fields.items()
    }
    if len(provider.partitions()) > 1:
        names = [choice.value for choice in provider.partitions()]
        # Only where a provider has several clouds: beside one there is nothing to choose.
        properties[CLOUD] = {"type": "string", "description": f"One of {', '.join(names)}."}
    required = [name for name, field in method.form.base_fields.items() if field.required]
    return {
        "title": method.key,
        "type": "object",
        "description": f"{provider.short_label}: {method.summary}",
        "properties": properties,
        "required": required,
        # As `parsing.clean_values` refuses it: a misspelt field would be lost, and with it perhaps a secret.
        "additionalProperties": False,
    }


def _field_schema(field: forms.Field, *, secret: bool) -> dict[str, Any]:
    schema: dict[str, Any] = {"type": "string", "title": str(field.label), "description": str(field.help_text)}
    if secret:
        schema |= {"writeOnly": True, "format": "password"}
    elif example := field.widget.attrs.get("placeholder"):
        schema["examples"] = [str(example)]
    return schema
