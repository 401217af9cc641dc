"""Members of IAM's bindings: https://cloud.google.com/iam/docs/principal-identifiers"""

from __future__ import annotations

from collections.abc import Iterable


def present(members: Iterable[str]) -> list[str]:
    """Without those that were deleted: their entry stays for 30 days or for good, and gives nobody anything.

    https://cloud.google.com/iam/docs/principal-identifiers#deleted-principals
    """
    return [member for member in members if not member.startswith("deleted:")]


def people(members: Iterable[str]) -> list[str]:
    """Whom a person signs in as: not service accounts, and not what runs in somebody's workload identity pool."""
    return [
        member
        for member in present(members)
        if not member.startswith("serviceAccount:") and "/workloadIdentityPools/" not in member
    ]
