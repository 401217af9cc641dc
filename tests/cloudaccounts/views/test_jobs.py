"""Jobs: their list, and the causes of what failed in one."""

from __future__ import annotations

from uuid import uuid4

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from cloudaccounts.models import Job, JobItem
from cloudaccounts.views import jobs as job_views
from cloudaccounts.web import pagination
from tests.conftest import ALL_DATABASES
from tests.pages import seen

pytestmark = pytest.mark.django_db(databases=ALL_DATABASES)


def failed_job(user: User, **options: str) -> Job:
    job = Job.objects.create(
        owner=str(user.pk), kind="fleet.scan", title="Scan: the selected accounts", state="finished", total=6, failed=5,
        done=1, actor={"label": "alice"}, options=options, requested_at=timezone.now(), limited_to="",
    )  # fmt: skip
    for number in range(5):
        code = "access_denied" if number else "throttled"
        JobItem.objects.create(
            job=job.pk, position=number, subject=str(number), label=f"box-{number}", state="failed", code=code,
            cause=f"AWS refused ({number}).", remedy="Mend the role." if number else "Wait.",
        )  # fmt: skip
    return job


def test_failures_of_one_cause_are_said_once_the_most_frequent_first(alices: Client, alice: User) -> None:
    response = alices.get(f"/jobs/{failed_job(alice).pk}/")
    assert [(cause.code, cause.number, cause.names) for cause in response.context["causes"]] == [
        ("access_denied", 4, ["box-1", "box-2", "box-3"]),
        ("throttled", 1, ["box-0"]),
    ]
    text = seen(response)
    assert "Retry 5" in text
    assert '<span class="pill warn">finished with failures</span>' in text
    assert "1 more" in text
    assert "Back to accounts" in text


def test_a_job_of_an_organization_leads_back_to_its_set_up(alices: Client, alice: User) -> None:
    organization = uuid4()
    text = seen(alices.get(f"/jobs/{failed_job(alice, organization=str(organization)).pk}/"))
    # Above, and at the cause that a set-up remedies: what was throttled passes by itself.
    assert text.count(f"/organizations/{organization}/") == 2
    assert "Look at the organization’s set-up" in text


def test_a_job_about_one_finding_leads_back_to_it(alices: Client, alice: User) -> None:
    key = "12345678-1234-4234-8234-123456789abc"
    job = Job.objects.create(
        owner=str(alice.pk), kind="findings.recheck", title="Check it again", state="finished", total=1, done=1,
        requested_at=timezone.now(),
    )  # fmt: skip
    JobItem.objects.create(job=job.pk, position=0, subject=f"finding:{key}", state="done")
    assert f'href="/findings/{key}/">Back to the finding' in alices.get(f"/jobs/{job.pk}/").content.decode()
    JobItem.objects.update(subject="nonsense")
    assert "Back to accounts" in alices.get(f"/jobs/{job.pk}/").content.decode()


def test_the_list_is_ones_own(alices: Client, bobs: Client, alice: User) -> None:
    failed_job(alice)
    assert "Scan: the selected accounts" in seen(alices.get("/jobs/"))
    assert "No jobs yet" in seen(bobs.get("/jobs/"))


def test_a_job_is_green_only_where_nothing_of_it_failed(alices: Client, alice: User) -> None:
    job = failed_job(alice)
    for done, failed, shown in ((6, 0, "ok"), (1, 5, "warn"), (0, 6, "bad")):
        Job.objects.filter(pk=job.pk).update(done=done, failed=failed)
        for page in ("/jobs/", f"/jobs/{job.pk}/"):
            assert f'<span class="pill {shown}">' in seen(alices.get(page)), (page, shown)


def test_a_job_tells_how_many_items_it_has_and_each_page_is_its_own(
    alices: Client, alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(job_views, "PAGE_SIZE", 2)
    monkeypatch.setattr(pagination, "LATE", 1)
    job = failed_job(alice)
    Job.objects.filter(pk=job.pk).update(total=5)
    shown = [alices.get(f"/jobs/{job.pk}/?page={number}").context["page"] for number in (1, 2, 3, 9)]
    assert [[item.position for item in page] for page in shown] == [[0, 1], [2, 3], [4], [4]]
    assert shown[0].paginator.count == 5
    assert alices.get(f"/jobs/{job.pk}/?state=done").context["page"].paginator.count == 0
