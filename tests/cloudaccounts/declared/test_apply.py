"""`manage.py apply` and `export_registry`: a plan that says what differs, a job that makes it so, and nothing twice."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.contrib.auth.models import User
from django.core.management import call_command
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from cloudaccounts.audit.actor import SYSTEM
from cloudaccounts.declared.applying import start_apply
from cloudaccounts.declared.exporting import as_yaml, export_registry
from cloudaccounts.declared.planning import make_plan
from cloudaccounts.declared.sections import file_schema
from cloudaccounts.errors import InputError
from cloudaccounts.groups.services import CIRCLE
from cloudaccounts.jobs.documents import forget_documents
from cloudaccounts.jobs.runner import run_job
from cloudaccounts.models import AccountGroup, ApplyDocument, CloudAccount, GroupMember, Job, Organization
from config.env import ROOT
from scans.models import ScanSchedule
from tests.conftest import ALL_DATABASES, raw_rows
from tests.toycloud.provider import State

pytestmark = pytest.mark.django_db(databases=ALL_DATABASES, transaction=True)  # jobs have threads
FILE = """\
groups:
- {name: Cards, parent: Payments}
- name: Payments
accounts:
- provider: toy
  account_id: aaaaaa
  name: first
  environment: production
  regions: [left]
  groups: [Cards]
  auth_method: token
  credentials: {token: "env:TOY_TOKEN"}
organizations:
- account: toy/aaaaaa
  rules: [{under: root, environment: dev, groups: [Payments], auto: true}]
schedules:
- {account: toy/aaaaaa, every: weekly}
"""
Run = Callable[..., tuple[int, str]]


@pytest.fixture(autouse=True)
def token(toycloud: State, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOY_TOKEN", toycloud.good_token)


@pytest.fixture
def run(alice: User, tmp_path: Path) -> Run:
    """The command's exit code, and what it printed."""

    def apply(text: str, *flags: str, team: str = "alice") -> tuple[int, str]:
        path = tmp_path / "registry.yaml"
        path.write_text(text)
        out = io.StringIO()
        try:
            call_command("apply", str(path), "--team", team, *flags, stdout=out, stderr=out)
        except SystemExit as end:
            return int(str(end.code)), out.getvalue()
        return 0, out.getvalue()

    return apply


def planned(run: Run, text: str, *flags: str) -> dict[str, Any]:
    answer: dict[str, Any] = json.loads(run(text, "--plan", "--format", "json", *flags)[1])
    return answer


def test_a_plan_writes_nothing_and_says_what_would_be(run: Run) -> None:
    code, text = run(FILE, "--plan")
    assert code == 2
    assert text.splitlines() == [
        "+ group Payments",
        "+ group Cards",
        "+ account toy/aaaaaa",
        "+ organization toy/aaaaaa",
        "+ schedule toy/aaaaaa",
        "5 to create, 0 to change, 0 to delete, 0 unchanged.",
    ]
    assert not AccountGroup.objects.exists()
    assert not Job.objects.exists()


def test_what_is_applied_is_there_and_the_second_time_there_is_nothing_to_do(alice: User, run: Run) -> None:
    assert run(FILE)[0] == 0
    account = CloudAccount.objects.get()
    assert (account.name, account.regions, account.status) == ("first", ["left"], "active")
    assert AccountGroup.objects.get(name="Cards").parent == AccountGroup.objects.get(name="Payments").pk
    assert GroupMember.objects.get().group == AccountGroup.objects.get(name="Cards").pk
    assert Organization.objects.get().rules[0]["auto"] is True
    assert ScanSchedule.objects.get(account=account.pk).every == "weekly"
    assert run(FILE, "--plan") == (0, "Nothing to do: 5 as the file says.\n")
    code, text = run(FILE)
    assert (code, "Nothing to do" in text, Job.objects.filter(kind="registry.apply").count()) == (0, True, 1)


def test_drift_is_reported_and_taken_back(run: Run) -> None:
    run(FILE)
    CloudAccount.objects.update(name="renamed", environment="dev")
    ScanSchedule.objects.update(every="off")
    plan = planned(run, FILE)
    assert [(change["name"], change["fields"]) for change in plan["changes"]] == [
        ("toy/aaaaaa", [
            {"field": "name", "before": "renamed", "after": "first"},
            {"field": "environment", "before": "dev", "after": "production"},
        ]),
        ("toy/aaaaaa", [{"field": "every", "before": "off", "after": "weekly"}]),
    ]  # fmt: skip
    assert run(FILE)[0] == 0
    assert CloudAccount.objects.get().name == "first"


