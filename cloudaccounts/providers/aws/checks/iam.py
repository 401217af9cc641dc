"""Identities: the root user, passwords, second factors, keys, and who is an administrator."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

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
    rows,
)
from cloudaccounts.providers.aws.checks import policies
from cloudaccounts.providers.aws.checks.results import aws_docs, check, cis, texts

UNUSED_DAYS = 45  # CIS AWS 1.12
KEY_DAYS = 90  # CIS AWS 1.14
ROOT_QUIET_DAYS = 30  # CIS AWS 1.7 names no number
PASSWORD_LENGTH = 14  # CIS AWS 1.8
PASSWORDS_REMEMBERED = 24  # CIS AWS 1.9

_ACCOUNT, _USER, _CREDENTIALS = "aws.iam.account", "aws.iam.user", "aws.iam.credentials"
_BEST_PRACTICES = aws_docs(
    "Security best practices in IAM", "https://docs.aws.amazon.com/IAM/latest/UserGuide/best-practices.html"
)


def _root(asset: Asset, name: str) -> bool:
    value = required(asset, "root", dict).get(name)
    if not isinstance(value, bool):
        raise UnknownFactError("AWS told nothing about this of the root user.")
    return value


def _root_mfa(asset: Asset) -> Evaluation:
    on = _root(asset, "AccountMFAEnabled")
    return expect(on, "The root user signs in with a password alone.", "The root user has a second factor.")


def _root_keys(asset: Asset) -> Evaluation:
    has = _root(asset, "AccountAccessKeysPresent")
    return expect(not has, "The root user has an access key, which nothing limits.", "The root user has no access key.")


def _password_length(asset: Asset) -> Evaluation:
    policy = optional(asset, "password_policy", dict)
    if policy is None:
        return failed("The account has no password policy of its own: 8 characters are enough.")
    least = policy.get("MinimumPasswordLength")
    least = least if isinstance(least, int) else 0
    return expect(
        least >= PASSWORD_LENGTH,
        f"Passwords of {least} characters are enough; at least {PASSWORD_LENGTH} should be asked for.",
        f"Passwords need at least {least} characters.",
    )


def _password_reuse(asset: Asset) -> Evaluation:
    policy = optional(asset, "password_policy", dict)
    if policy is None:
        return failed("The account has no password policy of its own: old passwords may be used again.")
    kept = policy.get("PasswordReusePrevention")
    kept = kept if isinstance(kept, int) else 0
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


def _user_mfa(asset: Asset) -> Evaluation:
    if required(asset, "root", bool):
        return not_applicable("The root user has a rule of its own.")
    if not required(asset, "console_password", bool):
        return not_applicable("This user has no password for the console.")
    on = required(asset, "mfa_active", bool)
    return expect(on, "The user signs in to the console with a password alone.", "The user has a second factor.")


def _unused(asset: Asset) -> Evaluation:
    """CIS: a password or key not used for 45 days, or never used and that old."""
    if required(asset, "root", bool):
        return not_applicable("The root user has a rule of its own.")
    idle = []
    if required(asset, "console_password", bool):
        last = _latest(observed(asset, "password_last_used_at"), optional(asset, "password_changed_at", str))
        idle.append(("the password", days_since(asset, last or optional(asset, "created_at", str))))
    for number, key in enumerate(rows(asset, "access_keys"), start=1):
        if key.get("active") is True:
            last = _latest(observed(asset, f"access_key_{number}_last_used_at"), key.get("made_at"))
            idle.append((f"access key {number}", days_since(asset, last)))
    if not idle:
        return not_applicable("The user has neither a password nor an active key.")
    old = [f"{what} for {days} days" for what, days in idle if days >= UNUSED_DAYS]
    return expect(not old, f"Not used: {', '.join(old)}.", "Everything was used lately.")


def _latest(*values: Any) -> str | None:
    known = [(at, value) for value in values if (at := parse_time(value)) is not None]
    return max(known)[1] if known else None


def _keys(asset: Asset) -> list[Mapping[str, Any]]:
    return [key for key in rows(asset, "access_keys") if key.get("active") is True]


def _key_age(asset: Asset) -> Evaluation:
    keys = _keys(asset)
    if not keys:
        return not_applicable("The user has no active access key.")
    oldest = max(days_since(asset, key.get("created_at")) for key in keys)
    return expect(
        oldest < KEY_DAYS,
        f"An active key is {oldest} days old; the limit is {KEY_DAYS}.",
        f"The oldest active key is {oldest} days old.",
    )


def _one_key(asset: Asset) -> Evaluation:
    count = len(_keys(asset))
    return expect(count <= 1, f"The user has {count} active access keys.", f"{count} active access keys.")


def _through_groups(asset: Asset) -> Evaluation:
    own = [arn.rpartition("/")[2] for arn in texts(required(asset, "attached_policies", list))]
    own += sorted(str(name) for name in required(asset, "inline_policies", dict))
    return expect(
        not own,
        f"Policies are given to the user directly: {', '.join(own)}.",
        "Permissions come through groups alone.",
    )


def _no_admin(asset: Asset) -> Evaluation:
    attached = texts(required(asset, "attached_policies", list))
    inline = required(asset, "inline_policies", dict)
    admin = any(arn.endswith(":aws:policy/AdministratorAccess") for arn in attached)
    admin = admin or any(policies.is_admin(document) for document in inline.values())
    return expect(
        not admin,
        "The user may do everything: an administrator policy is attached or written inline.",
        "No administrator policy is given to the user directly.",
    )


def _policy_admin(asset: Asset) -> Evaluation:
    if not required(asset, "attachment_count", int):
        return not_applicable("The policy is attached to nobody.")
    if not policies.is_admin(required(asset, "document", dict)):
        return passed("The policy does not allow everything.")
    return failed("The policy allows every action on everything, and is in use.")


def _trust(asset: Asset) -> Evaluation:
    statement = policies.public_statement(required(asset, "trust_policy", dict))
    return expect(
        statement is None,
        "Every AWS account in the world may assume this role.",
        "The trust policy names who may assume the role.",
    )


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
        references=(cis("1.5"), _BEST_PRACTICES),
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
        references=(cis("1.4"), _BEST_PRACTICES),
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
        references=(cis("1.7"), _BEST_PRACTICES),
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
        references=(cis("1.8"),),
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
        references=(cis("1.9"),),
    ),
    check(
        "iam_support_role",
        "No role may manage cases with AWS Support",
        Severity.LOW,
        _ACCOUNT,
        _support_role,
        why="In an incident somebody must be able to open a case without the root user.",
        console="IAM, Roles, Create role for the people on call, and attach AWSSupportAccess.",
        command="aws iam attach-role-policy --role-name <role> --policy-arn arn:aws:iam::aws:policy/AWSSupportAccess",
        references=(cis("1.17"),),
    ),
    check(
        "iam_user_mfa",
        "Console user without a second factor",
        Severity.HIGH,
        _CREDENTIALS,
        _user_mfa,
        why="Passwords are phished and reused; a second factor keeps a stolen one from being enough.",
        console="IAM, Users, the user, Security credentials, Multi-factor authentication, Assign MFA device.",
        command="aws iam enable-mfa-device --user-name <user> --serial-number <device> --authentication-code1 <code> "
        "--authentication-code2 <next code>",
        references=(cis("1.10"), _BEST_PRACTICES),
    ),
    check(
        "iam_credentials_unused",
        "Password or key not used for 45 days",
        Severity.MEDIUM,
        _CREDENTIALS,
        _unused,
        why="Nobody notices when a forgotten credential is used by somebody else.",
        console="IAM, Users, the user, Security credentials: disable console access, deactivate the key.",
        command="aws iam update-access-key --user-name <user> --access-key-id <key id> --status Inactive",
        references=(cis("1.12"),),
        time_dependent=True,
    ),
    check(
        "iam_access_key_age",
        "Access key is older than 90 days",
        Severity.MEDIUM,
        _USER,
        _key_age,
        why="The longer a key lives, the more places it lies in. Rotation ends the life of copies nobody knows of.",
        console="IAM, Users, the user, Security credentials: create a second key, switch to it, then delete the old "
        "one.",
        command="aws iam create-access-key --user-name <user>  # switch over, then: aws iam delete-access-key "
        "--user-name "
        "<user> --access-key-id <old key id>",
        references=(cis("1.14"),),
        time_dependent=True,
    ),
    check(
        "iam_single_access_key",
        "User has two active access keys",
        Severity.LOW,
        _USER,
        _one_key,
        why="A second key doubles what can leak; it belongs there only while the first one is being replaced.",
        console="IAM, Users, the user, Security credentials: deactivate the key that is not used, then delete it.",
        command="aws iam update-access-key --user-name <user> --access-key-id <key id> --status Inactive",
        references=(cis("1.13"),),
    ),
    check(
        "iam_user_policies",
        "User has permissions of its own",
        Severity.LOW,
        _USER,
        _through_groups,
        why="Permissions given one by one are forgotten one by one when people change their task.",
        console="IAM, User groups: attach the policy to a group, add the user, then remove the user's own policies.",
        command="aws iam add-user-to-group --user-name <user> --group-name <group>; aws iam detach-user-policy "
        "--user-name "
        "<user> --policy-arn <policy>",
        references=(cis("1.15"),),
    ),
    check(
        "iam_user_admin",
        "User is an administrator by a policy of its own",
        Severity.HIGH,
        _USER,
        _no_admin,
        why="A user's password or key lasts until somebody changes it; one that may do everything is the whole "
        "account.",
        console="IAM, Users, the user, Permissions: remove the administrator policy, and let the person assume a role.",
        command="aws iam detach-user-policy --user-name <user> --policy-arn "
        "arn:aws:iam::aws:policy/AdministratorAccess",
        references=(cis("1.16"), _BEST_PRACTICES),
    ),
    check(
        "iam_policy_admin",
        "Policy allows everything",
        Severity.HIGH,
        "aws.iam.policy",
        _policy_admin,
        why="Whoever holds a policy that allows *:* can undo every other measure.",
        console="IAM, Policies, the policy: Edit to the actions that are needed, or detach it from everybody.",
        command="aws iam list-entities-for-policy --policy-arn <policy>; aws iam detach-role-policy --role-name <role> "
        "--policy-arn <policy>",
        references=(cis("1.16"),),
    ),
    check(
        "iam_role_trust",
        "Role can be assumed by everybody",
        Severity.CRITICAL,
        "aws.iam.role",
        _trust,
        why="A role that trusts * can be taken on from any AWS account: its permissions are public.",
        console="IAM, Roles, the role, Trust relationships, Edit: name the account, role or service that needs it.",
        command="aws iam update-assume-role-policy --role-name <role> --policy-document file://trust.json",
        references=(
            aws_docs(
                "The confused deputy problem", "https://docs.aws.amazon.com/IAM/latest/UserGuide/confused-deputy.html"
            ),
        ),
    ),
)
