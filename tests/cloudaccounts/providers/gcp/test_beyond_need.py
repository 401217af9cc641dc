"""What a service account may do in the project although no scan needs it."""

from __future__ import annotations

from cloudaccounts.contract.report import AccessKind, BeyondNeed
from cloudaccounts.providers.gcp.permission_check import BEYOND
from cloudaccounts.providers.gcp.permissions import BY_NAME
from tests.cloudaccounts.providers.gcp.conftest import Cloud


def test_the_roles_of_the_guides_grant_nothing_beyond(cloud: Cloud) -> None:
    assert not BEYOND.keys() & BY_NAME.keys()
    assert cloud.validate(cloud.key()).beyond == ()


def test_what_writes_comes_before_what_reads_data(cloud: Cloud) -> None:
    more = ["storage.objects.get", "resourcemanager.projects.setIamPolicy"]
    report = cloud.validate(cloud.key("beyond-more", permissions=[*BY_NAME, *more]))
    assert report.beyond == (
        BeyondNeed("resourcemanager.projects.setIamPolicy", AccessKind.WRITE),
        BeyondNeed("storage.objects.get", AccessKind.DATA),
    )


def test_an_answer_that_fails_leaves_the_needed_ones_known(cloud: Cloud) -> None:
    credentials = cloud.key()
    cloud.control.fault("error", action="TestIamPermissions", status=500, after=1)
    report = cloud.validate(credentials)
    assert report.permissions
    assert report.beyond is None
