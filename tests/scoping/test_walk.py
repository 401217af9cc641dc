"""A limited member walks every page and every call: what lies outside of their groups is nowhere, not even its name."""

from __future__ import annotations

import re
from random import Random
from types import SimpleNamespace
from typing import Any, cast
from uuid import UUID, uuid4

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import get_resolver
from django.utils import timezone

from cloudaccounts.audit.actor import SYSTEM
from cloudaccounts.channels.services import ChannelInput, create_channel
from cloudaccounts.groups.services import add_members, create_group
from cloudaccounts.jobs.requests import start_job
from cloudaccounts.models import CloudAccount, Organization
from cloudaccounts.organizations.rules import Rule, set_rules
from cloudaccounts.tokens.services import create_token
from config.api.assembly import ROOT, description
from scans.models import Asset, Finding, SavedView, ScanRun
from teams.models import Membership, Team
from teams.present import SESSION_KEY
from teams.roles import Role
from teams.scope import Scope
from tests.api.conftest import Caller
from tests.architecture.test_ownership import _PARAMETER, WORDS, routes
from tests.conftest import ALL_DATABASES, MakeAccount
from tests.scoping.world import connect, fill
from wizard.drafts.editing import create_wizard_session

pytestmark = pytest.mark.django_db(databases=ALL_DATABASES)
HIDDEN, HIDDEN_NUMBER = "quagga", "999988887777"
PAGES = sorted(
    route for route in routes(get_resolver().url_patterns)
    if not route.startswith(("admin/", "api/", "static/", "sandbox/", "login", "logout", "^"))
)  # fmt: skip
CALLS = sorted(path for path, verbs in description()["paths"].items() if "get" in verbs)
EXPORTED = ("accounts/", "findings/", "assets/", "audit/", "rotation/")


@pytest.fixture
def shown(alice: User, bob: User, make_account: MakeAccount) -> dict[str, UUID]:
    """A team of alice's; bob sees its zebra, and nothing of its quagga."""
    team = Team.objects.create(name="Crew")
    Membership.objects.create(team=team, user=alice, role=Role.OWNER)
    owner, scope, random = cast(User, SimpleNamespace(pk=team.key, username="alice")), Scope(team.key), Random(1)  # noqa: S311
    zebra = fill(make_account(owner, name="zebra", status="failed", age_days=200), random)
    quagga = fill(make_account(owner, name=HIDDEN, account_id=HIDDEN_NUMBER, status="failed", age_days=200), random)

    def group(name: str, *members: CloudAccount, parent: UUID | None = None) -> UUID:
        made = create_group(scope=scope, actor=SYSTEM, name=name, parent=parent)
        add_members(made, actor=SYSTEM, accounts=[account.pk for account in members])
        return made.pk

    above = group("quaggas", zebra, quagga)
    theirs = group("zebras", zebra, parent=above)
    Membership.objects.create(team=team, user=bob, role=Role.OWNER, limited=True, groups=[str(theirs)])
    both = connect(zebra, [quagga])  # bob may see it, as it is reached through the zebra
    connect(quagga, [zebra])
    Organization.objects.exclude(pk=both.pk).update(name="Tree of quaggas")
    set_rules(both, actor=SYSTEM, rules=[Rule("r", "production", groups=(above,))])
    SavedView.objects.create(
        owner=team.key, name="Of the quagga", page="findings", query=f"account={quagga.pk}", author="alice",
        created_at=timezone.now(),
    )  # fmt: skip
    create_channel(
        scope, ChannelInput("email", "Of quaggas", {"to": ["quagga@example.org"]}, groups=[str(above)]), actor=SYSTEM
    )
    items = [(str(account.pk), account.name) for account in (zebra, quagga)]
    job = start_job(
        scope=scope, actor=SYSTEM, kind="fleet.revalidate", title="Check quaggas", items=items, options={},
        of_accounts=True,
    )  # fmt: skip
    draft = create_wizard_session(Scope(team.key))
    type(draft).objects.filter(pk=draft.pk).update(name="Draft of a quagga", account_id=HIDDEN_NUMBER)
    return {
        "team": cast(UUID, team.key), "account_id": zebra.pk, "run_id": ScanRun.objects.get(account=zebra.pk).pk,
        "asset_id": Asset.objects.get(account=zebra.pk).pk, "group_id": theirs, "organization_id": both.pk,
        "finding_id": Finding.objects.filter(account=zebra.pk).order_by("pk")[0].pk, "hidden_account": quagga.pk,
        "hidden_group": above, "hidden_job": job.pk, "hidden_draft": draft.pk,
    }  # fmt: skip


@pytest.fixture
def client(bob: User, shown: dict[str, UUID]) -> Client:
    client = Client()
    client.force_login(bob)
    session = client.session
    session[SESSION_KEY] = str(shown["team"])
    session.save()
    return client


