"""Calls about groups. No postponed annotations here: ninja reads them through decorators."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from ninja import Query, Router
from pydantic import BaseModel, Field

from cloudaccounts.api.accounts import account_or_404
from cloudaccounts.api.answers import reply
from cloudaccounts.api.auth import actor_of, scope_of
from cloudaccounts.api.conditional import check_match, tagged
from cloudaccounts.api.one_at_a_time import one_at_a_time
from cloudaccounts.api.openapi import answers
from cloudaccounts.api.paging import refuse_unknown, slice_of
from cloudaccounts.api.schemas import Input, Listed, Page, Text
from cloudaccounts.errors import InputError
from cloudaccounts.group_scope import groups_within
from cloudaccounts.groups import queries as group_queries
from cloudaccounts.groups import services as group_services
from cloudaccounts.models import AccountGroup, GroupMember
from teams.scope import Scope

groups = Router(tags=["Groups"])
Name = Annotated[Text, Field(examples=["Payments"])]
Description = Annotated[Text, Field(examples=["What the payment team runs"])]


class GroupRow(BaseModel):
    id: UUID
    name: Annotated[str, Field(examples=["Payments"])]
    description: str
    parent: Annotated[UUID | None, Field(description="The group that it is part of.")]
    size: Annotated[int, Field(description="Accounts in the group itself, those of nested groups left out.")]
    created_at: datetime
    updated_at: datetime


class GroupPage(Listed):
    items: list[GroupRow]


class GroupedAccount(BaseModel):
    """An account that is in the group itself."""

    group: UUID
    account: UUID
    added_at: datetime


class NewGroup(Input):
    name: Name
    description: Description = ""
    parent: Annotated[UUID | None, Field(description="The group that it becomes part of.")] = None


# Defaults stand for "not named": the call takes the fields that were set, so `"parent": null` moves it to the top.
class GroupChanges(Input):
    """What is not named stays as it is."""

    name: Name = ""
    description: Description = ""
    parent: UUID | None = None


@groups.get("/", summary="List groups", **answers({200: GroupPage}, 422))
def list_groups(request: HttpRequest, query: Query[Page]) -> HttpResponse:
    """Depth first, by name: each group before those nested in it."""
    refuse_unknown(request, Page)
    scope = scope_of(request)
    branches = group_queries.tree(scope)
    return slice_of(branches, query, lambda rows: [_json(scope, branch.group) for branch in rows])


@groups.post(
    "/",
    summary="Create a group",
    **answers(
        {201: GroupRow}, body=True, examples={"A group": {"name": "Payments", "description": "What the team runs"}}
    ),
)
def add_group(request: HttpRequest, body: NewGroup) -> HttpResponse:
    group = group_services.create_group(
        scope=scope_of(request),
        actor=actor_of(request),
        name=body.name,
        description=body.description,
        parent=_parent(request, body.parent),
    )
    return tagged(reply(_json(scope_of(request), group), 201), _state(group))


@groups.get("/{uuid:group_id}", summary="One group", **answers({200: GroupRow}, 404))
def get_group(request: HttpRequest, group_id: UUID) -> HttpResponse:
    group = _group_or_404(request, group_id)
    return tagged(reply(_json(scope_of(request), group)), _state(group))


@groups.patch(
    "/{uuid:group_id}",
    summary="Change a group",
    **answers(
        {200: GroupRow}, 404, body=True, matched=True,
        examples={"Another name": {"name": "Payments and billing"}, "To the top of the tree": {"parent": None}},
    ),
)  # fmt: skip
@one_at_a_time
def change_group(request: HttpRequest, group_id: UUID, body: GroupChanges) -> HttpResponse:
    group = _group_or_404(request, group_id)
    check_match(request, _state(group), row=group)
    given = body.model_dump(exclude_unset=True)
    parent = given.get("parent", group.parent)
    if "parent" in given:
        parent = _parent(request, parent)
    group = group_services.update_group(
        group,
        scope=scope_of(request),
        actor=actor_of(request),
        name=given.get("name", group.name),
        description=given.get("description", group.description),
        parent=parent,
    )
    group.refresh_from_db()
    return tagged(reply(_json(scope_of(request), group)), _state(group))


@groups.delete("/{uuid:group_id}", summary="Delete a group", **answers({204: None}, 404, matched=True))
@one_at_a_time
def delete_group(request: HttpRequest, group_id: UUID) -> HttpResponse:
    """Its accounts stay connected, and groups nested in it move up one level."""
    group = _group_or_404(request, group_id)
    check_match(request, _state(group), row=group)
    group_services.delete_group(group, scope=scope_of(request), actor=actor_of(request))
    return HttpResponse(status=204)


@groups.get(
    "/{uuid:group_id}/accounts/{uuid:account_id}",
    summary="An account in a group",
    **answers({200: GroupedAccount}, 404),
)
def get_account(request: HttpRequest, group_id: UUID, account_id: UUID) -> HttpResponse:
    """404 where it is not in the group itself, also where it is in one that is nested in it."""
    group, account = _group_or_404(request, group_id), account_or_404(request, account_id)
    member = group_queries.membership(group, account.pk)
    if member is None:
        raise Http404
    row = {"group": member.group, "account": member.account, "added_at": member.added_at}
    return tagged(reply(row), _membership(member))


@groups.put(
    "/{uuid:group_id}/accounts/{uuid:account_id}",
    summary="Put an account into a group",
    **answers({204: None}, 404, matched=True),
)
@one_at_a_time
def add_account(request: HttpRequest, group_id: UUID, account_id: UUID) -> HttpResponse:
    """It stays in its other groups. Repeating it changes nothing."""
    group, account = _group_or_404(request, group_id), account_or_404(request, account_id)
    check_match(request, _membership(group_queries.membership(group, account.pk)))
    group_services.add_members(group, scope=scope_of(request), actor=actor_of(request), accounts=[account.pk])
    return HttpResponse(status=204)


@groups.delete(
    "/{uuid:group_id}/accounts/{uuid:account_id}",
    summary="Take an account out of a group",
    **answers({204: None}, 404, matched=True),
)
@one_at_a_time
def remove_account(request: HttpRequest, group_id: UUID, account_id: UUID) -> HttpResponse:
    """The account stays connected. Repeating it changes nothing."""
    group, account = _group_or_404(request, group_id), account_or_404(request, account_id)
    check_match(request, _membership(group_queries.membership(group, account.pk)))
    group_services.remove_members(group, actor=actor_of(request), accounts=[account.pk])
    return HttpResponse(status=204)


def _group_or_404(request: HttpRequest, group_id: UUID) -> AccountGroup:
    group = group_queries.find(scope_of(request), group_id)
    if group is None:
        raise Http404
    return group


def _parent(request: HttpRequest, parent: UUID | None) -> UUID | None:
    if parent is not None and group_queries.find(scope_of(request), parent) is None:
        raise InputError({"parent": "Choose one of your own groups."})
    return parent


def _json(scope: Scope, group: AccountGroup) -> dict[str, Any]:
    values = {name: getattr(group, "pk" if name == "id" else name) for name in GroupRow.model_fields}
    # What lies above the groups of a limited membership is not shown.
    limit = groups_within(scope)
    return values if limit is None or group.parent in limit else values | {"parent": None}


def _membership(member: GroupMember | None) -> list[Any] | None:
    """Of its own row: taken out and put in again is another state."""
    return [member.pk] if member else None


def _state(group: AccountGroup) -> list[Any]:
    """What callers may change of it; the tag of an answer is made of it."""
    return [group.pk, group.name, group.description, group.parent]
