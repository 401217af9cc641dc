"""What identities may do, and who may take on a role."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from cloudaccounts.contract.inventory import Asset
from cloudaccounts.contract.rules import Evaluation, Severity
from cloudaccounts.provider_kit.posture import (
    UnknownFactError,
    abridge,
    failed,
    mapping,
    not_applicable,
    passed,
    required,
    text,
    unknown,
    value,
)
from cloudaccounts.providers.aws.checks import policies
from cloudaccounts.providers.aws.checks.results import BEST_PRACTICES, aws_docs, check, security_hub, texts
from cloudaccounts.providers.aws.policy.administrator import administrative_statement, is_administrator
from cloudaccounts.providers.aws.policy.answers import Answer
from cloudaccounts.providers.aws.policy.document import Policy
from cloudaccounts.providers.aws.policy.escalation import ways
from cloudaccounts.providers.aws.policy.managed import OF_AWS, documented
from cloudaccounts.providers.aws.policy.trust import assumable_by_strangers, other_accounts, trusts_services

_SERVICE_LINKED, _IDENTITY_CENTER = "/aws-service-role/", "/aws-reserved/sso.amazonaws.com/"


def _user_admin(asset: Asset) -> Evaluation:
    return _evaluate(asset, "The user may do everything: {}.", "No policy of the user's own makes it an administrator.")


def _group_admin(asset: Asset) -> Evaluation:
    if not required(asset, "members", list):
        return not_applicable("Nobody is in the group.")
    return _evaluate(asset, "Members may do everything: {}.", "The group makes nobody an administrator.")


def _role_admin(asset: Asset) -> Evaluation:
    return _of_role(asset, services=False) or _evaluate(
        asset, "Whoever assumes the role may do everything: {}.", "The role makes nobody an administrator."
    )


def _service_role_admin(asset: Asset) -> Evaluation:
    return _of_role(asset, services=True) or _evaluate(
        asset, "What runs with the role may do everything: {}.", "What runs with the role is limited."
    )


def _of_role(asset: Asset, *, services: bool) -> Evaluation | None:
    """Why a role is not evaluated as one of people, or as one of services; None where it is."""
    path = text(asset, "path")
    if path.startswith(_SERVICE_LINKED):
        return not_applicable("The role belongs to a service of AWS, which decides what it may do.")
    if path.startswith(_IDENTITY_CENTER):
        return not_applicable("The role is one of IAM Identity Center: who may use it is decided there.")
    policy = policies.resource_policy(asset, "trust_policy")
    if policy is None:
        raise UnknownFactError("Trust policy was not told.")
    if trusts_services(policy) == services:
        return None
    return not_applicable(
        "No service runs with this role." if services else "Services run with this role: another check evaluates it."
    )


def _evaluate(asset: Asset, failure: str, success: str) -> Evaluation:
    """On all policies of an identity's own together, within its permissions boundary."""
    readable, missing = _policies(asset)
    # All together: two policies that each allow a half make an administrator that neither makes alone.
    answer, unread = _answer(asset, list(readable.values()))
    if answer is Answer.YES:
        alone = [name for name, policy in readable.items() if is_administrator([policy]) is Answer.YES]
        return failed(failure.format(f"by {', '.join(alone)}" if alone else "its policies together allow it"))
    if missing or unread:
        raise UnknownFactError(missing or unread)
    if answer is Answer.UNSURE:
        return unknown("Whether this makes an administrator rests on a condition that is not known here.")
    return passed(success)


def _answer(asset: Asset, policies: Sequence[Policy]) -> tuple[Answer, str]:
    """Whether it is an administrator, and why that is not known where its boundary decides and was not read."""
    try:
        return is_administrator(policies, _boundary(asset), holder=_kind(asset)), ""
    except UnknownFactError as error:
        # A boundary grants nothing: whom the policies make no administrator, none makes one.
        answer = is_administrator(policies)
        return (answer, "") if answer is Answer.NO else (Answer.UNSURE, str(error))


