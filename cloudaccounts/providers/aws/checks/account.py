"""The account and its root user: second factor, keys, use, password policy, support role."""

from __future__ import annotations

from cloudaccounts.contract.inventory import Asset
from cloudaccounts.contract.rules import Evaluation, Severity
from cloudaccounts.provider_kit.posture import (
    UnknownFactError,
    days_since,
    expect,
    failed,
    not_applicable,
    observed,
    optional,
    parse_time,
    passed,
    required,
)
from cloudaccounts.providers.aws.checks.results import BEST_PRACTICES, check, security_hub, texts

ROOT_QUIET_DAYS = 30  # CIS AWS 1.7 names no number
PASSWORD_LENGTH = 14  # CIS AWS 1.8
PASSWORDS_REMEMBERED = 24  # CIS AWS 1.9

_ACCOUNT, _CREDENTIALS = "aws.iam.account", "aws.iam.credentials"


# GetAccountSummary has 0 or 1 for each; the inventory makes it True or False, and leaves out what AWS does not say.
def _root(asset: Asset, name: str) -> bool:
    value = required(asset, "root", dict).get(name)
    if not isinstance(value, bool):
        raise UnknownFactError("AWS told nothing about this of the root user.")
    return value


def _root_mfa(asset: Asset) -> Evaluation:
    """Organizations may take the root user's credentials away: then nobody can sign in, with or without a factor.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/id_root-user-access-management.html
    """
    if _root(asset, "AccountMFAEnabled"):
        return passed("The root user has a second factor.")
    # Only after the second factor: with one, the root user is well kept whether or not there is a password. Accounts
    # of an organization may have no root credentials at all.
    if not _root(asset, "AccountPasswordPresent"):
        return not_applicable("The root user has no password: nobody can sign in as root.")
    return failed("The root user signs in with a password alone.")


def _root_hardware(asset: Asset) -> Evaluation:
    """AWS lists virtual devices alone: a second factor that is none of these is a key or token in somebody's hand."""
    if not _root(asset, "AccountMFAEnabled"):
        if not _root(asset, "AccountPasswordPresent"):
            return not_applicable("The root user has no password: nobody can sign in as root.")
        return failed("The root user has no second factor at all.")
    # IAM lists virtual devices alone, so a device that is in no list is one of hardware.
    virtual = required(asset, "root_virtual_mfa", bool)
    return expect(
        not virtual,
        "The root user's second factor is an app, whose secret can be copied.",
        "It is a device of its own.",
    )


def _certificate(asset: Asset) -> Evaluation:
    left = -days_since(asset, required(asset, "expires_at", str))
    return expect(left > 0, "The certificate has expired.", f"The certificate is valid for {left} more days.")


def _root_keys(asset: Asset) -> Evaluation:
    has = _root(asset, "AccountAccessKeysPresent")
    return expect(not has, "The root user has an access key, which nothing limits.", "The root user has no access key.")


def _password_length(asset: Asset) -> Evaluation:
    policy = optional(asset, "password_policy", dict)
    if policy is None:
        return failed("The account has no password policy of its own: 8 characters are enough.")
    # AWS gives the number of every policy.
    least = policy.get("MinimumPasswordLength")
    if isinstance(least, bool) or not isinstance(least, int):
        raise UnknownFactError("How long passwords must be was not told.")
    return expect(
        least >= PASSWORD_LENGTH,
        f"Passwords of {least} characters are enough; at least {PASSWORD_LENGTH} should be asked for.",
        f"Passwords need at least {least} characters.",
    )


def _password_reuse(asset: Asset) -> Evaluation:
    policy = optional(asset, "password_policy", dict)
    if policy is None:
        return failed("The account has no password policy of its own: old passwords may be used again.")
    # AWS leaves the number out where reuse is not prevented.
    kept = policy.get("PasswordReusePrevention", 0)
    if isinstance(kept, bool) or not isinstance(kept, int):
        raise UnknownFactError("How many passwords are remembered has a form that is not known here.")
    return expect(
        kept >= PASSWORDS_REMEMBERED,
        f"Only the last {kept} passwords are remembered." if kept else "Old passwords may be used again.",
        f"The last {kept} passwords cannot be used again.",
    )


def _support_role(asset: Asset) -> Evaluation:
    roles = required(asset, "support_roles", list)
    return expect(
        bool(roles),
        "No role has the policy AWSSupportAccess: in an incident nobody may open a case.",
        f"AWS Support can be reached through {', '.join(sorted(texts(roles)))}.",
    )


