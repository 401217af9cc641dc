from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from cryptography.fernet import Fernet
from django.contrib.auth.models import User
from django.db import connections
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from cloudaccounts.audit.actor import SYSTEM
from cloudaccounts.audit.record import record_event
from cloudaccounts.contract.errors import ProviderError
from cloudaccounts.contract.identity import Credentials
from cloudaccounts.contract.report import (
    AccessKind,
    BeyondNeed,
    CheckResult,
    CheckStatus,
    CloudValidationResult,
    PermissionResult,
    PermissionStatus,
    RegionResult,
)
from cloudaccounts.crypto.fields import Sealed
from cloudaccounts.health.connection_checks import request_check, run_check
from cloudaccounts.models import AuditEvent, CloudAccount, CloudAccountStatus, CloudCredential, ConnectionCheck
from cloudaccounts.operations.workers import confirm_key, record_worker_heartbeat
from cloudaccounts.rotation.requests import stage_credential
from tests.conftest import ALL_DATABASES, SECRET, MakeAccount
from tests.pages import NAVIGATION, seen

pytestmark = pytest.mark.django_db(databases=ALL_DATABASES)

PANELS = ("status", "coverage", "proof", "permissions", "policy", "credential", "regions", "history")
HTMX = {"HX-Request": "true"}


def report(**fields: Any) -> CloudValidationResult:
    values: dict[str, Any] = {
        "ok": True,
        "finished": True,
        "identity": "arn:aws:iam::111122223333:user/reader",
        "checks": (CheckResult("identity", "Identity", CheckStatus.PASSED, "Signed in"),),
        "permissions": (
            PermissionResult("IAM", "iam:ListUsers", PermissionStatus.GRANTED),
            PermissionResult(
                "KMS", "kms:GetKeyRotationStatus", PermissionStatus.DENIED, "An identity policy denies it."
            ),
        ),
        "regions": (RegionResult("us-east-1", True), RegionResult("eu-west-1", False, "Opt-in region.")),
        "mending": '{"Action": ["kms:GetKeyRotationStatus"]}',
        "duration_ms": 310,
    }
    return CloudValidationResult(**(values | fields))


@pytest.fixture
def account(alice: User, make_account: MakeAccount) -> CloudAccount:
    return make_account(alice, last_check=report().to_dict(), last_checked_at=timezone.now())


TABS = ("", "findings/", "assets/", "access/", "scans/", "history/")


def show(client: Client, account: CloudAccount, panel: str = "", *, tab: str = "") -> str:
    path = f"panels/{panel}/" if panel else tab
    response = client.get(f"/accounts/{account.pk}/{path}", headers=HTMX if panel else {})
    assert response.status_code == 200
    return seen(response)


@pytest.mark.parametrize("path", [*TABS, "edit/", "suspend/", "delete/", *(f"panels/{p}/" for p in PANELS)])
def test_other_peoples_accounts_are_not_there(bobs: Client, account: CloudAccount, path: str) -> None:
    assert bobs.get(f"/accounts/{account.pk}/{path}").status_code == 404


def test_an_account_that_never_was_is_not_there(alices: Client) -> None:
    assert alices.get(f"/accounts/{uuid4()}/").status_code == 404


def test_a_panel_that_does_not_exist_is_not_there(alices: Client, account: CloudAccount) -> None:
    assert alices.get(f"/accounts/{account.pk}/panels/secrets/").status_code == 404


def test_it_shows_the_proof_and_the_gaps_with_what_mends_them(alices: Client, account: CloudAccount) -> None:
    text = show(alices, account, tab="access/")
    assert "1 granted, 1 denied" in text
    assert "An identity policy denies it." in text
    assert "{&quot;Action&quot;: [&quot;kms:GetKeyRotationStatus&quot;]}" in text
    assert "arn:aws:iam::111122223333:user/reader" in text


def test_it_never_shows_a_secret(alices: Client, account: CloudAccount) -> None:
    for panel in ("", *PANELS):
        assert SECRET not in show(alices, account, panel)
        assert "gAAAA" not in show(alices, account, panel)


def test_it_tells_which_regions_are_not_enabled(alices: Client, account: CloudAccount) -> None:
    text = show(alices, account, "regions")
    assert "not enabled" in text
    assert "Opt-in region." in text


