"""A rotation from its beginning to its end, and each thing that may hold it up."""

from __future__ import annotations

import pytest

from cloudaccounts.audit.actor import SYSTEM
from cloudaccounts.credentials import vault
from cloudaccounts.models import AuditEvent, CloudAccount, Notice, RotationRun, RotationStep
from cloudaccounts.models.notice import NoticeKind
from cloudaccounts.rotation.automatic.requests import stop_run
from cloudaccounts.rotation.automatic.runner import run_automatic_rotation
from cloudaccounts.rotation.requests import rollback_credential
from cloudaccounts.rotation.verify import run_rotation
from tests.cloudaccounts.rotation.automatic.scene import FIRST, Scene
from tests.outages import away
from tests.toycloud.provider import STATE

pytestmark = pytest.mark.django_db(databases=["default", "cloud_security", "cloud_asset_discovery"])


def test_it_makes_tests_swaps_watches_deactivates_and_deletes(scene: Scene) -> None:
    scene.begin()
    scene.work()
    assert (scene.run.state, scene.key_in_use()) == ("watching", "K100")
    assert scene.ring.keys[FIRST].active
    while scene.run.state == "watching":
        scene.work()
    assert scene.run.state == "grace"
    assert not scene.ring.keys[FIRST].active
    run = scene.until_it_ends()
    scene.must_be_settled()
    assert (run.state, scene.ring.deleted) == ("finished", [FIRST])
    actions = list(RotationStep.objects.filter(run=run.pk).order_by("began_at").values_list("action", "outcome"))
    assert actions == [("create", "done"), ("test", "done"), ("deactivate", "done"), ("delete", "done")]
    assert Notice.objects.filter(kind=NoticeKind.ROTATION_DONE).count() == 1
    # We have deleted it ourselves, so nobody is reminded of it.
    assert not Notice.objects.filter(kind=NoticeKind.CREDENTIAL_RETIRED).exists()
    account = CloudAccount.objects.get(pk=scene.account.pk)
    assert (scene.clock.now - account.credential_since).days < 10  # type: ignore[operator]


def test_the_watch_and_the_grace_time_take_as_long_as_is_set(scene: Scene) -> None:
    scene.begin()
    scene.work()
    began = scene.clock.now
    while scene.run.state == "watching":
        scene.work()
    assert 24 <= (scene.clock.now - began).total_seconds() / 3600 < 25
    scene.until_it_ends()
    assert 8 <= (scene.clock.now - began).days < 9


def test_without_the_permission_it_says_what_is_missing_and_makes_nothing(scene: Scene) -> None:
    scene.ring.granted = False
    scene.begin()
    run = scene.until_it_ends()
    assert (run.state, run.code) == ("failed", "rotation_not_permitted")
    assert "toys:MakeKey" in run.cause
    assert scene.ring.created == []


def test_a_person_s_key_in_the_second_place_is_named_and_left_alone(scene: Scene) -> None:
    scene.ring.put("P1", "somebody-s-own")
    scene.begin()
    run = scene.until_it_ends()
    assert (run.code, scene.ring.created, scene.ring.deleted) == ("no_free_key", [], [])
    assert "P1" in run.cause


def test_a_use_by_somebody_else_is_said_and_the_watch_begins_again(scene: Scene) -> None:
    scene.begin()
    scene.work()
    scene.clock.forward(hours=5)
    scene.ring.keys[FIRST].used_at = scene.clock.now
    scene.work()
    assert (scene.run.held, scene.run.code, scene.run.state) == (True, "still_used", "watching")
    assert Notice.objects.filter(kind=NoticeKind.ROTATION_HELD).count() == 1
    silent_since = scene.clock.now
    while scene.run.state == "watching":
        scene.work()
    assert (scene.clock.now - silent_since).total_seconds() >= 24 * 3600
    scene.until_it_ends()
    scene.must_be_settled()


def test_our_own_scans_with_the_old_key_do_not_hold_it_up(scene: Scene) -> None:
    scene.begin()
    scene.work()
    scene.ring.keys[FIRST].used_at = scene.clock.now
    scene.clock.forward(minutes=30)
    scene.work()
    assert not scene.run.held


