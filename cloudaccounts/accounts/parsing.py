"""An account as a script writes it down (JSON, a row of a file): made canonical by the same forms as in the wizard."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.utils.datastructures import MultiValueDict

from cloudaccounts.accounts.details import AccountDetails, clean_details_for, find_provider, split_regions
from cloudaccounts.accounts.resolution import ResolvedAccount, look_up
from cloudaccounts.contract.identity import AuthMethod, Credentials
from cloudaccounts.contract.provider import Provider
from cloudaccounts.credentials.new_keys import refuse_new_key
from cloudaccounts.errors import InputError

CLOUD = "cloud"  # a credential may name the cloud (partition) that it is for


@dataclass(frozen=True, slots=True, repr=False)
class AccountInput:
    """``credentials`` are as they came in: by field, of whatever type. The repr shows none of them."""

    provider: str
    account_id: str
    name: str
    environment: str
    regions: str | tuple[str, ...]  # or "all"
    auth_method: str
    credentials: Mapping[str, Any] = field(default_factory=dict)
    partition: str = ""

    def __repr__(self) -> str:
        return f"<GivenAccount {self.provider}>"


def read_account(account_input: AccountInput, *, owner: str) -> tuple[ResolvedAccount, Credentials]:
    """The account that is meant, and its credentials. Asks the database once, no network.

    Raises `InputError` with a message for each field that is wrong, the credential's named ``credentials.<field>``,
    and `ProviderError` where the parts do not fit each other.
    """
    provider = find_provider(account_input.provider)
    errors: dict[str, str] = {}
    values: dict[str, str] = {}
    details = _details(provider, account_input)
    # Both are cleaned before either is refused, so that the caller hears of all wrong fields at once.
    try:
        details = clean_details_for(provider, details)
    except InputError as error:
        errors |= error.fields
    try:
        values = _credential_values(provider, account_input.auth_method, account_input.credentials)
    except InputError as error:
        errors |= error.fields
    if errors:
        raise InputError(errors)
    account = look_up(owner, provider, details)
    return account, _fit(account, details.auth_method, values)


def read_details(account_input: AccountInput, *, owner: str) -> ResolvedAccount:
    """The account that is meant; its credential is not read. Raises `InputError`."""
    provider = find_provider(account_input.provider)
    return look_up(owner, provider, clean_details_for(provider, _details(provider, account_input)))


def read_credentials(account: ResolvedAccount, raw_values: Mapping[str, Any]) -> Credentials:
    """The credentials of what `read_details` resolved. Raises as `read_account`."""
    values = _credential_values(account.provider, account.details.auth_method, raw_values)
    return _fit(account, account.details.auth_method, values)


def read_new_credentials(account: ResolvedAccount, raw_values: Mapping[str, Any], *, method: str) -> Credentials:
    """New credentials of an account that is connected. Raises as `read_account`."""
    values = _credential_values(account.provider, method, raw_values)
    if cloud := raw_values.get(CLOUD):
        # The account's partition is settled: what is named here has to be the same, and the provider says so.
        values[CLOUD] = str(cloud)
    return _fit(account, method, values)


def _fit(account: ResolvedAccount, method: str, values: Mapping[str, str]) -> Credentials:
    provider, details = account.provider, account.details
    # A connected account's method is the one in use: what would replace it.
    replaces_key = account.is_connected and not provider.method(details.auth_method).secretless
    refuse_new_key(account.owner, secretless=provider.method(method).secretless, replaces_key=replaces_key)
    # Only here do the parts meet: a role's ARN names an account, and that has to be this one.
    return provider.clean_credentials(method, values, account_id=details.account_id, partition=details.partition)


def _credential_values(provider: Provider, method: str, raw_values: Mapping[str, Any]) -> dict[str, str]:
    try:
        return clean_values(provider.method(method), raw_values)
    except KeyError:
        raise InputError({"auth_method": f"Choose one of {', '.join(m.key for m in provider.methods)}."}) from None


def _details(provider: Provider, account_input: AccountInput) -> AccountDetails:
    all_regions, regions = split_regions(account_input.regions)
    return AccountDetails(
        provider=provider.key,
        account_id=account_input.account_id,
        partition=_partition(provider, account_input),
        name=account_input.name,
        environment=account_input.environment,
        regions=regions,
        auth_method=account_input.auth_method,
        all_regions=all_regions,
    )


def clean_values(method: AuthMethod, raw_values: Mapping[str, Any]) -> dict[str, str]:
    """Cleaned by the method's form. Raises `InputError`, also for unknown fields: a misspelt one would be lost."""
    problems: dict[str, str] = {}
    known = method.form.base_fields
    data: dict[str, str] = {}
    for name, value in raw_values.items():
        if name == CLOUD:  # no part of a credential: it decides the partition
            continue
        if name not in known:
            problems["credentials"] = f"The method {method.key} takes {', '.join(known)}, and nothing else."
        elif isinstance(value, str):
            data[name] = value
        elif isinstance(value, dict):  # a key file that was not quoted once more
            data[name] = json.dumps(value)
        elif value is not None:
            problems[f"credentials.{name}"] = "Give this as a text."
    # The form that people use: what a page refuses, a script cannot store either.
    form = method.form(data, MultiValueDict())
    for name, errors in form.errors.items():
        place = "credentials" if name == "__all__" else f"credentials.{name}"
        problems.setdefault(place, " ".join(str(error) for error in errors))
    if problems:
        raise InputError(problems)
    # Empty parts are left out: one that was not given and one left empty are the same credential.
    return {name: value for name, value in form.cleaned_data.items() if value}


def _partition(provider: Provider, account_input: AccountInput) -> str:
    """As named, beside the account or with the credential; else the provider's usual one."""
    cloud = account_input.credentials.get(CLOUD)
    if not isinstance(cloud, str):
        cloud = ""
    if (
        account_input.partition
        and cloud
        and partition_named(provider, account_input.partition) != partition_named(provider, cloud)
    ):
        raise InputError({"partition": "The account and its credentials name two different clouds."})
    name = account_input.partition or cloud
    return partition_named(provider, name) if name else provider.partitions()[0].value


def partition_named(provider: Provider, name: str) -> str:
    """The partition of this name, however its provider's own tools write it; the name itself where there is none."""
    return provider.partition_names().get(name.strip().lower(), name)