def test_an_account_without_a_proof_says_so(alices: Client, alice: User, make_account: MakeAccount) -> None:
    pending = make_account(alice, status=CloudAccountStatus.PENDING)
    text = show(alices, pending, tab="access/")
    assert "Access to this account is not validated yet" in text
    assert "not checked" in text


def test_a_check_under_way_shows_what_is_done_and_what_waits(
    alices: Client, alice: User, account: CloudAccount
) -> None:
    record_worker_heartbeat("w", ["checks"])
    check = request_check(account, actor=SYSTEM)
    growing = report(checks=report().checks[:1], finished=False, permissions=())
    ConnectionCheck.objects.filter(pk=check.pk).update(state="running", report=growing.to_dict())
    text = show(alices, account, "proof")
    assert "Checking access" in text
    assert "Signed in" in text
    assert "waiting" in text
    assert "every 1s" in text
    assert "The worker is not running" not in text


def test_a_check_without_a_worker_says_exactly_that(alices: Client, account: CloudAccount) -> None:
    request_check(account, actor=SYSTEM)
    assert "The worker is not running" in show(alices, account, "proof")


def test_the_end_of_a_watched_check_tells_the_other_panels(alices: Client, account: CloudAccount) -> None:
    url = f"/accounts/{account.pk}/panels/proof/?watching"
    assert alices.get(url, headers=HTMX)["HX-Trigger"] == "account-changed"
    request_check(account, actor=SYSTEM)
    assert "HX-Trigger" not in alices.get(url, headers=HTMX)


def test_a_check_that_was_given_up_is_told(alices: Client, account: CloudAccount) -> None:
    check = request_check(account, actor=SYSTEM)
    ConnectionCheck.objects.filter(pk=check.pk).update(
        state="abandoned", active_account=None, cause="The worker died three times during this check."
    )
    assert "The worker died three times" in show(alices, account, "proof")


def test_the_credential_is_told_by_kind_hint_and_age(alices: Client, alice: User, make_account: MakeAccount) -> None:
    text = show(alices, make_account(alice, age_days=64), "credential")
    assert "AKID…TEST" in text
    assert "Age 64 days; warning at 60, overdue at 90" in text


def test_a_role_needs_no_rotation(alices: Client, alice: User, make_account: MakeAccount) -> None:
    text = show(alices, make_account(alice, secretless=True, age_days=400), "credential")
    assert "no rotation is needed" in text
    assert '<svg class="chart"' not in text


def test_without_the_key_the_page_says_credentials_unreadable(
    alices: Client, account: CloudAccount, settings: Any
) -> None:
    settings.CREDENTIAL_ENCRYPTION_KEYS = []
    text = show(alices, account, tab="access/")
    assert "Credentials unreadable." in text
    assert "Put the key back" in text


def test_unreadable_is_said_once_where_another_accounts_credential_judges_the_key(
    alices: Client, account: CloudAccount, settings: Any
) -> None:
    """A restored database: no witness yet, so the key is judged by what is stored."""
    settings.CREDENTIAL_ENCRYPTION_KEYS = [Fernet.generate_key().decode()]
    text = show(alices, account, "credential")
    assert text.count("Credentials unreadable") == 1
    assert "No encryption key of this server opens what is stored." in text
    with pytest.raises(ProviderError) as refused:
        stage_credential(account, actor=SYSTEM, credentials=Credentials("access_keys", {}))
    assert refused.value.cause.count("Credentials unreadable") == 1


def test_unreadable_is_said_once_where_the_account_alone_is(alices: Client, account: CloudAccount) -> None:
    assert confirm_key() is None
    sealed_for_another = Sealed.seal({"method": "access_keys"}, bound_to=uuid4())
    CloudCredential.objects.update(payload=sealed_for_another)
    run_check(request_check(account, actor=SYSTEM).pk)
    account.refresh_from_db()
    assert account.last_check_cause.count("Credentials unreadable") == 1
    text = show(alices, account, "credential")
    assert text.count("Credentials unreadable") == 1


def test_a_missing_credential_row_is_no_error(alices: Client, account: CloudAccount) -> None:
    CloudCredential.objects.all().delete()
    assert "No credential is stored" in show(alices, account, "credential")


