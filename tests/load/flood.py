"""One user sends each writing call of the API forty times at the same moment, in a process of his own (as `worst`).

Reads ``{"owner", "port", "cookie", "token", "part", "parts"}`` from its standard input, sends that part of the calls,
and writes ``{"PATCH /api/v1/…": {"200": times, …}}``; status 0 is a connection that broke. A call that may name what it
was made from (If-Match) goes first forty times with one and the same tag, under its name and " from one tag".
"""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection, HTTPException
from threading import Barrier
from typing import Any

from django.contrib.auth.models import User

from cloudaccounts.audit.actor import SYSTEM
from cloudaccounts.groups.services import create_group
from cloudaccounts.models import CloudAccount, Organization
from config.api.assembly import description
from scans.models import ScanRun
from scans.muting.rules import create_mute_rule
from scans.saved_views.services import Person as Reader
from scans.saved_views.services import save_view
from teams.scope import Scope
from tests.channels import make_channel
from tests.load.person import toybox
from tests.load.scenes import account
from tests.load.writes import FROM_ONE_TAG
from tests.scans.findings.test_views import make as make_finding
from tests.toycloud.provider import STATE

AT_ONCE = 40
_FRAMEWORK = """slug: {slug}
title: Ours {n}
short: Ours {n}
version: "1.0"
source: ""
sections:
  - {{id: "1", title: Storage}}
controls:
  - {{id: "1.1", title: "Leavers, {n}", assessment: manual, note: Look at the list of leavers.}}
"""
Records = dict[str, Any]
# By verb and the end of the address: the body of each of forty, {n}. A call without one has no row here.
BODIES: dict[str, Callable[[int, Records], Any]] = {
    "POST cloud-accounts/": lambda n, _: toybox(f"flood{chr(97 + n % 26)}"),
    "POST cloud-accounts/validate": lambda n, _: toybox(f"flood{chr(97 + n % 26)}"),
    "PATCH cloud-accounts/{account_id}": lambda n, _: {"name": f"n{n}"} if n % 2 else {"regions": ["left"]},
    "POST cloud-accounts/{account_id}/credentials": lambda *_: {"credentials": {"token": STATE.good_token}},
    "PUT cloud-accounts/{account_id}/schedule": lambda n, _: {"every": "cron", "cron": f"{n} 4 * * 1-5"},
    "PUT cloud-accounts/{account_id}/rotation": lambda n, _: {"automatic": False, "max_age_days": n + 1},
    "PUT rotation/policy": lambda n, _: {"automatic": False, "max_age_days": n + 1},
    "POST groups/": lambda n, _: {"name": f"G{n}"},
    "PATCH groups/{group_id}": lambda n, _: {"name": f"H{n}"},
    "POST organizations/": lambda _, records: {"account": records["account_id"]},
    "PUT organizations/{organization_id}/rules": lambda n, _: {
        "rules": [{"under": "root", "environment": "dev", "regions": "all", "auto": bool(n % 2)}]
    },
    "POST teams/": lambda n, _: {"name": f"T{n}"},
    "POST teams/{team}/invitations": lambda n, _: {"email": f"p{n}@example.com"},
    "POST apply/": lambda n, _: {"version": 1, "groups": [{"name": f"A{n}"}]},
    "POST channels/": lambda n, _: {"kind": "email", "name": f"C{n}", "settings": {"to": f"p{n}@example.com"}},
    "PATCH channels/{channel_id}": lambda n, _: {"name": f"D{n}"},
    "PATCH findings/{finding_id}": lambda n, _: {"due": f"2027-01-{n % 28 + 1:02d}"},
    "POST findings/suppress": lambda n, _: {"filter": {"q": "nothing"}, "reason": f"r{n}"},
    "POST findings/{finding_id}/comments": lambda n, _: {"text": f"t{n}"},
    "POST mute-rules/": lambda n, _: {"match": {"environment": "dev", "region": f"r{n}"}, "reason": "meant"},
    "PUT checks/{check_id}": lambda n, _: {"enabled": False, "reason": f"r{n}"},
    "POST views/": lambda n, _: {"name": f"V{n}"},
    "POST compliance/": lambda n, _: {"yaml": framework(f"own_f{n}_1.0", n)},
    "PUT compliance/{framework}": lambda n, records: {"yaml": framework(records["framework"], n)},
    "PUT compliance/{framework}/{control}/answer": lambda n, _: {"state": "passed", "note": f"Looked at it, {n}"},
}


