"""Organizations over the API: connected, synced, onboarded and ruled, without a page."""

from __future__ import annotations

from typing import Any

import pytest

from cloudaccounts.contract.errors import ProviderError
from cloudaccounts.jobs.runner import run_job
from cloudaccounts.models import CloudAccount, Job, Organization
from cloudaccounts.organizations.sync import run_sync
from tests.api.conftest import Caller, assert_problem
from tests.cloudaccounts.organizations.conftest import connecting, organization, tree  # noqa: F401 # fixtures
from tests.conftest import ALL_DATABASES
from tests.toycloud.provider import State

pytestmark = pytest.mark.django_db(databases=ALL_DATABASES, transaction=True)  # jobs have threads
AUTO = {"under": "upper", "environment": "staging", "regions": "all", "groups": [], "auto": True}


def work(answer: Any) -> Job:
    assert answer.status_code == 202, answer.content
    job = Job.objects.get(pk=answer.json()["job_id"])
    run_job(job.pk)
    job.refresh_from_db()
    return job


def test_an_organization_from_its_connection_to_its_members(alice_calls: Caller, connecting: CloudAccount) -> None:  # noqa: F811
    made = alice_calls.post("organizations/", {"account": str(connecting.pk)})
    assert made.status_code == 201, made.content
    path = f"organizations/{made.json()['id']}"
    assert alice_calls.put(f"{path}/rules", {"rules": [AUTO]}).json()["rules"] == [AUTO]
    job = work(alice_calls.post(f"{path}/sync"))
    assert (job.done, job.failed) == (1, 0)
    for waiting in Job.objects.filter(state="queued"):
        run_job(waiting.pk)
    row = alice_calls.get(path).json()
    assert (row["name"], row["members"]["onboarded"], row["members"]["new"]) == ("The shelf", 2, 1)
    onboarded = alice_calls.get(f"{path}/members?state=onboarded&under=inner").json()["items"]
    assert [(member["account_id"], member["under"]) for member in onboarded] == [("cccccc", "inner")]
    assert CloudAccount.objects.get(account_id="cccccc").environment == "staging"


def test_an_organization_that_cannot_be_read_is_not_left_behind(
    alice_calls: Caller,
    bob_calls: Caller,
    connecting: CloudAccount,  # noqa: F811
    tree: State,  # noqa: F811
) -> None:
    tree.tree_errors[0] = [ProviderError("organization_denied", "Not allowed.", "Allow it.")]
    path = f"organizations/{alice_calls.post('organizations/', {'account': str(connecting.pk)}).json()['id']}"
    run_sync(Organization.objects.get().pk)
    assert alice_calls.get("organizations/").json() == {"items": [], "count": 0}
    told = assert_problem(alice_calls.get(path), 404, "organization_denied")
    assert (told["message"], told["remedy"]) == ("Not allowed.", "Allow it.")
    assert_problem(alice_calls.get(f"{path}/members"), 404, "organization_denied")
    assert_problem(bob_calls.get(path), 404, "not_found")


def test_members_are_onboarded_by_id_or_all_of_them(alice_calls: Caller, organization: Organization) -> None:  # noqa: F811
    path = f"organizations/{organization.pk}"
    member = alice_calls.get(f"{path}/members?q=aaaaaa").json()["items"][0]
    assert work(alice_calls.post(f"{path}/onboard", {"members": [member["id"]], "environment": "dev"})).done == 1
    assert CloudAccount.objects.get(account_id="aaaaaa").environment == "dev"
    assert work(alice_calls.post(f"{path}/onboard")).done == 2
    assert work(alice_calls.post(f"{path}/onboard", {})).total == 0


def test_a_dry_run_stores_nothing(alice_calls: Caller, organization: Organization) -> None:  # noqa: F811
    path = f"organizations/{organization.pk}/rules"
    answer = alice_calls.put(f"{path}?dry_run=true", {"rules": [AUTO]}).json()
    told = answer["dry_run"]
    assert (told["automatic"], told["waiting"], told["without_rule"]) == (2, 0, 1)
    assert {row["account_id"]: row["rule"] and row["rule"]["under"] for row in told["members"]} == {
        "aaaaaa": None, "bbbbbb": "upper", "cccccc": "upper",
    }  # fmt: skip
    assert alice_calls.get(path).json()["rules"] == []


def test_rules_that_were_changed_meanwhile_are_not_replaced(alice_calls: Caller, organization: Organization) -> None:  # noqa: F811
    path = f"organizations/{organization.pk}/rules"
    tag = alice_calls.get(path)["ETag"]
    assert alice_calls.put(path, {"rules": [AUTO]}, **{"If-Match": tag}).status_code == 200
    assert_problem(alice_calls.put(path, {"rules": []}, **{"If-Match": tag}), 412, "changed_meanwhile")


def test_a_sync_that_fails_says_so_in_its_job(alice_calls: Caller, organization: Organization, tree: State) -> None:  # noqa: F811
    from cloudaccounts.contract.errors import ProviderError

    tree.tree_errors[0] = [ProviderError("denied", "The toy cloud does not list members.")]
    job = work(alice_calls.post(f"organizations/{organization.pk}/sync"))
    failures = alice_calls.get(f"jobs/{job.pk}").json()["failures"]
    assert [(row["code"], row["label"]) for row in failures] == [("denied", "The shelf")]
