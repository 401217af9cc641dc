from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from cloudaccounts.models import CloudAccount, CloudAccountStatus
from cloudaccounts.operations.workers import record_worker_heartbeat
from scans.models import ScanRun, ScanStatus
from scans.runs.queries import time_left
from scans.runs.summaries import summarize_run
from tests.conftest import ALL_DATABASES, MakeAccount
from tests.pages import NAVIGATION, seen

pytestmark = pytest.mark.django_db(databases=ALL_DATABASES)

HTMX = {"HX-Request": "true"}


@pytest.fixture
def account(alice: User, make_account: MakeAccount) -> CloudAccount:
    """With its first scan, which onboarding asked for, and which is queued."""
    return make_account(alice)


@pytest.fixture
def run(account: CloudAccount) -> ScanRun:
    return ScanRun.objects.get(account=account.pk)


def change(run: ScanRun, **fields: Any) -> None:
    if fields.get("status") not in {None, "queued", "running"}:
        fields["active_account"] = None
    ScanRun.objects.filter(pk=run.pk).update(**fields)


def text(client: Client, url: str) -> str:
    response = client.get(url)
    assert response.status_code == 200
    return seen(response)


@pytest.mark.parametrize("path", ["scan/", "panels/scans/latest/", "panels/scans/assets/"])
def test_other_peoples_accounts_are_not_there(bobs: Client, account: CloudAccount, path: str) -> None:
    assert bobs.get(f"/accounts/{account.pk}/{path}").status_code == 404


@pytest.mark.parametrize("path", ["", "panel/"])
def test_other_peoples_scans_are_not_there(bobs: Client, run: ScanRun, path: str) -> None:
    assert bobs.get(f"/scans/{run.pk}/{path}").status_code == 404


def test_nobody_cancels_other_peoples_scans(bobs: Client, run: ScanRun) -> None:
    assert bobs.post(f"/scans/{run.pk}/cancel/").status_code == 404
    run.refresh_from_db()
    assert run.status == ScanStatus.QUEUED


def test_the_list_shows_ones_own_scans_only(
    alices: Client, bobs: Client, run: ScanRun, bob: User, make_account: MakeAccount
) -> None:
    make_account(bob, name="bobs")
    assert [row.pk for row in alices.get("/scans/").context["page"]] == [run.pk]
    assert "data-platform" not in text(bobs, "/scans/")


def test_the_list_and_the_page_say_how_long_a_scan_took(alices: Client, run: ScanRun) -> None:
    assert "Took" not in text(alices, f"/scans/{run.pk}/")
    began = timezone.now() - timedelta(hours=1)
    ScanRun.objects.filter(pk=run.pk).update(
        status=ScanStatus.COMPLETED, active_account=None, started_at=began, finished_at=began + timedelta(seconds=42)
    )
    assert "42 s" in text(alices, "/scans/")
    assert "42 s" in text(alices, f"/scans/{run.pk}/")


def test_the_list_filters_by_account_and_status(
    alices: Client, alice: User, run: ScanRun, make_account: MakeAccount
) -> None:
    make_account(alice, name="other")
    rows = alices.get(f"/scans/?account={run.account}&status=queued").context["page"]
    assert [row.pk for row in rows] == [run.pk]
    assert "No scan fits" in text(alices, f"/scans/?account={run.account}&status=failed")


def test_a_filter_that_is_no_id_narrows_nothing(alices: Client, run: ScanRun) -> None:
    assert len(alices.get("/scans/?account=x&status=y&page=-3").context["page"]) == 1


def test_the_list_asks_the_same_few_questions_however_many_scans_there_are(
    alices: Client, alice: User, make_account: MakeAccount, django_assert_num_queries: Any
) -> None:
    make_account(alice)
    with django_assert_num_queries(NAVIGATION + 3, using="cloud_security"):
        alices.get("/scans/")
    for _ in range(10):
        make_account(alice)
    with django_assert_num_queries(NAVIGATION + 3, using="cloud_security"):
        alices.get("/scans/")


def test_the_first_scan_shows_true_progress(alices: Client, run: ScanRun) -> None:
    record_worker_heartbeat("w", ["scans"])
    change(
        run, status="running", units_total=52, units_done=34, now_doing="EC2 in eu-west-1", assets_seen=412,
        started_at=timezone.now() - timedelta(seconds=68),
    )  # fmt: skip
    page = text(alices, f"/accounts/{run.account}/panels/scans/latest/")
    assert "started automatically" in page
    assert 'value="34" max="52"' in page
    assert "now EC2 in eu-west-1" in page
    assert "412 assets so far" in page
    assert "about 36 s left" in page
    assert "The worker is not running" not in page


