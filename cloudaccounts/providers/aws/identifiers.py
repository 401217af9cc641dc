"""What people type or paste for AWS: recognised by allow-lists, with the common slips explained.

Each function returns the canonical value or raises `ProviderError` (see `pasted_text`). Formats:
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html and
https://docs.aws.amazon.com/STS/latest/APIReference/API_Credentials.html
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import partial
from typing import NoReturn

from cloudaccounts.contract.errors import ProviderError
from cloudaccounts.provider_kit.pasted_text import clean_single_value
from cloudaccounts.providers.aws.regions import PARTITIONS

# Python's \d and \w match digits and letters of all scripts: only explicit ASCII classes are used here.
_ACCOUNT = re.compile(r"[0-9]{12}|[0-9]{4}([- ])[0-9]{4}\1[0-9]{4}")
_ACCOUNT_IN_ARN = re.compile(r"arn:aws[a-z-]*:[a-z0-9-]+:[a-z0-9-]*:([0-9]{12}):.*", re.DOTALL)
_ARN = re.compile(r"arn:([a-z-]{3,16}):([a-z0-9-]{1,32}):([a-z0-9-]{0,32}):([0-9]{0,12}):([!-~]{1,1000})")
# A path may hold any printable ASCII; a name only these (IAM API reference, Role.Path and Role.RoleName).
_ROLE = re.compile(r"role/((?:[!-~]{1,510}/)?)([A-Za-z0-9+=,.@_-]{1,64})")
_KEY_ID = re.compile(r"(AKIA|ASIA)[A-Z0-9]{12,124}")
_LONGEST_KEY_FILE = 2000
_KEY_FILE = re.compile(r"((?:AKIA|ASIA)[A-Z0-9]{16})\"?[ \t]*,[ \t]*\"?([A-Za-z0-9/+]{40})(?![A-Za-z0-9/+=])")
_KEY_PROFILE = re.compile(
    r"aws_access_key_id[ \t]*=[ \t]*((?:AKIA|ASIA)[A-Z0-9]{16})\s*"
    r"aws_secret_access_key[ \t]*=[ \t]*([A-Za-z0-9/+]{40})(?![A-Za-z0-9/+=])"
)
_SECRET = re.compile(r"[A-Za-z0-9/+=]{16,128}")
_TOKEN = re.compile(r"[A-Za-z0-9/+=_-]{16,16384}")

# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html#identifiers-unique-ids
_UNIQUE_ID_PREFIXES = {
    "ABIA": "an STS bearer token",
    "ACCA": "a context-specific credential",
    "AGPA": "an IAM group",
    "AIDA": "an IAM user",
    "AIPA": "an EC2 instance profile",
    "ANPA": "a managed policy",
    "ANVA": "a version of a managed policy",
    "APKA": "a public key",
    "AROA": "an IAM role",
    "ASCA": "a certificate",
}


@dataclass(frozen=True, slots=True)
class RoleArn:
    arn: str
    partition: str
    account_id: str
    path: str  # "/" or "/teams/security/"
    name: str


_clean_value = partial(clean_single_value, company="AWS", source="AWS")


def clean_account_id(raw: str) -> str:
    """Twelve ASCII digits; ``1111-2222-3333`` and ``1111 2222 3333`` are understood. Code ``account_id_invalid``."""
    code = "account_id_invalid"
    value = _clean_value(raw, code, longest=200)
    if match := _ACCOUNT.fullmatch(value):
        return re.sub("[- ]", "", match[0])
    if match := _ACCOUNT_IN_ARN.fullmatch(value):
        raise ProviderError(code, "This is an ARN.", f"Enter the account ID in it alone: {match[1]}.")
    # Spreadsheets and forms that take it for a number drop leading zeros: the count shows that.
    digits = re.sub("[- ]", "", value)
    if re.fullmatch("[0-9]+", digits):
        raise ProviderError(
            code,
            f"An AWS account ID has 12 digits; this has {len(digits)}.",
            "Keep leading zeros. The account ID is shown at the top right of the AWS console.",
        )
    raise ProviderError(
        code,
        "An AWS account ID is 12 digits, such as 1111-2222-3333; an alias or an e-mail address is not enough.",
        "The account ID is shown at the top right of the AWS console.",
    )


def parse_role_arn(raw: str) -> RoleArn:
    """An IAM role's ARN, its path included. Code ``role_arn_invalid``."""
    code = "role_arn_invalid"
    value = _clean_value(raw, code, longest=640)
    match = _ARN.fullmatch(value)
    if match is None:
        # Each slip has a sentence of its own: what was pasted, and where the right value stands.
        if re.fullmatch(r"AROA[A-Z0-9]{12,124}", value):
            raise ProviderError(
                code, "This is the role's unique ID.", "Copy the role's ARN; it begins with arn:aws:iam::."
            )
        if re.fullmatch(r"[A-Za-z0-9+=,.@_/-]{1,576}", value):
            raise ProviderError(
                code, "This looks like a role's name.", "Copy the role's whole ARN; it begins with arn:aws:iam::."
            )
        raise ProviderError(
            code, "This is not an ARN.", "A role's ARN looks like arn:aws:iam::111122223333:role/cloud-accounts-reader."
        )
    partition, service, region, account_id, resource = match.groups()
    if partition not in PARTITIONS:
        raise ProviderError(
            code, "This ARN is of a partition that is not supported here.", f"Known are: {', '.join(PARTITIONS)}."
        )
    # What `aws sts get-caller-identity` prints while a role is assumed, so it is often pasted.
    if service == "sts" and resource.startswith("assumed-role/"):
        raise ProviderError(
            code,
            "This is the ARN of a session of a role, not of the role.",
            "Copy the ARN of the role itself, from the role's page in the IAM console: it contains :role/.",
        )
    if service != "iam":
        raise ProviderError(
            code, f"This is the ARN of something in {service}, not of an IAM role.", "Copy the ARN of the role."
        )
    role = _ROLE.fullmatch(resource)
    if role is None or region or not re.fullmatch("[0-9]{12}", account_id):
        _refuse_other_iam_arn(code, resource)
    path, name = f"/{role[1]}", role[2]
    # Both are reserved: IAM refuses to create other roles under these paths.
    if path.startswith(("/aws-service-role/", "/aws-reserved/")):
        raise ProviderError(
            code,
            "This role belongs to AWS itself (a service-linked or an IAM Identity Center role): its trust policy "
            "cannot be changed, so it can never let us in.",
            "Create a role for this purpose with one of the set-up guides.",
        )
    return RoleArn(value, partition, account_id, path, name)


