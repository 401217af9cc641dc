"""Users and their keys: second factors, unused and old credentials, policies of their own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cloudaccounts.contract.inventory import Asset
from cloudaccounts.contract.rules import Evaluation, Severity, Threshold
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
from cloudaccounts.provider_kit.thresholds import limit
from cloudaccounts.providers.aws.checks.results import BEST_PRACTICES, check, security_hub, texts

# CIS AWS 1.12 and 1.14 name these numbers.
UNUSED = Threshold("aws_credentials_unused", "Disuse of an AWS password or key", default=45, least=1, most=365)
KEY_AGE = Threshold("aws_access_key_age", "Age of an AWS access key", default=90, least=1, most=365)

_USER, _CREDENTIALS = "aws.iam.user", "aws.iam.credentials"


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
    # A password and each key on its own: one that is in use does not excuse another that is forgotten.
    idle, unread = [], list[str]()
    if required(asset, "console_password", bool):
        # A password that was set a week ago and not used yet is not forgotten, so its change counts as a use.
        last = _latest(observed(asset, "password_last_used_at"), optional(asset, "password_changed_at", str))
        idle.append(("the password", days_since(asset, last or optional(asset, "created_at", str))))
    for number, key in enumerate(rows(asset, "access_keys"), start=1):
        active = key.get("active")
        if not isinstance(active, bool):
            unread.append(f"access key {number}")
        # An inactive key cannot be used, so its age does not matter.
        if active is True:
            last = _latest(observed(asset, f"access_key_{number}_last_used_at"), key.get("made_at"))
            idle.append((f"access key {number}", days_since(asset, last)))
    old = [f"{what} for {days} days" for what, days in idle if days >= limit(UNUSED)]
    # Before what is unread: one forgotten key is enough, whatever the other is.
    if old:
        return failed(f"Not used: {', '.join(old)}.")
    if unread:
        raise UnknownFactError(f"Whether {' and '.join(unread)} may be used was not told.")
    return (
        passed("Everything was used lately.") if idle else not_applicable("There is neither password nor active key.")
    )


def _latest(*values: Any) -> str | None:
    known = [(at, value) for value in values if (at := parse_time(value)) is not None]
    return max(known)[1] if known else None


def _keys(asset: Asset) -> tuple[list[Mapping[str, Any]], bool]:
    """The active ones, and whether the state of each key is known."""
    keys = rows(asset, "access_keys")
    return [key for key in keys if key.get("active") is True], all(isinstance(key.get("active"), bool) for key in keys)


def _key_age(asset: Asset) -> Evaluation:
    keys, are_known = _keys(asset)
    oldest = max((days_since(asset, key.get("created_at")) for key in keys), default=0)
    # In this order: a failure that is sure, then what is not known, then what does not apply.
    # "Within" that many days, so that the day itself is in time:
    # https://docs.aws.amazon.com/config/latest/developerguide/access-keys-rotated.html
    if oldest > limit(KEY_AGE):
        return failed(f"An active key is {oldest} days old; the limit is {limit(KEY_AGE)}.")
    if not are_known:
        raise UnknownFactError("Whether a key may be used was not told.")
    if not keys:
        return not_applicable("The user has no active access key.")
    return passed(f"The oldest active key is {oldest} days old.")


def _one_key(asset: Asset) -> Evaluation:
    keys, are_known = _keys(asset)
    if len(keys) > 1:
        return failed(f"The user has {len(keys)} active access keys.")
    if not are_known:
        raise UnknownFactError("Whether a key may be used was not told.")
    return passed(f"{len(keys)} active access keys.")


def _through_groups(asset: Asset) -> Evaluation:
    own = [arn.rpartition("/")[2] for arn in texts(required(asset, "attached_policies", list))]
    own += sorted(str(name) for name in required(asset, "inline_policies", dict))
    return expect(
        not own,
        f"Policies are given to the user directly: {', '.join(own)}.",
        "Permissions come through groups alone.",
    )


CHECKS = (
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
        references=(BEST_PRACTICES,),
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
        references=(security_hub("IAM.22"),),
        time_dependent=True,
        thresholds=(UNUSED,),
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
        command="aws iam create-access-key --user-name <user>\n# switch over to the new key, then\n"
        "aws iam delete-access-key --user-name <user> --access-key-id <old key id>",
        references=(security_hub("IAM.3"),),
        time_dependent=True,
        thresholds=(KEY_AGE,),
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
        references=(BEST_PRACTICES,),
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
        references=(security_hub("IAM.2"),),
    ),
)
