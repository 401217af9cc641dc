"""What an account is called and where it is looked for; made canonical before anything is asked or stored."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from cloudaccounts import registry
from cloudaccounts.contract.errors import ProviderError
from cloudaccounts.contract.provider import Provider
from cloudaccounts.errors import InputError
from cloudaccounts.models import CloudAccount, Environment
from cloudaccounts.text import clean_name

NAME_LIMIT = 120  # characters; the column's own
REGION_LIMIT = 100  # more than any cloud has
ALL_REGIONS = "all"


@dataclass(frozen=True, slots=True)
class AccountDetails:
    """An account as a person or a script describes it; `clean_details` makes it canonical.

    With ``all_regions`` scans read whatever the account has enabled; ``regions`` are then those that are known of it,
    and may be empty.
    """

    provider: str
    account_id: str
    partition: str
    name: str
    environment: str
    regions: tuple[str, ...]
    auth_method: str = ""
    all_regions: bool = False


def split_regions(regions: str | Sequence[str]) -> tuple[bool, tuple[str, ...]]:
    """Whether all regions are meant, and else which: scripts and files write ``all``, or a list.

    Raises `InputError` for another word than that, and for a list that has it among others.
    """
    names = (regions,) if isinstance(regions, str) else tuple(regions)
    if names == (ALL_REGIONS,):
        return True, ()
    if isinstance(regions, str) or ALL_REGIONS in names:
        raise InputError({"regions": "Give a list of regions, or “all” alone."})
    return False, names


def chosen_regions(account: CloudAccount) -> str | list[str]:
    """``all``, or the list: as the API, exports and the audit say it."""
    return ALL_REGIONS if account.all_regions else list(account.regions)


def details_of(account: CloudAccount) -> AccountDetails:
    """Of a stored account, so canonical already."""
    return AccountDetails(
        provider=account.provider,
        account_id=account.account_id,
        partition=account.partition,
        name=account.name,
        environment=account.environment,
        regions=tuple(account.regions),
        auth_method=account.auth_method,
        all_regions=account.all_regions,
    )


def find_provider(key: str) -> Provider:
    """Raises `InputError` where no provider has this key."""
    try:
        return registry.get(key)
    except registry.UnknownProviderError:
        raise InputError({"provider": "Choose one of the providers offered."}) from None


def clean_details(details: AccountDetails) -> AccountDetails:
    """The same, canonical: id, name and regions by allow-list. Raises `InputError` with a message a field."""
    return clean_details_for(find_provider(details.provider), details)


def clean_details_for(provider: Provider, details: AccountDetails) -> AccountDetails:
    """As `clean_details`, where the provider was looked up already."""
    problems: dict[str, str] = {}
    account_id = details.account_id
    # Every field is looked at before any is refused: a form shows all that has to be corrected at once.
    try:
        account_id = provider.clean_account_id(details.account_id)
    except ProviderError as error:
        problems["account_id"] = f"{error.cause} {error.remedy}".strip()
    if details.partition not in {choice.value for choice in provider.partitions()}:
        problems["partition"] = f"Choose one of the {provider.partition_label.lower()}s offered."
    name = clean_name(details.name)
    if not name:
        problems["name"] = "Give the account a name: people will look for it in lists."
    elif len(name) > NAME_LIMIT:
        problems["name"] = f"The name is too long: {NAME_LIMIT} characters at most."
    if details.environment not in Environment.values:
        problems["environment"] = "Choose production, staging or dev."
    regions = tuple(dict.fromkeys(details.regions))  # a region given twice counts once, in the order of the first
    known = {region.name for region in provider.regions(details.partition)}
    if details.all_regions:
        regions = tuple(region for region in regions if region in known)  # resolved by a scan, not chosen by anybody
    elif message := _regions_message(regions, known):
        problems.setdefault("regions", message)
    # Empty for what has no method of its own: the members of an organization.
    if details.auth_method and details.auth_method not in {method.key for method in provider.methods}:
        problems["auth_method"] = "Choose one of the methods offered."
    if problems:
        raise InputError(problems)
    return replace(details, account_id=account_id, name=name, regions=regions)


def _regions_message(regions: Sequence[str], known: set[str]) -> str:
    if not regions:
        return "Choose at least one region, or all: the first scan looks there."
    if len(regions) > REGION_LIMIT:
        return f"Choose {REGION_LIMIT} regions at most."
    if any(region not in known for region in regions):
        return "One of these regions does not exist in this cloud. Choose from the list."
    return ""
