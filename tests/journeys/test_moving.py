"""From a standing secret to none, in the browser: both live until the new one is proven, and the old one is named."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from playwright.sync_api import expect

from sandbox.control import Control
from tests.journeys.looks import look
from tests.journeys.person import Person

MARK = "cloud-accounts-external-id"
AWS_ACCOUNT = "111122223333"
AUDIT = ["SecurityAudit", "job-function/ViewOnlyAccess"]


@dataclass
class Move:
    """``finish`` is what the cloud's administrator has left to do for the new method, given our external ID."""

    cloud: str
    account_id: str
    old: tuple[str, dict[str, str]]
    new: tuple[str, dict[str, str]]
    finish: Callable[[str], Any]
    clear: Callable[[], Any]
    lives: Callable[[], bool]  # the old one, at the cloud


def _aws(control: Control) -> Move:
    user = control.put_user(AWS_ACCOUNT, "journey-moving", policies=AUDIT)
    arn = control.put_role(AWS_ACCOUNT, "journey-moving")  # its trust policy asks for no external ID yet
    deleted = {"iam:DeleteAccessKey", "iam:UpdateAccessKey"}
    return Move(
        "aws", AWS_ACCOUNT,
        ("access_keys", {name: user[name] for name in ("access_key_id", "secret_access_key")}),
        ("cross_account_role", {"role_arn": arn}),
        lambda external_id: control.put_role(AWS_ACCOUNT, "journey-moving", external_id=external_id),
        lambda: control.delete_role(AWS_ACCOUNT, "journey-moving"),
        lambda: not deleted & {call["permission"] for call in control.calls("aws")},
    )  # fmt: skip


def _azure(control: Control) -> Move:
    place = next(one["id"] for one in control.subscriptions() if one["name"] == "legacy-reporting")
    control.put_tag(place, MARK, None)
    secret = control.put_app(place, "journey-moving-secret")
    made = control.put_app(place, "journey-moving-federated", federated={})
    old = {name: secret[name] for name in ("tenant_id", "client_id", "client_secret")}
    return Move(
        "azure", place, ("client_secret", old),
        ("federated", {name: made[name] for name in ("tenant_id", "client_id")}),
        lambda external_id: control.put_tag(place, MARK, external_id),
        lambda: control.put_tag(place, MARK, None),
        lambda: any(key["kind"] == "secret" for key in control.app_keys(secret["client_id"])),
    )  # fmt: skip


def _gcp(control: Control) -> Move:
    project = "journey-moving"
    control.gcp.put_project(project)
    key = control.gcp.put_key(control.gcp.put_service_account(project, "moving-key"))
    email = control.gcp.put_service_account(project, "moving")
    control.gcp.let_in(email)
    return Move(
        "gcp", project, ("service_account_key", {"service_account_json": key}),
        ("impersonation", {"service_account_email": email}),
        lambda external_id: control.gcp.set_label(project, MARK, external_id),
        lambda: control.gcp.set_label(project, MARK, None),
        lambda: "DeleteServiceAccountKey" not in {call["action"] for call in control.calls("gcp")},
    )  # fmt: skip


@pytest.mark.parametrize("move_of", [_aws, _azure, _gcp])
def test_an_account_moves_to_a_method_that_keeps_no_secret(person: Person, move_of: Callable[[Control], Move]) -> None:
    move = move_of(person.stack.control)
    method, fields = move.old
    name = f"moving-{move.cloud}"
    person.walk_to_validation(
        {"cloud": move.cloud, "account_id": move.account_id, "method": method, "fields": fields}, name
    )
    person.finish()
    address = person.page.url.split("?")[0]
    _holds_a_secret(person, name)

    # The cloud is not ready for the new one: nothing changes.
    method, fields = move.new
    person.page.goto(f"{address}rotate/")
    person.sees("needs no secret, and so no rotation")
    person.page.locator(f"input[name=method][value='{method}']").check()
    for field, value in fields.items():
        person.page.locator(f"[name='{method}-{field}']").fill(value)
    external_id = person.page.locator("#external-id").inner_text()
    person.press("Test and replace")
    expect(person.page.get_by_text("the old credential stays in use")).to_be_visible()
    assert move.lives()
    look(person, f"moving-{move.cloud}-refused")
    _access_works(person, address)

    # Now it is: what was entered is tested again, and put into use.
    move.finish(external_id)
    try:
        person.page.goto(f"{address}rotate/")
        person.press("Test again")
        expect(person.page.get_by_text("Nothing was interrupted")).to_be_visible()
        person.sees(re.compile("is kept encrypted"))  # for a way back, with what to delete at the provider
        look(person, f"moving-{move.cloud}-replaced")
        assert move.lives(), "the old one lives on at the cloud until its owner takes it away"
        _access_works(person, address)
        person.page.goto("/rotation/standing-secrets/")
        expect(person.page.locator("main tbody tr").filter(has_text=name)).to_have_count(0)
    finally:
        move.clear()


def _holds_a_secret(person: Person, name: str) -> None:
    person.page.goto("/rotation/standing-secrets/")
    expect(person.page.locator("main tbody tr").filter(has_text=name)).to_have_count(1)
    look(person, "standing-secrets-held")


def _access_works(person: Person, address: str) -> None:
    person.page.goto(f"{address}access/")
    person.press("Check access")
    person.sees(re.compile("validated"))
