"""Accounts in a file, by cloud and number (``aws/111122223333``). What a file adds is proved like what the API adds."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from cloudaccounts import registry
from cloudaccounts.accounts.changes import update_account
from cloudaccounts.accounts.details import ALL_REGIONS, AccountDetails, chosen_regions, clean_details, find_provider
from cloudaccounts.accounts.details import split_regions as split
from cloudaccounts.accounts.parsing import CLOUD, AccountInput, partition_named
from cloudaccounts.audit.actor import Actor
from cloudaccounts.contract.errors import ProviderError
from cloudaccounts.contract.provider import Provider
from cloudaccounts.credentials.written import written_values
from cloudaccounts.declared.groups import KEY as GROUPS
from cloudaccounts.declared.references import Place
from cloudaccounts.declared.sections import Entry, Known, Section, register
from cloudaccounts.errors import DuplicateAccountError, InputError
from cloudaccounts.groups import queries as group_queries
from cloudaccounts.groups.services import find_groups, set_groups
from cloudaccounts.lifecycle.onboarding import onboard_account
from cloudaccounts.lifecycle.state_changes import delete_account
from cloudaccounts.models import CloudAccount, Environment
from cloudaccounts.text import clean_name
from teams.scope import Scope

KEY = "accounts"
REFERENCE = {"type": "string", "minLength": 3, "maxLength": 170, "pattern": "[a-z0-9-]+/.+",
             "description": "An account, as its cloud and number: aws/111122223333."}  # fmt: skip
REGIONS = {
    "anyOf": [
        {"const": ALL_REGIONS},
        {"type": "array", "maxItems": 200, "items": {"type": "string", "maxLength": 60}},
    ]
}
_UNSAFE = re.compile(r"[^A-Za-z0-9]+")


class Accounts(Section):
    key, title, stage = KEY, "account", 20
    area = "accounts"
    refers = {GROUPS: "groups"}
    create_only = frozenset({"auth_method", "credentials", "partition"})
    schema = {
        "type": "object",
        "additionalProperties": False,
        "required": ["provider", "account_id"],
        "properties": {
            "provider": {"type": "string", "maxLength": 40},
            "account_id": {"type": "string", "minLength": 1, "maxLength": 128},
            "name": {"type": "string", "minLength": 1, "maxLength": 120},
            "environment": {"enum": list(Environment.values)},
            "regions": REGIONS,
            "groups": {"type": "array", "maxItems": 100, "items": {"type": "string", "maxLength": 80}},
            "partition": {"type": "string", "maxLength": 40},
            "auth_method": {"type": "string", "maxLength": 40},
            "credentials": {
                "type": "object",
                "additionalProperties": {"type": "string", "maxLength": 65536},
                "description": "What the method takes; secrets as env:NAME or file:NAME.",
            },
        },
    }  # fmt: skip

    def name(self, entry: Entry) -> str:
        provider = find_provider(entry["provider"])
        try:
            return f"{provider.key}/{provider.clean_account_id(entry['account_id'])}"
        except ProviderError as error:
            raise InputError({"account_id": f"{error.cause} {error.remedy}".strip()}) from None

    def clean(self, entry: Entry, known: Known, present: Entry | None) -> Entry:
        provider = find_provider(entry["provider"])
        whole = {**(present or {"environment": "", "name": "", "regions": ALL_REGIONS}), **entry}
        all_regions, regions = split(_regions(whole["regions"]))
        details = clean_details(
            AccountDetails(
                provider=provider.key,
                account_id=entry["account_id"],
                partition=_partition(provider, whole),
                name=whole["name"],
                environment=whole["environment"],
                regions=regions,
                auth_method=entry.get("auth_method", ""),
                all_regions=all_regions,
            )
        )
        groups = [clean_name(group) for group in entry.get("groups", ())]
        for number, group in enumerate(groups):
            if not known.has(GROUPS, group):
                raise InputError({f"groups[{number}]": "There is no such group, and the file makes none."})
        canonical: Entry = {
            "provider": provider.key,
            "account_id": details.account_id,
            "name": details.name,
            "environment": details.environment,
            "regions": ALL_REGIONS if details.all_regions else sorted(details.regions),
            "groups": sorted(set(groups)),
            "partition": details.partition,
        }
        if present is None:
            _check_credentials(provider, entry)
        # What the file does not name stays as it is; the cloud and the number are its name.
        return {**{name: canonical.get(name, entry[name]) for name in entry}, "provider": provider.key,
                "account_id": details.account_id}  # fmt: skip

    def secrets(self, entry: Entry) -> Iterable[Place]:
        try:
            method = registry.get(entry["provider"]).method(entry.get("auth_method", ""))
        except (registry.UnknownProviderError, LookupError):
            return ()
        return [("credentials", name) for name in sorted(method.secret_fields)]

    def present(self, owner: str) -> Mapping[str, Entry]:
        rows = list(CloudAccount.objects.of(owner).defer("last_check").order_by("provider", "account_id"))
        groups = group_queries.groups_of_many(Scope(owner), rows)
        return {
            f"{row.provider}/{row.account_id}": {
                "provider": row.provider,
                "account_id": row.account_id,
                "name": row.name,
                "environment": row.environment,
                "regions": row_regions(row),
                "groups": [group["name"] for group in groups.get(row.pk, [])],
                "partition": row.partition,
                "auth_method": row.auth_method,
                "through": str(row.connection or ""),
            }
            for row in rows
        }

    def prunable(self, entry: Entry) -> bool:
        return not entry["through"]  # a member joins and leaves by its organization's rules

    def exported(self, owner: str, actor: Actor) -> list[Entry]:
        entries = []
        rows = CloudAccount.objects.of(owner).filter(connection=None)
        listed = rows.values_list("provider", "account_id", "pk")
        keys = {f"{provider}/{number}": key for provider, number, key in listed}
        for name, entry in self.present(owner).items():
            if name not in keys:
                continue
            account = CloudAccount.objects.filter(pk=keys[name]).first()
            if account is None:
                continue
            values = {
                field: f"env:{_variable(account, field)}" if value is None else value
                for field, value in written_values(account, actor=actor).items()
            }
            kept = {field: value for field, value in entry.items() if field != "through" and value != []}
            entries.append({**kept, "credentials": values})
        return entries

    def create(self, owner: str, actor: Actor, entry: Entry) -> None:
        given = AccountInput(
            provider=entry["provider"],
            account_id=entry["account_id"],
            name=entry["name"],
            environment=entry["environment"],
            regions=_regions(entry.get("regions", ALL_REGIONS)),
            auth_method=entry["auth_method"],
            credentials=entry["credentials"],
            partition=entry.get("partition", ""),
        )
        try:
            onboard_account(scope=Scope(owner), actor=actor, account_input=given, groups=entry.get("groups", ()))
        except DuplicateAccountError:
            self.change(owner, actor, entry)  # of an earlier try, or of somebody else's call

    def change(self, owner: str, actor: Actor, entry: Entry) -> None:
        account = find_account(owner, f"{entry['provider']}/{entry['account_id']}")
        # Before anything is written: a group that is gone must not leave half of the change behind.
        groups = find_groups(Scope(owner), entry.get("groups", ()), field="groups")
        changes: dict[str, Any] = {
            name: entry[name]
            for name in ("name", "environment")
            if entry.get(name, "") not in {"", getattr(account, name)}
        }
        if "regions" in entry and entry["regions"] != row_regions(account):
            all_regions, regions = split(_regions(entry["regions"]))
            changes |= {"regions": regions, "all_regions": all_regions}
        if changes:
            update_account(account, actor=actor, **changes)
        if "groups" in entry:
            set_groups(account, actor=actor, group_ids=groups)

    def delete(self, owner: str, actor: Actor, name: str) -> None:
        try:
            account = find_account(owner, name)
        except InputError:
            return
        delete_account(account, actor=actor)


def find_account(owner: str, reference: str) -> CloudAccount:
    """The account of ``aws/111122223333``. Raises `InputError` for ``account``."""
    provider, _, number = reference.partition("/")
    account = CloudAccount.objects.of(owner).filter(provider=provider, account_id=number).first()
    if account is None:
        raise InputError({"account": "This account is not connected."})
    return account


def account_name(reference: str) -> str:
    """A reference of a file, canonical. Raises `InputError` for ``account``."""
    provider_key, _, number = reference.partition("/")
    try:
        provider = find_provider(provider_key)
        return f"{provider.key}/{provider.clean_account_id(number)}"
    except ProviderError as error:
        raise InputError({"account": error.cause}) from None


def row_regions(account: CloudAccount) -> str | list[str]:
    chosen = chosen_regions(account)
    return chosen if isinstance(chosen, str) else sorted(chosen)


def _regions(regions: str | list[str]) -> str | tuple[str, ...]:
    return regions if isinstance(regions, str) else tuple(regions)


def _partition(provider: Provider, entry: Entry) -> str:
    name = entry.get("partition") or entry.get("credentials", {}).get(CLOUD, "")
    return partition_named(provider, name) if name else provider.partitions()[0].value


def _check_credentials(provider: Provider, entry: Entry) -> None:
    """Whether all that the method takes is named: what the values are is asked when they are used."""
    missing = [name for name in ("name", "environment", "auth_method") if not entry.get(name)]
    if missing:
        raise InputError(dict.fromkeys(missing, "A new account needs this."))
    fields = provider.method(entry["auth_method"]).form.base_fields
    given = entry.get("credentials", {})
    problems = {
        f"credentials.{name}"[:100]: f"The method {entry['auth_method']} takes {', '.join(fields)}, and nothing else."
        for name in given if name not in fields and name != CLOUD
    }  # fmt: skip
    problems |= {
        f"credentials.{name}": "A new account needs this." for name, field in fields.items()
        if field.required and not given.get(name)
    }  # fmt: skip
    if problems:
        raise InputError(problems)


def _variable(account: CloudAccount, field: str) -> str:
    """A name for the environment variable that holds a secret of an account."""
    return "_".join(_UNSAFE.sub("_", part).strip("_") for part in (account.provider, account.account_id, field)).upper()


register(Accounts())
