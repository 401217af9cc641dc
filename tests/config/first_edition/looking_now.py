"""Run by this edition's code on what `then/filling.py` left: upgrades it, and prints what is seen then, as JSON.

By pages, calls and services, as people and scripts come: nothing is asked of a row.
"""

import json
import sys
from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.core.management import call_command
from django.test import Client

from cloudaccounts.accounts.external_id import external_id_for
from cloudaccounts.audit.actor import SYSTEM
from cloudaccounts.contract.errors import ProviderError
from cloudaccounts.credentials import vault
from cloudaccounts.lifecycle.transfer import transfer_account
from cloudaccounts.models import AuditEvent, CloudAccount
from scans.models import ScanRun
from teams.models import Membership, Team
from teams.roles import Role

made: dict[str, dict[str, Any]] = json.load(sys.stdin)
HOST = "127.0.0.1"
# Hashed names need `collectstatic`, which a start does.
settings.STORAGES["staticfiles"]["BACKEND"] = "django.contrib.staticfiles.storage.StaticFilesStorage"


def asked(path: str, token: str, method: str = "get", **body: Any) -> Any:
    call = getattr(Client(SERVER_NAME=HOST), method)
    more = {"data": body, "content_type": "application/json"} if body else {}
    return call(f"/api/v1/{path}", headers={"authorization": f"Bearer {token}"}, **more)


def ids(path: str, token: str) -> list[str]:
    answer = asked(path, token)
    assert answer.status_code == 200, (path, answer.status_code, answer.content)
    return sorted(item["id"] for item in answer.json()["items"])


def browser(name: str) -> Client:
    client = Client(SERVER_NAME=HOST)
    signed_in = client.post("/login/", {"username": name, "password": f"{name}-knows-this"})
    assert signed_in.status_code == 302, signed_in.content
    return client


def seen_by(name: str, its: dict[str, Any]) -> dict[str, Any]:
    read, write = its["tokens"]["read"], its["tokens"]["write"]
    client = browser(name)
    account = CloudAccount.objects.get(pk=its["accounts"][0])
    opened = vault.open_credentials(account=account, actor=SYSTEM, purpose="a test")
    team = Team.objects.get(key=its["owner"])
    return {
        "accounts": ids("cloud-accounts/", read),
        "group": ids("groups/", read),
        "organization": ids("organizations/", read),
        "external_id": asked("cloud-accounts/external-id", read).json()["external_id"],
        "writes": [
            asked("groups/", token, "post", name=f"by {scope}").status_code
            for scope, token in (("read", read), ("write", write))
        ],
        "page": [
            str(key) for key in its["accounts"] if f"/accounts/{key}/" in client.get("/accounts/").content.decode()
        ],
        "draft": f"/wizard/{its['draft']}/" in client.get("/wizard/").content.decode(),
        "secret": opened["secret_access_key"],
        "team": [team.name, team.personal, [row.role for row in team.memberships.all()]],
        "runs": ScanRun.objects.filter(owner=its["owner"]).count(),
        "events": AuditEvent.objects.filter(owner=its["owner"]).count() >= its["events"],
    }


def shared() -> dict[str, Any]:
    """Bert joins anna's personal team, limited to her group; and one of her accounts goes to a new team."""
    anna, bert = made["anna"], made["bert"]
    person = User.objects.get(username="bert")
    membership = Membership.objects.create(
        team=Team.objects.get(key=anna["owner"]), user=person, role=Role.VIEWER, limited=True, groups=[anna["group"]]
    )
    client = browser("bert")
    before = [key for key in anna["accounts"] if client.get(f"/accounts/{key}/").status_code == 200]
    client.post("/team/switch/", {"team": anna["owner"]})
    within = [key for key in anna["accounts"] if client.get(f"/accounts/{key}/").status_code == 200]
    own = [key for key in bert["accounts"] if client.get(f"/accounts/{key}/").status_code == 200]
    membership.delete()
    crew = Team.objects.create(name="Crew")
    Membership.objects.create(team=crew, user=person, role=Role.OWNER)
    moved = CloudAccount.objects.get(pk=anna["accounts"][2])
    try:
        transfer_account(moved, to_owner=crew.key, actor=SYSTEM)
    except ProviderError as error:
        return {"error": str(error)}
    client = browser("bert")
    client.post("/team/switch/", {"team": crew.key})
    return {
        "before": before, "within": within, "own": own, "crew": len(crew.key),
        "moved": client.get(f"/accounts/{moved.pk}/").status_code,
        "left": ids("cloud-accounts/", anna["tokens"]["read"]),
        "crew_id_differs": external_id_for(crew.key) != anna["external_id"],
    }  # fmt: skip


DATABASES = ("default", "cloud_security", "cloud_asset_discovery")
for alias in DATABASES:
    call_command("migrate", database=alias, verbosity=0)
call_command("check", databases=DATABASES, stdout=sys.stderr)
seen = {name: seen_by(name, its) for name, its in made.items()}
json.dump({**seen, "shared": shared()}, sys.stdout)
