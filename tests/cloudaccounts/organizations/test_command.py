from __future__ import annotations

import io
from datetime import timedelta
from uuid import uuid4

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.utils import timezone

from cloudaccounts.contract.errors import ProviderError
from cloudaccounts.models import CloudAccount, Organization
from tests.conftest import ALL_DATABASES
from tests.toycloud.provider import State

pytestmark = pytest.mark.django_db(databases=ALL_DATABASES, transaction=True)


def discover(account: CloudAccount, *arguments: str) -> tuple[int, str]:
    out = io.StringIO()
    try:
        call_command("discover_organization", "--account", str(account.pk), *arguments, stdout=out, stderr=out)
    except CommandError as error:
        return error.returncode, f"{out.getvalue()}\n{error}"
    return 0, out.getvalue()


def test_it_lists_a_row_for_each_member(connecting: CloudAccount) -> None:
    code, text = discover(connecting)
    assert code == 0, text
    rows = {line.split()[0]: line for line in text.splitlines()}
    assert rows["cccccc"].split() == ["cccccc", "new", "box", "cccccc", "upper", "/", "inner"]
    assert rows["dddddd"].split()[1] == "suspended"
    assert "4 accounts: 3 new, 0 onboarded, 0 failed, 1 suspended or closed" in text
    assert not CloudAccount.objects.exclude(pk=connecting.pk).exists()


def test_it_onboards_and_running_it_again_finds_nothing_more(connecting: CloudAccount) -> None:
    code, text = discover(connecting, "--onboard", "--environment", "dev", "--regions", "left")
    assert code == 0, text
    assert "3 onboarded, 0 failed, 0 skipped" in text
    assert CloudAccount.objects.get(account_id="aaaaaa").environment == "dev"
    code, text = discover(connecting, "--onboard")
    assert (code, "Nothing to onboard." in text) == (0, True)


def test_what_failed_is_told_and_tried_again_the_next_time(connecting: CloudAccount, tree: State) -> None:
    tree.bad_members["bbbbbb"] = ProviderError("role_refused", "It is locked.", "Unlock it.")
    code, text = discover(connecting, "--onboard")
    assert code == 1
    assert "failed: box bbbbbb bbbbbb: It is locked. Unlock it." in text
    tree.bad_members.clear()
    code, text = discover(connecting, "--onboard")
    assert code == 0, text
    assert "1 onboarded" in text


def test_an_interrupted_look_goes_on(connecting: CloudAccount, tree: State) -> None:
    tree.tree_errors[3] = [ProviderError("throttled", "Too fast.", "Wait.", permanent=False)]
    assert discover(connecting)[0] == 1
    tree.pages_asked.clear()
    assert discover(connecting)[0] == 0
    assert tree.pages_asked == [3]


def test_an_organization_that_cannot_be_read_is_not_left_behind(connecting: CloudAccount, tree: State) -> None:
    tree.tree_errors[0] = [ProviderError("organization_denied", "Not allowed.", "Allow it.")]
    code, text = discover(connecting)
    assert (code, "Not allowed. Allow it. Nothing was connected." in text) == (1, True)
    assert not Organization.objects.exists()


def test_a_look_whose_process_was_killed_is_taken_up(connecting: CloudAccount, tree: State) -> None:
    discover(connecting)
    Organization.objects.update(
        sync_state="running", claim=uuid4(), lease_until=timezone.now() - timedelta(seconds=1), cursor="3"
    )
    tree.pages_asked.clear()
    assert discover(connecting)[0] == 0
    assert tree.pages_asked == [3]


def test_options_go_to_the_provider_or_are_refused(connecting: CloudAccount, alice: User) -> None:
    code, text = discover(connecting, "--role-name", "x")
    assert (code, "--role-name is no option of this provider." in text) == (2, True)
    assert not Organization.objects.exists()


def test_an_unknown_account_is_refused() -> None:
    with pytest.raises(CommandError):
        call_command("discover_organization", "--account", "00000000-0000-4000-8000-000000000000")
