"""What the page shows of the scenarios, for one person."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from cloudaccounts import registry
from cloudaccounts.accounts.external_id import external_id_for
from cloudaccounts.contract.provider import Provider
from cloudaccounts.models import CloudAccount
from config.simulated.scenarios import Scenario

LONG = 80  # characters; what is longer, or has lines, is shown in a block that scrolls


@dataclass(frozen=True, slots=True)
class Value:
    name: str  # as the wizard labels the field
    text: str

    @property
    def is_long(self) -> bool:
        return len(self.text) > LONG or "\n" in self.text


@dataclass(frozen=True, slots=True)
class Row:
    scenario: Scenario
    account_id: str  # as people read it
    method: str
    values: list[Value]
    customer_step: str
    afterwards: str
    account: CloudAccount | None  # where this person has connected it already

    @property
    def key(self) -> str:
        return f"{self.scenario.cloud}-{self.scenario.slug}"


@dataclass(frozen=True, slots=True)
class Cloud:
    provider: Provider
    rows: list[Row]


def clouds_for(owner: str, scenarios: Iterable[Scenario]) -> list[Cloud]:
    """By cloud, in the order of the scenarios; what is of a provider that is not installed is left out."""
    scenarios = list(scenarios)
    accounts = CloudAccount.objects.of(owner).filter(account_id__in={scenario.account_id for scenario in scenarios})
    connected = {(account.provider, account.account_id): account for account in accounts}
    external_id = external_id_for(owner)
    providers = {provider.key: provider for provider in registry.all_providers()}
    rows: dict[str, list[Row]] = defaultdict(list)
    for scenario in scenarios:
        if scenario.cloud in providers:
            account = connected.get((scenario.cloud, scenario.account_id))
            rows[scenario.cloud].append(_row(scenario, providers[scenario.cloud], external_id, account))
    return [Cloud(providers[key], cloud_rows) for key, cloud_rows in rows.items()]


def filled_in(command: str, external_id: str) -> str:
    return command.replace("{external_id}", external_id)


def _row(scenario: Scenario, provider: Provider, external_id: str, account: CloudAccount | None) -> Row:
    method = provider.method(scenario.method)
    labels: dict[str, Any] = method.form.base_fields
    return Row(
        scenario=scenario,
        account_id=provider.format_account_id(scenario.account_id),
        method=method.label,
        values=[
            Value(str(field.label or name), scenario.fields[name])
            for name, field in labels.items()
            if name in scenario.fields
        ],
        customer_step=filled_in(scenario.customer_step, external_id),
        afterwards=filled_in(scenario.afterwards, external_id),
        account=account,
    )