def _escalates(asset: Asset) -> Evaluation:
    """On all policies of the identity together."""
    readable, missing = _policies(asset)
    policies = list(readable.values())
    answer, unread = _answer(asset, policies)
    if answer is Answer.YES:
        return not_applicable("It is an administrator already: another check says so.")
    try:
        open_ways = ways(policies, _boundary(asset), holder=_kind(asset))
    except UnknownFactError as error:
        # As above: what no policy opens, no boundary does.
        open_ways, unread = dict.fromkeys(ways(policies), Answer.UNSURE), str(error)
    sure = sorted(name for name, answer in open_ways.items() if answer is Answer.YES)
    if sure:
        return failed(f"It can make itself an administrator: {abridge(sure)}.")
    if missing or (unread and open_ways):
        raise UnknownFactError(missing or unread)
    if open_ways:
        return unknown(f"Whether {abridge(sorted(open_ways))} makes an administrator rests on what is not known here.")
    return passed("None of its policies opens a way, AWS's and the account's own.")


def _kind(asset: Asset) -> str:
    return asset.type.rpartition(".")[2]


def _group_escalates(asset: Asset) -> Evaluation:
    if not required(asset, "members", list):
        return not_applicable("Nobody is in the group.")
    return _escalates(asset)


def _role_escalates(asset: Asset) -> Evaluation:
    path = text(asset, "path")
    if path.startswith(_SERVICE_LINKED):
        return not_applicable("The role belongs to a service of AWS, which decides what it may do.")
    if path.startswith(_IDENTITY_CENTER):
        return not_applicable("The role is one of IAM Identity Center: who may use it is decided there.")
    return _escalates(asset)


def _policies(asset: Asset) -> tuple[dict[str, Policy], str]:
    """By name for a person, and why one of them is not known."""
    readable: dict[str, Policy] = {}
    missing = ""
    for name, document in _documents(asset):
        try:
            readable[name] = policies.identity_policy(document)
        except UnknownFactError as error:
            missing = f"{name}: {error}"
    return readable, missing


def _documents(asset: Asset) -> Iterator[tuple[str, object]]:
    attached = texts(required(asset, "attached_policies", list))
    inline = required(asset, "inline_policies", dict)
    for name, document in sorted(inline.items()):
        yield f"the inline policy {name}", document
    own = [arn for arn in attached if OF_AWS not in arn]
    # With AWS's alone, an asset that was stored before they were told is judged by their names.
    documents = required(asset, "attached_documents", dict) if own else mapping(asset, "attached_documents")
    for arn in own:
        yield f"the policy {arn.rpartition('/')[2]}", documents.get(arn)
    for arn in attached:
        if OF_AWS in arn:
            yield f"AWS's {arn.rpartition('/')[2]}", documents.get(arn) or documented(arn)


def _boundary(asset: Asset) -> Policy | None:
    """None where nothing limits the identity. Raises `UnknownFactError` where it is not known what the boundary says.

    A boundary may be AWS's own policy as well, whose actions are then those that are left:
    https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_boundaries.html
    """
    arn = value(asset, "permissions_boundary")
    if arn is None:
        return None
    document = mapping(asset, "boundary_document") or documented(str(arn))
    return policies.identity_policy(document or required(asset, "boundary_document", dict))


def _policy_admin(asset: Asset) -> Evaluation:
    if not required(asset, "attachment_count", int):
        return not_applicable("The policy is attached to nobody.")
    policy = policies.identity_policy(required(asset, "document", dict))
    answer = is_administrator([policy])
    if answer is Answer.YES:
        return failed(f"The policy allows everything, and is in use: {administrative_statement(policy)}.")
    if answer is Answer.UNSURE:
        return unknown("Whether the policy allows everything rests on a condition that is not known here.")
    return passed("The policy does not allow everything.")


def _trust(asset: Asset) -> Evaluation:
    policy = policies.resource_policy(asset, "trust_policy")
    if policy is None:
        raise UnknownFactError("Trust policy was not told.")
    accounts = other_accounts(policy, asset.native_id.split(":")[4] if asset.native_id.count(":") > 3 else "")
    names = ", ".join(f"{name} ({'with' if bound else 'without'} an external ID)" for name, bound in accounts.items())
    success = f"The trust policy names who may assume the role{f'; other accounts: {names}' if names else ''}."
    return policies.evaluate_openings(assumable_by_strangers(policy), success, whose="The trust policy")