def test_a_guess_of_the_time_left_needs_something_to_guess_from(run: ScanRun) -> None:
    run.status, run.started_at = ScanStatus.RUNNING, timezone.now()
    run.units_total, run.units_done = 52, 2
    assert time_left(run) is None


@pytest.mark.parametrize("path", ["/accounts/{account}/panels/scans/latest/", "/scans/{run}/", "/scans/now/"])
def test_a_scan_without_a_worker_says_exactly_that(alices: Client, run: ScanRun, path: str) -> None:
    assert "The worker is not running" in text(alices, path.format(account=run.account, run=run.pk))


def test_the_end_of_a_watched_scan_tells_the_other_panels(alices: Client, run: ScanRun) -> None:
    for url in (f"/accounts/{run.account}/panels/scans/latest/?watching", f"/scans/{run.pk}/panel/?watching"):
        assert "HX-Trigger" not in alices.get(url, headers=HTMX)
    change(run, status="completed")
    for url in (f"/accounts/{run.account}/panels/scans/latest/?watching", f"/scans/{run.pk}/panel/?watching"):
        response = alices.get(url, headers=HTMX)
        assert response["HX-Trigger"] == "scan-changed"
        assert "every 1s" not in response.content.decode()


def test_a_scan_that_ended_before_its_panel_was_loaded_tells_the_other_panels(alices: Client, run: ScanRun) -> None:
    panel = f"/accounts/{run.account}/panels/scans/latest/"
    assert f'hx-get="{panel}?seen=none"' in alices.get(f"/accounts/{run.account}/").content.decode()
    assert "HX-Trigger" not in alices.get(f"{panel}?seen=none", headers=HTMX)
    change(run, status="completed", finished_at=timezone.now())
    assert alices.get(f"{panel}?seen=none", headers=HTMX)["HX-Trigger"] == "scan-changed"
    summarize_run(run.pk)
    assert f'hx-get="{panel}?seen={run.pk}"' in alices.get(f"/accounts/{run.account}/").content.decode()
    assert "HX-Trigger" not in alices.get(f"{panel}?seen={run.pk}", headers=HTMX)
    assert "HX-Trigger" not in alices.get(panel, headers=HTMX)


def test_a_failed_scan_tells_cause_and_remedy(alices: Client, run: ScanRun) -> None:
    change(run, status="failed", error="The key was deactivated.", error_remedy="Activate it in IAM.")
    page = text(alices, f"/scans/{run.pk}/")
    assert "The key was deactivated." in page
    assert "Activate it in IAM." in page


def test_an_ended_scan_leads_to_the_next_one_for_who_may_start_it(alices: Client, run: ScanRun) -> None:
    link = f'href="/accounts/{run.account}/scan/"'
    assert link not in alices.get(f"/scans/{run.run_id}/").content.decode()
    ScanRun.objects.filter(pk=run.pk).update(status=ScanStatus.FAILED, active_account=None)
    assert link in alices.get(f"/scans/{run.run_id}/").content.decode()


def test_what_could_not_be_read_is_listed(alices: Client, run: ScanRun) -> None:
    gap = {"service": "S3", "region": "global", "code": "denied", "cause": "S3 refused.", "remedy": "Grant it."}
    change(run, status="completed", gaps=[gap])
    page = text(alices, f"/scans/{run.pk}/")
    assert "What could not be read" in page
    assert "S3 refused." in page


def test_cancel_ends_a_scan_and_goes_back(alices: Client, run: ScanRun) -> None:
    response = alices.post(f"/scans/{run.pk}/cancel/", {"next": "/"})
    assert response["Location"] == "/"
    run.refresh_from_db()
    assert run.status == ScanStatus.CANCELLED


@pytest.mark.parametrize(
    "back",
    ["https://evil.example/", "//evil.example/", "javascript:alert(1)", "foo", "scan"],
)
def test_cancel_never_leads_elsewhere(alices: Client, run: ScanRun, back: str) -> None:
    assert alices.post(f"/scans/{run.pk}/cancel/", {"next": back})["Location"] == f"/scans/{run.pk}/"


def test_cancelling_what_has_ended_says_so(alices: Client, run: ScanRun) -> None:
    change(run, status="completed")
    assert "had ended already" in alices.post(f"/scans/{run.pk}/cancel/", follow=True).content.decode()


def test_a_look_at_cancel_changes_nothing(alices: Client, run: ScanRun) -> None:
    assert alices.get(f"/scans/{run.pk}/cancel/").status_code == 405


