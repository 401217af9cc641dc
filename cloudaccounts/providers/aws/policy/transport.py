"""Whether a bucket's policy denies each request that comes without TLS.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/security-best-practices.html
"""

from __future__ import annotations

from cloudaccounts.providers.aws.policy.answers import Answer
from cloudaccounts.providers.aws.policy.conditions import KNOWN_OPERATORS, is_boolean
from cloudaccounts.providers.aws.policy.document import Condition, Policy, Statement
from cloudaccounts.providers.aws.policy.keys import find_key
from cloudaccounts.providers.aws.policy.principals import PrincipalKind

_KEY = "aws:securetransport"  # in every request's context
_TLS_VERSION = "s3:tlsversion"


def denies_plain_transport(policy: Policy, bucket_arn: str) -> Answer:
    """Whether all actions on the bucket and on all its objects are denied to everybody who comes without TLS."""
    # The bucket and its objects are two resources: a Deny that names one of them leaves the other open.
    return min(
        max((_denies(denying, resource) for denying in policy.denying()), default=Answer.NO)
        for resource in (bucket_arn, f"{bucket_arn}/*")
    )


def _denies(statement: Statement, resource: str) -> Answer:
    everybody = any(principal.kind is PrincipalKind.ANYBODY for principal in statement.principals)
    if not everybody or statement.except_principals:
        return Answer.NO
    if not (statement.actions.surely_cover("s3:*") and statement.resources.surely_cover(resource)):
        return Answer.NO
    return min((_holds_without_tls(condition) for condition in statement.conditions), default=Answer.YES)


def _holds_without_tls(condition: Condition) -> Answer:
    values = {value.lower() for value in condition.values}
    if condition.key == _KEY:
        if is_boolean(condition):
            return Answer.YES if "false" in values else Answer.NO
        if condition.operator in ("stringnotequals", "stringnotequalsignorecase", "stringnotlike"):
            return Answer.YES if values == {"true"} else Answer.NO
        return Answer.NO if condition.operator == "null" else Answer.UNSURE
    if condition.operator not in KNOWN_OPERATORS or find_key(condition.key) is None:
        return Answer.UNSURE
    # Whether S3 tells a version of TLS for a request without TLS is not documented.
    return Answer.UNSURE if condition.key == _TLS_VERSION and condition.if_exists else Answer.NO
