"""docs/roles.md, made from the one table: ``python -m tests.roles --write``.

tests/architecture/test_roles.py holds routes to it.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

DOCUMENT = Path(__file__).resolve().parent.parent / "docs" / "roles.md"
HEAD = """\
# Who may do what

A membership has a role in its team, and may be limited to groups. What a role may not do answers 403 and says what it
takes; what lies outside the groups, or belongs to another team, answers 404 as if it did not exist. A token never has
more than its user's role at that moment, and its scopes take away from that. Operators of the server use Django's
admin, by permissions of their own.

| role | reads | audit, exports | reads channels | connects, scans, rotates, suppresses | members, channels, deletion |
| --- | --- | --- | --- | --- | --- |
{roles}

`teams/access.py` is the table, and one place asks it: `config/roles.py` for pages, `cloudaccounts/api/auth.py` for
calls. A route without a row there takes any role to be read, and an operator or owner to be written. This file is made
from it by `python -m tests.roles --write`; tests/architecture/test_roles.py fails where a route is missing here, and
asks every route as nobody, another team, viewer, auditor, operator limited to a group, operator and owner.

Repeating a job takes what doing it takes, see `takes` where its kind is registered (`cloudaccounts/jobs/handlers.py`).

With `?format=`, a list leaves as a file: that takes an auditor or owner wherever reading takes any role.

"""
PAGES_HEAD = "## Pages\n\n| address | name | to read | to write |\n| --- | --- | --- | --- |\n"
CALLS_HEAD = "\n## HTTP API\n\n| call | path | takes |\n| --- | --- | --- |\n"
ADMIN_HEAD = "\n## Admin\n\nNo role of a team opens it: operators of the server alone, by permissions of Django's.\n\n"


def pages() -> Iterator[tuple[str, str]]:
    """Address and name of each page, as the resolver finds them: of two names for one address the first."""
    from django.urls import URLPattern, URLResolver, get_resolver

    def walk(patterns: list[URLPattern | URLResolver], prefix: str = "") -> Iterator[tuple[str, str]]:
        for pattern in patterns:
            route = prefix + str(pattern.pattern)
            if isinstance(pattern, URLResolver):
                if not route.startswith("admin/"):
                    yield from walk(pattern.url_patterns, route)
            elif pattern.name:
                yield route, pattern.name

    seen: set[str] = set()
    for route, name in walk(get_resolver().url_patterns):
        if route not in seen and not route.startswith(("api/", "admin/")):
            seen.add(route)
            yield route, name


def calls() -> Iterator[tuple[str, str]]:
    """Method, and path below the API's root."""
    from config.api.assembly import ROOT, description

    for path, verbs in sorted(description()["paths"].items()):
        for verb in sorted(verbs):
            yield verb.upper(), path.removeprefix(ROOT)


def admin_addresses() -> list[str]:
    from django.contrib import admin

    return sorted(f"admin/{model._meta.app_label}/{model._meta.model_name}/" for model in admin.site._registry)


def text() -> str:
    from teams.access import CALLS, PAGES, right_for, what_it_takes
    from teams.roles import RIGHTS, Right, Role

    def takes(right: Right) -> str:
        return "any role" if right is Right.READ else what_it_takes(right)

    def row(*cells: str) -> str:
        return f"| {' | '.join(cells)} |\n"

    parts = [
        HEAD.format(
            roles="\n".join(
                row(role.value, *("yes" if right in RIGHTS[role] else "–" for right in Right)).rstrip() for role in Role
            )
        ),
        PAGES_HEAD,
    ]
    parts += [
        row(f"`/{route}`", name, takes(right_for(PAGES, "GET", name)), takes(right_for(PAGES, "POST", name)))
        for route, name in sorted(pages())
    ]
    parts += [CALLS_HEAD, *(row(verb, f"`{path}`", takes(right_for(CALLS, verb, path))) for verb, path in calls())]
    parts += [ADMIN_HEAD, *(f"- `/{address}`\n" for address in admin_addresses())]
    return "".join(parts)


if __name__ == "__main__":
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()
    if "--write" in sys.argv:
        DOCUMENT.write_text(text())
    else:
        sys.stdout.write(text())
