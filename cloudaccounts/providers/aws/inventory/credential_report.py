"""IAM's credential report: passwords, MFA and last use of all users in one or two calls.

https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_getting-report.html
AWS renews it at most every 4 hours.
"""

from __future__ import annotations

import csv
import io
import time
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from cloudaccounts.contract.errors import ProviderError
from cloudaccounts.contract.inventory import OBSERVED, Asset
from cloudaccounts.providers.aws.errors import aws_code
from cloudaccounts.providers.aws.inventory.common import Scope, asset

if TYPE_CHECKING:
    from mypy_boto3_iam import IAMClient

Report = Mapping[str, Mapping[str, str]]  # rows by user name; the root user's is `ROOT`

ROOT = "<root_account>"
WAITS = (0.3, 0.7, 1.0, 2.0, 4.0, 4.0)  # seconds after each attempt; AWS usually takes one or two
_NOT_YET = ("ReportNotPresent", "ReportExpired", "ReportInProgress")
_NOTHING = ("", "N/A", "no_information", "not_supported")


def read_report(client: IAMClient) -> Report:
    """Reads the report, and has AWS generate it where there is none or it is older than four hours.

    Raises botocore's errors, and `ProviderError` where AWS takes too long.
    """
    # Reading comes first: a report of the last four hours is there without generating one.
    for wait in (0.0, *WAITS):
        time.sleep(wait)
        try:
            content = client.get_credential_report()["Content"].decode()
        except ClientError as error:
            if aws_code(error) not in _NOT_YET:
                raise
            # While AWS generates the report, this only returns its state, so that it may be called again.
            client.generate_credential_report()
        else:
            return {row["user"]: row for row in csv.DictReader(io.StringIO(content))}
    raise ProviderError(
        "credential_report_late", "AWS did not finish the credential report in time.", "Scan again.", permanent=False
    )


def collect(scope: Scope) -> Iterator[Asset]:
    """One asset for the root user and each user.

    A unit separate from `iam`: using a credential is no change of it, so no log of changes records it. Reading it again
    at every scan is cheap.
    """
    for name, row in sorted(read_report(scope.connection.client("iam")).items()):
        is_root = name == ROOT
        arn = scope.arn("iam", f"credentials/{'root' if is_root else name}", region="")
        yield asset(scope, "iam.credentials", arn, "root user" if is_root else name, {"root": is_root} | facts(row))


def facts(row: Mapping[str, str]) -> dict[str, Any]:
    """The properties of one row. What changes by use is under `OBSERVED`.

    The state of the root user's password is "not_supported": then it is None.
    """
    keys = [
        {
            "active": _flag(row, f"access_key_{number}_active"),
            "made_at": _date(row, f"access_key_{number}_last_rotated"),
        }
        for number in (1, 2)
    ]
    return {
        "arn": row.get("arn"),
        "created_at": _date(row, "user_creation_time"),
        "console_password": _flag(row, "password_enabled"),
        "password_changed_at": _date(row, "password_last_changed"),
        "mfa_active": _flag(row, "mfa_active"),
        "access_keys": keys,
        OBSERVED: {
            "password_last_used_at": _date(row, "password_last_used"),
            "access_key_1_last_used_at": _date(row, "access_key_1_last_used_date"),
            "access_key_2_last_used_at": _date(row, "access_key_2_last_used_date"),
        },
    }


def _flag(row: Mapping[str, str], name: str) -> bool | None:
    value = row.get(name, "").lower()
    # "not_supported" is neither: taken for false, a root user without a password would read as one whose password is
    # off.
    return value == "true" if value in ("true", "false") else None


def _date(row: Mapping[str, str], name: str) -> str | None:
    value = row.get(name, "")
    return None if value in _NOTHING else value
