"""Credentials for people to use, one per situation that the product tells apart."""

from datetime import UTC, datetime

from sandbox.azure import company, seed
from sandbox.azure.directory import App, Directory, Subscription, Tenant
from sandbox.azure.state import State
from sandbox.emulator import Scenario


def scenarios(directory: Directory, state: State) -> list[Scenario]:
    """In the order in which a newcomer should meet them."""
    places = {subscription.name: subscription for subscription in directory.subscriptions.values()}
    main = seed.tenant_named(directory, company.MAIN)
    other = seed.tenant_named(directory, company.OTHER)

    def app(name: str, tenant: Tenant = main) -> App:
        return seed.put_app(directory, state, tenant, name)

    payments, legacy, platform = places[company.PAYMENTS], places[company.LEGACY], places[company.DATA_PLATFORM]
    partner, disabled = places[company.PARTNER], places[company.EXPERIMENTS]  # the disabled one can never be connected
    certificate = {
        "certificate_pem": seed.certificate_for(state, seed.CERTIFICATE_APP)[1],
        "password": state.texts[f"{seed.CERTIFICATE_APP}.password"],
    }
    federated = _scenario(
        legacy,
        app(seed.FEDERATED_APP),
        "Federated credential",
        {},
        "The subscription does not carry your mark yet: play the customer who sets it.",
        "federated",
    )
    federated["customer_step"] = f"make tag SUBSCRIPTION={legacy.id} EXTERNAL_ID={{external_id}}"
    wrong = _secret(disabled, app(seed.READER_APP), "Wrong tenant", "The app is of another tenant than the one named.")
    wrong["fields"]["tenant_id"] = other.id
    return [
        _secret(
            platform,
            app(seed.READER_APP),
            "Everything granted",
            "Reader, and the grant to read the directory; sees two more.",
        ),
        _scenario(
            partner,
            app(seed.CERTIFICATE_APP, partner.tenant),
            "Certificate",
            certificate,
            "The private key is encrypted. The app is of a partner's tenant.",
            "certificate",
        ),
        federated,
        _secret(
            payments,
            app(seed.PARTIAL_APP),
            "Some permissions denied",
            "A role of its own hides vaults and roles. It connects, with gaps.",
        ),
        _refused(_secret(disabled, app(seed.NOBODY_APP), "No permission at all", "The app has no role.")),
        _refused(_secret(disabled, app(seed.EXPIRED_APP), "Expired secret", "It ended before the sandbox began.")),
        _refused(wrong),
        _refused(
            _secret(disabled, app(seed.READER_APP), "Disabled subscription", "Azure reports the subscription as such.")
        ),
        _secret(
            places[company.MANAGEMENT],
            app(seed.ORGANIZATION_APP),
            "Organization",
            "Reader at the tenant's root management group: connect it, then open Organizations.",
        ),
        *(
            _secret(places[name], app(seed.READER_APP, places[name].tenant), title, f"In the cloud {title}.")
            for name, title in ((company.GOVERNMENT, "Azure US Government"), (company.CHINA, "Azure China"))
        ),
    ]


def _refused(scenario: Scenario) -> Scenario:
    scenario["refused"] = True
    return scenario


def _secret(subscription: Subscription, app: App, title: str, note: str) -> Scenario:
    secret = app.secrets[0]
    ends = datetime.fromtimestamp(secret.expires, UTC).date()
    fields = {"client_secret": secret.value}
    # A date that has passed would be refused by the form, and the refusal of Azure would not be seen.
    if ends >= datetime.now(UTC).date():
        fields["expires_on"] = ends.isoformat()
    return _scenario(subscription, app, title, fields, note)


def _scenario(
    subscription: Subscription, app: App, title: str, fields: dict[str, str], note: str, method: str = "client_secret"
) -> Scenario:
    return {
        "cloud": "azure",
        "title": title,
        "account_id": subscription.id,
        "partition": subscription.tenant.cloud,
        "name": subscription.name,
        "environment": "production",
        "regions": list(subscription.locations[:2]),
        "method": method,
        "fields": {"tenant_id": app.tenant.id, "client_id": app.client_id, **fields},
        "note": note,
        "refused": False,
        "customer_step": "",
        "afterwards": "",
    }
