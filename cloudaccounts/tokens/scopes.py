"""Scopes of API tokens: an area and what may be done in it, ``accounts:read``; ``read`` and ``write`` are all areas.

Writing includes reading. Scopes only take away: what the caller's role does not allow no scope allows.
"""

from __future__ import annotations

from collections.abc import Iterable

READ, WRITE = "read", "write"
BUNDLES = (READ, WRITE)
AREAS = (
    "accounts", "groups", "organizations", "scans", "findings", "assets", "compliance", "channels", "jobs", "audit",
    "notices", "views", "teams",
)  # fmt: skip
SCOPES = (*BUNDLES, *(f"{area}:{verb}" for area in AREAS for verb in (READ, WRITE)))
# Of a call that is about what its body names: it asks by `cloudaccounts.api.auth.require_scopes` itself.
ACROSS = "*"
# Calls that write in a second area: accounts become connected by them.
_BESIDES = {
    "organizations/{organization_id}/onboard": "accounts",
    "organizations/{organization_id}/rules": "accounts",
}
# By the beginning of a call's path, the longest first. Where none fits, the path's first part is the area.
_PLACES = {
    "cloud-accounts/{account_id}/scans": "scans",
    "cloud-accounts/{account_id}/schedule": "scans",
    "cloud-accounts": "accounts",
    "mute-rules": "findings",
    "checks": "findings",
    "apply": ACROSS,
    "rotation": "accounts",
    "search": "findings",
}


def area_of(path: str) -> str:
    """The area of a call, by its path below the API's root, as the description writes it."""
    for place, area in _PLACES.items():
        if path.startswith(place):
            return area
    return path.partition("/")[0]


def needed_for(path: str, *, write: bool) -> list[str]:
    """The scopes that a call takes, whatever its body says."""
    area = area_of(path)
    areas = [] if area == ACROSS else [area, *([_BESIDES[path]] if write and path in _BESIDES else [])]
    return [f"{area}:{WRITE if write else READ}" for area in areas]


def missing(scopes: Iterable[str], needed: Iterable[str]) -> list[str]:
    """Those of the needed scopes that the given ones do not include."""
    given = set(scopes)
    return [scope for scope in needed if not allows(given, scope.partition(":")[0], write=scope.endswith(WRITE))]


def allows(scopes: Iterable[str], area: str, *, write: bool) -> bool:
    given = set(scopes)
    needed = {WRITE, f"{area}:{WRITE}"}
    return bool(given & (needed if write else needed | {READ, f"{area}:{READ}"}))


def joined(scopes: Iterable[str]) -> str:
    """As a token's row keeps them: once each, in the order of `SCOPES`. Raises `ValueError` for one that is none."""
    given = set(scopes)
    if not given or given - set(SCOPES):
        raise ValueError("unknown scopes")
    return " ".join(scope for scope in SCOPES if scope in given)
