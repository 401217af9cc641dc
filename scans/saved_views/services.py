"""Saving a list's filters under a name: for oneself, or for the team."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlencode
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from cloudaccounts.accounts.visibility import visible_accounts
from cloudaccounts.audit.actor import Actor
from cloudaccounts.audit.record import record_event
from cloudaccounts.contract.errors import ProviderError
from cloudaccounts.errors import InputError
from cloudaccounts.groups import queries as group_queries
from cloudaccounts.text import clean_name
from cloudaccounts.work.databases import SECURITY
from scans.models import SavedView
from teams.names import name_order
from teams.roles import Right
from teams.scope import Scope

PAGES = {"findings": "/findings/", "accounts": "/accounts/", "assets": "/assets/"}
NAME_LIMIT, QUERY_LIMIT, FILTERS_LIMIT, MOST = 80, 2000, 200, 100
_ID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_NOT_KEPT = frozenset({"page", "format", "finding", "csrfmiddlewaretoken"})  # of an address: no part of a view


class NotSharedError(ProviderError):
    def __init__(self) -> None:
        super().__init__(
            "role_missing",
            "Views of the team take the role operator or owner, for all of its accounts.",
            "Save it for yourself alone.",
        )


@dataclass(frozen=True, slots=True)
class Person:
    """Who asks: views of one's own are a person's, and a team's service token has none."""

    key: str

    @property
    def views(self) -> Q:
        return Q(person="") | Q(person=self.key) if self.key else Q(person="")


def views_of(scope: Scope, person: Person, page: str = "") -> QuerySet[SavedView]:
    """The team's and the person's own, by name."""
    rows = SavedView.objects.filter(person.views, owner=scope.owner).order_by("name", "person", "id")
    rows = rows.filter(page=page) if page else rows
    if not scope.limited:
        return rows
    # In Python, as the filters are one text; a team has `MOST` views.
    return rows.exclude(pk__in=_outside(scope, rows.filter(person="").values_list("pk", "query")))


def _outside(scope: Scope, views: Iterable[tuple[UUID, str]]) -> list[UUID]:
    """The team's views that name an account or a group which the scope does not show: they would tell of it."""
    named = {key: [pair for pair in parse_qsl(query) if pair[0] in {"account", "group"}] for key, query in views}
    groups = {text for row in group_queries.visible_groups(scope) for text in (str(row.pk), row.name)}
    account_ids = {
        value for pairs in named.values() for name, value in pairs if name == "account" and _ID.fullmatch(value)
    }
    rows = visible_accounts(scope).filter(pk__in=[UUID(text) for text in account_ids])
    accounts = {str(key) for key in rows.values_list("pk", flat=True)}
    shown = {"account": accounts, "group": groups}
    return [key for key, pairs in named.items() if any(value not in shown[name] for name, value in pairs)]


def listed_views(scope: Scope, person: Person, page: str = "") -> list[SavedView]:
    """The same, sorted whatever the case of their names."""
    return sorted(views_of(scope, person, page), key=lambda view: name_order(view.name))


def save_view(
    scope: Scope, person: Person, *, actor: Actor, name: str, page: str, query: str, shared: bool
) -> SavedView:
    """Of the same name and kind, it takes the place of the one that is there. Raises `InputError`."""
    too_many = len(_filters(query)) > FILTERS_LIMIT
    name, query = clean_name(name), clean_query(query)
    errors: dict[str, str] = {}
    if not name:
        errors["name"] = "Give it a name."
    elif len(name) > NAME_LIMIT:
        errors["name"] = f"The name is too long: {NAME_LIMIT} characters at most."
    if page not in PAGES:
        errors["page"] = f"Choose one of {', '.join(PAGES)}."
    if too_many or len(query) > QUERY_LIMIT:
        errors["query"] = "These are too many filters for one view."
    if not shared and not person.key:
        errors["shared"] = "This token is the team's and nobody's: what it saves is shared."
    if errors:
        raise InputError(errors)
    _refuse_unless_theirs(scope, shared=shared)
    rows = SavedView.objects.filter(owner=scope.owner, person="" if shared else person.key)
    if rows.count() >= MOST and not rows.filter(page=page, name=name).exists():
        raise InputError({"name": f"There are {MOST} views already: delete one first."})
    values = {"query": query, "author": actor.label[:160], "created_at": timezone.now()}
    with transaction.atomic(using=SECURITY):
        if not rows.filter(page=page, name=name).update(**values):
            _create(rows, scope, "" if shared else person.key, page, name, values)
        if shared:
            record_event(actor=actor, owner=scope.owner, action="view.saved", text=f"Saved the team's view “{name}”")
    return rows.get(page=page, name=name)


def _create(
    rows: QuerySet[SavedView], scope: Scope, person: str, page: str, name: str, values: dict[str, object]
) -> None:
    try:
        with transaction.atomic(using=SECURITY):
            SavedView.objects.create(owner=scope.owner, person=person, page=page, name=name, **values)
    except IntegrityError:  # saved twice at this moment
        rows.filter(page=page, name=name).update(**values)


def find_view(scope: Scope, person: Person, view_id: UUID) -> SavedView | None:
    return views_of(scope, person).filter(pk=view_id).first()


def delete_view(scope: Scope, view: SavedView, *, actor: Actor) -> None:
    """Raises `NotSharedError` where it is the team's and the role or a limit to groups may not."""
    _refuse_unless_theirs(scope, shared=not view.person)
    with transaction.atomic(using=SECURITY):
        SavedView.objects.filter(pk=view.pk).delete()
        if not view.person:
            record_event(
                actor=actor, owner=scope.owner, action="view.deleted", text=f"Deleted the team's view “{view.name}”"
            )


def _refuse_unless_theirs(scope: Scope, *, shared: bool) -> None:
    """A view of the team stands on everybody's page, so it is nobody's who sees a part of the team alone."""
    if shared and (scope.limited or not scope.has(Right.OPERATE)):
        raise NotSharedError


def clean_query(text: str) -> str:
    """The filters of an address, in its order, without what is no filter; of very many the first."""
    return urlencode(_filters(text)[:FILTERS_LIMIT])


def _filters(text: str) -> list[tuple[str, str]]:
    pairs: Sequence[tuple[str, str]] = parse_qsl(text.lstrip("?"))
    return [(name, value) for name, value in pairs if value and name not in _NOT_KEPT]