def test_a_new_key_that_is_not_known_yet_is_tried_again(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    refusals = iter([False] * 4)
    knows = STATE.keys.opens
    monkeypatch.setattr(STATE, "knows", lambda token: next(refusals, True) and knows(token), raising=False)
    scene.begin()
    assert scene.until_it_ends().state == "finished"
    scene.must_be_settled()


def test_a_key_that_never_passes_is_removed_again(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(STATE, "knows", lambda token: token == "first-word", raising=False)
    scene.begin()
    run = scene.until_it_ends()
    assert (run.state, scene.key_in_use(), scene.ring.deleted) == ("failed", FIRST, ["K100"])
    assert "did not pass its test" in run.cause
    scene.must_be_settled()


def test_a_rollback_in_the_watch_retires_the_new_key_instead(scene: Scene) -> None:
    scene.begin()
    scene.work()
    run_rotation(rollback_credential(scene.account, actor=SYSTEM).pk)
    assert scene.key_in_use() == FIRST
    run = scene.until_it_ends()
    assert (run.state, scene.ring.deleted, scene.key_in_use()) == ("finished", ["K100"], FIRST)
    scene.must_be_settled()


def test_a_key_that_was_made_active_again_is_watched_anew(scene: Scene) -> None:
    scene.begin()
    while not scene.run.deactivated_at:
        scene.work()
    scene.ring.keys[FIRST].active = True
    scene.work()
    assert scene.run.state == "watching"
    scene.until_it_ends()
    scene.must_be_settled()


def test_where_nothing_can_be_deactivated_it_is_deleted_after_both_times(scene: Scene) -> None:
    scene.ring.can_deactivate = False
    scene.begin()
    assert scene.until_it_ends().state == "finished"
    assert scene.ring.deleted == [FIRST]


def test_a_clock_that_jumps_ahead_ends_no_watch(scene: Scene) -> None:
    scene.begin()
    scene.work()
    scene.clock.forward(days=400)
    scene.work()
    assert scene.run.state == "watching"
    assert scene.ring.keys[FIRST].active


def test_a_clock_that_is_set_back_changes_nothing(scene: Scene) -> None:
    scene.begin()
    scene.work()
    scene.clock.forward(days=-3)
    scene.until_it_ends()
    scene.must_be_settled()


def test_a_lost_permission_holds_it_up_and_its_return_lets_it_go_on(scene: Scene) -> None:
    scene.begin()
    scene.work()
    scene.ring.faults = dict.fromkeys(range(scene.ring.calls + 1, scene.ring.calls + 6), "deny")
    for _ in range(4):
        scene.work()
    assert (scene.run.held, scene.run.code) == (True, "permission_denied")
    assert Notice.objects.filter(kind=NoticeKind.ROTATION_HELD).count() == 1
    scene.until_it_ends()
    scene.must_be_settled()


def test_a_lost_answer_s_key_whose_origin_cannot_be_proven_is_named(scene: Scene) -> None:
    scene.ring.tells_origin = False
    scene.ring.faults = {3: "lost"}  # missing, keys, create
    scene.begin()
    while scene.ring.created == []:
        scene.ring.faults = {scene.ring.calls + 4: "lost"}
        scene.work()
    run = scene.until_it_ends()
    assert (run.state, run.code) == ("failed", "key_unproven")
    assert [item["id"] for item in run.leftovers] == ["K100"]
    assert scene.ring.deleted == []
    assert "K100" in AuditEvent.objects.filter(action="credential.rotation_failed").latest("created_at").text


def test_one_that_is_stopped_names_what_it_leaves(scene: Scene) -> None:
    scene.begin()
    scene.work()
    assert stop_run(scene.account, actor=SYSTEM)
    assert [item["id"] for item in scene.run.leftovers] == [FIRST]
    scene.must_be_settled()


def test_a_database_that_is_away_is_no_failure_of_the_run(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    scene.begin()
    away(monkeypatch, vault, "open_credentials", times=9)  # more often than a run may fail
    for _ in range(9):
        run_automatic_rotation(scene.run.pk)
        run = RotationRun.objects.get(pk=scene.run.pk)
        assert (run.claim, run.failures, run.code, run.nudged_at) == (None, 0, "", None)
    assert scene.until_it_ends().state == "finished"
    scene.must_be_settled()