def _root_quiet(asset: Asset) -> Evaluation:
    if not required(asset, "root", bool):
        return not_applicable("This is not the root user.")
    # N/A in the report is no date, and so no use.
    uses = _uses(asset, ("password_last_used_at", "access_key_1_last_used_at", "access_key_2_last_used_at"))
    if not uses:
        return passed("The root user was never used, as far as AWS remembers.")
    days = min(days_since(asset, use) for use in uses)
    return expect(
        days >= ROOT_QUIET_DAYS,
        f"The root user was used {days} days ago.",
        f"The root user was last used {days} days ago.",
    )


def _uses(asset: Asset, names: tuple[str, ...]) -> list[str]:
    return [value for name in names if parse_time(value := observed(asset, name)) is not None]


CHECKS = (
    check(
        "iam_root_mfa",
        "Root user without a second factor",
        Severity.CRITICAL,
        _ACCOUNT,
        _root_mfa,
        why="The root user may do everything and cannot be limited. A guessed or stolen password alone must not be "
        "enough.",
        console="Sign in as the root user, open Security credentials, Multi-factor authentication, and assign a "
        "device.",
        command="aws iam get-account-summary --query SummaryMap.AccountMFAEnabled  # the device itself is assigned "
        "in the "
        "console",
        references=(BEST_PRACTICES,),
    ),
    check(
        "iam_root_hardware_mfa",
        "Root user's second factor is an app",
        Severity.LOW,
        _ACCOUNT,
        _root_hardware,
        why="The secret of an app lies on a telephone and in its backups; that of a key or token cannot be copied.",
        console="Sign in as the root user, open Security credentials, Multi-factor authentication, and assign a "
        "passkey, security key or hardware token; then remove the app.",
        command="aws iam list-virtual-mfa-devices --assignment-status Assigned  # the device itself is assigned in the "
        "console",
        references=(security_hub("IAM.6"), BEST_PRACTICES),
    ),
    check(
        "iam_server_certificate_expired",
        "IAM keeps a certificate that has expired",
        Severity.LOW,
        "aws.iam.server_certificate",
        _certificate,
        why="Sooner or later somebody puts it on a load balancer, which then turns every visitor away.",
        console="IAM has no page for it: delete it on the command line, and keep new ones in Certificate Manager.",
        command="aws iam delete-server-certificate --server-certificate-name <name>",
        references=(security_hub("IAM.26"),),
        time_dependent=True,
    ),
    check(
        "iam_root_access_keys",
        "Root user has an access key",
        Severity.CRITICAL,
        _ACCOUNT,
        _root_keys,
        why="A root key works everywhere, without a second factor, and no policy can narrow it.",
        console="Sign in as the root user, open Security credentials, Access keys, and delete each key.",
        command="aws iam delete-access-key --access-key-id <key id>  # with the root user's own credentials",
        references=(BEST_PRACTICES,),
    ),
    check(
        "iam_root_unused",
        "Root user is used in daily work",
        Severity.MEDIUM,
        _CREDENTIALS,
        _root_quiet,
        why="Each use of the root user is a use of unlimited power; almost every task can be done by a role.",
        console="Find out who signed in as root (CloudTrail, Event history), and give that person a role for the task.",
        command="aws cloudtrail lookup-events --lookup-attributes AttributeKey=Username,AttributeValue=root",
        references=(BEST_PRACTICES,),
        time_dependent=True,
    ),
    check(
        "iam_password_length",
        "Passwords may be shorter than 14 characters",
        Severity.MEDIUM,
        _ACCOUNT,
        _password_length,
        why="Length is what makes a password hard to guess.",
        console="IAM, Account settings, Password policy, Edit: set the minimum length to 14 or more.",
        command="aws iam update-account-password-policy --minimum-password-length 14 --password-reuse-prevention 24 "
        "--require-symbols --require-numbers --require-uppercase-characters --require-lowercase-characters "
        "--allow-users-to-change-password",
        references=(security_hub("IAM.15"),),
    ),
    check(
        "iam_password_reuse",
        "Old passwords may be used again",
        Severity.LOW,
        _ACCOUNT,
        _password_reuse,
        why="A password that leaked once must not come back.",
        console="IAM, Account settings, Password policy, Edit: prevent reuse of the last 24 passwords.",
        command="aws iam update-account-password-policy --password-reuse-prevention 24 --minimum-password-length 14",
        references=(security_hub("IAM.16"),),
    ),
    check(
        "iam_support_role",
        "No role may manage cases with AWS Support",
        Severity.LOW,
        _ACCOUNT,
        _support_role,
        why="In an incident somebody must be able to open a case without the root user.",
        console="IAM, Roles, Create role for the people on call, and attach AWSSupportAccess.",
        command="aws iam attach-role-policy --role-name <role> --policy-arn "
        "arn:<partition>:iam::aws:policy/AWSSupportAccess",
        references=(security_hub("IAM.18"),),
    ),
)
