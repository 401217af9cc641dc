"""On and off, for an account and a team; when a rotation's turn comes; what pages, the API and the command say."""

from __future__ import annotations

import json
import time
from datetime import timedelta
from io import StringIO
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.test import Client

from cloudaccounts.audit.actor import SYSTEM
from cloudaccounts.models import CloudAccount, RotationRun, RotationSetting
from cloudaccounts.rotation.automatic.requests import NotRotatableError, Wish, set_policy, set_rotation, stop_run
from cloudaccounts.rotation.automatic.runner import AUTOMATIC_ROTATIONS, due_runs, run_automatic_rotation
from cloudaccounts.rotation.automatic.schedule import due_at, plan_rotations
from tests.cloudaccounts.rotation.automatic.scene import FIRST, Scene
from tests.conftest import MakeAccount

pytestmark = pytest.mark.django_db(databases=["default", "cloud_security", "cloud_asset_discovery"])


def rotations() -> Any:
    return RotationRun.objects.filter(purpose="rotate")


def prove(scene: Scene) -> None:
    run_automatic_rotation(scene.run.pk)
    scene.clock.forward(seconds=1)


def test_turned_on_it_is_proven_and_begins_when_it_is_due(scene: Scene) -> None:
    set_rotation(scene.account, automatic=True, max_age_days=60, actor=SYSTEM)
    prove(scene)
    assert RotationSetting.objects.get().ready is True
    assert plan_rotations() == 1
    assert rotations().count() == 1
    assert plan_rotations() == 0


def test_a_young_credential_waits_until_shortly_before_its_age(scene: Scene) -> None:
    account = scene.account
    account.credential_since = scene.clock.now - timedelta(days=10)
    account.save()
    set_rotation(account, automatic=True, max_age_days=60, actor=SYSTEM)
    prove(scene)
    assert plan_rotations() == 0
    setting = RotationSetting.objects.get()
    at = due_at(account, wish=_wish(60))
    assert at is not None
    assert timedelta(days=47) <= at - scene.clock.now <= timedelta(days=50)
    assert setting.look_at is not None
    assert setting.look_at <= scene.clock.now + timedelta(days=1)


def _wish(days: int) -> Wish:
    return Wish(True, days, "account")


def test_what_the_cloud_ends_soon_is_due_however_young(scene: Scene) -> None:
    scene.account.credential_since = scene.clock.now
    scene.account.credential_expires_at = scene.clock.now + timedelta(days=10)
    at = due_at(scene.account, _wish(300))
    assert at is not None
    assert at <= scene.clock.now


def test_accounts_of_one_day_spread_out(scene: Scene) -> None:
    ages = set()
    for _ in range(20):
        scene.account.pk = uuid4()
        ages.add(due_at(scene.account, _wish(60)))
    assert len(ages) == 20


def test_a_team_s_policy_holds_for_accounts_without_a_wish(scene: Scene) -> None:
    owner = scene.account.owner
    set_policy(owner, automatic=True, max_age_days=60, actor=SYSTEM)
    plan_rotations()
    assert rotations().count() == 1
    stop_run(scene.account, actor=SYSTEM)
    set_rotation(scene.account, automatic=False, max_age_days=None, actor=SYSTEM)
    assert plan_rotations() == 0


def test_a_team_has_so_many_at_a_time(
    scene: Scene, alice: User, toy_account: MakeAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settings, "TEAM_ROTATIONS", 2)
    for number in range(4):
        toy_account(alice, account_id="abcde" + "ghij"[number], credential_since=scene.clock.now - timedelta(days=100))
    set_policy(scene.account.owner, automatic=True, max_age_days=60, actor=SYSTEM)
    assert plan_rotations() == 2
    assert plan_rotations() == 0


def test_a_role_has_nothing_to_rotate(alice: User, make_account: MakeAccount) -> None:
    with pytest.raises(NotRotatableError):
        set_rotation(make_account(alice, secretless=True), automatic=True, max_age_days=60, actor=SYSTEM)


