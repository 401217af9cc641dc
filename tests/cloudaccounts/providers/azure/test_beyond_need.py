"""What an app's roles allow although no scan needs it."""

from __future__ import annotations

from cloudaccounts.contract.report import AccessKind
from cloudaccounts.providers.azure.rbac import MOST_BEYOND, Entry, beyond_reading
from tests.cloudaccounts.providers.azure.conftest import Cloud


def test_reader_is_nothing_beyond_need(cloud: Cloud) -> None:
    assert cloud.validate(cloud.app()).beyond == ()


def test_what_writes_is_named_as_the_role_has_it(cloud: Cloud) -> None:
    report = cloud.validate(cloud.app(actions=["*/read", "Microsoft.Compute/virtualMachines/*"]))
    assert report.beyond is not None
    assert [(item.permission, item.access) for item in report.beyond] == [
        ("Microsoft.Compute/virtualMachines/*", AccessKind.WRITE)
    ]


def test_the_widest_come_first_data_after_what_writes_and_long_roles_are_cut() -> None:
    blobs = "Microsoft.Storage/storageAccounts/blobServices/containers/blobs/read"
    entries = [
        Entry(("*/read", "Microsoft.Web/sites/write"), (), (blobs,)),
        Entry(("*", "Microsoft.Web/sites/write"), ("Microsoft.Authorization/*/Write",)),
    ]
    assert [item.permission for item in beyond_reading(entries)] == ["*", "Microsoft.Web/sites/write", blobs]
    many = Entry(tuple(f"Microsoft.Web/sites/action{number}/action" for number in range(99)))
    assert len(beyond_reading([many])) == MOST_BEYOND
    answer = {"actions": ["*/read"], "dataActions": [blobs]}
    assert beyond_reading([Entry.of(answer)])[0].access == AccessKind.DATA
