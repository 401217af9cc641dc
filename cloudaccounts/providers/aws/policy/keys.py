"""Condition keys, and what the value of each says about who asks.

A key is listed with the page that documents it. One that is not listed says nothing that could be relied on.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from types import MappingProxyType

from cloudaccounts.providers.aws.policy.answers import Answer
from cloudaccounts.providers.aws.policy.patterns import fixed_start, has_variable, is_wild

_IAM = "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html"
_STS = "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_iam-condition-keys.html"
_S3 = "https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html"
_S3_KEYS = "https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazons3.html"
_KMS = "https://docs.aws.amazon.com/kms/latest/developerguide/conditions-kms.html"
_SNS = "https://docs.aws.amazon.com/sns/latest/dg/sns-using-identity-based-policies.html"
_LAMBDA = "https://docs.aws.amazon.com/lambda/latest/dg/access-control-resource-based.html"
_SECRETS = "https://docs.aws.amazon.com/service-authorization/latest/reference/list_awssecretsmanager.html"


class Meaning(Enum):
    """What a value of the key is. All but the last four name somebody where they are fixed."""

    IDENTIFIER = "an account, organization, network or token, which nobody else can take"
    PATH = "an organization, then the way down to a part of it"
    ARN = "a resource with its account in it; of a bucket, which has none, the name"
    USER_ID = "the unique id of a user or role, then the session's name, which is free"
    ENDPOINT = "where messages are sent: an address with a domain"
    ADDRESS = "addresses of the internet"
    SERVICE = "a service of AWS"
    FROM_SERVICE = "whether a service of AWS asks for itself"
    OWNER = "the account or organization of the resource itself: the same for whoever asks"
    TIME = "a moment"
    FREE = "what whoever asks chooses"


@dataclass(frozen=True, slots=True)
class Key:
    meaning: Meaning
    source: str


def _listed(source: str, meaning: Meaning, *names: str) -> dict[str, Key]:
    """Global keys have a place of their own on their page: ``aws:SourceArn`` is at #condition-keys-sourcearn."""
    return {
        name: Key(meaning, f"{source}#condition-keys-{name.removeprefix('aws:')}" if source == _IAM else source)
        for name in names
    }


KEYS: Mapping[str, Key] = MappingProxyType(
    {
        **_listed(
            _IAM,
            Meaning.IDENTIFIER,
            *("aws:principalorgid", "aws:principalaccount", "aws:sourceaccount", "aws:sourceorgid", "aws:sourceowner"),
            *("aws:sourcevpc", "aws:sourcevpce", "aws:vpceaccount", "aws:vpceorgid", "aws:ec2instancesourcevpc"),
        ),
        **_listed(_IAM, Meaning.PATH, "aws:principalorgpaths", "aws:sourceorgpaths", "aws:vpceorgpaths"),
        **_listed(_IAM, Meaning.ARN, "aws:sourcearn", "aws:principalarn", "aws:sourcevpcarn", "aws:federatedprovider"),
        **_listed(_IAM, Meaning.ARN, "ec2:sourceinstancearn", "lambda:sourcefunctionarn"),
        **_listed(_IAM, Meaning.USER_ID, "aws:userid"),
        **_listed(_IAM, Meaning.ADDRESS, "aws:sourceip"),
        **_listed(_IAM, Meaning.SERVICE, "aws:principalservicename", "aws:principalservicenameslist"),
        **_listed(_IAM, Meaning.FROM_SERVICE, "aws:principalisawsservice"),
        **_listed(_IAM, Meaning.OWNER, "aws:resourceaccount", "aws:resourceorgid", "aws:resourceorgpaths"),
        **_listed(_IAM, Meaning.TIME, "aws:currenttime", "aws:epochtime", "aws:tokenissuetime"),
        **_listed(
            _IAM,
            Meaning.FREE,
            # An address within a network may lie in anybody's network: aws:SourceVpc must stand beside it.
            "aws:vpcsourceip",
            # Tags, names and types of identities are given by the account that they are in: by the stranger's.
            *("aws:username", "aws:principaltype", "aws:multifactorauthpresent", "aws:multifactorauthage"),
            *("aws:securetransport", "aws:useragent", "aws:referer", "aws:requestedregion", "aws:tagkeys"),
            # A service that forwards the request of a stranger makes these true.
            *("aws:viaawsservice", "aws:calledvia", "aws:calledviafirst", "aws:calledvialast"),
        ),
        # Not a secret: https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_common-scenarios_third-party.html
        **_listed(_STS, Meaning.FREE, "sts:externalid", "sts:rolesessionname", "sts:transitivetagkeys", "saml:aud"),
        **_listed(_S3, Meaning.IDENTIFIER, "s3:dataaccesspointaccount"),
        **_listed(_S3, Meaning.ARN, "s3:dataaccesspointarn"),
        **_listed(_S3_KEYS, Meaning.OWNER, "s3:resourceaccount"),
        **_listed(
            _S3_KEYS,
            Meaning.FREE,
            *("s3:prefix", "s3:delimiter", "s3:max-keys", "s3:versionid", "s3:authtype", "s3:signatureversion"),
            *("s3:signatureage", "s3:tlsversion", "s3:x-amz-acl", "s3:x-amz-server-side-encryption"),
            *("s3:x-amz-storage-class", "s3:x-amz-content-sha256", "s3:locationconstraint"),
        ),
        **_listed(_KMS, Meaning.IDENTIFIER, "kms:calleraccount"),
        **_listed(_KMS, Meaning.FREE, "kms:viaservice", "kms:grantisforawsresource", "kms:encryptioncontextkeys"),
        **_listed(_SNS, Meaning.ENDPOINT, "sns:endpoint"),
        **_listed(_SNS, Meaning.FREE, "sns:protocol"),
        **_listed(_LAMBDA, Meaning.IDENTIFIER, "lambda:eventsourcetoken"),
        **_listed(_LAMBDA, Meaning.FREE, "lambda:functionurlauthtype", "lambda:invokedviafunctionurl"),
        **_listed(
            _SECRETS, Meaning.FREE, "secretsmanager:versionid", "secretsmanager:versionstage", "secretsmanager:secretid"
        ),
    }
)
# Keys with a name of the author's choice after these.
_BEGINNINGS: Mapping[str, Key] = MappingProxyType(
    {
        **_listed(_IAM, Meaning.FREE, "aws:principaltag/", "aws:requesttag/", "aws:resourcetag/"),
        **_listed(_S3_KEYS, Meaning.FREE, "s3:existingobjecttag/", "s3:requestobjecttag/", "s3:x-amz-grant-"),
        **_listed(_KMS, Meaning.FREE, "kms:encryptioncontext:"),
    }
)
_NAMED_BY_VALUE = (Meaning.IDENTIFIER, Meaning.PATH, Meaning.ARN, Meaning.USER_ID, Meaning.ENDPOINT, Meaning.SERVICE)
_ID_LENGTH = 16  # characters of AROA… and AIDA…: at least
# Of the caller and of the owner: equal for one account or organization alone.
_SAME = re.compile(
    r"\$\{(aws:(principal|source|resource)(?:account|orgid))\}", re.IGNORECASE
)  # aws:ResourceOrgID = ${aws:PrincipalOrgID}


