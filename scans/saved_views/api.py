"""The API's calls about saved views.

No postponed annotations here: ninja reads them through decorators, where their names are not known.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from ninja import Query, Router
from pydantic import BaseModel, Field, StrictBool, StrictStr

from cloudaccounts.api.answers import ApiError, problem, reply
from cloudaccounts.api.auth import actor_of, scope_of
from cloudaccounts.api.conditional import check_match, tagged
from cloudaccounts.api.one_at_a_time import one_at_a_time
from cloudaccounts.api.openapi import answers
from cloudaccounts.api.paging import refuse_unknown, slice_of
from cloudaccounts.api.schemas import Input, Listed, WholePage
from scans.models import SavedView
from scans.saved_views.services import PAGES, NotSharedError, Person, delete_view, find_view, listed_views, save_view

views = Router(tags=["Views"])
PageName = Literal["findings", "accounts", "assets"]


class NewView(Input):
    name: Annotated[StrictStr, Field(max_length=80, examples=["Urgent in production"])]
    page: PageName = "findings"
    query: Annotated[
        StrictStr,
        Field(max_length=2000, description="As in the list's address.", examples=["severity=critical&severity=high"]),
    ] = ""
    shared: Annotated[StrictBool, Field(description="For the whole team; else for the token's person.")] = False


class ViewRow(BaseModel):
    id: UUID
    name: str
    page: PageName
    query: str
    shared: bool
    author: str
    created_at: datetime
    url: Annotated[str, Field(description="The list with these filters.")]


class ViewPage(Listed):
    items: list[ViewRow]


@views.get("/", summary="List saved views", **answers({200: ViewPage}, 422))
def list_views(request: HttpRequest, query: Query[WholePage]) -> HttpResponse:
    """The team's, and those of the token's person."""
    refuse_unknown(request, WholePage)
    return slice_of(
        listed_views(scope_of(request), person_of(request)), query, lambda part: [_row(view) for view in part]
    )


@views.post("/", summary="Save a view", **answers({201: ViewRow}, body=True))
def create_view(request: HttpRequest, body: NewView) -> HttpResponse:
    """Of the same name and page, it takes the place of the one that is there."""
    with _told_as_forbidden():
        view = save_view(scope_of(request), person_of(request), actor=actor_of(request), **body.model_dump())
    return tagged(reply(_row(view), status=201), _state(view))


@views.get("/{uuid:view_id}", summary="One saved view", **answers({200: ViewRow}, 404))
def get_view(request: HttpRequest, view_id: UUID) -> HttpResponse:
    view = _view_or_404(request, view_id)
    return tagged(reply(_row(view)), _state(view))


@views.delete("/{uuid:view_id}", summary="Delete a view", **answers({204: None}, 404, matched=True))
@one_at_a_time
def remove_view(request: HttpRequest, view_id: UUID) -> HttpResponse:
    view = _view_or_404(request, view_id)
    check_match(request, _state(view))
    with _told_as_forbidden():
        delete_view(scope_of(request), view, actor=actor_of(request))
    return HttpResponse(status=204)


def _view_or_404(request: HttpRequest, view_id: UUID) -> SavedView:
    view = find_view(scope_of(request), person_of(request), view_id)
    if view is None:
        raise Http404
    return view


def _state(view: SavedView) -> list[Any]:
    """With who saved it and when: saving anew under its name takes its place, also with the same filters."""
    return [view.pk, view.query, view.author, view.created_at]


def person_of(request: HttpRequest) -> Person:
    """The token's person; nobody for a team's own token."""
    return Person(str(request.user.pk or ""))


@contextmanager
def _told_as_forbidden() -> Iterator[None]:
    # One's own views every role may change, so the table of rights (`teams.access`) lets all of them in here.
    try:
        yield
    except NotSharedError as error:
        raise ApiError(problem(403, error.code, error.cause, error.remedy)) from None


def _row(view: SavedView) -> dict[str, Any]:
    return {
        "id": view.pk, "name": view.name, "page": view.page, "query": view.query, "shared": not view.person,
        "author": view.author, "created_at": view.created_at,
        "url": f"{PAGES[view.page]}?{view.query}" if view.query else PAGES[view.page],
    }  # fmt: skip
