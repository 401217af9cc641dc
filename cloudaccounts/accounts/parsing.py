"""An account as a script writes it down (JSON, a line of a file): made canonical by the wizard's own forms."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.utils.datastructures import MultiValueDict

from cloudaccounts import registry
from cloudaccounts.accounts.details import AccountDetails, clean_details
from cloudaccounts.contract.identity import AuthMethod, Credentials
from cloudaccounts.contract.provider import Provider
from cloudaccounts.errors import InputError

CLOUD = "cloud"  # a credential may name the cloud (partition) that it is for


@dataclass(frozen=True, slots=True, repr=False)
class GivenAccount:
    """``credentials`` are as given: by field, of whatever type."""

    provider: str
    account_id: str
    name: str
    environment: str
    regions: tuple[str, ...]
    auth_method: str
    credentials: Mapping[str, Any] = field(default_factory=dict)
    partition: str = ""

    def __repr__(self) -> str:
        return f"<GivenAccount {self.provider}>"


def read_account(given: GivenAccount) -> tuple[AccountDetails, Credentials]:
    """Clean details and credentials. Raises `InputError` with a message a field, `ProviderError` where they do not fit.

    Fields of the credential are named ``credentials.<field>``.
    """
    wrong: dict[str, str] = {}
    details = _details(given)
    try:
        details = clean_details(details)
    except InputError as error:
        wrong |= error.fields
    if "provider" in wrong:
        raise InputError(wrong)
    provider = registry.get(given.provider)
    values: dict[str, str] = {}
    try:
        method = provider.method(given.auth_method)
    except KeyError:
        wrong["auth_method"] = f"Choose one of {', '.join(method.key for method in provider.methods)}."
    else:
        try:
            values = clean_values(method, given.credentials)
        except InputError as error:
            wrong |= error.fields
    if wrong:
        raise InputError(wrong)
    return details, provider.clean_credentials(
        details.auth_method, values, account_id=details.account_id, partition=details.partition
    )


def read_details(given: GivenAccount) -> AccountDetails:
    """Which account it is, without a look at its credential. Raises `InputError`."""
    return clean_details(_details(given))


def _details(given: GivenAccount) -> AccountDetails:
    return AccountDetails(
        provider=given.provider,
        account_id=given.account_id,
        partition=_partition(given),
        name=given.name,
        environment=given.environment,
        regions=given.regions,
        auth_method=given.auth_method,
    )


def read_credentials(
    given: Mapping[str, Any], *, method: str, provider: str, account_id: str, partition: str
) -> Credentials:
    """New credentials of an account that is connected. Raises as `read_account`."""
    spec = registry.get(provider)
    try:
        values = clean_values(spec.method(method), given)
    except KeyError:
        raise InputError({"auth_method": f"Choose one of {', '.join(m.key for m in spec.methods)}."}) from None
    if cloud := given.get(CLOUD):
        values[CLOUD] = str(cloud)
    return spec.clean_credentials(method, values, account_id=account_id, partition=partition)


def clean_values(method: AuthMethod, given: Mapping[str, Any]) -> dict[str, str]:
    """Cleaned by the method's form. Raises `InputError`: unknown fields are refused, not passed over."""
    wrong: dict[str, str] = {}
    known = method.form.base_fields
    data: dict[str, str] = {}
    for name, value in given.items():
        if name == CLOUD:
            continue
        if name not in known:
            wrong["credentials"] = f"The method {method.key} takes {', '.join(known)}, and nothing else."
        elif isinstance(value, str):
            data[name] = value
        elif isinstance(value, dict):  # a key file that was not quoted once more
            data[name] = json.dumps(value)
        elif value is not None:
            wrong[f"credentials.{name}"] = "Give this as a text."
    form = method.form(data, MultiValueDict())
    for name, errors in form.errors.items():
        place = "credentials" if name == "__all__" else f"credentials.{name}"
        wrong.setdefault(place, " ".join(str(error) for error in errors))
    if wrong:
        raise InputError(wrong)
    return {name: value for name, value in form.cleaned_data.items() if value}


def _partition(given: GivenAccount) -> str:
    """As named, beside the account or with the credential; else the provider's usual one."""
    try:
        provider = registry.get(given.provider)
    except registry.UnknownProviderError:
        return ""
    named = given.credentials.get(CLOUD)
    if not isinstance(named, str):
        named = ""
    if given.partition and named and partition_named(provider, given.partition) != partition_named(provider, named):
        raise InputError({"partition": "The account and its credentials name two different clouds."})
    wanted = given.partition or named
    return partition_named(provider, wanted) if wanted else provider.partitions()[0].value


def partition_named(provider: Provider, name: str) -> str:
    """The partition of this name, however its provider's own tools write it; the name itself where there is none."""
    return provider.partition_names().get(name.strip().lower(), name)