def framework(slug: str, n: int) -> str:
    return _FRAMEWORK.format(slug=slug, n=n)


def calls() -> list[tuple[str, str]]:
    """(verb, address) of all that write; what deletes comes last, since the others need what it deletes."""
    paths = description()["paths"]
    found = [(verb.upper(), path) for path, verbs in paths.items() for verb in verbs if verb != "get"]
    return sorted(found, key=lambda call: call[0] == "DELETE")


def main() -> None:
    given = json.loads(sys.stdin.readline())
    sender = _Sender(given["port"], given["token"])
    records = _records(given["owner"], given["part"], sender)
    told: dict[str, Counter[int]] = {}
    print("going", flush=True)  # noqa: T201
    for verb, path in calls()[given["part"] :: given["parts"]]:
        name, address, verbs = f"{verb} {path}", path.format(**records), description()["paths"][path]
        bodies = [_body(verb, path, number, records) for number in range(AT_ONCE)]
        takes_tags = any(item["name"] == "If-Match" for item in verbs[verb.lower()].get("parameters", ()))
        if takes_tags:
            state = path.replace("{framework}", "{framework}/source") if path.endswith("/{framework}") else path
            tag = sender.tag(state.format(**records))
            if not tag and "put" in verbs:  # nothing is there that could be changed
                sender.ask("PUT", address, _body("PUT", path, AT_ONCE, records))
                tag = sender.tag(address)
            told[name + FROM_ONE_TAG] = sender.at_once(verb, address, bodies, tag or "none")
        if verb != "DELETE" or not takes_tags:
            told[name] = sender.at_once(verb, address, bodies)
    print(json.dumps(told), flush=True)  # noqa: T201


def _body(verb: str, path: str, number: int, records: Records) -> Any:
    make = BODIES.get(f"{verb} {path.removeprefix('/api/v1/')}")
    return make(number, records) if make else None


class _Sender:
    def __init__(self, port: int, token: str) -> None:
        self._port = port
        self._headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}

    def at_once(self, verb: str, address: str, bodies: list[Any], tag: str = "") -> Counter[int]:
        """The statuses of forty calls that were sent at the same moment."""
        together = Barrier(AT_ONCE)
        headers = self._headers | ({"If-Match": tag} if tag else {})

        def send(body: Any) -> int:
            together.wait()
            return self.ask(verb, address, body, headers)[0]

        with ThreadPoolExecutor(AT_ONCE) as pool:
            return Counter(pool.map(send, bodies))

    def tag(self, address: str) -> str:
        return self.ask("GET", address)[1]

    def ask(self, verb: str, address: str, body: Any = None, headers: dict[str, str] | None = None) -> tuple[int, str]:
        """(status, ETag)."""
        data = None if body is None else json.dumps(body).encode()
        connection = HTTPConnection("127.0.0.1", self._port, timeout=120)
        try:
            connection.request(verb, address, data, headers or self._headers)
            answer = connection.getresponse()
            answer.read()
        except (OSError, HTTPException):
            return 0, ""
        else:
            return answer.status, answer.headers.get("ETag", "")
        finally:
            connection.close()


def _records(owner: str, part: int, sender: _Sender) -> Records:
    """What the addresses name: fresh ones for each part, since the calls before have deleted theirs."""
    scope, used, slug = Scope(owner), account(owner, f"u{chr(97 + part) * 5}"), f"own_p{part}_1.0"
    stored = CloudAccount.objects.get(pk=used)
    rule = create_mute_rule(scope, {"account": stored.pk}, actor=SYSTEM, reason=f"meant {part}").rule
    view = save_view(scope, Reader(owner), actor=SYSTEM, name=f"Mine {part}", page="findings", query="", shared=False)
    sender.ask("POST", "/api/v1/compliance/", {"yaml": framework(slug, part)})
    return {
        "account_id": used, "run_id": ScanRun.objects.filter(account=stored.pk).values_list("run_id", flat=True)[0],
        "finding_id": make_finding(stored, "web").pk, "rule_id": rule.pk, "view_id": view.pk,
        "group_id": create_group(scope=scope, actor=SYSTEM, name=f"Group {part}").pk,
        "organization_id": Organization.objects.create(owner=owner, provider="toy", connection=stored.pk, name="x").pk,
        "channel_id": make_channel(User.objects.get(pk=owner), name=f"Ours {part}").pk, "team": owner, "user": owner,
        "framework": slug, "control": "1.1", "check_id": "aws_s3_bucket_public",
    }  # fmt: skip
