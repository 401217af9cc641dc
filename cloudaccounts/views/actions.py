"""What people do with an account. Whatever changes something is a POST; asking first works without scripts too."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from cloudaccounts import confirmation, services
from cloudaccounts.actors import Actor
from cloudaccounts.contract import ProviderError
from cloudaccounts.forms import AccountForm, DeleteForm
from cloudaccounts.models import CloudAccount
from cloudaccounts.views.common import account_or_404, gone_is_404

asks_first = require_http_methods(["GET", "HEAD", "POST"])


@require_POST
@gone_is_404()
def account_revalidate(request: HttpRequest, account_id: UUID) -> HttpResponse:
    account = account_or_404(request, account_id)
    try:
        services.request_check(account, actor=Actor.of_request(request))
    except ProviderError as error:
        messages.error(request, f"{error.cause} {error.remedy}")
    return redirect("account", account_id=account.pk)


@require_POST
@gone_is_404()
def account_resume(request: HttpRequest, account_id: UUID) -> HttpResponse:
    account = account_or_404(request, account_id)
    if services.resume_account(account, actor=Actor.of_request(request)):
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
    services.suspend_account(account, actor=Actor.of_request(request))
    account = account_or_404(request, account_id)  # suspending twice is no error, so nor is suspending nothing
    messages.success(request, f"{account.name} is suspended: it is neither checked nor scanned until you resume it.")
    return redirect("account", account_id=account.pk)


@asks_first
@gone_is_404()
def account_delete(request: HttpRequest, account_id: UUID) -> HttpResponse:
    account = account_or_404(request, account_id)
    if not confirmation.is_recent(request):
        return confirmation.ask(request, back=reverse("account-delete", args=[account.pk]))
    if request.method != "POST":
        return _ask(request, "delete", account, DeleteForm(account=account))
    form = DeleteForm(request.POST, account=account)
    if not form.is_valid():
        return _ask(request, "delete", account, form, status=422)
    name = account.name
    services.delete_account(account, actor=Actor.of_request(request))
    messages.success(request, f"{name} is deleted, with its credentials and what was discovered.")
    return redirect("accounts")


@asks_first
@gone_is_404()
def account_edit(request: HttpRequest, account_id: UUID) -> HttpResponse:
    account = account_or_404(request, account_id)
    if request.method != "POST":
        return _edit_page(request, account, AccountForm(account=account))
    form = AccountForm(request.POST, account=account)
    title = account.name
    if form.is_valid():
        try:
            services.update_account(account, actor=Actor.of_request(request), **form.cleaned_data)
        except ProviderError as error:
            form.refuse(error)
        else:
            messages.success(request, "Saved.")
            return redirect("account", account_id=account.pk)
    account.name = title
    return _edit_page(request, account, form, status=422)


def _edit_page(request: HttpRequest, account: CloudAccount, form: AccountForm, status: int = 200) -> HttpResponse:
    return render(request, "cloudaccounts/account_edit.html", {"account": account, "form": form}, status=status)


def _ask(
    request: HttpRequest, action: str, account: CloudAccount, form: DeleteForm | None = None, status: int = 200
) -> HttpResponse:
    """The question as a page, or alone for the dialog of the page that asked for it."""
    within = getattr(request, "htmx", False)
    template = f"cloudaccounts/parts/ask_{action}.html" if within else f"cloudaccounts/account_{action}.html"
    return render(request, template, {"account": account, "form": form, "within": within}, status=status)