def test_a_scan_starts_with_the_chosen_regions(alices: Client, account: CloudAccount, run: ScanRun) -> None:
    change(run, status="completed")
    data = {"regions": ["eu-west-1"], "scan_type": "full"}
    response = alices.post(f"/accounts/{account.pk}/scan/", data)
    started = ScanRun.objects.get(active_account=account.pk)
    assert response["Location"] == f"/scans/{started.pk}/"
    assert (started.scan_type, started.regions) == ("full", ["eu-west-1"])


def test_a_second_scan_leads_to_the_active_one(alices: Client, account: CloudAccount, run: ScanRun) -> None:
    data = {"regions": account.regions, "scan_type": "incremental"}
    response = alices.post(f"/accounts/{account.pk}/scan/", data, follow=True)
    assert response.redirect_chain == [(f"/scans/{run.pk}/", 302)]
    assert "under way already" in response.content.decode()
    assert ScanRun.objects.filter(account=account.pk).count() == 1


@pytest.mark.parametrize(
    "data",
    [
        {"regions": [], "scan_type": "full"},
        {"regions": ["moon-1"], "scan_type": "full"},
        {"regions": ["eu-west-1"], "scan_type": "half"},
    ],
)
def test_a_scan_of_nothing_is_refused(
    alices: Client, account: CloudAccount, run: ScanRun, data: dict[str, Any]
) -> None:
    change(run, status="completed")
    assert alices.post(f"/accounts/{account.pk}/scan/", data).status_code == 422
    assert not ScanRun.objects.filter(active_account=account.pk).exists()


def test_regions_that_are_not_enabled_are_marked_and_left_out(alices: Client, account: CloudAccount) -> None:
    report = {"regions": [{"name": "eu-west-1", "enabled": False}, {"name": "us-east-1", "enabled": True}]}
    CloudAccount.objects.update(last_check={"ok": True, "finished": True, **report})
    form = alices.get(f"/accounts/{account.pk}/scan/").context["form"]
    assert form.initial["regions"] == ["us-east-1"]
    assert "eu-west-1 (not enabled in this account)" in str(form["regions"])


def test_the_schedule_is_shown_and_changed(alices: Client, bobs: Client, account: CloudAccount) -> None:
    url = f"/accounts/{account.pk}/scan/"
    assert "The next one starts" in text(alices, url)
    assert alices.post(f"{url}schedule/", {"every": "hourly"}).status_code == 422
    assert bobs.post(f"{url}schedule/", {"every": "off"}).status_code == 404
    assert alices.post(f"{url}schedule/", {"every": "off"}).status_code == 302
    assert "only when somebody asks for it" in text(alices, url)


def test_completed_with_gaps_does_not_look_like_completed(alices: Client, run: ScanRun) -> None:
    gap = {"service": "S3", "region": "global", "code": "denied", "cause": "S3 refused.", "remedy": "Grant it."}
    change(run, status="completed", gaps=[gap])
    for url in ("/scans/", f"/scans/{run.pk}/", "/scans/now/", f"/accounts/{run.account}/panels/scans/latest/"):
        assert '<span class="pill warn">completed with gaps</span>' in text(alices, url)


def test_a_suspended_account_is_not_scanned_and_says_why(
    alices: Client, alice: User, make_account: MakeAccount
) -> None:
    suspended = make_account(alice, status=CloudAccountStatus.SUSPENDED)
    data = {"regions": suspended.regions, "scan_type": "full"}
    response = alices.post(f"/accounts/{suspended.pk}/scan/", data)
    assert response.status_code == 422
    assert "This account is suspended." in response.content.decode()


def test_the_dashboard_panel_shows_what_ended_when_nothing_runs(alices: Client, run: ScanRun) -> None:
    change(run, status="completed", assets_seen=7, finished_at=timezone.now())
    page = text(alices, "/scans/now/")
    assert "No scan is running." in page
    assert "7 assets" in page


def test_a_run_that_never_was_is_not_there(alices: Client) -> None:
    assert alices.get(f"/scans/{uuid4()}/").status_code == 404


def test_a_cause_of_missing_results_is_said_once(alices: Client, run: ScanRun) -> None:
    lines = [("a", "Closed", 3), ("b", "Locked", 2), ("c", "Sharp", 1)]
    change(
        run, status="completed", finished_at=timezone.now(),
        unknowns=[
            {"check": key, "title": title, "why": "Denied." if key != "b" else "Not read.", "count": count}
            for key, title, count in lines
        ],
    )  # fmt: skip
    shown = text(alices, f"/scans/{run.pk}/")
    assert (shown.count("Denied."), shown.count("Not read.")) == (1, 1)
    assert shown.index("Denied.") < shown.index("Closed") < shown.index("Sharp") < shown.index("Locked")
