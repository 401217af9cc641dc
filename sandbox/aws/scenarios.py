"""Credentials for people to use, one per situation that the product tells apart."""

from sandbox.aws import company, hosts, organization_tree, seed, standalone
from sandbox.aws.identities import Account, Identities
from sandbox.aws.people import keys_of
from sandbox.emulator import Scenario

SESSION_SECONDS = 12 * 3600
ENVIRONMENTS = {standalone.RESEARCH: "dev", standalone.MOBILE: "staging"}  # all others are production


def scenarios(identities: Identities) -> list[Scenario]:
    """In the order in which a newcomer should meet them."""
    accounts = identities.accounts
    platform, payments, legacy = (accounts[name] for name in (company.DATA_PLATFORM, company.PAYMENTS, company.LEGACY))
    mobile = accounts[standalone.MOBILE]
    auditor = company.AUDITOR.name
    session = identities.open_session(mobile, SESSION_SECONDS, user=auditor)
    root_key, (root_secret, _) = next((key, value) for key, value in identities.root_keys.items() if value[1] is legacy)
    role = _scenario(
        payments,
        "Cross-account role",
        {"role_arn": payments.arn(f"role/{company.READER_ROLE}")},
        "The role does not exist yet: play the customer who makes it.",
        method="cross_account_role",
    )
    role["customer_step"] = f"make role ACCOUNT={_shown(payments.id)} EXTERNAL_ID={{external_id}}"
    temporary = {
        "access_key_id": session.key_id,
        "secret_access_key": session.secret,
        "session_token": session.token,
    }
    organization = _keys(
        accounts[organization_tree.MANAGEMENT],
        seed.ORGANIZATION_USER,
        "Organization",
        "Connect it, then open Organizations. The members lack their role until you play their administrator.",
    )
    organization["afterwards"] = "make organization EXTERNAL_ID={external_id}"
    return [
        _keys(platform, auditor, "Everything granted", "An audit user with SecurityAudit and ViewOnlyAccess."),
        role,
        _keys(
            accounts[standalone.STOREFRONT],
            "partial-auditor",
            "Some permissions denied",
            "An explicit deny hides some S3 and EC2 reads. It connects, with gaps.",
        ),
        _keys(
            accounts[standalone.RESEARCH],
            "inventory-without-simulation",
            "Permissions that cannot be simulated",
            "Reads the inventory, but may not ask IAM to simulate: validated by live reads.",
        ),
        _refused(_keys(legacy, "nobody", "No permission at all", "A valid key of a user without any policy.")),
        _refused(_keys(legacy, "former-contractor", "Inactive key", "AWS answers as for a key that never existed.")),
        _refused(
            _scenario(
                legacy,
                "Root user's key",
                {"access_key_id": root_key, "secret_access_key": root_secret},
                "A root key cannot be limited.",
            )
        ),
        _scenario(mobile, "Temporary credentials", temporary, "They expire 12 hours after the sandbox's start."),
        organization,
        _keys(accounts[company.GOVERNMENT], auditor, "AWS GovCloud (US)", "Partition aws-us-gov."),
        _keys(accounts[company.CHINA], auditor, "AWS China", "Partition aws-cn."),
    ]


def _keys(account: Account, user: str, title: str, note: str) -> Scenario:
    keys = keys_of(account, user)
    fields = {"access_key_id": keys[-1]["id"], "secret_access_key": keys[-1]["secret"]} if keys else {}
    return _scenario(account, title, fields, note)


def _refused(scenario: Scenario) -> Scenario:
    scenario["refused"] = True
    return scenario


def _scenario(
    account: Account, title: str, fields: dict[str, str], note: str, *, method: str = "access_keys"
) -> Scenario:
    return {
        "cloud": "aws",
        "title": title,
        "account_id": account.id,
        "partition": account.partition,
        "name": account.name,
        "environment": ENVIRONMENTS.get(account.id, "production"),
        "regions": _regions(account),
        "method": method,
        "fields": fields,
        "note": note,
        "refused": False,
        "customer_step": "",
        "afterwards": "",
    }


def _regions(account: Account) -> list[str]:
    """Two where the account has something, else where its partition begins."""
    for customer in (*company.CUSTOMERS, *standalone.CUSTOMERS):
        if customer.id == account.id:
            used = [*(place.region for place in customer.places), *(bucket.region for bucket in customer.buckets)]
            return list(dict.fromkeys(used))[:2]
    return [hosts.HOME_REGIONS[account.partition]]


def _shown(account_id: str) -> str:
    """As AWS' console and our pages show it."""
    return f"{account_id[:4]}-{account_id[4:8]}-{account_id[8:]}"
