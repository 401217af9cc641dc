"""GET /findings/{id}: one finding with its evidence, its remediation and the controls that it is about."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User

from cloudaccounts.models import CloudAccount
from tests.api.conftest import Caller, assert_problem
from tests.conftest import ALL_DATABASES, MakeAccount
from tests.scans.findings.test_evidence import IMDS
from tests.scans.findings.test_views import make

pytestmark = pytest.mark.django_db(databases=ALL_DATABASES)


def test_it_answers_with_evidence_remediation_and_controls(
    alice_calls: Caller, alice: User, make_account: MakeAccount
) -> None:
    row = make(make_account(alice, account_id="111122223333"), "web", **IMDS)
    answer = alice_calls.get(f"findings/{row.pk}").json()
    assert answer["evidence"] == IMDS["evidence"]
    assert answer["remediation"]["cli"].endswith("--instance-id i-0abcdef1234567890 --http-tokens required")
    assert answer["remediation"]["console_url"] == answer["console_link"] != ""
    assert "http_tokens" in answer["remediation"]["terraform"]
    assert {"framework": "cis_aws_5.0", "control": "5.7"} in answer["controls"]
    assert (answer["id"], answer["status"]) == (str(row.pk), "open")


def test_somebody_elses_is_not_found(alice_calls: Caller, bob: User, make_account: MakeAccount) -> None:
    theirs = make(make_account(bob), "theirs", **IMDS)
    assert alice_calls.get(f"findings/{theirs.pk}").status_code == 404


def test_where_check_and_provider_are_no_more_there_is_nothing_to_run(
    alice_calls: Caller, alice: User, make_account: MakeAccount
) -> None:
    account = make_account(alice)
    row = make(account, "gone", check_id="aws_gone")
    CloudAccount.objects.filter(pk=account.pk).update(provider="nowhere")
    answer = alice_calls.get(f"findings/{row.pk}").json()
    assert answer["remediation"] == {"console_url": "", "cli": "", "terraform": None}
    assert (answer["evidence"], answer["controls"]) == ([], [])


def test_a_change_is_made_only_from_what_was_read(alice_calls: Caller, alice: User, make_account: MakeAccount) -> None:
    path = f"findings/{make(make_account(alice), 'web', **IMDS).pk}"
    tag = alice_calls.get(path)["ETag"]
    answer = alice_calls.patch(path, {"assignee": "alice"}, **{"If-Match": tag})
    assert (answer.status_code, answer.json()["assignee"]) == (200, "alice")
    assert_problem(alice_calls.patch(path, {"assignee": ""}, **{"If-Match": tag}), 412, "changed_meanwhile")
    assert alice_calls.get(path).json()["assignee"] == "alice"
    assert alice_calls.patch(path, {"assignee": ""}, **{"If-Match": answer["ETag"]}).status_code == 200
