"""A team's own frameworks: kept by revision, evaluated like the product's, deleted with what hangs on them."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.contrib.auth.models import User
from pytest_django import DjangoAssertNumQueries

from cloudaccounts.audit.actor import SYSTEM, Actor
from cloudaccounts.errors import ChangedMeanwhileError, InputError
from cloudaccounts.models import AuditEvent, CloudAccount
from scans.account_sync import sync_account
from scans.compliance.answers import answer_control
from scans.compliance.own.catalogue import catalogue_of, find_framework, frameworks_of, is_own
from scans.compliance.own.reading import read_own
from scans.compliance.own.services import (
    MOST,
    REVISIONS,
    FrameworkExistsError,
    add_framework,
    consequences_of,
    delete_framework,
    difference_of,
    find_own,
    own_rows,
    replace_framework,
    revisions_of,
    text_of,
)
from scans.compliance.queries import report_on
from scans.compliance.scope import accounts_in_scope
from scans.models import ComplianceDay, ControlAnswer, FrameworkRevision, OwnFramework, ScanRun
from scans.saved_views.services import Person, save_view
from teams.scope import Scope
from tests.conftest import ALL_DATABASES
from tests.scans.compliance.own.conftest import OWN
from tests.toycloud.provider import State

pytestmark = [pytest.mark.django_db(databases=ALL_DATABASES), pytest.mark.usefixtures("toy_framework")]
Scan = Callable[..., ScanRun]
ALICE = Actor(id="1", label="alice", via="web")
LESS = "\n".join(line for line in OWN.splitlines() if "1.2" not in line) + "\n"


def add(owner: str, text: str = OWN) -> OwnFramework:
    return add_framework(owner, read_own(text), text, actor=ALICE)


def test_it_is_evaluated_by_what_the_scans_found(toybox: CloudAccount, toycloud: State, scan: Scan) -> None:
    toycloud.set_assets("boxes", "left", "red", "blue", lid="open")
    scan()
    add(toybox.owner)
    framework = find_framework(toybox.owner, "own_shelf_1.0")
    assert framework is not None
    report = report_on(framework, accounts_in_scope(Scope(toybox.owner)))
    assert {result.control.id: (result.state.value, result.failed) for result in report.results} == {
        "1.10": ("failed", 2), "1.2": ("manual", 0),
    }  # fmt: skip
    # The next scan begins its course over time.
    assert not ComplianceDay.objects.filter(framework="own_shelf_1.0").exists()
    scan()
    assert ComplianceDay.objects.get(framework="own_shelf_1.0").failed == 1


def test_it_is_of_its_team_alone(alice: User, bob: User, toycloud: State) -> None:
    add(str(alice.pk))
    assert find_framework(str(bob.pk), "own_shelf_1.0") is None
    assert find_own(str(bob.pk), "own_shelf_1.0") is None
    assert not any(map(is_own, frameworks_of(str(bob.pk))))
    add(str(bob.pk))  # the same slug is another team's own
    assert len(own_rows(str(alice.pk))) == len(own_rows(str(bob.pk))) == 1
    cited = catalogue_of(str(alice.pk)).citations_of("toy_box_closed")
    assert [(each.framework.slug, each.control.id) for each in cited] == [("toy_1.0", "1.1"), ("own_shelf_1.0", "1.10")]


def test_the_products_own_take_no_query(alice: User, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    with django_assert_num_queries(0, using="cloud_security"):
        assert find_framework(str(alice.pk), "toy_1.0") is not None


def test_a_slug_is_taken_once_and_there_are_only_so_many(alice: User, toycloud: State) -> None:
    owner = str(alice.pk)
    add(owner)
    with pytest.raises(FrameworkExistsError):
        add(owner)
    for number in range(MOST - 1):
        add(owner, OWN.replace("own_shelf_1.0", f"own_shelf_2.{number}"))
    with pytest.raises(InputError, match="delete one first"):
        add(owner, OWN.replace("own_shelf_1.0", "own_shelf_3.0"))


def test_a_replacement_keeps_what_was_and_drops_answers_of_controls_that_are_gone(alice: User, toycloud: State) -> None:
    owner = str(alice.pk)
    row = add(owner)
    framework = read_own(OWN)
    control = framework.control("1.2")
    assert control is not None
    answer_control(owner, framework, control, actor=ALICE, state="passed", note="Dry.")
    changed = LESS.replace("Boxes are shut", "Boxes stay shut")
    difference = difference_of(row, read_own(changed))
    assert (difference.added, difference.removed, difference.changed, difference.answers) == (
        (), ("1.2",), ("1.10",), ("1.2",),
    )  # fmt: skip
    replaced = replace_framework(row, read_own(changed), changed, actor=ALICE)
    assert (replaced.revision, replaced.text) == (2, changed)
    assert not ControlAnswer.objects.exists()
    assert [old.revision for old in revisions_of(replaced)] == [1]
    assert (text_of(replaced, 1), text_of(replaced, 2), text_of(replaced, 3)) == (OWN, changed, None)
    event = AuditEvent.objects.get(action="framework.replaced")
    assert (event.detail["removed"], event.detail["answers_removed"]) == (["1.2"], ["1.2"])


def test_the_same_text_once_more_changes_nothing(alice: User, toycloud: State) -> None:
    row = add(str(alice.pk))
    assert replace_framework(row, read_own(OWN), OWN, actor=ALICE).revision == 1
    assert not FrameworkRevision.objects.exists()


def test_of_two_replacements_at_the_same_moment_one_is_refused(alice: User, toycloud: State) -> None:
    row = add(str(alice.pk))
    other = OwnFramework.objects.get()
    replace_framework(row, read_own(LESS), LESS, actor=ALICE)
    with pytest.raises(ChangedMeanwhileError):
        replace_framework(other, read_own(OWN + "#"), OWN + "#", actor=ALICE)
    with pytest.raises(ChangedMeanwhileError):
        replace_framework(row, read_own(OWN), OWN, actor=ALICE, revision=1)
    assert OwnFramework.objects.get().text == LESS


def test_another_slug_is_another_framework(alice: User, toycloud: State) -> None:
    row = add(str(alice.pk))
    text = OWN.replace("own_shelf_1.0", "own_shelf_1.1")
    with pytest.raises(InputError, match="same slug"):
        replace_framework(row, read_own(text), text, actor=ALICE)


def test_old_revisions_are_forgotten(alice: User, toycloud: State) -> None:
    row = add(str(alice.pk))
    for number in range(REVISIONS + 3):
        text = f"{OWN}# {number}\n"
        row = replace_framework(row, read_own(text), text, actor=ALICE)
    kept = [old.revision for old in revisions_of(row)]
    assert (len(kept), kept[0], kept[-1]) == (REVISIONS, REVISIONS + 3, 4)


def test_deleting_tells_and_takes_what_hangs_on_it(toybox: CloudAccount, scan: Scan, bob: User) -> None:
    owner, scope = toybox.owner, Scope(toybox.owner)
    row, others = add(owner), add(str(bob.pk))
    replace_framework(row, read_own(OWN + "#"), OWN + "#", actor=ALICE)
    scan()
    framework = read_own(OWN)
    control = framework.control("1.2")
    assert control is not None
    for each in (owner, others.owner):
        answer_control(each, framework, control, actor=ALICE, state="passed", note="Dry.")
    for name, query in (("Shelf", "control=own_shelf_1.0%3A1.10"), ("Other", "control=own_shelf_1.0x%3A1&q=x")):
        save_view(scope, Person("1"), actor=SYSTEM, name=name, page="findings", query=query, shared=False)
    save_view(
        scope, Person("2"), actor=SYSTEM, name="A", page="findings", query="control=own_shelf_1.0%3A1", shared=False
    )
    save_view(
        scope, Person("2"), actor=SYSTEM, name="B", page="findings", query="control=own_shelf_1.0%3A1", shared=True
    )
    told = consequences_of(row, Person("1"))
    assert (told.answers, told.days, told.revisions, told.views) == (1, 1, 1, ("B", "Shelf"))
    assert told.private_views == 1, "of which nobody else reads the name"
    delete_framework(row, actor=ALICE)
    delete_framework(row, actor=ALICE)  # twice, as two browsers might
    assert find_framework(owner, "own_shelf_1.0") is None
    assert not ComplianceDay.objects.filter(framework="own_shelf_1.0").exists()
    assert not FrameworkRevision.objects.exists()
    assert [answer.owner for answer in ControlAnswer.objects.all()] == [others.owner]
    assert AuditEvent.objects.filter(action="framework.deleted").count() == 1
    assert OwnFramework.objects.get().pk == others.pk


def test_a_transferred_account_leaves_the_course_of_its_former_teams_frameworks(
    toybox: CloudAccount, scan: Scan, bob: User
) -> None:
    add(toybox.owner)
    scan()
    CloudAccount.objects.filter(pk=toybox.pk).update(owner=str(bob.pk))
    sync_account(toybox)
    days = ComplianceDay.objects.filter(account=toybox.pk)
    assert [(day.framework, day.owner) for day in days] == [("toy_1.0", str(bob.pk))]
