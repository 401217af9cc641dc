"""What people type or paste for Azure: recognised by allow-lists, with the common slips explained.

Each function returns the canonical value or raises `ProviderError` (see `pasted_text`). The SDK itself accepts
``evil.com`` as a tenant: only UUIDs are accepted here.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta
from functools import partial

from cloudaccounts.contract.errors import ProviderError
from cloudaccounts.provider_kit.pasted_text import clean_single_value

# Python's \d and \w match digits and letters of all scripts: only explicit ASCII classes are used here.
_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_SUBSCRIPTION_PATH = re.compile(rf"/subscriptions/({_UUID.pattern})(/.*)?")
_DOMAIN = re.compile(r"[a-z0-9-]{1,63}(\.[a-z0-9-]{1,63})+")
_SECRET = re.compile(r"[!-~]{8,256}")
_NOT_A_TENANT = {"common", "organizations", "consumers", "adfs"}
_NOTHING = "00000000-0000-0000-0000-000000000000"
LONGEST_LIFE = timedelta(days=366 * 100)  # "never" in the old portal was 2299


_clean_value = partial(clean_single_value, company="Azure", source="Azure")


def _uuid(value: str) -> str | None:
    """Canonical, or None. Braces around are understood (PowerShell prints them)."""
    lowered = value.lower()
    if lowered.startswith("{") and lowered.endswith("}"):
        lowered = lowered[1:-1]
    return lowered if _UUID.fullmatch(lowered) and lowered != _NOTHING else None


def clean_subscription_id(raw: str) -> str:
    """A UUID, lower case; ``/subscriptions/UUID`` is understood. Code ``account_id_invalid``."""
    code = "account_id_invalid"
    value = _clean_value(raw, code, longest=400)
    if uuid := _uuid(value):
        return uuid
    if match := _SUBSCRIPTION_PATH.fullmatch(value.lower()):
        if match[2] in (None, "/"):
            return match[1]
        raise ProviderError(
            code, "This is the ID of something in a subscription.", f"Enter the subscription's alone: {match[1]}."
        )
    raise ProviderError(
        code,
        "An Azure subscription ID is a UUID, such as 11111111-2222-3333-4444-555555555555; a name is not enough.",
        "Copy it from Subscriptions in the Azure portal, or from az account show --query id.",
    )


def clean_tenant_id(raw: str) -> str:
    """A UUID, lower case. Code ``tenant_id_invalid``."""
    code = "tenant_id_invalid"
    value = _clean_value(raw, code, longest=400)
    if uuid := _uuid(value):
        return uuid
    remedy = (
        "Copy the Tenant ID from the overview page of Microsoft Entra ID, or from az account show --query tenantId."
    )
    # Names that Entra ID's endpoints accept in place of a tenant.
    if value.lower() in _NOT_A_TENANT:
        raise ProviderError(code, "This stands for any tenant, and a connection is to one.", remedy)
    if _DOMAIN.fullmatch(value.lower()):
        raise ProviderError(
            code, "This is a domain name. A tenant is named by its ID here, which never changes.", remedy
        )
    raise ProviderError(code, "A tenant ID is a UUID, such as 11111111-2222-3333-4444-555555555555.", remedy)


def clean_client_id(raw: str) -> str:
    """A UUID, lower case. Code ``client_id_invalid``."""
    code = "client_id_invalid"
    value = _clean_value(raw, code, longest=400)
    if uuid := _uuid(value):
        return uuid
    raise ProviderError(
        code,
        "An application (client) ID is a UUID, such as 11111111-2222-3333-4444-555555555555.",
        "Copy the Application (client) ID from the overview page of the app registration.",
    )


def clean_client_secret(raw: str) -> str:
    """The secret's value. Code ``client_secret_invalid``."""
    code = "client_secret_invalid"
    value = _clean_value(raw, code, longest=256)
    if _uuid(value):
        raise ProviderError(
            code,
            "This is a UUID: it is the secret's ID, or an application's, and not the secret itself.",
            "Copy the column Value, which Azure shows only once, when the secret is made. Make a lost one anew.",
        )
    # Lines of .env files, shells and PowerShell, as the SDKs' documentation shows them.
    if re.match(r"(?i)(export |set |\$env:)?(azure|arm|az)_[a-z_]*\s*=", value):
        raise ProviderError(code, "This is a line of a configuration.", "Paste only what stands after the = sign.")
    if not _SECRET.fullmatch(value):
        raise ProviderError(
            code,
            "This is not a client secret.",
            "Copy the column Value of the secret: about 40 characters without spaces.",
        )
    return value


def clean_expires_on(raw: str, today: date | None = None) -> str:
    """A day as ``YYYY-MM-DD``, or empty: it may be left out. Code ``expires_on_invalid``."""
    code = "expires_on_invalid"
    text = str(raw).strip()
    if not text:
        return ""
    try:
        day = date.fromisoformat(text) if re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text) else None
    except ValueError:
        day = None
    if day is None:
        raise ProviderError(code, "This is not a date.", "Write it as year-month-day, such as 2027-06-30.")
    now = today or datetime.now(UTC).date()
    # The day itself still counts: Azure shows only the day, and the secret may end late on it.
    if day < now:
        raise ProviderError(
            code, "By this date the secret has already expired.", "Create a new one in Azure, or correct the date."
        )
    if day > now + LONGEST_LIFE:
        raise ProviderError(code, "This date is too far away.", "Copy the column Expires of the secret.")
    return day.isoformat()


def end_of_day(day: str) -> datetime | None:
    """The last second of the day, in UTC; None for an empty one. Azure shows only the day, so this may be hours
    late.
    """
    return datetime.combine(date.fromisoformat(day), time.max, UTC).replace(microsecond=0) if day else None


def check_ids_differ(tenant_id: str, client_id: str, subscription_id: str) -> None:
    """One ID pasted into two fields is the most frequent slip. Codes ``tenant_id_invalid``, ``client_id_invalid``."""
    if tenant_id == subscription_id:
        raise ProviderError(
            "tenant_id_invalid",
            "The tenant ID is the same as the subscription ID.",
            "Copy the Tenant ID (or Directory ID) from the overview page of Microsoft Entra ID.",
        )
    if client_id in (tenant_id, subscription_id):
        whose = "tenant" if client_id == tenant_id else "subscription"
        raise ProviderError(
            "client_id_invalid",
            f"The client ID is the same as the {whose} ID.",
            "Copy the Application (client) ID from the overview page of the app registration.",
        )


def check_certificate_dates(not_before: datetime, not_after: datetime, now: datetime) -> None:
    """Codes ``certificate_expired``, ``certificate_not_yet_valid``."""
    if not_after <= now:
        raise ProviderError(
            "certificate_expired",
            f"This certificate expired on {not_after:%d %B %Y}.",
            "Make a new certificate and register its public part with the app in Azure.",
        )
    # Five minutes for clocks that differ: the certificate may have been made a moment ago on another machine.
    if not_before > now + timedelta(minutes=5):
        raise ProviderError(
            "certificate_not_yet_valid",
            f"This certificate is valid only from {not_before:%d %B %Y} on.",
            "Use one that is valid now, or correct the clock of the machine that made it.",
        )