def _refuse_other_iam_arn(code: str, resource: str) -> NoReturn:
    kinds = {
        "user": "an IAM user",
        "group": "an IAM group",
        "policy": "a policy",
        "instance-profile": "an instance profile",
        "root": "the account's root user",
        "saml-provider": "an identity provider",
        "oidc-provider": "an identity provider",
        "mfa": "an MFA device",
    }
    kind = kinds.get(re.split("[/:]", resource, maxsplit=1)[0])
    if kind:
        raise ProviderError(
            code, f"This is the ARN of {kind}, not of a role.", "Copy the ARN of the role: it contains :role/."
        )
    raise ProviderError(
        code,
        "This is not a complete role ARN.",
        "A role's ARN looks like arn:aws:iam::111122223333:role/cloud-accounts-reader.",
    )


def split_key_file(raw: str) -> dict[str, str] | None:
    """The two parts of a key file that was pasted whole, by the names of our fields; None where it is none.

    That is the CSV file which the IAM console offers when a key is made (its columns "Access key ID" and "Secret access
    key" stand side by side), or a profile of the CLI's credentials file. A browser takes line breaks out of what is
    pasted into a single line. Source: AWS IAM user guide, "Manage access keys for IAM users".
    """
    if len(raw) > _LONGEST_KEY_FILE:
        return None
    match = _KEY_FILE.search(raw) or _KEY_PROFILE.search(raw)
    return {"access_key_id": match[1], "secret_access_key": match[2]} if match else None


