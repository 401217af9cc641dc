"""Credentials for people to paste, one per situation that the product tells apart."""

from sandbox.aws import company, organization_tree, seed
from sandbox.aws.identities import Account, Identities
from sandbox.aws.people import keys_of
from sandbox.emulator import Scenario

SESSION_SECONDS = 12 * 3600


def scenarios(identities: Identities) -> list[Scenario]:
    """In the order in which a newcomer should meet them."""
    accounts = identities.accounts
    platform, payments, legacy = (accounts[one] for one in (company.DATA_PLATFORM, company.PAYMENTS, company.LEGACY))
    auditor = company.AUDITOR.name
    session = identities.open_session(platform, SESSION_SECONDS, user=auditor)
    root_key, (root_secret, _) = next((key, value) for key, value in identities.root_keys.items() if value[1] is legacy)
    return [
        _keys(platform, auditor, "Everything granted", "An audit user with SecurityAudit and ViewOnlyAccess."),
        _scenario(
            payments,
            "Cross-account role",
            {"role_arn": payments.arn(f"role/{company.READER_ROLE}")},
            "The role does not exist yet. Make it, with the external ID that the product shows you: "
            f"make role ACCOUNT={payments.id} EXTERNAL_ID=…",
            method="cross_account_role",
        ),
        _keys(payments, "partial-auditor", "Some permissions denied", "An explicit deny hides some S3 and EC2 reads."),
        _keys(
            platform,
            "inventory-without-simulation",
            "Permissions that cannot be simulated",
            "Reads the inventory, but may not ask IAM to simulate: proven by live reads.",
        ),
        _keys(payments, "nobody", "No permission at all", "A valid key of a user without any policy."),
        _keys(legacy, "former-contractor", "Inactive key", "AWS answers as for a key that never existed."),
        _scenario(
            legacy,
            "Root user's key",
            {"access_key_id": root_key, "secret_access_key": root_secret},
            "Must be refused: a root key cannot be limited.",
        ),
        _scenario(
            platform,
            "Temporary credentials",
            {
                "access_key_id": session.key_id,
                "secret_access_key": session.secret,
                "session_token": session.token,
            },
            "Expires 12 hours after the sandbox's start.",
        ),
        _keys(
            accounts[organization_tree.MANAGEMENT],
            seed.ORGANIZATION_USER,
            "Organization",
            "Connect it, then open Organizations. The members lack their role until you play their administrator: "
            "make organization EXTERNAL_ID=…",
        ),
        _keys(accounts[company.GOVERNMENT], auditor, "AWS GovCloud (US)", "Partition aws-us-gov."),
        _keys(accounts[company.CHINA], auditor, "AWS China", "Partition aws-cn."),
    ]


def _keys(account: Account, user: str, title: str, note: str) -> Scenario:
    keys = keys_of(account, user)
    fields = {"access_key_id": keys[-1]["id"], "secret_access_key": keys[-1]["secret"]} if keys else {}
    return _scenario(account, title, fields, note)


def _scenario(
    account: Account, title: str, fields: dict[str, str], note: str, *, method: str = "access_keys"
) -> Scenario:
    return {
        "cloud": "aws",
        "title": title,
        "account_id": account.id,
        "method": method,
        "fields": fields,
        "note": f"{account.name}: {note}",
    }
