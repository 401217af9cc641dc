"""IAM's credential report: passwords, MFA and last use of all users in two calls.

https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_getting-report.html
AWS renews it at most every 4 hours.
"""

from __future__ import annotations

import csv
import io
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from cloudaccounts.contract import OBSERVED, ProviderError

if TYPE_CHECKING:
    from mypy_boto3_iam import IAMClient

Report = Mapping[str, Mapping[str, str]]  # rows by user name; the root user's is "<root_account>"

WAITS = (0.3, 0.7, 1.0, 2.0, 4.0, 4.0)  # seconds after each try; AWS takes one or two as a rule
_NOTHING = ("", "N/A", "no_information", "not_supported")


def read_report(client: IAMClient) -> Report:
    """Has the report made and reads it. Raises botocore's errors, and `ProviderError` where AWS takes too long."""
    for wait in WAITS:
        if client.generate_credential_report().get("State") == "COMPLETE":
            content = client.get_credential_report()["Content"].decode()
            return {row["user"]: row for row in csv.DictReader(io.StringIO(content))}
        time.sleep(wait)
    raise ProviderError(
        "credential_report_late", "AWS did not finish the credential report in time.", "Scan again.", permanent=False
    )


def user_facts(row: Mapping[str, str] | None) -> dict[str, Any]:
    """The properties of one row; all None where there is none (no report, or a user younger than it).

    What changes by use stands under ``observed``.
    """
    row = row or {}
    return {
        "console_password": _flag(row, "password_enabled"),
        OBSERVED: {
            "password_last_used_at": _date(row, "password_last_used"),
            "mfa_active": _flag(row, "mfa_active"),
            "access_key_1_active": _flag(row, "access_key_1_active"),
            "access_key_1_last_used_at": _date(row, "access_key_1_last_used_date"),
            "access_key_2_active": _flag(row, "access_key_2_active"),
            "access_key_2_last_used_at": _date(row, "access_key_2_last_used_date"),
        },
    }


def _flag(row: Mapping[str, str], name: str) -> bool | None:
    value = row.get(name, "").lower()
    return value == "true" if value in ("true", "false") else None


def _date(row: Mapping[str, str], name: str) -> str | None:
    value = row.get(name, "")
    return None if value in _NOTHING else value
