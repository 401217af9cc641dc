"""What each step accepts, refuses and shows."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.contrib.auth.models import User
from django.test import Client

from cloudaccounts.models import CloudAccount
from tests.wizard.conftest import ENVIRONMENT, KEYS, SECRET, Start, Walk

ROLE = {"method": "cross_account_role", "cross_account_role-role_arn": "arn:aws:iam::111122223333:role/reader"}


def keys(**changes: str) -> dict[str, str]:
    return {**KEYS, "access_keys-secret_access_key": SECRET, **changes}


def test_the_first_step_offers_every_provider_as_a_card(alices: Client, start: Start) -> None:
    page = start(alices).show()
    assert 'value="aws"' in page
    assert "Amazon Web Services" in page


def test_a_step_that_is_not_reached_yet_shows_the_first_that_is_open(alices: Client, start: Start) -> None:
    assert "Which cloud" in start(alices).show("validation")


def test_a_posted_step_that_is_not_reached_yet_stores_nothing(alices: Client, start: Start) -> None:
    walk = start(alices)
    assert walk.send("authentication", keys()).status_code == 302
    assert walk.draft.version == 0


def test_the_account_id_is_stored_canonical(aws_draft: Walk) -> None:
    assert aws_draft.draft.account_id == "111122223333"


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("account_id", "1234", "has 12 digits; this has 4"),
        ("account_id", "", "Enter the AWS account ID."),
        ("name", "   ", "Give the account a name"),
        ("name", "x" * 121, "120 characters at most"),
        ("environment", "moon", "Choose production, staging or dev."),
        ("partition", "aws-mars", "Choose one of the partitions offered."),
        ("regions", [], "Choose at least one region"),
        ("regions", ["evil.example"], "does not exist in this cloud"),
    ],
)
def test_a_wrong_environment_field_says_what_is_wrong(
    alices: Client, start: Start, field: str, value: str | list[str], message: str
) -> None:
    walk = start(alices)
    walk.accept("provider", {"provider": "aws"})
    response = walk.send("environment", {**ENVIRONMENT, field: value})
    assert response.status_code == 200
    assert message in response.content.decode()
    assert walk.draft.version == 1


def test_a_wrong_field_loses_none_of_the_others(alices: Client, start: Start) -> None:
    walk = start(alices)
    walk.accept("provider", {"provider": "aws"})
    page = walk.send("environment", {**ENVIRONMENT, "account_id": "no"}).content.decode()
    assert 'value="Data platform"' in page
    assert 'value="eu-west-1" id="id_environment-regions_12" checked' in page


def test_an_account_that_is_connected_already_is_refused_with_a_link(
    alice: User, aws_draft: Walk, make_account: Callable[..., CloudAccount]
) -> None:
    account = make_account(alice, account_id="111122223333")
    page = aws_draft.send("environment", ENVIRONMENT).content.decode()
    assert "You have connected 1111-2222-3333 already" in page
    assert f'href="/accounts/{account.pk}/"' in page


def test_somebody_elses_account_is_no_duplicate(
    bob: User, aws_draft: Walk, make_account: Callable[..., CloudAccount]
) -> None:
    make_account(bob, account_id="111122223333")
    assert aws_draft.send("environment", ENVIRONMENT).status_code == 302


def test_another_partition_shows_its_own_regions(aws_draft: Walk) -> None:
    page = aws_draft.client.get(f"{aws_draft.url}regions/?environment-partition=aws-cn").content.decode()
    assert "cn-north-1" in page
    assert "us-east-1" not in page


def test_regions_of_another_partition_are_shown_without_javascript(aws_draft: Walk) -> None:
    response = aws_draft.send("environment", {**ENVIRONMENT, "partition": "aws-cn"}, show="regions")
    assert response.status_code == 302
    page = aws_draft.show("environment")
    assert "cn-north-1" in page
    assert 'value="Data platform"' in page
    assert "111122223333" in aws_draft.draft.account_id


def test_another_method_shows_its_own_fields(aws_draft: Walk) -> None:
    page = aws_draft.client.get(f"{aws_draft.url}method/?authentication-method=access_keys").content.decode()
    assert "Secret access key" in page
    assert "Role ARN" not in page


def test_a_method_whose_fields_were_not_shown_is_shown_instead_of_refused(aws_draft: Walk) -> None:
    response = aws_draft.send("authentication", {"method": "access_keys"})
    page = response.content.decode()
    assert response.status_code == 200
    assert "Secret access key" in page
    assert "Enter the access key ID" not in page


def test_a_secret_is_never_echoed_after_an_error(aws_draft: Walk) -> None:
    page = aws_draft.send("authentication", keys(**{"access_keys-access_key_id": "nonsense"})).content.decode()
    assert SECRET not in page
    assert "Enter it again" in page
    assert "This is not an access key ID." in page


def test_a_stored_secret_is_never_echoed(aws_draft: Walk) -> None:
    aws_draft.accept("authentication", keys())
    page = aws_draft.show("authentication")
    assert SECRET not in page
    assert "stored — leave empty to keep" in page


def test_a_stored_secret_is_kept_while_its_field_stays_empty(aws_draft: Walk) -> None:
    aws_draft.accept("authentication", keys())
    other = "AKIA" + "Z7" * 8
    aws_draft.accept(
        "authentication", {**KEYS, "access_keys-access_key_id": other, "access_keys-secret_access_key": ""}
    )
    stored = opened(aws_draft)
    assert stored["access_keys-secret_access_key"] == SECRET
    assert stored["access_keys-access_key_id"] == other


def test_an_optional_stored_secret_can_be_removed(aws_draft: Walk) -> None:
    token = "T" * 40
    aws_draft.accept(
        "authentication", keys(**{"access_keys-access_key_id": "ASIA" + "Q2" * 8, "access_keys-session_token": token})
    )
    assert "Remove the stored value of “Session token”" in aws_draft.show("authentication")
    aws_draft.accept("authentication", keys(**{"access_keys-session_token-clear": "on"}))
    assert opened(aws_draft)["access_keys-session_token"] == ""


def test_another_method_drops_the_secrets_of_the_first(aws_draft: Walk) -> None:
    aws_draft.accept("authentication", keys())
    aws_draft.accept("authentication", ROLE)
    assert SECRET not in str(opened(aws_draft))


def test_a_role_of_another_account_is_refused_at_its_field(aws_draft: Walk) -> None:
    arn = "arn:aws:iam::999988887777:role/reader"
    page = aws_draft.send("authentication", {**ROLE, "cross_account_role-role_arn": arn}).content.decode()
    assert "This role is in account 999988887777" in page
    assert "role_arn_error" in page


def test_a_change_in_step_two_that_step_three_contradicts_is_said_in_step_three(aws_draft: Walk) -> None:
    aws_draft.accept("authentication", ROLE)
    aws_draft.accept("environment", {**ENVIRONMENT, "account_id": "999988887777"})
    assert "the account to connect is 999988887777" in aws_draft.show("authentication")


def test_going_back_keeps_what_was_entered_and_not_accepted(aws_draft: Walk) -> None:
    unfinished = keys(**{"access_keys-secret_access_key": ""})
    response = aws_draft.send("authentication", unfinished, wizard_goto_step="environment")
    assert response["Location"].endswith("?step=environment")
    assert f'value="{KEYS["access_keys-access_key_id"]}"' in aws_draft.show("authentication")


def test_a_secret_in_a_field_that_is_none_is_not_echoed(aws_draft: Walk) -> None:
    misplaced = {**KEYS, "access_keys-access_key_id": SECRET, "access_keys-secret_access_key": ""}
    page = aws_draft.send("authentication", misplaced).content.decode()
    assert "This is not an access key ID." in page
    assert SECRET not in page


@pytest.mark.parametrize("control", [{"wizard_goto_step": "environment"}, {"show": "method"}])
def test_a_secret_in_a_field_that_is_none_is_not_kept(aws_draft: Walk, control: dict[str, str]) -> None:
    misplaced = {**KEYS, "access_keys-access_key_id": SECRET, "access_keys-secret_access_key": ""}
    aws_draft.send("authentication", misplaced, **control)
    assert SECRET not in str(aws_draft.entries)
    assert SECRET not in aws_draft.show("authentication")


def test_an_entry_that_only_another_step_contradicts_is_not_echoed_or_kept_either(aws_draft: Walk) -> None:
    other = {**ROLE, "cross_account_role-role_arn": "arn:aws:iam::999988887777:role/reader"}
    assert "999988887777:role" not in aws_draft.send("authentication", other).content.decode()
    aws_draft.send("authentication", other, wizard_goto_step="environment")
    assert "999988887777" not in str(aws_draft.entries)


@pytest.mark.parametrize("accepted", [0, 1])
def test_the_third_steps_parts_wait_for_the_steps_before_it(alices: Client, start: Start, accepted: int) -> None:
    walk = start(alices)
    if accepted:
        walk.accept("provider", {"provider": "aws"})
    open_step = ["provider", "environment"][accepted]
    for query in ("", "?authentication-method=access_keys"):
        assert alices.get(f"{walk.url}method/{query}")["Location"].endswith(f"?step={open_step}")
    for file in ("cross_account_role/cloudformation/0", "access_keys/cli/0"):
        assert alices.get(f"{walk.url}setup/{file}/").status_code == 404


def test_going_back_never_keeps_a_secret_of_an_incomplete_step(aws_draft: Walk) -> None:
    incomplete = keys(**{"access_keys-access_key_id": ""})
    aws_draft.send("authentication", incomplete, wizard_goto_step="environment")
    assert SECRET not in str(aws_draft.entries)


def test_going_back_accepts_a_complete_step(aws_draft: Walk) -> None:
    aws_draft.send("authentication", keys(), wizard_goto_step="environment")
    assert opened(aws_draft)["access_keys-secret_access_key"] == SECRET


def test_another_provider_starts_the_later_steps_anew_and_keeps_the_name(toycloud: object, aws_draft: Walk) -> None:
    aws_draft.accept("authentication", keys())
    aws_draft.accept("provider", {"provider": "toy"})
    page = aws_draft.show("environment")
    assert 'value="Data platform"' in page
    assert "Toy box" in page
    assert SECRET not in str(aws_draft.entries)


def test_a_set_up_file_is_a_download_filled_in_for_this_draft(aws_draft: Walk) -> None:
    response = aws_draft.client.get(f"{aws_draft.url}setup/access_keys/cli/0/")
    assert response["Content-Disposition"] == 'attachment; filename="cloud-accounts-user.sh"'
    assert "111122223333" in response.content.decode()


@pytest.mark.parametrize("path", ["access_keys/cli/9", "access_keys/nothing/0", "no_method/cli/0"])
def test_a_set_up_file_that_does_not_exist_is_not_found(aws_draft: Walk, path: str) -> None:
    assert aws_draft.client.get(f"{aws_draft.url}setup/{path}/").status_code == 404


def opened(walk: Walk) -> dict[str, str]:
    values: dict[str, str] = walk.entries["steps"]["authentication"]
    return values


def test_all_enabled_regions_are_chosen_until_a_person_says_otherwise(alices: Client, start: Start) -> None:
    walk = start(alices)
    walk.accept("provider", {"provider": "aws"})
    page = " ".join(walk.show("environment").split())
    assert 'value="all" id="id_environment-region_scope_0" checked' in page.replace("required ", "")
    assert "asks AWS which regions the account has enabled" in page


def test_all_regions_need_no_list_and_drop_one(alices: Client, start: Start) -> None:
    walk = start(alices)
    walk.accept("provider", {"provider": "aws"})
    walk.accept("environment", {**ENVIRONMENT, "region_scope": "all"})  # with regions that were ticked before
    environment = walk.entries["steps"]["environment"]
    assert (environment["region_scope"], environment["regions"]) == ("all", [])


def test_only_selected_regions_need_at_least_one(alices: Client, start: Start) -> None:
    walk = start(alices)
    walk.accept("provider", {"provider": "aws"})
    response = walk.send("environment", {**ENVIRONMENT, "region_scope": "list", "regions": []})
    assert "Choose at least one region" in response.content.decode()


def test_a_draft_from_before_keeps_its_list(aws_draft: Walk) -> None:
    page = " ".join(aws_draft.show("environment").split())
    assert 'value="list" id="id_environment-region_scope_1" checked' in page


def test_the_chosen_method_is_there_again_for_who_leaves_the_step_without_sending_it(aws_draft: Walk) -> None:
    aws_draft.show("authentication")
    chosen = {"authentication-method": "access_keys", "seen_version": str(aws_draft.seen)}
    part = aws_draft.client.post(f"{aws_draft.url}method/", chosen).content.decode()
    assert "Access key ID" in part
    assert f'name="seen_version" value="{aws_draft.draft.version}"' in part  # the page can still be sent
    assert "hx-swap-oob" in part  # it also takes away what was said of the former method
    assert "Access key ID" in aws_draft.show("authentication")


def test_a_method_that_is_chosen_in_an_older_tab_is_shown_and_not_kept(aws_draft: Walk) -> None:
    aws_draft.show("authentication")
    before = aws_draft.draft.version
    for chosen, seen in (("access_keys", str(before + 5)), ("no_such_method", str(before))):
        answer = aws_draft.client.post(
            f"{aws_draft.url}method/", {"authentication-method": chosen, "seen_version": seen}
        )
        assert answer.status_code == 200
        assert aws_draft.draft.version == before


def test_a_key_file_pasted_into_one_field_leaves_no_secret_in_what_was_typed(aws_draft: Walk) -> None:
    pasted = f"Access key ID,Secret access key AKIAIOSFODNN7EXAMPLE,{'s' * 40}"
    fields = {"method": "access_keys", "access_keys-access_key_id": pasted, "access_keys-session_token": "!"}
    page = aws_draft.send("authentication", fields).content.decode()
    assert "s" * 40 not in page
    aws_draft.send("authentication", fields, wizard_goto_step="environment")
    assert "s" * 40 not in str(aws_draft.entries.get("typed"))
