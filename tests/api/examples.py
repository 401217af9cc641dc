"""What openapi.json's examples name, made true in the simulated clouds: so that each is posted as it stands.

Only what nobody can have is filled in: secrets, and a tenant, an app and a subscription that Azure has numbered itself.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.contrib.auth.models import User

from cloudaccounts.accounts.details import AccountDetails
from cloudaccounts.accounts.external_id import external_id_for
from cloudaccounts.audit.actor import SYSTEM
from cloudaccounts.contract.identity import Credentials
from cloudaccounts.groups.services import create_group
from cloudaccounts.health.validation import validate_cloud_account
from cloudaccounts.lifecycle.adding import add_cloud_account
from cloudaccounts.models import CloudAccount
from cloudaccounts.organizations.connections import connect_organization
from cloudaccounts.organizations.sync import run_sync
from sandbox.rig import Rig
from scans.models import ScanRun
from teams.models import Membership, Team
from teams.roles import Role
from teams.scope import Scope
from tests.api.conftest import Caller
from tests.scans.findings.test_views import make as make_finding

ROLE_ACCOUNT, KEY_ACCOUNT, ORGANIZATION = "111122223333", "444455556666", UUID("0e3e1a3c-6a51-4f0b-9d3c-2f6b1a7c9d10")
MARK = "cloud-accounts-external-id"


@dataclass
class World:
    """Alice's, and the clouds'. What an address names is made when it is asked for."""

    rig: Rig
    alice: User
    calls: Caller
    made: dict[str, str] = field(default_factory=dict)

    @property
    def owner(self) -> str:
        return str(self.alice.pk)

    @property
    def scope(self) -> Scope:
        return Scope(self.owner)

    def filled(self, path: str) -> str:
        """The address with the ids of records that there are."""
        for name in (
            "account_id",
            "run_id",
            "finding_id",
            "group_id",
            "organization_id",
            "channel_id",
            "team",
            "check_id",
        ):
            if f"{{{name}}}" in path:
                path = path.replace(f"{{{name}}}", str(getattr(self, f"_{name}")()))
        if "/{control}/" in path:
            return path.replace("{framework}", "cis_aws_5.0").replace("{control}", "1.1")
        return path.replace("{framework}", "own_baseline_1.0")

    def prepare(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        """The body, once what it names is there."""
        if path.endswith("/organizations/"):
            self._connecting()
        if path.endswith("/compliance/{framework}"):
            assert self.calls.post("compliance/", body).status_code == 201
        if credentials := body.get("credentials"):
            return {**body, **self._customer(body), "credentials": self._credentials(body, credentials)}
        return body

    # What the customer of the example has done at their cloud -------------------------------------------------------

    def _customer(self, body: dict[str, Any]) -> dict[str, Any]:
        external_id, control = external_id_for(self.owner), self.rig.control
        if "role_arn" in body["credentials"]:
            control.put_role(
                ROLE_ACCOUNT, body["credentials"]["role_arn"].partition("role/")[2], external_id=external_id
            )
        elif "service_account_email" in body["credentials"]:
            project, name = body["account_id"], body["credentials"]["service_account_email"].partition("@")[0]
            control.gcp.put_project(project)
            control.gcp.let_in(control.gcp.put_service_account(project, name))
            control.gcp.set_label(project, MARK, external_id)
        elif "client_id" in body["credentials"]:
            return {"account_id": self.rig.scenario("Everything granted", "azure")["account_id"]}
        return {}

    def _credentials(self, body: dict[str, Any], shown: dict[str, str]) -> dict[str, str]:
        if "access_key_id" in shown:
            user = self.rig.control.put_user(body.get("account_id", ROLE_ACCOUNT), "example")
            return {**shown, **{name: user[name] for name in ("access_key_id", "secret_access_key")}}
        if "client_id" in shown:
            return {**shown, **{key: self.rig.scenario("Everything granted", "azure")["fields"][key] for key in shown}}
        return shown

    # Records ----------------------------------------------------------------------------------------------------

    def _account_id(self) -> UUID:
        account = self._account()
        # Without its first scan: there is one at a time.
        ScanRun.objects.filter(account=account.pk).delete()
        return account.pk

    def _account(self) -> CloudAccount:
        """Of the account whose role the examples name, by a key of its own."""
        if known := CloudAccount.objects.filter(account_id=ROLE_ACCOUNT).first():
            return known
        user = self.rig.control.put_user(ROLE_ACCOUNT, "before")
        fields = {name: user[name] for name in ("access_key_id", "secret_access_key")}
        return self._connect(ROLE_ACCOUNT, Credentials("access_keys", fields))

    def _connecting(self) -> CloudAccount:
        scenario = self.rig.scenario("Organization")
        return self._connect(
            scenario["account_id"], Credentials(scenario["method"], scenario["fields"]), account_uuid=ORGANIZATION
        )

    def _connect(self, account_id: str, credentials: Credentials, **more: Any) -> CloudAccount:
        details = AccountDetails("aws", account_id, "aws", account_id, "dev", ("us-east-1",), credentials.method)
        report = validate_cloud_account(owner=self.owner, details=details, credentials=credentials)
        assert report.ok, report.to_dict()
        return add_cloud_account(
            owner=self.owner, actor=SYSTEM, details=details, credentials=credentials, report=report, **more
        )

    def _run_id(self) -> UUID:
        return ScanRun.objects.get(account=self._account_id()).run_id

    def _finding_id(self) -> UUID:
        return make_finding(self._account(), "web").pk

    def _group_id(self) -> UUID:
        return create_group(scope=self.scope, actor=SYSTEM, name="Platform").pk

    def _organization_id(self) -> UUID:
        row = connect_organization(self._connecting(), actor=SYSTEM, options={})
        assert run_sync(row.pk) == "idle"
        return row.pk

    def _channel_id(self) -> str:
        channel = {"kind": "email", "name": "Mail", "settings": {"to": ["cloud@example.com"]}}
        return str(self.calls.post("channels/", channel).json()["id"])

    def _team(self) -> str:
        team = Team.objects.create(name="Platform")
        Membership.objects.create(team=team, user=self.alice, role=Role.OWNER)
        return team.key

    def _check_id(self) -> str:
        return "aws_s3_bucket_public"


def bodies(description: dict[str, Any]) -> list[tuple[str, str, str, Any, frozenset[int]]]:
    """Of each example: method, path, its title, the body, and the codes of success that its operation names."""
    return [
        (verb.upper(), path, example["summary"], json.loads(json.dumps(example["value"])), frozenset(good))
        for path, verbs in description["paths"].items()
        for verb, operation in verbs.items()
        for good in [{int(code) for code in operation["responses"] if code.startswith("2")}]
        for example in operation.get("requestBody", {}).get("content", {}).get("application/json", {})
        .get("examples", {}).values()
    ]  # fmt: skip
