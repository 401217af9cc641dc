"""Groups: the tree, one group with its accounts, and what can be done with all of them at once."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from cloudaccounts.accounts import queries as account_queries
from cloudaccounts.accounts.queries import AccountFilter
from cloudaccounts.audit.actor import Actor
from cloudaccounts.bulk.actions import bulk_actions, start_bulk_action
from cloudaccounts.contract.errors import ProviderError
from cloudaccounts.forms.accounts import AccountFilterForm
from cloudaccounts.forms.groups import EnvironmentForm, GroupForm
from cloudaccounts.groups import queries as group_queries
from cloudaccounts.groups.services import add_members, create_group, delete_group, remove_members, update_group
from cloudaccounts.models import AccountGroup
from cloudaccounts.views.actions import asks_first
from cloudaccounts.views.common import owner_of
from cloudaccounts.views.paging import page_of
from cloudaccounts.web.pagination import COUNT_LIMIT

PAGE_SIZE = 25


@require_safe
def group_list(request: HttpRequest) -> HttpResponse:
    """One query of its own: a group knows its size."""
    return render(request, "cloudaccounts/group_list.html", {"branches": group_queries.tree(owner_of(request))})


@require_safe
def group(request: HttpRequest, group_id: UUID) -> HttpResponse:
    """Its accounts, those of nested groups among them; only its own can be taken out here."""
    found = _group_or_404(request, group_id)
    form = AccountFilterForm(request.GET)
    wanted = replace(form.wanted(), group=found.pk)
    rows, counting = account_queries.counted_accounts(found.owner, wanted)
    part = rows.part if wanted.narrows and counting is None else None
    page = page_of(rows, request.GET.get("page"), PAGE_SIZE, counting=counting, part=part)
    branches = group_queries.tree(found.owner)
    context = {
        "group": found,
        "form": form,
        "narrows": replace(wanted, group=None).narrows,
        "page": page,
        "direct": group_queries.direct_members(found, [account.pk for account in page]),
        "nested": [branch.group for branch in branches if branch.group.parent == found.pk],
        "path": group_queries.path(found),
        "actions": bulk_actions(for_owners=True),
    }
    return render(request, "cloudaccounts/group.html", context)


@asks_first
def group_new(request: HttpRequest) -> HttpResponse:
    owner = owner_of(request)
    if request.method != "POST":
        form = GroupForm(owner=owner, initial={"parent": request.GET.get("parent", "")})
        return render(request, "cloudaccounts/group_edit.html", {"form": form})
    form = GroupForm(request.POST, owner=owner)
    if form.is_valid():
        try:
            made = create_group(owner=owner, actor=Actor.of_request(request), **form.cleaned_data)
        except ProviderError as error:
            form.refuse(error)
        else:
            messages.success(request, f"{made.name} is made. Put accounts into it.")
            return redirect("group-add", group_id=made.pk)
    return render(request, "cloudaccounts/group_edit.html", {"form": form}, status=422)


@asks_first
def group_edit(request: HttpRequest, group_id: UUID) -> HttpResponse:
    found = _group_or_404(request, group_id)
    if request.method != "POST":
        form = GroupForm(owner=found.owner, group=found)
        return render(request, "cloudaccounts/group_edit.html", {"group": found, "form": form})
    form = GroupForm(request.POST, owner=found.owner, group=found)
    if form.is_valid():
        try:
            update_group(found, actor=Actor.of_request(request), **form.cleaned_data)
        except ProviderError as error:
            form.refuse(error)
        else:
            messages.success(request, "Saved.")
            return redirect("group", group_id=found.pk)
    return render(request, "cloudaccounts/group_edit.html", {"group": found, "form": form}, status=422)


@asks_first
def group_delete(request: HttpRequest, group_id: UUID) -> HttpResponse:
    found = _group_or_404(request, group_id)
    if request.method != "POST":
        return render(request, "cloudaccounts/group_delete.html", {"group": found})
    delete_group(found, actor=Actor.of_request(request))
    messages.success(request, f"Group {found.name} is deleted. Its accounts stay.")
    return redirect("groups")


@asks_first
def group_add(request: HttpRequest, group_id: UUID) -> HttpResponse:
    """The accounts to choose from, filtered; the chosen ones, or all that the filter fits."""
    found = _group_or_404(request, group_id)
    form = AccountFilterForm(request.GET).offer_groups(group_queries.choices(found.owner))
    wanted = form.wanted()
    listed = account_queries.accounts(found.owner, wanted)
    if request.method == "POST":
        every = "every" in request.POST
        chosen = listed.values_list("pk", flat=True)[:COUNT_LIMIT] if every else _chosen(request)
        added = add_members(found, actor=Actor.of_request(request), accounts=chosen)
        messages.success(request, f"{_number(added)} put into {found.name}.")
        return redirect("group", group_id=found.pk)
    page = page_of(listed, request.GET.get("page"), PAGE_SIZE)
    direct = group_queries.direct_members(found, [account.pk for account in page])
    context = {"group": found, "form": form, "wanted": wanted, "page": page, "direct": direct, "limit": COUNT_LIMIT}
    return render(request, "cloudaccounts/group_add.html", context)


@require_POST
def group_remove(request: HttpRequest, group_id: UUID) -> HttpResponse:
    found = _group_or_404(request, group_id)
    removed = remove_members(found, actor=Actor.of_request(request), accounts=_chosen(request))
    messages.success(request, f"{_number(removed)} taken out of {found.name}.")
    return redirect("group", group_id=found.pk)


@asks_first
def group_act(request: HttpRequest, group_id: UUID, action: str) -> HttpResponse:
    """Asks, then starts a job over the group's accounts and shows its progress."""
    found = _group_or_404(request, group_id)
    offered = {one.key: one for one in bulk_actions(for_owners=True)}
    if action not in offered:
        raise Http404
    accounts = account_queries.accounts(found.owner, AccountFilter(group=found.pk))
    form = _options_form(action, request)
    if request.method == "POST" and (form is None or form.is_valid()):
        job = start_bulk_action(
            action,
            owner=found.owner,
            actor=Actor.of_request(request),
            accounts=accounts.only("pk", "name").iterator(chunk_size=2000),
            about=f"group {found.name}",
            **(form.cleaned_data if form else {}),
        )
        return redirect("job", job_id=job.pk)
    context = {"group": found, "action": offered[action], "form": form, "page": page_of(accounts, None, PAGE_SIZE)}
    return render(request, "cloudaccounts/group_act.html", context, status=422 if form and form.is_bound else 200)


def _options_form(action: str, request: HttpRequest) -> EnvironmentForm | None:
    if action != "environment":
        return None
    return EnvironmentForm(request.POST if request.method == "POST" else None)


def _chosen(request: HttpRequest) -> list[UUID]:
    """What is no id was not offered, and is left aside."""
    found = []
    for text in request.POST.getlist("account"):
        try:
            found.append(UUID(text))
        except ValueError:
            continue
    return found


def _number(count: int) -> str:
    return "1 account is" if count == 1 else f"{count:,} accounts are"


def _group_or_404(request: HttpRequest, group_id: UUID) -> AccountGroup:
    found = group_queries.find(owner_of(request), group_id)
    if found is None:
        raise Http404
    return found
