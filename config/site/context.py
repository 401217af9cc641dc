"""Context of every page: the product's name, whether the clouds are simulated, and the navigation with counts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils.functional import SimpleLazyObject

from cloudaccounts.accounts import queries as accounts
from scans.runs.queries import count_active

PRODUCT_NAME = "Cloud Accounts"
MANY = 10_000  # every page counts its reader's accounts, so counting ends here (docs/decisions/0011)
# Label and URL name, in the order of the sidebar. A page that is not there (yet) has no entry.
PAGES = (
    ("Dashboard", "dashboard"),
    ("Accounts", "accounts"),
    ("Connect", "wizard"),
    ("Groups", "groups"),
    ("Organizations", "organizations"),
    ("Findings", "findings"),
    ("Compliance", "compliance"),
    ("Assets", "assets"),
    ("Scans", "scans"),
    ("Rotation", "rotation"),
    ("Audit", "audit"),
    ("Notices", "notices"),
)


@dataclass(frozen=True, slots=True)
class NavigationItem:
    label: str
    url: str
    current: str  # value of aria-current, empty elsewhere
    count: str = ""


def product(request: HttpRequest) -> dict[str, Any]:
    """Costs two queries, and only on pages that show the navigation to a signed-in user."""
    return {
        "PRODUCT_NAME": PRODUCT_NAME,
        "SANDBOX": settings.SANDBOX,
        # Lazy: fragments for htmx render no navigation, and their queries would run with every poll.
        "navigation": SimpleLazyObject(lambda: _navigation(request)),
    }


def _navigation(request: HttpRequest) -> list[NavigationItem]:
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        return []
    owner = str(user.pk)
    active = count_active(owner)
    counts = {
        "accounts": _up_to(MANY, accounts.count(owner, up_to=MANY + 1)),
        "scans": f"{active} active" if active else "",
    }
    items = []
    for label, name in PAGES:
        try:
            url = reverse(name)
        except NoReverseMatch:
            continue
        items.append(NavigationItem(label, url, _current(request.path, url), counts.get(name, "")))
    return items


def _up_to(most: int, number: int) -> str:
    return f"{most:,}+" if number > most else f"{number:,}"


def _current(path: str, url: str) -> str:
    if path == url:
        return "page"
    return "true" if url != "/" and path.startswith(url) else ""
