"""A token's scopes hold in a file: each section takes its own area, and what it only names is not told."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User

from cloudaccounts.audit.actor import SYSTEM
from cloudaccounts.declared.sections import sections
from cloudaccounts.groups.services import create_group
from cloudaccounts.models import AccountGroup, Job, NotificationChannel
from cloudaccounts.tokens.scopes import AREAS, SCOPES
from scans.models import MuteRule
from teams.scope import Scope
from tests.api.conftest import Caller, MakeCaller, assert_problem
from tests.conftest import ALL_DATABASES

pytestmark = pytest.mark.django_db(databases=ALL_DATABASES)
QUERIES = ("", "?plan=true", "?prune=true", "?plan=true&prune=true")
SECTIONS = {part.key: part for part in sections()}


@pytest.fixture
def narrow(alice: User, caller_of: MakeCaller) -> Caller:
    return caller_of(alice, ["accounts:write"])


def refused(answer: Any) -> set[str]:
    """The scopes that are missing."""
    return set(assert_problem(answer, 403, "token_scope_missing")["details"]["scope"].split())


@pytest.mark.parametrize("part", SECTIONS.values(), ids=SECTIONS)
def test_every_section_has_an_area_and_names_sections_that_there_are(part: Any) -> None:
    assert part.area in AREAS
    assert {*part.refers, *part.makes} <= set(SECTIONS)


@pytest.mark.parametrize("query", QUERIES)
@pytest.mark.parametrize("key", SECTIONS)
def test_all_other_scopes_open_no_section(alice: User, caller_of: MakeCaller, key: str, query: str) -> None:
    area = SECTIONS[key].area
    others = [scope for scope in SCOPES if ":" in scope and scope != f"{area}:write"]
    calls = caller_of(alice, others)
    # Whatever is in it: what is no list at all is refused by scope as well, and not by its shape.
    shapes: tuple[Any, ...] = ([], [{}], {}, None, 1.5)
    for entries in shapes:
        assert refused(calls.post(f"apply/{query}", {key: entries})) == {f"{area}:write"}


def test_with_accounts_alone_nothing_else_is_made_told_or_deleted(alice: User, narrow: Caller) -> None:
    create_group(scope=Scope(str(alice.pk)), actor=SYSTEM, name="Quiet")
    everything: dict[str, Any] = {
        "groups": [{"name": "New"}],
        "channels": [{"name": "Mail", "kind": "email", "settings": {"to": ["a@example.com"]}}],
        "mute_rules": [{"match": {"check_id": "x"}, "reason": "y"}],
    }
    for query in QUERIES:
        for body in (everything, {key: list[Any]() for key in everything}):
            answer = narrow.post(f"apply/{query}", body)
            assert refused(answer) == {"groups:write", "channels:write", "findings:write"}
            assert "Quiet" not in answer.content.decode()
    assert [group.name for group in AccountGroup.objects.all()] == ["Quiet"]
    assert not NotificationChannel.objects.exists()
    assert not MuteRule.objects.exists()
    assert not Job.objects.exists()


def test_accounts_alone_still_go_and_naming_a_group_takes_reading_them(
    alice: User, caller_of: MakeCaller, narrow: Caller, toybox: dict[str, Any]
) -> None:
    create_group(scope=Scope(str(alice.pk)), actor=SYSTEM, name="Quiet")
    assert narrow.post("apply/?plan=true", {"accounts": [toybox]}).json()["create"] == 1
    # Whether there is such a group or not, the answer is the same.
    answers = [
        narrow.post("apply/?plan=true", {"accounts": [{**toybox, "groups": [name]}]}) for name in ("Quiet", "None")
    ]
    assert refused(answers[0]) == {"groups:read"}
    assert answers[0].content == answers[1].content
    reading = caller_of(alice, ["accounts:write", "groups:read"])
    body = {"accounts": [{**toybox, "groups": ["Quiet"]}]}
    assert reading.post("apply/?plan=true", body).json()["create"] == 1


def test_rules_of_an_organization_connect_accounts(alice: User, caller_of: MakeCaller) -> None:
    calls = caller_of(alice, ["organizations:write", "groups:read"])
    entry = {"account": "toy/aaaaaa"}
    assert refused(calls.post("apply/?plan=true", {"organizations": [entry]})) == {"accounts:read"}
    assert refused(calls.post("apply/?plan=true", {"organizations": [{**entry, "rules": []}]})) == {"accounts:write"}
    place = "organizations/00000000-0000-0000-0000-000000000000"
    assert refused(calls.post(f"{place}/onboard", {})) == {"accounts:write"}
    assert refused(calls.put(f"{place}/rules", {"rules": []})) == {"accounts:write"}
    assert calls.post(f"{place}/sync").status_code == 404


def test_a_reading_token_is_told_so(alice: User, caller_of: MakeCaller) -> None:
    for scope in ("read", ["accounts:read", "groups:read"]):
        calls = caller_of(alice, scope)
        for query in QUERIES:
            assert_problem(calls.post(f"apply/{query}", {"groups": []}), 403, "token_read_only")
