"""Account ids as people copy them from pages, consoles and mails."""

import re

_QUOTES = "\"'`“”‘’ \t\n"
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_PROJECT = re.compile(r"[a-z][a-z0-9-]{4,28}[a-z0-9]")


def aws_account(given: str) -> str:
    """Twelve digits, from `4444-5555-6666` as well. Raises ValueError with a sentence."""
    digits = re.sub(r"[\s-]", "", given.strip(_QUOTES))
    if not re.fullmatch(r"[0-9]{12}", digits):
        raise ValueError(f"{given!r} is no AWS account id: it has twelve digits, such as 4444-5555-6666.")
    return digits


def azure_subscription(given: str) -> str:
    """A subscription id in lower case, from one in braces or behind `/subscriptions/` as well. Raises ValueError."""
    plain = given.strip(_QUOTES).lower().removeprefix("/subscriptions/").strip("{}/")
    if not _UUID.fullmatch(plain):
        raise ValueError(
            f"{given!r} is no Azure subscription id: it looks like 11111111-2222-3333-4444-555555555555, and a name is "
            "not enough."
        )
    return plain


def gcp_project(given: str) -> str:
    """A project id, from `projects/ID` as well. Raises ValueError with a sentence."""
    plain = given.strip(_QUOTES).lower().removeprefix("projects/")
    if not _PROJECT.fullmatch(plain):
        raise ValueError(
            f"{given!r} is no Google Cloud project id: it has 6 to 30 small letters, digits and hyphens, such as "
            "meadowlark-shop-prod."
        )
    return plain


def external_id(given: str) -> str:
    """What the product shows, without the quotes around it. Raises ValueError with a sentence."""
    plain = given.strip(_QUOTES)
    if not re.fullmatch(r"[\w+=,.@:/-]+", plain, re.ASCII):
        raise ValueError(f"{given!r} is no external ID: copy the one that the product shows, it begins with ca-.")
    return plain
