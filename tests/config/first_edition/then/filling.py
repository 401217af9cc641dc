"""Run by the first edition's code (97ade70), as its people used it. Prints what came of it, as JSON."""

import json
import sys
from uuid import uuid4

from cloudaccounts.actors import Actor
from cloudaccounts.services import create_token
from cloudaccounts.services.groups import add_members, create_group
from cloudaccounts.services.organizations.connections import connect_organization
from cloudaccounts.services.owners import external_id_for
from cloudaccounts.vault import store
from django.contrib.auth.models import User
from django.core.management import call_command
from django.utils import timezone
from wizard.services import create_wizard_session

from cloudaccounts.contract import CredentialFacts, Credentials
from cloudaccounts.models import AuditEvent, CloudAccount, CloudAccountStatus, Notice
from scans.models import ScanRun

SECRET = "of the first edition"


def fill(name: str) -> dict[str, object]:
    user = User.objects.create_user(name, f"{name}@example.org", f"{name}-knows-this")
    owner, actor = str(user.pk), Actor(str(user.pk), name, "page", "127.0.0.1")
    accounts = []
    for number in range(3):
        account = CloudAccount(
            id=uuid4(),
            owner=owner,
            provider="aws",
            account_id=f"{user.pk:06}{number:06}",
            name=f"{name} {number}",
            regions=["eu-west-1"],
            partition="aws",
            auth_method="access_keys",
            status=CloudAccountStatus.ACTIVE,
            credential_since=timezone.now(),
            environment="production",
        )
        account.save(force_insert=True)
        credentials = Credentials("access_keys", {"access_key_id": f"AKID{name}{number}", "secret_access_key": SECRET})
        facts = CredentialFacts(kind="Access key", hint="AKID…")
        store(account=account, credentials=credentials, facts=facts, since=timezone.now(), actor=actor)
        accounts.append(account)
    group = create_group(owner=owner, actor=actor, name="Payments")
    add_members(group, actor=actor, accounts=[accounts[0].pk])
    organization = connect_organization(accounts[0], actor=actor, options={})
    tokens = {scope: create_token(owner=owner, actor=actor, name=scope, scope=scope)[1] for scope in ("read", "write")}
    draft = create_wizard_session(owner)
    return {
        "owner": owner, "accounts": [str(account.pk) for account in accounts], "group": str(group.pk),
        "organization": str(organization.pk), "tokens": tokens, "draft": str(draft.pk),
        "external_id": external_id_for(owner), "runs": ScanRun.objects.filter(owner=owner).count(),
        "events": AuditEvent.objects.filter(owner=owner).count(),
        "notices": Notice.objects.filter(owner=owner).count(),
    }  # fmt: skip


for alias in ("default", "cloud_security", "cloud_asset_discovery"):
    call_command("migrate", database=alias, verbosity=0)
json.dump({name: fill(name) for name in ("anna", "bert")}, sys.stdout)