@pytest.fixture
def caller(bob: User, shown: dict[str, UUID]) -> Caller:
    token, text = create_token(
        owner=str(shown["team"]), user=str(bob.pk), actor=SYSTEM, name="tests", scope=["read", "write"]
    )
    return Caller(text, token)


def body(answer: Any) -> str:
    content = b"".join(answer.streaming_content) if getattr(answer, "streaming", False) else answer.content
    return content.decode(errors="replace")


def hides(answer: Any, address: str) -> str:
    text = body(answer)
    # The search says what was looked for.
    assert HIDDEN not in text.lower().replace("quagga-searched-for", ""), f"{address} shows a name"
    assert HIDDEN_NUMBER not in text, f"{address} shows a number"
    return text


def test_no_page_shows_what_lies_outside(client: Client, shown: dict[str, UUID]) -> None:
    seen = 0
    for route in PAGES:
        records = {
            **WORDS,
            "framework": "cis_aws_5.0",
            "control": "1.1",
            "check_id": "aws_s3_bucket_public",
            "guide": "x",
            **shown,
        }
        address = "/" + _PARAMETER.sub(lambda match: str(records.get(match[1], uuid4())), route)  # noqa: B023
        for query in ("", "?format=csv", "?format=json") if route in EXPORTED else ("",):
            answer = client.get(address + query)
            assert answer.status_code < 500 or address == "/readyz", address
            seen += "zebra" in hides(answer, address + query)
    assert seen >= 20, "else there was nothing to be seen"
    for query in ("?q=quagga", "?q=99998888", "?q=qu"):
        for address in ("/accounts/", "/findings/", "/assets/"):
            text = body(client.get(address + query)).replace(f'value="{query[3:]}"', "")
            assert f">{HIDDEN}" not in text.lower()


def test_no_page_of_it_is_there(client: Client, shown: dict[str, UUID]) -> None:
    hidden = {
        "account_id": shown["hidden_account"], "group_id": shown["hidden_group"], "job_id": shown["hidden_job"],
        "draft_id": shown["hidden_draft"],
        "run_id": ScanRun.objects.get(account=shown["hidden_account"]).pk,
        "asset_id": Asset.objects.get(account=shown["hidden_account"]).pk,
        "finding_id": Finding.objects.filter(account=shown["hidden_account"])[0].pk,
        "organization_id": Organization.objects.get(connection=shown["hidden_account"]).pk,
    }  # fmt: skip
    before = CloudAccount.objects.filter(pk=shown["hidden_account"]).values().get()
    asked = 0
    for route in PAGES:
        if not any(f":{name}>" in route for name in hidden):
            continue
        address = "/" + _PARAMETER.sub(lambda match: str({**WORDS, **hidden}.get(match[1], "x")), route)
        for answer in (client.get(address), client.post(address)):
            assert answer.status_code in {404, 405}, address
        asked += 1
    assert asked >= 20
    assert CloudAccount.objects.filter(pk=shown["hidden_account"]).values().get() == before


def test_no_call_answers_what_lies_outside(caller: Caller, shown: dict[str, UUID]) -> None:
    seen = 0
    for path in CALLS:
        named: dict[str, Any] = {
            "framework": "cis_aws_5.0",
            "control": "1.1",
            "check_id": "aws_s3_bucket_public",
            **shown,
        }
        address = filled(path, named)
        for query in ("", "?cursor=") if path.endswith("/") else ("",):
            answer = caller.get(address + query)
            assert answer.status_code < 500 or address == "/readyz", address
            seen += "zebra" in hides(answer, address + query)
    assert seen >= 8, "else there was nothing to be seen"
    for name in ("hidden_account", "hidden_group", "hidden_job"):
        kind = {"hidden_account": "cloud-accounts", "hidden_group": "groups", "hidden_job": "jobs"}[name]
        assert caller.get(f"{kind}/{shown[name]}").status_code == 404
    for kind in ("findings", "assets", "scans"):
        assert caller.get(f"{kind}/?account={shown['hidden_account']}").status_code == 404


def filled(path: str, named: dict[str, Any]) -> str:
    return re.sub(r"{(\w+)}", lambda match: str(named.get(match[1], uuid4())), path.removeprefix(ROOT))


def test_what_is_the_whole_teams_is_not_theirs_to_change(client: Client, caller: Caller) -> None:
    for address in (
        "/mute-rules/severity/", "/mute-rules/thresholds/", "/checks/switch/", "/compliance/cis_aws_5.0/1.1/",
    ):  # fmt: skip
        answer = client.post(address, {"check_id": "x"})
        assert answer.status_code == 403
        assert "limited to groups" in answer.content.decode()
    answer = caller.put("compliance/cis_aws_5.0/1.1/answer", {"state": "passed", "note": "Looked at it."})
    assert (answer.status_code, answer.json()["code"]) == (403, "membership_limited")
