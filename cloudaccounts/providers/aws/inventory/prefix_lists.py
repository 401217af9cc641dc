"""Which networks the prefix lists stand for that rules of security groups name, in one region."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from cloudaccounts.providers.aws.inventory.common import Properties, Scope, paged

if TYPE_CHECKING:
    from mypy_boto3_ec2 import EC2Client


class PrefixLists:
    """The entries of each list are read once, when the first group names it.

    AWS's own lists and those that another account shares are read in the same way:
    https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_GetManagedPrefixListEntries.html
    """

    def __init__(self, scope: Scope, client: EC2Client) -> None:
        self._connection = scope.connection
        self._client = client
        self._read: dict[str, Properties] = {}

    def add_entries(self, properties: Properties, identifiers: Iterable[str]) -> None:
        """Adds ``prefix_list_entries``: networks by list, None for a list that could not be read."""
        entries: dict[str, Any] = {}
        # In a fixed order, for the fingerprint.
        for identifier in sorted(identifiers):
            read = self._of(identifier)
            entries[identifier] = read.values["prefix_list_entries"]
            properties.refused |= read.refused
        if entries:
            properties.values["prefix_list_entries"] = entries

    def _of(self, identifier: str) -> Properties:
        if identifier not in self._read:
            read = Properties(self._connection)
            read.read(
                "prefix_list_entries",
                lambda: sorted(
                    entry["Cidr"]
                    for entry in paged(
                        self._client, "get_managed_prefix_list_entries", "Entries", PrefixListId=identifier
                    )
                ),
                permission="ec2:GetManagedPrefixListEntries",
            )
            self._read[identifier] = read
        return self._read[identifier]
