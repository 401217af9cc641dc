"""What people type or paste for Google Cloud: recognised by allow-lists, with the common slips explained.

Each function returns the canonical value or raises `ProviderError` (see `pasted_text`). Formats:
https://cloud.google.com/resource-manager/docs/creating-managing-projects#before_you_begin and
https://cloud.google.com/iam/docs/service-account-overview#service-account-types
"""

from __future__ import annotations

import re
from functools import partial

from cloudaccounts.contract.errors import ProviderError
from cloudaccounts.provider_kit.pasted_text import clean_single_value

# Python's \d and \w match digits and letters of all scripts: only explicit ASCII classes are used here.
PROJECT_ID = re.compile(r"[a-z][a-z0-9-]{4,28}[a-z0-9]")
# A project of a domain, DOMAIN:PROJECT, as companies had them before Google Cloud had organizations. In addresses it is
# PROJECT.DOMAIN: https://github.com/hashicorp/terraform-provider-google/pull/1073
_DOMAIN = r"(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.){1,8}[a-z][a-z0-9-]{0,61}[a-z0-9]"
_DOMAINS_PROJECT = r"[a-z](?:[a-z0-9-]{0,28}[a-z0-9])?"
# Where a service account may live; accounts that are connected have no domain (`clean_project_id`).
HOST_PROJECT = re.compile(rf"{PROJECT_ID.pattern}|{_DOMAIN}:{_DOMAINS_PROJECT}")
_USER_MANAGED = re.compile(r"[a-z0-9][a-z0-9-]{0,62}@([a-z][a-z0-9-]{4,28}[a-z0-9])\.iam\.gserviceaccount\.com")
_OF_DOMAIN = re.compile(
    rf"(?:[a-z0-9][a-z0-9-]{{0,62}}@({_DOMAINS_PROJECT})\.({_DOMAIN})\.iam|({_DOMAINS_PROJECT})\.({_DOMAIN})@appspot)"
    r"\.gserviceaccount\.com"
)
_COMPUTE_DEFAULT = re.compile(r"([0-9]{6,20})-compute@developer\.gserviceaccount\.com")
_APP_ENGINE_DEFAULT = re.compile(r"([a-z][a-z0-9-]{4,28}[a-z0-9])@appspot\.gserviceaccount\.com")
_AUDIENCE = re.compile(
    r"(?:https:)?//iam\.googleapis\.com/projects/([0-9]{6,20})/locations/global/workloadIdentityPools/"
    r"([a-z0-9][a-z0-9-]{2,30}[a-z0-9])/providers/([a-z0-9][a-z0-9-]{2,30}[a-z0-9])"
)


_clean_value = partial(clean_single_value, company="Google", source="Google Cloud")


def clean_project_id(raw: str) -> str:
    """The project's id in lower case, never its number or name. Code ``account_id_invalid``."""
    code = "account_id_invalid"
    value = _clean_value(raw, code, longest=200)
    where_shown = (
        "The project ID is shown in the project picker of the Google Cloud console, beside the project's name."
    )
    if re.fullmatch("[0-9]+", value):
        raise ProviderError(code, "This is a project number.", f"Enter the project ID instead. {where_shown}")
    # Ids of projects are lower case throughout.
    value = value.lower()
    if PROJECT_ID.fullmatch(value):
        return value
    if match := re.fullmatch(r"(?:https://[a-z.]+/.*[?&]project=|(?://cloudresourcemanager\.googleapis\.com/)?projects/)"
                             r"([a-z][a-z0-9-]{4,28}[a-z0-9])(?:&.*)?", value):  # fmt: skip
        raise ProviderError(
            code, "This is a link or a resource name.", f"Enter the project ID in it alone: {match[1]}."
        )
    if "@" in value:
        raise ProviderError(code, "This is an e-mail address.", f"Enter the project ID. {where_shown}")
    if re.fullmatch(r"[a-z0-9.-]+:[a-z0-9-]+", value):
        raise ProviderError(
            code, "Project IDs of the old form with a domain and a colon are not supported.", where_shown
        )
    raise ProviderError(
        code,
        "A project ID has 6 to 30 lower-case letters, digits and hyphens, begins with a letter and does not end with a "
        "hyphen.",
        where_shown,
    )


def clean_email(raw: str) -> str:
    """A service account's e-mail address. Code ``service_account_email_invalid``."""
    code = "service_account_email_invalid"
    value = _clean_value(raw, code, longest=254).lower()
    if host_project(value):
        return value
    if re.fullmatch(r"[0-9]{15,25}", value):
        raise ProviderError(code, "This is the unique ID of a service account.", "Enter its e-mail address.")
    if "@" not in value:
        raise ProviderError(
            code,
            "This is not an e-mail address.",
            "A service account's address looks like cloud-accounts-reader@my-project.iam.gserviceaccount.com.",
        )
    if value.endswith(".gserviceaccount.com"):
        raise ProviderError(
            code,
            "This is one of Google's own service accounts, or is misspelt.",
            "The address of one of yours ends with @PROJECT.iam.gserviceaccount.com: copy it from IAM & Admin, Service "
            "accounts.",
        )
    raise ProviderError(
        code,
        "This is not the e-mail address of a service account: those end with .gserviceaccount.com.",
        "Copy the address of the service account from IAM & Admin, Service accounts.",
    )


def host_project(email: str) -> str:
    """The project that a service account belongs to (its number for Compute Engine's default account); else empty.

    The account's calls count against that project's quota, and its APIs must be enabled.
    """
    for pattern in (_USER_MANAGED, _COMPUTE_DEFAULT, _APP_ENGINE_DEFAULT):
        if match := pattern.fullmatch(email):
            return match[1]
    if match := _OF_DOMAIN.fullmatch(email):
        project, domain = match[1] or match[3], match[2] or match[4]
        # In addresses the domain stands behind the project; the project's own id has it in front.
        return f"{domain}:{project}"
    return ""


def clean_audience(raw: str) -> str:
    """A workload identity provider's full resource name, in the form that STS wants. Code ``audience_invalid``."""
    code = "audience_invalid"
    value = _clean_value(raw, code, longest=400)
    shape = (
        "It looks like //iam.googleapis.com/projects/123456789012/locations/global/workloadIdentityPools/POOL/"
        "providers/PROVIDER."
    )
    # gcloud prints the name without the host.
    if value.startswith("projects/"):
        value = f"//iam.googleapis.com/{value}"
    if match := _AUDIENCE.fullmatch(value):
        return (
            f"//iam.googleapis.com/projects/{match[1]}/locations/global/workloadIdentityPools/{match[2]}"
            f"/providers/{match[3]}"
        )
    if re.match(r"(?:https:)?//iam\.googleapis\.com/projects/[a-z]", value):
        raise ProviderError(code, "This names the project by its ID; Google wants the project's number here.", shape)
    if "workforcePools" in value:
        raise ProviderError(
            code, "This is a workforce pool, which is for people.", f"Make a workload identity pool. {shape}"
        )
    if value.endswith("/") or re.fullmatch(r".*/workloadIdentityPools/[^/]+", value):
        raise ProviderError(code, "This is not the whole name of a provider.", shape)
    raise ProviderError(code, "This is not the resource name of a workload identity provider.", shape)


def shorten(key_id: str) -> str:
    """``3f9a…c41d``: enough to recognise a key, too little to use it."""
    return f"{key_id[:4]}…{key_id[-4:]}"
