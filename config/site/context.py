"""Context of every page: the product's name, whether the clouds are simulated, and the navigation with counts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils.functional import SimpleLazyObject

from cloudaccounts.accounts import queries as accounts
from cloudaccounts.notifications import queries as notices
from config.site import PRODUCT_NAME
from scans.findings import queries as findings
from scans.runs.queries import count_active
from teams.access import PAGES as PAGES_TAKE
from teams.access import right_for
from teams.present import scope_of

MANY = 10_000  # every page counts its reader's accounts, so counting ends here (docs/decisions/0011)
SOME = 99  # notices and critical findings: more is not said more exactly
# Groups of the navigation: label, URL name and sign of each page. A page that is not there (yet) has no entry.
PAGES = (
    ("", (("Overview", "dashboard", "overview"),)),
    (
        "Accounts",
        (
            ("Accounts", "accounts", "accounts"),
            ("Connect", "wizard", "plus"),
            ("Import", "import", "down"),
            ("Organizations", "organizations", "org"),
            ("Groups", "groups", "groups"),
            ("Rotation", "rotation", "key"),
        ),
    ),
    (
        "Posture",
        (
            ("Findings", "findings", "findings"),
            ("Compliance", "compliance", "compliance"),
            ("Assets", "assets", "assets"),
            ("Scans", "scans", "scans"),
            ("Mute rules", "mute-rules", "mute"),
        ),
    ),
    (
        "Activity",
        (("Notices", "notices", "notices"), ("Jobs", "jobs", "refresh"), ("Audit", "audit", "audit")),
    ),
    ("Settings", (("Team", "team", "team"), ("Channels", "channels", "plug"), ("API", "api-docs", "api"))),
)


@dataclass(frozen=True, slots=True)
class Count:
    """A number beside a page's name: ``what`` says to screen readers what is counted, ``tone`` whether it is urgent."""

    text: str
    what: str
    tone: str = ""


@dataclass(frozen=True, slots=True)
class NavigationItem:
    label: str
    url: str
    icon: str
    current: str  # value of aria-current, empty elsewhere
    count: str = ""
    what: str = ""
    tone: str = ""


@dataclass(frozen=True, slots=True)
class NavigationGroup:
    label: str
    items: list[NavigationItem]


@dataclass(frozen=True, slots=True)
class Navigation:
    groups: list[NavigationGroup]
    unread: str  # notices, empty where there are none


def product(request: HttpRequest) -> dict[str, Any]:
    """Costs five queries, and only on pages that show the navigation to a signed-in user."""
    return {
        "PRODUCT_NAME": PRODUCT_NAME,
        "SANDBOX": settings.SANDBOX,
        # Lazy: fragments for htmx render no navigation, and their queries would run with every poll.
        "navigation": SimpleLazyObject(lambda: _navigation(request)),
    }


def _navigation(request: HttpRequest) -> Navigation | None:
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        return None
    scope = scope_of(request)
    unread = notices.count_unread(scope, str(user.pk), up_to=SOME + 1)
    counts = {
        "accounts": Count(_up_to(MANY, accounts.count(scope, up_to=MANY + 1)), "accounts"),
        "scans": _some(count_active(scope, up_to=SOME + 1), "running or waiting"),
        "findings": _some(findings.count_critical(scope, up_to=SOME + 1), "critical", "hot"),
        "notices": _some(unread, "unread"),
    }
    groups = []
    for label, pages in PAGES:
        # What the role may not read leads nowhere but to a 403.
        shown = [page for page in pages if scope.has(right_for(PAGES_TAKE, "GET", page[1]))]
        items = [item for page in shown if (item := _item(request.path, *page, counts))]
        if items:
            groups.append(NavigationGroup(label, items))
    return Navigation(groups, _up_to(SOME, unread) if unread else "")


def _item(path: str, label: str, name: str, icon: str, counts: dict[str, Count]) -> NavigationItem | None:
    try:
        url = reverse(name)
    except NoReverseMatch:
        return None
    count = counts.get(name, Count("", ""))
    return NavigationItem(label, url, icon, _current(path, url), count.text, count.what, count.tone)


def _some(number: int, what: str, tone: str = "") -> Count:
    return Count(_up_to(SOME, number) if number else "", what, tone)


def _up_to(most: int, number: int) -> str:
    return f"{most:,}+" if number > most else f"{number:,}"


def _current(path: str, url: str) -> str:
    if path == url:
        return "page"
    return "true" if url != "/" and path.startswith(url) else ""
