"""What keeps the admin quick at 100,000 rows (docs/decisions/0011).

Counting ends at a limit, pages read keys first, searches use an index, and names from other tables are looked up with
one query a page.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.contrib import admin
from django.core.paginator import Page
from django.db.models import Model, Q, QuerySet
from django.http import HttpRequest

from cloudaccounts.web.pagination import CappedPaginator
from teams.models import Team
from teams.names import name_key
from teams.queries import names_of

END = "\U0010fffd"  # sorts after every letter: the last valid code point below the noncharacters
_NUMBER = re.compile(r"[0-9][0-9 -]*")


# The admin's part of docs/decisions/0011: asked for whole rows, databases leave the list's index and sort.
class KeyedPaginator(CappedPaginator):
    """Reads the keys of a page first, which an index alone answers, then the rows of those keys."""

    counted = "pk"

    def page(self, number: int | str) -> Page[Any]:
        number = self.validate_number(number)
        start = (number - 1) * self.per_page
        keys = self.object_list.values_list("pk", flat=True)[start : min(start + self.per_page, self.count)]
        return Page(self.object_list.filter(pk__in=list(keys)), number, self)


class QuickAdmin(admin.ModelAdmin[Any]):
    """``prefixes`` are the columns that a search compares with the beginning of the term; each has an index."""

    paginator = KeyedPaginator
    show_full_result_count = False  # would count the whole table on each filtered list
    show_facets = admin.ShowFacets.NEVER  # would count once more for each choice of each filter
    list_per_page = 50
    search_fields = ("pk",)  # only makes Django show the search field: `get_search_results` decides what is searched
    prefixes: tuple[str, ...] = ()
    owner_column = "owner"
    counted = "pk"  # a column of the index by which rows are found: then it alone is read to count them
    search_help_text = "The beginning of a name, an account ID, or an owner's whole user name."

    def get_paginator(self, request: HttpRequest, queryset: QuerySet[Any], *args: Any, **kwargs: Any) -> Any:
        paginator: Any = super().get_paginator(request, queryset, *args, **kwargs)
        if queryset.model is self.model:  # the history page of a row paginates entries of Django's own log
            paginator.counted = self.counted
        return paginator

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        term = search_term.strip()
        if not term:
            return queryset, False
        conditions = Q()
        for column in self.prefixes:
            for text in spellings(term):
                conditions |= begins(column, text)
        # Exactly one team's name: owners are keys here, and there is no joining the teams' table across databases.
        if self.owner_column and (owner := owner_named(term)):
            conditions |= Q(**{self.owner_column: owner})
        # A term that fits no column finds nothing: without conditions the filter would show every row.
        return queryset.filter(conditions) if conditions else queryset.none(), False


class RecordAdmin(QuickAdmin):
    """Records that nobody writes by hand."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


def begins(column: str, text: str) -> Q:
    """A prefix as a range, which every database answers from an index. LIKE uses none without special collations."""
    if column == "name_key":
        text = name_key(text)
        return Q(name_key__gte=text, name_key__lt=text + "g")  # behind each hexadecimal digit
    return Q(**{f"{column}__gte": text, f"{column}__lt": text + END})


def spellings(term: str) -> set[str]:
    """The term in usual capitalizations, because a range compares exactly; a number also without its separators."""
    texts = {term, term.lower(), term.upper(), term.capitalize()}
    if _NUMBER.fullmatch(term):
        texts.add(term.replace("-", "").replace(" ", ""))
    return texts


def owner_named(name: str) -> str:
    """The key of the team of exactly this name: of several the user's own; empty where there is none."""
    teams = Team.objects.filter(name=name).order_by("-personal", "key")
    return teams.values_list("key", flat=True).first() or ""


class AddressFilter(admin.SimpleListFilter):
    """By the UUID of a row of ``model``, which the column ``parameter_name`` holds.

    It offers no choices, because there would be as many as rows: links of other pages carry the UUID.
    """

    model: type[Model]

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        if not (text := request.GET.get(self.parameter_name or "", "")):
            return []
        key = _uuid(text)
        row = self.model._default_manager.filter(pk=key).first() if key else None
        return [(text, str(row) if row else "not there")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if not self.value():
            return queryset
        key = _uuid(self.value() or "")
        return queryset.filter(**{str(self.parameter_name): key}) if key else queryset.none()


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def name_column(order: Any = "name_key") -> Callable[[Any, Any], str]:
    """A list's column with the name of a row, which sorts as other lists do: whatever the case."""

    @admin.display(description="name", ordering=order)
    def shown_name(_: Any, row: Any) -> str:
        return str(row.name)

    return shown_name


class OwnerNames(QuickAdmin):
    """Shows owners by the name of their team, looked up in the users' database with one query a page."""

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        changelist = super().get_changelist_instance(request)
        rows = list(changelist.result_list)  # evaluated once: the names are set on these very objects
        names = names_of({row.owner for row in rows})
        for row in rows:
            row.owner_username = names.get(row.owner, row.owner)
        changelist.result_list = rows
        return changelist

    @admin.display(description="owner", ordering="owner")
    def owner_name(self, row: Any) -> str:
        name: str | None = getattr(row, "owner_username", None)  # set on lists, missing on the page of one row
        return names_of([row.owner]).get(row.owner, row.owner) if name is None else name
