"""What keeps the admin quick at 100,000 rows: no row is counted that nobody looks at, and searches use an index."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.contrib import admin
from django.contrib.auth import get_user_model
from django.core.paginator import Page
from django.db.models import Model, Q, QuerySet
from django.http import HttpRequest

from cloudaccounts.web.pagination import CappedPaginator

END = "\U0010fffd"  # sorts behind every letter
_NUMBER = re.compile(r"[0-9][0-9 -]*")


class KeyedPaginator(CappedPaginator):
    """Reads keys first, for which an index is enough where there is one of all that filters ask for."""

    counted = "pk"

    def page(self, number: int | str) -> Page[Any]:
        number = self.validate_number(number)
        start = (number - 1) * self.per_page
        keys = self.object_list.values_list("pk", flat=True)[start : min(start + self.per_page, self.count)]
        return Page(self.object_list.filter(pk__in=list(keys)), number, self)


class QuickAdmin(admin.ModelAdmin[Any]):
    """``prefixes`` are the columns of which a search knows the beginning; each has an index."""

    paginator = KeyedPaginator
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER
    list_per_page = 50
    search_fields = ("pk",)  # shows the field; what is searched is said in `get_search_results`
    prefixes: tuple[str, ...] = ()
    owner_column = "owner"
    counted = "pk"  # a column of the index by which rows are found: then it alone is read to count them
    search_help_text = "The beginning of a name, an account ID, or an owner's whole user name."

    def get_paginator(self, request: HttpRequest, queryset: QuerySet[Any], *args: Any, **kwargs: Any) -> Any:
        paginator: Any = super().get_paginator(request, queryset, *args, **kwargs)
        if queryset.model is self.model:  # a page of history lists entries of Django's own log
            paginator.counted = self.counted
        return paginator

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        term = search_term.strip()
        if not term:
            return queryset, False
        found = Q()
        for column in self.prefixes:
            for text in spellings(term):
                found |= begins(column, text)
        if self.owner_column and (owner := owner_named(term)):
            found |= Q(**{self.owner_column: owner})
        return queryset.filter(found) if found else queryset.none(), False


class RecordAdmin(QuickAdmin):
    """Records that nobody writes by hand."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


def begins(column: str, text: str) -> Q:
    """As a range, which every database answers from an index; LIKE is that to none of them by itself."""
    return Q(**{f"{column}__gte": text, f"{column}__lt": text + END})


def spellings(term: str) -> set[str]:
    """The ways in which a name may begin that somebody types without looking at its capitals."""
    found = {term, term.lower(), term.upper(), term.capitalize()}
    if _NUMBER.fullmatch(term):
        found.add(term.replace("-", "").replace(" ", ""))
    return found


def owner_named(name: str) -> str:
    """The identifier of the user of exactly this name, whatever its capitals; empty where there is none."""
    users = get_user_model().objects.filter(**{get_user_model().USERNAME_FIELD: name})
    key = users.values_list("pk", flat=True).first()
    return "" if key is None else str(key)


def names_of(owners: Iterable[str]) -> dict[str, str]:
    """User names by identifier. Who is not there any more is shown by the number."""
    keys = {owner for owner in owners if owner.isascii() and owner.isdecimal()}
    users = get_user_model().objects.filter(pk__in=keys)
    return {str(user.pk): user.get_username() for user in users}


class AddressFilter(admin.SimpleListFilter):
    """By the UUID of a row of ``model``, which the column ``parameter_name`` holds.

    Known by its address alone: a choice of all of them would be as long as there are rows.
    """

    model: type[Model]

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        if not (text := request.GET.get(self.parameter_name or "", "")):
            return []
        asked = _uuid(text)
        found = self.model._default_manager.filter(pk=asked).first() if asked else None
        return [(text, str(found) if found else "not there")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if not self.value():
            return queryset
        asked = _uuid(self.value() or "")
        return queryset.filter(**{str(self.parameter_name): asked}) if asked else queryset.none()


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


class OwnerNames(QuickAdmin):
    """Shows owners by name: one query of the other database for a page of rows."""

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        changelist = super().get_changelist_instance(request)
        rows = list(changelist.result_list)
        names = names_of({row.owner for row in rows})
        for row in rows:
            row.owner_username = names.get(row.owner, row.owner)
        changelist.result_list = rows
        return changelist

    @admin.display(description="owner", ordering="owner")
    def owner_name(self, row: Any) -> str:
        found: str | None = getattr(row, "owner_username", None)
        return names_of([row.owner]).get(row.owner, row.owner) if found is None else found
