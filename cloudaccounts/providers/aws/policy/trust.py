"""Who in the world may assume a role, by its trust policy.

https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_update-role-trust-policy.html
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from cloudaccounts.providers.aws.policy.access import Opening, denied, openings
from cloudaccounts.providers.aws.policy.answers import Answer
from cloudaccounts.providers.aws.policy.conditions import (
    KNOWN_OPERATORS,
    is_loose,
    is_positive,
    keys_that_must_be_there,
    leave_strangers_out,
)
from cloudaccounts.providers.aws.policy.document import Condition, Policy, Statement
from cloudaccounts.providers.aws.policy.patterns import covers, has_variable, is_wild
from cloudaccounts.providers.aws.policy.principals import PrincipalKind
from cloudaccounts.providers.aws.policy.shared_providers import SAYS_NOTHING, SHARED, SharedProvider, is_of_one_customer

_WILD = frozenset({"stringlike"})
_GUEST = "unauthenticated"  # in the amr of Cognito's tokens
# By themselves they assume nothing: they go along with an assumption that another statement allows.
_ALONGSIDE = frozenset({"sts:tagsession", "sts:setsourceidentity", "sts:setcontext"})


def assumable_by_strangers(policy: Policy) -> tuple[Opening, ...]:
    """Statements that let somebody assume the role whom nobody chose.

    Services are left alone: what a service does with a role, its own account must have passed to it (iam:PassRole).
    """
    # Denials stay, since they take back what an Allow gives; actions that go along with an assumption give nothing
    # alone.
    relevant = Policy(
        tuple(statement for statement in policy.statements if not statement.allows or _assumes(statement))
    )
    return (
        *openings(relevant),
        *(found for statement in relevant.allowing() for found in _federated(relevant, statement)),
    )


def other_accounts(policy: Policy, own: str) -> dict[str, bool]:
    """Accounts beside the role's own that are trusted by name, and whether an external ID is asked of them.

    Where a third party acts for many customers, the external ID is what keeps one of them from using another's role:
    https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_common-scenarios_third-party.html
    """
    found: dict[str, bool] = {}
    for statement in policy.allowing():
        if statement.except_principals or not _assumes(statement):
            continue
        bound = _asks_for_external_id(statement.conditions)
        for account in {principal.account for principal in statement.principals} - {"", own}:
            # One statement without the condition is enough to come in without an external ID.
            found[account] = found.get(account, True) and bound
    return dict(sorted(found.items()))


def trusts_services(policy: Policy) -> bool:
    """Whether machines, functions or other services run with the role."""
    return any(
        principal.kind is PrincipalKind.SERVICE
        for statement in policy.allowing()
        for principal in statement.principals
        if not statement.except_principals
    )


def _assumes(statement: Statement) -> bool:
    return statement.actions.excepted or not set(statement.actions.patterns) <= _ALONGSIDE


def _asks_for_external_id(conditions: Sequence[Condition]) -> bool:
    present = keys_that_must_be_there(conditions)
    return any(
        condition.key == "sts:externalid"
        and is_positive(condition)
        and not is_loose(condition, present)
        and "*" not in condition.values
        for condition in conditions
    )


def _federated(policy: Policy, statement: Statement) -> Iterator[Opening]:
    if statement.except_principals:
        return
    for principal in dict.fromkeys(statement.principals):
        if principal.kind is not PrincipalKind.FEDERATED:
            continue
        # Providers are named by their ARN; what stands behind it is the issuer's host and path.
        name = principal.name.rpartition(":oidc-provider/")[2].lower()
        provider = SHARED.get(name)
        if provider is None:
            # A company's own directory by SAML, or by its address: all that it signs in was let in on purpose.
            if ":oidc-provider/" not in principal.name or is_of_one_customer(name):
                continue
            left, who = _is_bound(statement.conditions, name), f"any customer of {name}"
        else:
            left, who = _leave_others_out(statement.conditions, name, provider), provider.who
            if left is Answer.NO and _lets_guests_in(statement.conditions, name, provider):
                who = provider.guests
        left = max(left, denied(policy, statement, principal))
        if left is not Answer.YES:
            yield Opening(statement.label, who, statement.written_actions, left is Answer.NO)


def _is_bound(conditions: Sequence[Condition], name: str) -> Answer:
    """For an issuer that is not known here, whether many share it or not: never a sure no.

    The audience is often the same for all of an issuer's customers:
    https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_create_for-idp_oidc.html
    """
    present = keys_that_must_be_there(conditions)
    bound = any(
        condition.key.startswith(f"{name}:")
        and condition.key.removeprefix(f"{name}:") not in SAYS_NOTHING
        and condition.operator in KNOWN_OPERATORS
        and is_positive(condition)
        and not is_loose(condition, present)
        and condition.operator != "null"
        and not any(
            has_variable(value) or (condition.operator in _WILD and is_wild(value)) for value in condition.values
        )
        for condition in conditions
    )
    others = [condition for condition in conditions if not condition.key.startswith(f"{name}:")]
    return Answer.YES if bound else max(Answer.UNSURE, leave_strangers_out(others))


def _lets_guests_in(conditions: Sequence[Condition], name: str, provider: SharedProvider) -> bool:
    return bool(provider.guests) and any(
        condition.key == f"{name}:amr"
        and is_positive(condition)
        and any(covers(value, _GUEST) if condition.operator in _WILD else value == _GUEST for value in condition.values)
        for condition in conditions
    )


def _leave_others_out(conditions: Sequence[Condition], name: str, provider: SharedProvider) -> Answer:
    present = keys_that_must_be_there(conditions)
    of_provider = [condition for condition in conditions if condition.key.startswith(f"{name}:")]
    others = [condition for condition in conditions if condition not in of_provider]
    if _lets_guests_in(conditions, name, provider):
        # The pool is no limit where it lets in whoever asks; one identity of it is.
        of_provider = [condition for condition in of_provider if condition.key != f"{name}:aud"]
    answers = [
        _says_who(condition, condition.key.removeprefix(f"{name}:"), provider, loose=is_loose(condition, present))
        for condition in of_provider
    ]
    return max([*answers, leave_strangers_out(others)])


def _says_who(condition: Condition, claim: str, provider: SharedProvider, *, loose: bool) -> Answer:
    if condition.operator not in KNOWN_OPERATORS:
        return Answer.UNSURE
    if loose or condition.operator == "null":
        return Answer.NO
    # A claim that does not say which customer it was, or that nobody here knows.
    if claim not in provider.claims:
        return Answer.NO if claim in SAYS_NOTHING or not is_positive(condition) else Answer.UNSURE
    if not is_positive(condition):
        return Answer.NO
    wildcards = condition.operator in _WILD
    values = (provider.names_somebody(value, wildcards=wildcards) for value in condition.values)
    return min(values, default=Answer.UNSURE)