def test_an_account_of_a_provider_that_is_gone_still_has_a_page(
    alices: Client, alice: User, make_account: MakeAccount
) -> None:
    left_over = make_account(alice, provider="nimbus")
    request_check(left_over, actor=SYSTEM)
    assert "NIMBUS" in show(alices, left_over)
    assert alices.get(f"/accounts/{left_over.pk}/edit/").status_code == 200


def test_history_comes_in_pages_newest_first(alices: Client, account: CloudAccount) -> None:
    for number in range(12):
        AuditEvent.objects.create(
            owner=account.owner, account=account.pk, actor=SYSTEM.id, actor_label=SYSTEM.label, via=SYSTEM.via,
            action="x", text=f"Event {number}.", created_at=timezone.now() + timedelta(minutes=number),
        )  # fmt: skip
    first = alices.get(f"/accounts/{account.pk}/history/", headers=HTMX)
    assert [event.text for event in first.context["events"]] == [f"Event {n}." for n in range(11, 1, -1)]
    last = first.context["events"][-1].created_at.isoformat()
    second = alices.get(f"/accounts/{account.pk}/history/", {"before": last}, headers=HTMX)
    assert [event.text for event in second.context["events"]][:2] == ["Event 1.", "Event 0."]
    assert "Earlier" not in second.content.decode()


def test_history_says_what_was_changed(alices: Client, account: CloudAccount) -> None:
    record_event(
        actor=SYSTEM, owner=account.owner, action="account.changed", text="Changed", account=account.pk,
        before={"name": "old", "environment": "dev", "regions": ["us-east-1", "eu-west-1"]},
        after={"name": "<new>", "environment": "dev", "regions": ["eu-west-1", "eu-north-1"]},
    )  # fmt: skip
    text = show(alices, account, "history")
    assert "name: old → &lt;new&gt; · regions: + eu-north-1, − us-east-1" in text
    assert "environment:" not in text


@pytest.mark.parametrize(
    "before",
    ["soon", "2026-13-40T00:00:00Z", "2026-01-01", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"],
)
def test_a_broken_place_in_the_history_shows_its_start(alices: Client, account: CloudAccount, before: str) -> None:
    assert alices.get(f"/accounts/{account.pk}/history/", {"before": before}).status_code == 200


def test_the_page_asks_a_fixed_number_of_questions(
    alices: Client, account: CloudAccount, django_assert_max_num_queries: object
) -> None:
    for tab, queries in (("", 4), ("findings/", 2), ("access/", 10), ("history/", 3)):
        show(alices, account, tab=tab)
        with django_assert_max_num_queries(NAVIGATION + queries, using="cloud_security"):  # type: ignore[operator]
            show(alices, account, tab=tab)


def test_what_the_team_has_switched_off_is_asked_once_for_all_panels(alices: Client, account: CloudAccount) -> None:
    for tab in ("", "access/"):
        with CaptureQueriesContext(connections["cloud_security"]) as queries:
            show(alices, account, tab=tab)
        assert sum("switched_off_checks" in query["sql"] for query in queries) == 1, tab


def test_each_tab_says_which_one_it_is_and_how_the_account_stands(alices: Client, account: CloudAccount) -> None:
    CloudAccount.objects.update(
        coverage_percent=71, posture={"critical": 3, "high": 9, "medium": 1, "low": 0, "score": 63}
    )
    for tab in TABS:
        text = show(alices, account, tab=tab)
        assert text.count('aria-current="page"') == 1
        assert "Partly blinded" in text
        assert "63 <small>of 71% seen</small>" in text
        assert 'aria-label="3 critical, 9 high, 1 medium, 0 low"' in text


def test_what_is_granted_is_one_row_until_it_is_opened(alices: Client, account: CloudAccount) -> None:
    text = show(alices, account, tab="access/")
    assert "1 service without a gap" in text
    assert "<details open>" in text.split("1 service without a gap")[0].split("Permissions by service")[1]


@pytest.mark.parametrize("panel", PANELS)
def test_a_panel_asks_few_questions(
    alices: Client, account: CloudAccount, django_assert_max_num_queries: object, panel: str
) -> None:
    show(alices, account, panel)
    with django_assert_max_num_queries(4, using="cloud_security"):  # type: ignore[operator]
        show(alices, account, panel)


def test_a_refused_role_claims_no_proof(alices: Client, alice: User, make_account: MakeAccount) -> None:
    refused = report(ok=False, permissions=()).to_dict()
    account = make_account(alice, secretless=True, last_check=refused, last_checked_at=timezone.now())
    text = show(alices, account, "credential")
    assert "was refused" in text
    assert "Last validated" not in text


def test_coverage_says_each_cause_once_with_what_it_hides(
    alices: Client, alice: User, make_account: MakeAccount
) -> None:
    since = timezone.now().isoformat()
    hidden = {"ec2 in eu-west-1": "Machines.", "ec2 in us-east-1": "More machines."}
    gaps = [
        {"kind": "unit", "what": what, "why": "A policy.", "blinds": blinds, "since": since}
        for what, blinds in hidden.items()
    ]
    gaps.append({"kind": "region", "what": "eu-west-2", "why": "Left out.", "blinds": "All of it.", "since": since})
    account = make_account(
        alice, coverage_percent=9, coverage_gaps=gaps, posture={"critical": 0, "score": 69},
        coverage={"regions": {"enabled": 17, "read": 2}, "units": {"total": 46, "read": 42, "stale": 3}},
    )  # fmt: skip
    page = seen(alices.get(f"/accounts/{account.pk}/panels/coverage/"))
    assert "2 of 17 enabled ones read" in page
    assert "42 of 46 succeeded · 3 stale" in page
    assert "69 of 100, of the 9% that is seen" in page
    assert page.count("A policy.") == 1
    assert "More machines." in page
    assert "eu-west-2" in page
    assert "of 9% seen" in seen(alices.get(f"/accounts/{account.pk}/"))


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({}, "Not known before the first scan has ended."),
        ({"coverage": {"units": {"total": 3, "read": 3, "stale": 0}}}, "the cloud did not say which regions"),
    ],
)
def test_coverage_that_is_not_known_says_why(
    alices: Client, alice: User, make_account: MakeAccount, fields: dict[str, Any], words: str
) -> None:
    account = make_account(alice, **fields)
    page = seen(alices.get(f"/accounts/{account.pk}/panels/coverage/"))
    assert words in page
    assert "not known" in page