def clean_access_key_id(raw: str) -> str:
    """``AKIA…`` (long-term) or ``ASIA…`` (temporary). Code ``access_key_id_invalid``."""
    code = "access_key_id_invalid"
    value = _clean_value(raw, code, longest=200)
    if _KEY_ID.fullmatch(value):
        return value
    if value.startswith("arn:"):
        raise ProviderError(
            code, "This is an ARN.", "The access key ID begins with AKIA, or with ASIA where it is temporary."
        )
    if "=" in value and re.match(r"(?i)(export |set )?aws_", value):
        raise ProviderError(code, "This is a line of a configuration.", "Paste only what stands after the = sign.")
    if re.fullmatch(r"[A-Z]{4}[A-Z0-9]{12,124}", value) and value[:4] in _UNIQUE_ID_PREFIXES:
        raise ProviderError(
            code,
            f"IDs that begin with {value[:4]} are those of {_UNIQUE_ID_PREFIXES[value[:4]]}, not of an access key.",
            "The access key ID is listed under the user's security credentials and begins with AKIA.",
        )
    # The two are shown side by side and are easily swapped. The message must not show it: it would be a secret in a
    # page.
    if re.fullmatch(r"[A-Za-z0-9/+]{40}", value):
        raise ProviderError(
            code,
            "This looks like a secret access key.",
            "Enter it in the field for the secret, and the access key ID (AKIA…) here.",
        )
    if _KEY_ID.fullmatch(value.upper()):
        raise ProviderError(code, "Access key IDs are written in capital letters.", "Copy the ID again from AWS.")
    if re.fullmatch(r"(AKIA|ASIA)[A-Z0-9]*", value):
        raise ProviderError(
            code, f"An access key ID has 20 characters; this has {len(value)}.", "Copy the ID again from AWS."
        )
    raise ProviderError(
        code,
        "This is not an access key ID.",
        "It has 20 capital letters and digits and begins with AKIA, or with ASIA where it is temporary.",
    )


def clean_secret_access_key(raw: str) -> str:
    """Code ``secret_access_key_invalid``."""
    code = "secret_access_key_invalid"
    value = _clean_value(raw, code, longest=300)
    # First, because a key's id also fits the characters of a secret.
    if _KEY_ID.fullmatch(value):
        raise ProviderError(
            code,
            "This is an access key ID.",
            "Enter the secret access key here: 40 characters, shown by AWS only once, when the key is made.",
        )
    if _SECRET.fullmatch(value):
        return value
    if "=" in value and re.match(r"(?i)(export |set )?aws_", value):
        raise ProviderError(code, "This is a line of a configuration.", "Paste only what stands after the = sign.")
    if len(value) < 16:
        raise ProviderError(code, "This is too short for a secret access key.", "It has 40 characters; copy it again.")
    raise ProviderError(
        code,
        "This is not a secret access key.",
        "It has 40 letters, digits, / and +; a lost one cannot be shown again: make a new key in AWS.",
    )


def clean_session_token(raw: str) -> str:
    """An empty token is allowed. Code ``session_token_invalid``."""
    code = "session_token_invalid"
    if not raw.strip():
        return ""
    value = _clean_value(raw, code, longest=16384)
    if _KEY_ID.fullmatch(value):
        raise ProviderError(
            code, "This is an access key ID.", "The session token is a long text, given together with the key."
        )
    if not _TOKEN.fullmatch(value):
        raise ProviderError(
            code,
            "This is not a session token.",
            "Copy the whole token again: one line of letters, digits, / + and =.",
        )
    return value


def is_temporary(access_key_id: str) -> bool:
    """By its prefix: IAM user guide, reference_identifiers.html#identifiers-unique-ids."""
    return access_key_id.startswith("ASIA")


def check_token_fits(access_key_id: str, session_token: str) -> None:
    """Temporary keys need their token, long-term keys have none.

    Codes ``session_token_missing``, ``session_token_unexpected``.
    """
    if is_temporary(access_key_id) and not session_token:
        raise ProviderError(
            "session_token_missing",
            "Keys that begin with ASIA are temporary and work only with their session token.",
            "Paste the session token that was given with this key, or use a long-term key (AKIA…) or, better, a role.",
        )
    if session_token and not is_temporary(access_key_id):
        raise ProviderError(
            "session_token_unexpected",
            "Keys that begin with AKIA are long-term and have no session token; this token is of another key.",
            "Leave the session token empty, or enter the ASIA… key that it was given with.",
        )


def shorten(access_key_id: str) -> str:
    """``AKIA…7Q2M``: enough to recognise a key, too little to use it."""
    return f"{access_key_id[:4]}…{access_key_id[-4:]}"