def test_one_that_waits_for_time_is_no_work_that_is_late(scene: Scene) -> None:
    scene.begin()
    scene.work()
    assert not due_runs().exists()
    assert not AUTOMATIC_ROTATIONS.waiting().exists()


def test_the_pages_show_the_state_and_take_the_wish(scene: Scene, alices: Client) -> None:
    page = f"/accounts/{scene.account.pk}/rotation/"
    assert b"replaced by hand" in alices.get(page).content
    assert alices.post(page, {"automatic": "on", "max_age_days": "45"}).status_code == 302
    setting = RotationSetting.objects.get()
    assert (setting.automatic, setting.max_age_days) == (True, 45)
    prove(scene)
    assert alices.post(f"{page}begin/").status_code == 302
    scene.work()
    body = alices.get(page).content.decode()
    assert "Watch the old key" in body
    assert "K100" in body
    assert "word-of-K100" not in body
    assert "Automatic rotation" in alices.get(f"/accounts/{scene.account.pk}/access/").content.decode()
    assert alices.post(f"{page}end/").status_code == 302
    body = alices.get(page).content.decode()
    assert f"Left at the provider: <code>{FIRST}</code>" in body
    out = StringIO()
    call_command("rotation_report", stdout=out)
    assert f"Left at the provider: {FIRST}" in out.getvalue()
    assert "Keys left at providers" in alices.get("/rotation/").content.decode()
    assert alices.post(f"{page}{scene.run.pk}/settle/", {"key": FIRST}).status_code == 302
    assert "Left at the provider" not in alices.get(page).content.decode()


def test_the_team_s_page_saves_the_policy(scene: Scene, alices: Client) -> None:
    assert alices.get("/rotation/policy/").status_code == 200
    assert alices.post("/rotation/policy/", {"automatic": "on", "max_age_days": "30"}).status_code == 302
    assert alices.post("/rotation/policy/", {"automatic": "on", "max_age_days": "0"}).status_code == 200
    assert "as the team" in alices.get(f"/accounts/{scene.account.pk}/rotation/").content.decode()


def test_the_command_plans_and_does_the_work(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    # The command's own: threads of a database's client sleep as well, and would move the clock on by weeks.
    sleeps = SimpleNamespace(monotonic=time.monotonic, sleep=lambda pause: scene.clock.forward(seconds=pause + 1))
    monkeypatch.setattr("cloudaccounts.management.commands.rotate_credentials.time", sleeps)
    set_rotation(scene.account, automatic=True, max_age_days=60, actor=SYSTEM)
    prove(scene)
    out = StringIO()
    call_command("rotate_credentials", "--plan", stdout=out)
    assert "toybox" in out.getvalue()
    assert "1 would be begun" in out.getvalue()
    assert not rotations().exists()
    call_command("rotate_credentials", "--due", stdout=out)
    assert (rotations().get().state, scene.key_in_use()) == ("watching", "K100")
    call_command("rotate_credentials", stdout=out)  # nothing is due any more


def test_the_command_rotates_one_that_opted_in(scene: Scene) -> None:
    with pytest.raises(CommandError, match="not opted in"):
        call_command("rotate_credentials", "--account", str(scene.account.pk))
    CloudAccount.objects.update(credential_since=scene.clock.now)
    set_rotation(scene.account, automatic=True, max_age_days=60, actor=SYSTEM)
    prove(scene)
    call_command("rotate_credentials", "--account", str(scene.account.pk), stdout=StringIO())
    assert scene.key_in_use() == "K100"


def test_the_command_fails_where_a_rotation_failed(scene: Scene) -> None:
    set_rotation(scene.account, automatic=True, max_age_days=60, actor=SYSTEM)
    scene.ring.granted = False
    prove(scene)
    with pytest.raises(CommandError, match="1 failed"):
        call_command("rotate_credentials", stdout=StringIO())
    assert json.dumps(RotationSetting.objects.get().missing) == '["toys:MakeKey"]'