def test_unscanned_regions_are_named(alices: Client, alice: User, make_account: MakeAccount) -> None:
    account = make_account(alice, enabled_regions=["us-east-1", "eu-west-1", "eu-north-1"])
    page = seen(alices.get(f"/accounts/{account.pk}/panels/regions/"))
    assert "Unscanned regions: 1" in page
    assert "eu-north-1" in page


def test_the_access_tab_says_what_is_granted_beyond_need_and_offers_the_smallest_policy(
    alices: Client, alice: User, make_account: MakeAccount
) -> None:
    beyond = (
        BeyondNeed("iam:CreateUser", AccessKind.WRITE, ("AdministratorAccess",)),
        BeyondNeed("s3:GetObject", AccessKind.DATA),
    )
    account = make_account(alice, last_check=report(beyond=beyond).to_dict(), regions=["eu-west-1"])
    text = show(alices, account, tab="access/")
    assert "2 beyond need" in text
    assert text.index("iam:CreateUser") < text.index("granted by AdministratorAccess") < text.index("s3:GetObject")
    response = alices.get(f"/accounts/{account.pk}/policy/")
    assert response.headers["Content-Disposition"] == 'attachment; filename="cloud-accounts-policy.json"'
    [everywhere, regional] = response.json()["Statement"]
    assert "iam:GetAccountSummary" in everywhere["Action"]
    assert regional["Condition"] == {"StringEquals": {"aws:RequestedRegion": ["eu-west-1"]}}


@pytest.mark.parametrize(("beyond", "said"), [((), "nothing beyond need"), (None, "could not be asked")])
def test_nothing_beyond_need_and_not_known_are_two_things(
    alices: Client, alice: User, make_account: MakeAccount, beyond: tuple[BeyondNeed, ...] | None, said: str
) -> None:
    account = make_account(alice, last_check=report(beyond=beyond).to_dict())
    assert said in show(alices, account, tab="access/")


def test_another_teams_policy_is_not_there(alices: Client, bob: User, make_account: MakeAccount) -> None:
    assert alices.get(f"/accounts/{make_account(bob).pk}/policy/").status_code == 404
