"""The fleet's subscriptions at Azure (see `sandbox.fleet`)."""

from typing import Any

from sandbox.azure import company, compute_resources, resources, seed
from sandbox.azure.access import READER
from sandbox.azure.company import SubscriptionSpec
from sandbox.azure.directory import Directory
from sandbox.azure.state import State
from sandbox.fleet import Member, members

_LOCATION = "westeurope"


def put_fleet(directory: Directory, state: State, *, count: int) -> list[dict[str, Any]]:
    """Makes the subscriptions that are not there yet; returns what connects each."""
    return [_put(member, directory, state) for member in members(count, "azure")]


def _put(member: Member, directory: Directory, state: State) -> dict[str, Any]:
    name = f"{member.name}-{member.number}"
    subscription_id = state.uuid("subscription", name)
    if subscription_id not in directory.subscriptions:
        seed.build_subscription(directory, state, _spec(member, name))
    subscription = directory.subscriptions[subscription_id]
    app = seed.put_app(directory, state, subscription.tenant, f"reader-of-{name}")
    if not app.secrets:
        seed.put_secret(app, state, 180 - member.age)
        seed.assign(subscription, state, app, seed.PARTIAL if member.blind else READER)
    secret = app.secrets[0]
    credentials = {"tenant_id": subscription.tenant.id, "client_id": app.client_id, "client_secret": secret.value}
    return {
        "provider": "azure", "account_id": subscription_id, "name": member.name, "environment": member.environment,
        "regions": "all", "method": "client_secret", "credentials": credentials, "unit": member.unit,
    }  # fmt: skip


def _spec(member: Member, name: str) -> SubscriptionSpec:
    draws, care = member.draws(), member.care
    group = "main"

    def kept() -> bool:
        return draws.random() < care

    plain = "".join(letter for letter in name if letter.isalnum())[:20]
    items = [
        compute_resources.network(f"{member.name}-net", "10.8.0.0/16", group=group, good=kept()),
        *(
            compute_resources.machine(f"{member.name}-vm{number}", group=group, good=kept())
            for number in range(draws.randint(0, 3))
        ),
        *(resources.storage(f"{plain}{number}", group=group, good=kept()) for number in range(draws.randint(1, 3))),
    ]
    if draws.random() < 0.5:
        items.append(resources.vault(f"{plain}kv", group=group, good=kept()))
    if draws.random() < 0.4:
        items.append(compute_resources.web_app(f"{member.name}-app-{member.number}", group=group, good=kept()))
    return SubscriptionSpec(name, company.MAIN, (_LOCATION,), tuple(items))