# What a service says of whose resource it uses a key for: https://docs.aws.amazon.com/kms/latest/developerguide/
# least-privilege.html#least-privilege-source-arn. Anybody else writes there what he likes.
_OF_SERVICE = re.compile(r"kms:encryptioncontext:aws:[a-z0-9-]+:arn")


def find_key(name: str, *, services: bool = False) -> Key | None:
    """By its name in lower case; None for one that is not known here. ``services``: in requests of AWS's services."""
    if services and _OF_SERVICE.fullmatch(name):
        return Key(Meaning.ARN, _KMS)
    exact = KEYS.get(name)
    return exact or next((key for start, key in _BEGINNINGS.items() if name.startswith(start)), None)


def names_somebody(meaning: Meaning, value: str, *, wildcards: bool, key: str = "") -> Answer:
    """Whether a value that the key must equal leaves out all who are not meant. ``wildcards``: the operator reads them.

    Where it does not, ``*`` is a plain character, which no account and no resource has in its name: that names nobody.
    """
    if has_variable(value):
        return _is_the_same(key, meaning, value)
    if meaning not in _NAMED_BY_VALUE:
        return Answer.NO
    # Any fixed part will do: names of services are given out by AWS, and nobody else has one.
    if meaning is Meaning.SERVICE:
        return Answer.YES if value.strip("*?") else Answer.NO
    if not value or not wildcards or not is_wild(value):
        return Answer.YES if value else Answer.UNSURE
    return Answer.YES if _is_fixed(meaning, value) else Answer.NO


def _is_the_same(key: str, meaning: Meaning, variable: str) -> Answer:
    """Whether a key that must equal a variable ties the caller to the owner of the resource."""
    same = _SAME.fullmatch(variable)
    if same is None or meaning not in (Meaning.OWNER, Meaning.IDENTIFIER):
        return Answer.UNSURE
    # What must equal itself does so in everybody's request.
    if same[1].lower() == key.lower():
        return Answer.NO
    owner = same[2].lower() == "resource"
    return Answer.YES if owner != (meaning is Meaning.OWNER) else Answer.UNSURE


def _is_fixed(meaning: Meaning, pattern: str) -> bool:
    """Whether the part of a pattern that says who, is free of wildcards."""
    start = fixed_start(pattern)
    if meaning is Meaning.PATH:
        return len(start) > 1 and "/" in start.lstrip("/")
    # Before the colon stands the unique id, behind it the session's name, which whoever assumes the role chooses.
    if meaning is Meaning.USER_ID:
        return len(start.partition(":")[0]) >= _ID_LENGTH
    if meaning is Meaning.ENDPOINT:
        host = pattern.partition("://")[2].partition("/")[0] if "://" in pattern else pattern.rpartition("@")[2]
        return not is_wild(host) and ("." in host or ":" in host)
    return meaning is Meaning.ARN and _is_fixed_arn(pattern)


def _is_fixed_arn(pattern: str) -> bool:
    parts = pattern.split(":", 5)
    # A pattern that ends before the account says nothing of whose resource it is.
    if len(parts) < 6:
        return False
    service, account, resource = parts[2], parts[4], parts[5]
    if account and not is_wild(account):
        return account.isdigit()
    # Of a bucket no account is told, but its name is one in the world. Other resources of S3 have both.
    bucket = resource if account else resource.partition("/")[0]
    return service == "s3" and bool(bucket) and not is_wild(bucket) and "/" not in bucket