def test_without_prune_nothing_is_deleted(run: Run) -> None:
    run(FILE)
    smaller = "groups:\n- name: Payments\naccounts: []\norganizations: []\nschedules: []\n"
    plan = planned(run, smaller)
    assert plan["changes"] == []
    assert plan["not_in_file"]["groups"] == ["Cards"]
    assert run(smaller)[0] == 0
    assert CloudAccount.objects.exists()
    code, text = run(smaller, "--prune")
    assert code == 0, text
    assert [line[0] for line in text.splitlines()[:4]] == ["-"] * 4
    assert not CloudAccount.objects.exists()
    assert not Organization.objects.exists()
    assert [group.name for group in AccountGroup.objects.all()] == ["Payments"]


def test_a_section_that_is_not_named_is_left_alone(run: Run) -> None:
    run(FILE)
    assert run("groups: [{name: Payments}, {name: Cards, parent: Payments}]\n", "--prune")[0] == 0
    assert CloudAccount.objects.exists()


def test_what_is_refused_fails_alone_and_the_next_run_goes_on(run: Run, toycloud: State) -> None:
    from cloudaccounts.contract.errors import ProviderError

    toycloud.bad_members["aaaaaa"] = ProviderError("closed", "The toy cloud does not open it.")
    code, text = run(FILE)
    assert code == 1
    assert "failed: + account toy/aaaaaa: The toy cloud does not open it." in text
    assert AccountGroup.objects.count() == 2
    toycloud.bad_members.clear()
    assert run(FILE)[0] == 0
    assert CloudAccount.objects.exists()


def test_secrets_stand_nowhere_in_clear(run: Run, toycloud: State) -> None:
    code, text = run(FILE.replace('"env:TOY_TOKEN"', toycloud.good_token))
    assert (code, "write env:NAME or file:NAME" in text, toycloud.good_token in text) == (1, True, False)
    run(FILE)
    assert ApplyDocument.objects.exists()
    assert not any(toycloud.good_token in row for row in raw_rows("cloud_security"))
    ApplyDocument.objects.update(created_at="2020-01-01T00:00:00Z")
    assert forget_documents() == 1


def test_a_secret_that_is_not_there_stops_before_anything_is_written(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TOY_TOKEN")
    assert run(FILE, "--plan")[0] == 2  # as in a pipeline that checks a change and holds no secrets
    code, text = run(FILE)
    assert (code, "line 12: The environment variable TOY_TOKEN is not set." in text) == (1, True)
    assert not AccountGroup.objects.exists()


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        ("environment: production", "environment: moon", "line 8: Choose one of"),
        ("regions: [left]", "regions: [moon]", "line 9: One of these regions does not exist"),
        ("groups: [Cards]", "groups: [Nobody]", "line 10: There is no such group"),
        ("account_id: aaaaaa", "account_id: a", "line 6: A toy box has six letters."),
        ("token: \"env:TOY_TOKEN\"", "colour: red", "line 12: The method token takes token"),
        ("- account: toy/aaaaaa", "- account: toy/bbbbbb", "line 14: This account is not connected"),
        ("every: weekly", "every: cron, cron: often", "line 17: Give five fields"),
        ("- name: Payments", "- name: Cards", "line 3: An earlier entry"),
    ],
)  # fmt: skip
def test_all_that_is_wrong_is_told_by_line_and_nothing_is_written(run: Run, before: str, after: str, told: str) -> None:
    code, text = run(FILE.replace(before, after))
    assert (code, told in text) == (1, True), text
    assert not Job.objects.exists()


def test_what_a_killed_run_left_is_finished_by_the_next(alice: User, run: Run) -> None:
    plan = make_plan(str(alice.pk), yaml.safe_load(FILE.replace('"env:TOY_TOKEN"', "let-me-in")), references=False)
    start_apply(str(alice.pk), actor=SYSTEM, plan=plan)
    code, text = run(FILE)
    assert (code, "Going on with what was begun" in text, "Nothing to do" in text) == (0, True, True)


def test_it_needs_to_know_the_team(run: Run, bob: User) -> None:
    assert run(FILE, "--plan", team="nobody")[0] == 1
    assert run(FILE, "--plan", team=str(bob.pk))[0] == 2


def test_300_accounts_applied_twice(run: Run) -> None:
    letters = "abcdefghijklmnopqrst"
    ids = [f"aa{a}{b}{c}z" for a in letters for b in letters for c in "x"][:300]
    accounts = [
        {"provider": "toy", "account_id": one, "name": f"box {one}", "environment": "dev", "regions": ["left"],
         "groups": ["Many"], "auth_method": "token", "credentials": {"token": "env:TOY_TOKEN"}} for one in ids
    ]  # fmt: skip
    text = yaml.safe_dump({"groups": [{"name": "Many"}], "accounts": accounts})
    code, told = run(text)
    assert (code, "301 done, 0 failed" in told) == (0, True), told[-300:]
    assert (CloudAccount.objects.count(), AccountGroup.objects.get().size) == (300, 300)
    assert run(text, "--plan") == (0, "Nothing to do: 301 as the file says.\n")


