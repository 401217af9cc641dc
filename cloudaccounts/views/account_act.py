"""Bulk actions on accounts that were ticked in the list, or on all that match its filters."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import urlencode
from django.views.decorators.http import require_POST

from cloudaccounts.accounts import queries as account_queries
from cloudaccounts.audit.actor import Actor
from cloudaccounts.bulk.actions import bulk_actions, start_bulk_action
from cloudaccounts.forms.accounts import AccountFilterForm
from cloudaccounts.groups import queries as group_queries
from cloudaccounts.groups.services import add_members
from cloudaccounts.models import Environment
from cloudaccounts.models.account import CloudAccountQuerySet
from cloudaccounts.views.common import scope_of
from cloudaccounts.web.pagination import COUNT_LIMIT
from teams.scope import Scope


@require_POST
def accounts_act(request: HttpRequest) -> HttpResponse:
    """The list's form. ``action`` is a bulk action's key or ``group``; what is dangerous asks first.

    The address has the list's filters: with ``every`` they say which accounts, without it ``account`` does, once for
    each.
    """
    scope, key = scope_of(request), request.POST.get("action", "")
    chosen = _chosen(request, scope)
    if not chosen.exists():
        messages.warning(request, "No account was selected.")
        return _back(request)
    if key == "group":
        return _add_to_group(request, scope, chosen)
    action = next((offered for offered in bulk_actions(for_owners=True) if offered.key == key), None)
    options: dict[str, Any] = {}
    if key == "environment":
        options["environment"] = request.POST.get("environment", "")
    if action is None or (options and options["environment"] not in Environment.values):
        messages.warning(request, "Choose what to do with the selected accounts.")
        return _back(request)
    if action.dangerous and "confirmed" not in request.POST:
        return render(request, "cloudaccounts/accounts_act.html", _question(request, action, chosen))
    job = start_bulk_action(
        key,
        scope=scope,
        actor=Actor.of_request(request),
        # Streamed, with the two columns that an item of the job needs: a team may have 100,000 accounts.
        accounts=chosen.only("pk", "name").iterator(chunk_size=2000),
        about="all that match" if "every" in request.POST else "the selected accounts",
        **options,
    )
    return redirect("job", job_id=job.pk)


def _chosen(request: HttpRequest, scope: Scope) -> CloudAccountQuerySet:
    form = AccountFilterForm(request.GET).offer_groups(group_queries.choices(scope))
    accounts = account_queries.accounts(scope, form.filters())
    if "every" in request.POST:
        return accounts
    return account_queries.accounts(scope, account_queries.AccountFilter()).filter(
        pk__in=uuids(request.POST.getlist("account"))
    )


def uuids(texts: list[str]) -> list[UUID]:
    """Those that are some: text that is none was not offered by the page."""
    keys = []
    for text in texts:
        try:
            keys.append(UUID(text))
        except ValueError:
            continue
    return keys


def _add_to_group(request: HttpRequest, scope: Scope, chosen: CloudAccountQuerySet) -> HttpResponse:
    keys = uuids([request.POST.get("group", "")])
    group = group_queries.find(scope, keys[0]) if keys else None
    if group is None:
        messages.warning(request, "Choose the group that the selected accounts shall join.")
        return _back(request)
    accounts = chosen.values_list("pk", flat=True)[:COUNT_LIMIT]
    added = add_members(group, scope=scope, actor=Actor.of_request(request), accounts=accounts)
    messages.success(request, f"{added:,} account{' is' if added == 1 else 's are'} added to {group.name}.")
    return _back(request)


def _question(request: HttpRequest, action: Any, chosen: CloudAccountQuerySet) -> dict[str, Any]:
    every = "every" in request.POST
    number = chosen.order_by().values("owner")[: COUNT_LIMIT + 1].count()
    return {
        "action": action,
        "number": f"{COUNT_LIMIT:,}+" if number > COUNT_LIMIT else f"{number:,}",
        "one": number == 1,
        "every": every,
        "selected": [] if every else uuids(request.POST.getlist("account")),
        "query": request.GET.urlencode(),
    }


def _back(request: HttpRequest) -> HttpResponse:
    query = urlencode([(name, value) for name, values in request.GET.lists() for value in values])
    response = redirect("accounts")
    if query:
        response["Location"] += f"?{query}"
    return response
