"""The API's calls about a team's own frameworks, and the registry's section of them."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User

from cloudaccounts.audit.actor import SYSTEM
from cloudaccounts.declared.sections import Known, section
from cloudaccounts.errors import InputError
from cloudaccounts.tokens.services import create_token
from scans.models import OwnFramework
from tests.api.conftest import Caller, assert_problem
from tests.conftest import ALL_DATABASES
from tests.scans.compliance.own.conftest import OWN
from tests.toycloud.provider import State

pytestmark = [pytest.mark.django_db(databases=ALL_DATABASES), pytest.mark.usefixtures("toy_framework")]
ONE = "compliance/own_shelf_1.0"


def caller(user: User, scope: str = "write") -> Caller:
    token, text = create_token(owner=str(user.pk), actor=SYSTEM, name="tests", scope=scope)
    return Caller(text, token)


def test_one_is_added_replaced_read_and_deleted(alice: User, toycloud: State) -> None:
    calls = caller(alice)
    added = calls.post("compliance/", {"yaml": OWN})
    assert (added.status_code, added.json()["framework"], added.json()["revision"]) == (201, "own_shelf_1.0", 1)
    assert_problem(calls.post("compliance/", {"yaml": OWN}), 409, "framework_exists")
    assert [row["own"] for row in calls.get("compliance/").json()["items"]] == [False, True]
    text = OWN.replace("Boxes are shut", "Boxes stay shut")
    assert calls.ask("PUT", ONE, {"yaml": text}).json()["revision"] == 2
    source = calls.get(f"{ONE}/source")
    assert (source.json()["yaml"], [old["revision"] for old in source.json()["revisions"]]) == (text, [1])
    assert source["ETag"] != added["ETag"]
    assert calls.get(f"{ONE}").json()["controls"][0]["title"] == "Boxes stay shut"
    assert calls.delete(ONE).status_code == 204
    assert_problem(calls.get(ONE), 404, "not_found")


def test_a_change_of_what_is_old_is_refused(alice: User, toycloud: State) -> None:
    calls = caller(alice)
    tag = calls.post("compliance/", {"yaml": OWN})["ETag"]
    first = calls.ask("PUT", ONE, {"yaml": OWN + "# 1\n"}, **{"If-Match": tag})
    second = calls.ask("PUT", ONE, {"yaml": OWN + "# 2\n"}, **{"If-Match": tag})
    assert first.status_code == 200
    assert_problem(second, 412, "changed_meanwhile")
    assert_problem(calls.delete(ONE, **{"If-Match": tag}), 412, "changed_meanwhile")
    assert OwnFramework.objects.get().revision == 2
    assert calls.delete(ONE, **{"If-Match": calls.get(f"{ONE}/source")["ETag"]}).status_code == 204


def test_one_that_was_changed_meanwhile_is_not_deleted_and_nobody_elses_is_told_of(
    alice: User, bob: User, toycloud: State
) -> None:
    calls = caller(alice)
    old = calls.post("compliance/", {"yaml": OWN})["ETag"]
    new = calls.ask("PUT", ONE, {"yaml": OWN + "# 1\n"})["ETag"]
    assert_problem(calls.ask("DELETE", ONE, **{"If-Match": old}), 412, "changed_meanwhile")
    assert OwnFramework.objects.exists()
    # A wrong tag at somebody else's is 404 as without one: 412 would say that there is such a framework.
    for tag in (old, new, "*"):
        assert_problem(caller(bob).ask("DELETE", ONE, **{"If-Match": tag}), 404, "not_found")
    assert calls.ask("DELETE", ONE, **{"If-Match": f"{old}, W/{new}"}).status_code == 204


@pytest.mark.parametrize(
    ("text", "code"),
    [("a: *b", "import_file_invalid"), ("slug: x", "input_invalid"), ("[" * 9000, "import_file_invalid")],
)
def test_what_is_wrong_is_refused(alice: User, toycloud: State, text: str, code: str) -> None:
    assert_problem(caller(alice).post("compliance/", {"yaml": text}), 422, code)
    assert not OwnFramework.objects.exists()


def test_others_and_the_products_own_are_nobodys_to_change(alice: User, bob: User, toycloud: State) -> None:
    caller(alice).post("compliance/", {"yaml": OWN})
    for calls, path in ((caller(bob), ONE), (caller(alice), "compliance/toy_1.0")):
        assert_problem(calls.get(f"{path}/source"), 404, "not_found")
        assert_problem(calls.ask("PUT", path, {"yaml": OWN}), 404, "not_found")
        assert_problem(calls.delete(path), 404, "not_found")
    assert caller(alice, "read").post("compliance/", {"yaml": OWN}).status_code == 403


class TestRegistry:
    def test_a_file_makes_changes_exports_and_deletes_one(self, alice: User, toycloud: State) -> None:
        owner, part = str(alice.pk), section("frameworks")
        entry = {
            "slug": "own_shelf_1.0", "title": "Our shelf", "short": "Shelf 1.0", "version": "1.0",
            "sections": [{"id": "1", "title": "Boxes"}],
            "controls": [
                {"id": "1.1", "title": "Boxes are shut", "assessment": "automated", "rules": ["toy_box_closed"]}
            ],
        }  # fmt: skip
        cleaned = part.clean(entry, Known(owner), None)
        part.create(owner, SYSTEM, cleaned)
        assert part.present(owner) == {"own_shelf_1.0": cleaned}
        part.create(owner, SYSTEM, cleaned)  # of an earlier try
        assert OwnFramework.objects.get().revision == 1
        assert part.exported(owner, SYSTEM) == [entry]
        part.change(owner, SYSTEM, part.clean({**entry, "title": "Our shelves"}, Known(owner), cleaned))
        assert OwnFramework.objects.get().revision == 2
        part.delete(owner, SYSTEM, "own_shelf_1.0")
        part.delete(owner, SYSTEM, "own_shelf_1.0")
        assert part.present(owner) == {}

    def test_a_rule_that_does_not_exist_is_told_at_its_place(self, alice: User, toycloud: State) -> None:
        entry = {
            "slug": "own_shelf_1.0", "title": "Our shelf", "short": "Shelf 1.0", "version": "1.0",
            "sections": [{"id": "1", "title": "Boxes"}],
            "controls": [{"id": "1.1", "title": "Boxes are shut", "assessment": "automated", "rules": ["nothing"]}],
        }  # fmt: skip
        with pytest.raises(InputError) as caught:
            section("frameworks").clean(entry, Known(str(alice.pk)), None)
        assert list(caught.value.fields) == ["controls[0].rules[0]"]