NAMES = st.text(st.characters(codec="utf-8", categories=("L", "N", "P")), min_size=1, max_size=12).map(
    lambda name: f"n{name}"
)
RULES = st.fixed_dictionaries(
    {"under": st.sampled_from(["root", "ou-1", "ou-2"]), "environment": st.sampled_from(["dev", "production"])},
    optional={"regions": st.sampled_from(["all", ["left"]]), "auto": st.booleans()},
)
FILES = st.fixed_dictionaries(
    {
        "groups": st.lists(NAMES, unique=True, max_size=4),
        "accounts": st.lists(st.sampled_from(["aaaaaa", "bbbbbb", "cccccc"]), unique=True, max_size=3),
        "rules": st.lists(RULES, max_size=2, unique_by=lambda rule: rule["under"]),
        "every": st.sampled_from(["daily", "weekly", "off", "cron"]),
        "regions": st.sampled_from(["all", ["left"], ["left", "right"]]),
        "environment": st.sampled_from(["production", "staging", "dev"]),
        "nested": st.booleans(),
    }
)


@settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck))
@given(drawn=FILES)
@example(  # Unicode has two characters for it, and a name is kept as one
    drawn={
        "groups": ["n\u2f8d\uf978", "n\uf978"],
        "accounts": ["aaaaaa"],
        "rules": [],
        "every": "daily",
        "regions": "all",
        "environment": "dev",
        "nested": True,
    }
)
def test_an_export_makes_the_same_in_an_empty_team(
    alice: User, bob: User, toycloud: State, drawn: dict[str, Any]
) -> None:
    """Whatever a team has: exported, and applied to one that has nothing, it exports the same."""
    for model in (CloudAccount, AccountGroup, GroupMember, Organization, ScanSchedule, Job):
        model.objects.all().delete()
    names = drawn["groups"]
    content: dict[str, Any] = {
        "groups": [
            {"name": name, **({"parent": names[n - 1]} if drawn["nested"] and n else {})}
            for n, name in enumerate(names)
        ],
        "accounts": [
            {"provider": "toy", "account_id": key, "name": key, "environment": drawn["environment"],
             "regions": drawn["regions"], "groups": names[:2], "auth_method": "token",
             "credentials": {"token": toycloud.good_token}} for key in drawn["accounts"]
        ],
        "organizations": [{"account": f"toy/{key}", "rules": drawn["rules"]} for key in drawn["accounts"][:1]],
        "schedules": [
            {"account": f"toy/{key}", "every": drawn["every"], "cron": "15 3 * * *"} for key in drawn["accounts"]
        ],
    }  # fmt: skip
    exports = []
    for person in (alice, bob):
        owner = str(person.pk)
        job = start_apply(owner, actor=SYSTEM, plan=make_plan(owner, content, references=False))
        run_job(job.pk)
        job.refresh_from_db()
        assert (job.state, job.failed) == ("finished", 0)
        written = as_yaml(export_registry(owner, actor=SYSTEM))
        assert toycloud.good_token not in written
        content = yaml.safe_load(written)
        exports.append(content)
        content = json.loads(
            json.dumps(content).replace("env:TOY_AAAAAA_TOKEN", toycloud.good_token)
            .replace("env:TOY_BBBBBB_TOKEN", toycloud.good_token).replace("env:TOY_CCCCCC_TOKEN", toycloud.good_token)
        )  # fmt: skip
        assert make_plan(owner, content, references=False).changes == ()
    assert exports[0] == exports[1]


def test_the_published_schema_is_the_one_that_is_used() -> None:
    published = json.loads((ROOT / "static" / "registry.schema.json").read_text())
    assert published == file_schema(), "manage.py export_registry --schema > static/registry.schema.json"


def test_a_circle_of_groups_is_refused_with_its_line_and_nothing_is_written(run: Run) -> None:
    code, text = run("groups:\n- {name: a, parent: b}\n- {name: b, parent: a}\n")
    assert (code, text.splitlines()) == (
        1, [f"groups[{number}].parent: line {number + 2}: {CIRCLE}" for number in range(2)],
    )  # fmt: skip
    assert not Job.objects.exists()


def test_wrong_content_is_refused_as_a_whole(alice: User) -> None:
    with pytest.raises(InputError) as refused:
        make_plan(str(alice.pk), {"groups": [{"name": ""}], "accounts": [{"provider": "toy"}]})
    assert set(refused.value.fields) == {"groups[0].name", "accounts[0]"}
