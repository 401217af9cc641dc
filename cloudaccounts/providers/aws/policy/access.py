"""Who in the world may use a resource, by its policy."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace

from cloudaccounts.providers.aws.policy.answers import Answer
from cloudaccounts.providers.aws.policy.conditions import catch_all_strangers, leave_strangers_out
from cloudaccounts.providers.aws.policy.document import Condition, Policy, Statement
from cloudaccounts.providers.aws.policy.principals import Principal, PrincipalKind

# Services that anybody may have call what he names: a bucket's or topic's events, a rule's target. So their name alone
# leaves nobody out: https://docs.aws.amazon.com/IAM/latest/UserGuide/confused-deputy.html
_ACT_FOR_OTHERS = frozenset(
    {
        *(
            "s3",
            "sns",
            "events",
            "apigateway",
            "logs",
            "ses",
            "config",
            "iot",
            "cloudwatch",
            "cloudtrail",
            "cloudfront",
        ),
        *("elasticloadbalancing", "cognito-idp", "lex", "lexv2", "secretsmanager", "backup", "bedrock", "vpc-lattice"),
        *("lambda.alarms.cloudwatch", "alexa-appkit", "alexa-connectedhome", "codecommit", "budgets", "costalerts"),
    }
)


@dataclass(frozen=True, slots=True)
class Opening:
    """A statement that lets in somebody whom nobody chose."""

    statement: str  # as `Statement.label`
    who: str  # completes "lets … in"
    actions: tuple[str, ...]
    sure: bool  # else it rests on a condition, principal or service that is not known here


def openings(policy: Policy, *, through_services: bool = False) -> tuple[Opening, ...]:
    """Statements that let strangers in.

    ``through_services``: also those that let in a service of AWS on behalf of whichever account, without a condition
    that says of which account or resource.
    """
    return tuple(
        found for statement in policy.allowing() for found in _of_statement(policy, statement, through_services)
    )


def openings_to_use(policy: Policy, actions: Collection[str]) -> tuple[Opening, ...]:
    """As `openings`; and through services of AWS those that allow one of the actions (in lower case).

    For what many services are let in to with harmless actions: to look at a key, to put logs in a bucket.
    """
    direct = openings(policy)
    to_use = Policy(
        tuple(
            statement
            for statement in policy.statements
            if not statement.allows or any(map(statement.actions.surely_cover, actions))
        )
    )
    return (*direct, *(opening for opening in openings(to_use, through_services=True) if opening not in direct))


def delegating(policy: Policy) -> tuple[Opening, ...]:
    """Statements that let in whomever an access point of the bucket lets in, so that its policy decides.

    https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-points-policies.html
    """
    found = [statement for statement in policy.allowing() if any(map(_is_of_access_point, statement.conditions))]
    without = tuple(
        replace(
            statement,
            conditions=tuple(condition for condition in statement.conditions if not _is_of_access_point(condition)),
        )
        for statement in found
    )
    return openings(Policy((*policy.denying(), *without)))


def _is_of_access_point(condition: Condition) -> bool:
    return condition.key in ("s3:dataaccesspointaccount", "s3:dataaccesspointarn")


def _of_statement(policy: Policy, statement: Statement, through_services: bool) -> Iterator[Opening]:
    if statement.except_principals:
        # Everybody but those: also who gives no name. NotPrincipal of everybody lets in nobody.
        everybody = any(principal.kind is PrincipalKind.ANYBODY for principal in statement.principals)
        principals: tuple[Principal, ...] = () if everybody else (Principal(PrincipalKind.ANYBODY, "*"),)
    else:
        # In their order and each once: the first is the one that a person finds first in the document.
        principals = tuple(dict.fromkeys(statement.principals))
    for principal in principals:
        opened = open_to(policy, statement, principal, through_services=through_services)
        if opened is not Answer.NO:
            yield Opening(statement.label, _name(principal), statement.written_actions, opened is Answer.YES)


def open_to(policy: Policy, statement: Statement, principal: Principal, *, through_services: bool) -> Answer:
    """Whether strangers come in as this principal of the statement, whatever else denies."""
    service = principal.kind is PrincipalKind.SERVICE
    # A form that AWS does not document may mean anybody: unsure, so never passed over.
    if principal.kind is PrincipalKind.ODD:
        meant = Answer.UNSURE
    elif principal.kind is PrincipalKind.ANYBODY:
        meant = Answer.YES
    elif service and through_services:
        meant = Answer.YES if principal.name == "*" or _acts_for_others(principal.name) else Answer.UNSURE
    else:
        return Answer.NO
    left_out = leave_strangers_out(statement.conditions, services=service)
    # Open for sure only where the principal surely means strangers and nothing may leave them out.
    return min(meant, _opposite(max(left_out, denied(policy, statement, principal))))


def denied(policy: Policy, statement: Statement, principal: Principal) -> Answer:
    """Whether the policy takes back from strangers all that the statement gives to the principal."""
    return max((_denies(denying, statement, principal) for denying in policy.denying()), default=Answer.NO)


def _opposite(answer: Answer) -> Answer:
    return Answer(Answer.YES - answer)


def _denies(deny: Statement, allow: Statement, principal: Principal) -> Answer:
    if not _is_about(deny, principal):
        return Answer.NO
    # A Deny that covers a part takes back that part alone, and the rest stays open.
    if not (deny.actions.surely_cover_all_of(allow.actions) and deny.resources.surely_cover_all_of(allow.resources)):
        return Answer.NO
    return catch_all_strangers(deny.conditions, services=principal.kind is PrincipalKind.SERVICE)


def _is_about(deny: Statement, principal: Principal) -> bool:
    anybody = any(principal.kind is PrincipalKind.ANYBODY for principal in deny.principals)
    if deny.except_principals:
        return not anybody and principal not in deny.principals
    return anybody or principal in deny.principals


def _name(principal: Principal) -> str:
    if principal.kind is PrincipalKind.SERVICE:
        whose = "every service of AWS" if principal.name == "*" else principal.name
        return f"{whose}, on behalf of whichever account,"
    return "everybody" if principal.kind is PrincipalKind.ANYBODY else "a principal of a form that is not known here"


def _acts_for_others(name: str) -> bool:
    """Also in the forms ``logs.eu-west-1.amazonaws.com`` and ``sns.amazonaws.com.cn``."""
    label = name.lower().removesuffix(".cn").removesuffix(".amazonaws.com").removesuffix(".amazon.com")
    return label in _ACT_FOR_OTHERS or label.partition(".")[0] in _ACT_FOR_OTHERS