CHECKS = (
    check(
        "iam_user_admin",
        "User is an administrator by a policy of its own",
        Severity.HIGH,
        "aws.iam.user",
        _user_admin,
        why="A user's password or key lasts until somebody changes it; one that may do everything is the whole "
        "account.",
        console="IAM, Users, the user, Permissions: remove the administrator policy, and let the person assume a role.",
        command="aws iam detach-user-policy --user-name <user> --policy-arn <policy>",
        references=(BEST_PRACTICES,),
    ),
    check(
        "iam_group_admin",
        "Group makes its members administrators",
        Severity.MEDIUM,
        "aws.iam.group",
        _group_admin,
        why="Each member's password or key is then the whole account, for as long as it lasts.",
        console="IAM, User groups, the group, Permissions: remove the administrator policy; let people assume a role "
        "for the tasks that need it.",
        command="aws iam detach-group-policy --group-name <group> --policy-arn <policy>; aws iam delete-group-policy "
        "--group-name <group> --policy-name <inline policy>",
        references=(BEST_PRACTICES,),
    ),
    check(
        "iam_role_admin",
        "Role for people or accounts may do everything",
        Severity.LOW,
        "aws.iam.role",
        _role_admin,
        why="Some role has to be the administrator's. Each more is a further way to the whole account: keep the one "
        "that is meant, suppress its finding with the reason, and narrow the others.",
        console="IAM, Roles, the role, Permissions: replace the administrator policy by what the task needs.",
        command="aws iam detach-role-policy --role-name <role> --policy-arn <policy>; aws iam delete-role-policy "
        "--role-name <role> --policy-name <inline policy>",
        references=(BEST_PRACTICES,),
    ),
    check(
        "iam_service_role_admin",
        "Machines or functions run as administrator",
        Severity.HIGH,
        "aws.iam.role",
        _service_role_admin,
        why="A hole in what runs with the role, or in a library of it, is then a hole in the whole account.",
        console="IAM, Roles, the role, Access Advisor: see what is used, and replace the administrator policy by that.",
        command="aws iam generate-service-last-accessed-details --arn <arn>; aws iam detach-role-policy --role-name "
        "<role> --policy-arn <policy>",
        references=(BEST_PRACTICES,),
    ),
    *(
        check(
            f"iam_{kind}_escalation",
            f"{title} can make itself an administrator",
            severity,
            f"aws.iam.{kind}",
            rule,
            why="It looks limited and is not: it may give itself, or something that it starts, whatever there is.",
            console=f"IAM, {place}, Permissions: narrow the action that is named to what the task needs (for "
            "iam:PassRole: to one role and, by iam:PassedToService, to one service), or set a permissions boundary.",
            command=f"aws iam list-attached-{kind}-policies --{kind}-name <{kind}>; aws iam list-{kind}-policies "
            f"--{kind}-name <{kind}>",
            references=(
                aws_docs(
                    "Passing a role to a service",
                    "https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_passrole.html",
                ),
                BEST_PRACTICES,
            ),
        )
        for kind, title, place, severity, rule in (
            ("user", "User", "Users, the user", Severity.HIGH, _escalates),
            ("group", "Group", "User groups, the group", Severity.HIGH, _group_escalates),
            ("role", "Role", "Roles, the role", Severity.MEDIUM, _role_escalates),
        )
    ),
    check(
        "iam_policy_admin",
        "Policy allows everything",
        Severity.HIGH,
        "aws.iam.policy",
        _policy_admin,
        why="Whoever holds a policy that allows everything can undo every other measure.",
        console="IAM, Policies, the policy: Edit to the actions that are needed, or detach it from everybody.",
        command="aws iam list-entities-for-policy --policy-arn <policy>; aws iam detach-role-policy --role-name <role> "
        "--policy-arn <policy>",
        references=(security_hub("IAM.1"),),
    ),
    check(
        "iam_role_trust",
        "Role can be assumed by strangers",
        Severity.CRITICAL,
        "aws.iam.role",
        _trust,
        why="A role that trusts everybody, or every customer of a provider such as GitHub, can be taken on from "
        "outside: its permissions are public.",
        console="IAM, Roles, the role, Trust relationships, Edit: name the account, role or service that needs it; of "
        "an identity provider, the organization and repository (its sub).",
        command="aws iam update-assume-role-policy --role-name <role> --policy-document file://trust.json",
        references=(
            aws_docs(
                "The confused deputy problem", "https://docs.aws.amazon.com/IAM/latest/UserGuide/confused-deputy.html"
            ),
            aws_docs(
                "Shared OIDC providers",
                "https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_providers_oidc_secure-by-default.html",
            ),
        ),
    ),
)
