"""Groups: the tree, one group with its accounts, and bulk actions on them."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
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
from cloudaccounts.views.common import scope_of
from cloudaccounts.views.paging import page_of
from cloudaccounts.web.pagination import COUNT_LIMIT

PAGE_SIZE = 25
BRANCHES = 100  # of the tree on one page


@require_safe
def group_list(request: HttpRequest) -> HttpResponse:
    """One query of its own: a group knows its size."""
    page = Paginator(group_queries.tree(scope_of(request)), BRANCHES).get_page(request.GET.get("page"))
    return render(request, "cloudaccounts/group_list.html", {"page": page})


@require_safe
def group(request: HttpRequest, group_id: UUID) -> HttpResponse:
    """The accounts of the group and of nested groups. Only the group's own can be removed here."""
    group, scope = _group_or_404(request, group_id), scope_of(request)
    form = AccountFilterForm(request.GET)
    filters = replace(form.filters(), group=group.pk)
    rows, counting = account_queries.counted_accounts(scope, filters)
    part = rows.part if filters.narrows and not filters.is_whole_group else None
    page = page_of(rows, request.GET.get("page"), PAGE_SIZE, counting=counting, part=part)
    context = {
        "group": group,
        "form": form,
        "narrows": replace(filters, group=None).narrows,
        "page": page,
        # Of this page's accounts alone: a group may have 100,000 members.
        "direct": group_queries.direct_members(group, [account.pk for account in page]),
        "nested": group_queries.right_below(scope, group),
        "path": group_queries.path(scope, group),
        "actions": bulk_actions(for_owners=True),
    }
    return render(request, "cloudaccounts/group.html", context)


@asks_first
def group_new(request: HttpRequest) -> HttpResponse:
    scope = scope_of(request)
    if request.method != "POST":
        form = GroupForm(scope=scope, initial={"parent": request.GET.get("parent", "")})
        return render(request, "cloudaccounts/group_edit.html", {"form": form})
    form = GroupForm(request.POST, scope=scope)
    if form.is_valid():
        try:
            group = create_group(scope=scope, actor=Actor.of_request(request), **form.cleaned_data)
        except ProviderError as error:
            form.refuse(error)
        else:
            messages.success(request, f"{group.name} is created. Add accounts to it.")
            return redirect("group-add", group_id=group.pk)
    return render(request, "cloudaccounts/group_edit.html", {"form": form}, status=422)


@asks_first
def group_edit(request: HttpRequest, group_id: UUID) -> HttpResponse:
    group = _group_or_404(request, group_id)
    if request.method != "POST":
        form = GroupForm(scope=scope_of(request), group=group)
        return render(request, "cloudaccounts/group_edit.html", {"group": group, "form": form})
    form = GroupForm(request.POST, scope=scope_of(request), group=group)
    if form.is_valid():
        try:
            update_group(group, scope=scope_of(request), actor=Actor.of_request(request), **form.cleaned_data)
        except ProviderError as error:
            form.refuse(error)
        else:
            messages.success(request, "Saved.")
            return redirect("group", group_id=group.pk)
    return render(request, "cloudaccounts/group_edit.html", {"group": group, "form": form}, status=422)


@asks_first
def group_delete(request: HttpRequest, group_id: UUID) -> HttpResponse:
    group = _group_or_404(request, group_id)
    if request.method != "POST":
        return render(request, "cloudaccounts/group_delete.html", {"group": group})
    try:
        delete_group(group, scope=scope_of(request), actor=Actor.of_request(request))
    except ProviderError as error:
        messages.error(request, error.cause)
        return redirect("group", group_id=group.pk)
    messages.success(request, f"Group {group.name} is deleted. Its accounts stay.")
    return redirect("groups")


@asks_first
def group_add(request: HttpRequest, group_id: UUID) -> HttpResponse:
    """Accounts to choose from. A POST adds the selected ones, or with ``every`` all that match the filters."""
    group, scope = _group_or_404(request, group_id), scope_of(request)
    form = AccountFilterForm(request.GET).offer_groups(group_queries.choices(scope))
    filters = form.filters()
    accounts = account_queries.accounts(scope, filters)
    if request.method == "POST":
        every = "every" in request.POST
        # "every" is resolved here and not by the page, which shows 25 of them.
        account_ids = accounts.values_list("pk", flat=True)[:COUNT_LIMIT] if every else _selected(request)
        added = add_members(group, scope=scope, actor=Actor.of_request(request), accounts=account_ids)
        messages.success(request, f"{_number(added)} added to {group.name}.")
        return redirect("group", group_id=group.pk)
    page = page_of(accounts, request.GET.get("page"), PAGE_SIZE)
    direct = group_queries.direct_members(group, [account.pk for account in page])
    context = {"group": group, "form": form, "filters": filters, "page": page, "direct": direct, "limit": COUNT_LIMIT}
    return render(request, "cloudaccounts/group_add.html", context)


@require_POST
def group_remove(request: HttpRequest, group_id: UUID) -> HttpResponse:
    group = _group_or_404(request, group_id)
    removed = remove_members(group, actor=Actor.of_request(request), accounts=_selected(request))
    messages.success(request, f"{_number(removed)} removed from {group.name}.")
    return redirect("group", group_id=group.pk)


@asks_first
def group_act(request: HttpRequest, group_id: UUID, action: str) -> HttpResponse:
    """Asks first, then starts a job over the group's accounts and leads to its progress."""
    group, scope = _group_or_404(request, group_id), scope_of(request)
    actions = {offered.key: offered for offered in bulk_actions(for_owners=True)}
    if action not in actions:
        raise Http404
    accounts = account_queries.accounts(scope, AccountFilter(group=group.pk))
    form = _options_form(action, request)
    if request.method == "POST" and (form is None or form.is_valid()):
        job = start_bulk_action(
            action,
            scope=scope,
            actor=Actor.of_request(request),
            # Streamed, with the two columns that an item of the job needs: a group may have 100,000 accounts.
            accounts=accounts.only("pk", "name").iterator(chunk_size=2000),
            about=f"group {group.name}",
            **(form.cleaned_data if form else {}),
        )
        return redirect("job", job_id=job.pk)
    context = {"group": group, "action": actions[action], "form": form, "page": page_of(accounts, None, PAGE_SIZE)}
    return render(request, "cloudaccounts/group_act.html", context, status=422 if form and form.is_bound else 200)


def _options_form(action: str, request: HttpRequest) -> EnvironmentForm | None:
    if action != "environment":
        return None
    return EnvironmentForm(request.POST if request.method == "POST" else None)


def _selected(request: HttpRequest) -> list[UUID]:
    """The ids of the ticked accounts. Text that is no UUID was not offered by the page and is ignored."""
    account_ids = []
    for text in request.POST.getlist("account"):
        try:
            account_ids.append(UUID(text))
        except ValueError:
            continue
    return account_ids


def _number(count: int) -> str:
    return "1 account is" if count == 1 else f"{count:,} accounts are"


def _group_or_404(request: HttpRequest, group_id: UUID) -> AccountGroup:
    group = group_queries.find(scope_of(request), group_id)
    if group is None:
        raise Http404
    return group
