"""Actions on one account. Changes are POSTs; the question before one is a page, or a dialog where scripts run."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from cloudaccounts.accounts.changes import update_account
from cloudaccounts.audit.actor import Actor
from cloudaccounts.contract.errors import ProviderError
from cloudaccounts.credentials.sharing import members_through
from cloudaccounts.forms.accounts import AccountForm, DeleteForm
from cloudaccounts.groups import queries as group_queries
from cloudaccounts.groups.services import set_groups
from cloudaccounts.health.connection_checks import request_check
from cloudaccounts.lifecycle.state_changes import delete_account, resume_account, suspend_account
from cloudaccounts.models import CloudAccount
from cloudaccounts.views.common import account_or_404, gone_is_404, scope_of
from cloudaccounts.web import reauthentication
from teams.scope import Scope

asks_first = require_http_methods(["GET", "HEAD", "POST"])


@require_POST
@gone_is_404()
def account_revalidate(request: HttpRequest, account_id: UUID) -> HttpResponse:
    account = account_or_404(request, account_id)
    try:
        # Only asked for: a worker does it, and the page shows the row (docs/decisions/0004).
        request_check(account, actor=Actor.of_request(request))
    except ProviderError as error:
        messages.error(request, f"{error.cause} {error.remedy}")
    return redirect("account", account_id=account.pk)


@require_POST
@gone_is_404()
def account_resume(request: HttpRequest, account_id: UUID) -> HttpResponse:
    account = account_or_404(request, account_id)
    if resume_account(account, actor=Actor.of_request(request)):
        messages.success(
            request, "Resumed. The connection is being checked; the account is active once that has passed."
        )
    return redirect("account", account_id=account.pk)


@asks_first
@gone_is_404()
def account_suspend(request: HttpRequest, account_id: UUID) -> HttpResponse:
    account = account_or_404(request, account_id)
    if request.method != "POST":
        return _ask(request, "suspend", account)
    suspend_account(account, actor=Actor.of_request(request))
    # Suspending twice is no error, and neither is one that a deletion in another tab overtook: so look again.
    account = account_or_404(request, account_id)
    messages.success(request, f"{account.name} is suspended: it is neither checked nor scanned until you resume it.")
    return redirect("account", account_id=account.pk)


@asks_first
@gone_is_404()
def account_delete(request: HttpRequest, account_id: UUID) -> HttpResponse:
    account = account_or_404(request, account_id)
    # Before the question is shown, so that a name that was typed is not lost on the way to the password.
    if not reauthentication.is_recent(request):
        return reauthentication.ask(request, back=reverse("account-delete", args=[account.pk]))
    if request.method != "POST":
        return _ask(request, "delete", account, DeleteForm(account=account))
    form = DeleteForm(request.POST, account=account)
    # 422 and not 200: htmx and scripts can tell a refused form from a done one.
    if not form.is_valid():
        return _ask(request, "delete", account, form, status=422)
    name = account.name  # for the message, when the row is gone
    try:
        delete_account(account, actor=Actor.of_request(request))
    except ProviderError as error:
        form.add_error(None, f"{error.cause} {error.remedy}")
        return _ask(request, "delete", account, form, status=422)
    messages.success(request, f"{name} is deleted, with its credentials and what was discovered.")
    return redirect("accounts")


@asks_first
@gone_is_404()
def account_edit(request: HttpRequest, account_id: UUID) -> HttpResponse:
    account = account_or_404(request, account_id)
    if request.method != "POST":
        return _edit_page(request, account, _account_form(scope_of(request), account))
    form = _account_form(scope_of(request), account, request.POST)
    name = account.name
    if form.is_valid():
        actor = Actor.of_request(request)
        values = dict(form.cleaned_data)
        group_ids = values.pop("groups", None)  # None: the owner has no groups, so the form has no such field
        try:
            update_account(account, actor=actor, **values)
            if group_ids is not None:
                set_groups(account, scope=scope_of(request), actor=actor, group_ids=group_ids)
        except ProviderError as error:
            form.refuse(error)
        else:
            messages.success(request, "Saved.")
            return redirect("account", account_id=account.pk)
    account.name = name  # the service may have changed the object before it refused; headings show what is stored
    return _edit_page(request, account, form, status=422)


def _account_form(scope: Scope, account: CloudAccount, data: QueryDict | None = None) -> AccountForm:
    present = [str(group.pk) for group in group_queries.of_account(scope, account)]
    return AccountForm(data, account=account, group_choices=group_queries.choices(scope), groups=present)


def _edit_page(request: HttpRequest, account: CloudAccount, form: AccountForm, status: int = 200) -> HttpResponse:
    return render(request, "cloudaccounts/account_edit.html", {"account": account, "form": form}, status=status)


def _ask(
    request: HttpRequest, action: str, account: CloudAccount, form: DeleteForm | None = None, status: int = 200
) -> HttpResponse:
    """The question as a page, or as a fragment for the dialog of the page that htmx asks from."""
    is_fragment = getattr(request, "htmx", False)
    template = f"cloudaccounts/parts/ask_{action}.html" if is_fragment else f"cloudaccounts/account_{action}.html"
    # Said in the question: suspending blinds members of an organization, and deleting is refused while there are any
    # (docs/decisions/0008).
    members = members_through(account.pk)
    context = {"account": account, "form": form, "members": members}
    return render(request, template, context, status=status)
