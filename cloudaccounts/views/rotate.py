"""Replacing an account's credential: enter it, have a worker test it, use it; roll back within some days."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from cloudaccounts.accounts import queries as account_queries
from cloudaccounts.accounts.external_id import external_id_for
from cloudaccounts.accounts.rate_limits import TooManyAttemptsError, begin_attempt, counting_refused_input
from cloudaccounts.accounts.resolution import ResolvedAccount
from cloudaccounts.accounts.setup_guides import retiring_guides, rotation_guides
from cloudaccounts.audit.actor import Actor
from cloudaccounts.contract.errors import ProviderError
from cloudaccounts.contract.report import CheckResult, CloudValidationResult
from cloudaccounts.credentials.age import age_of
from cloudaccounts.errors import InputError
from cloudaccounts.forms.method import MethodForm
from cloudaccounts.models import CloudAccount, CredentialRotation
from cloudaccounts.operations.workers import worker_state
from cloudaccounts.registry import UnknownProviderError
from cloudaccounts.rotation.requests import discard_staged, rollback_credential, stage_credential, start_rotation
from cloudaccounts.rotation.standing import better_method
from cloudaccounts.views.common import account_or_404, gone_is_404
from cloudaccounts.web import reauthentication


@dataclass(frozen=True, slots=True)
class PlannedRow:
    """``state`` is a check's status, or ``running``, ``waiting``, ``not reached``."""

    name: str
    title: str
    state: str
    result: CheckResult | None = None


@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
@gone_is_404()
def account_rotate(request: HttpRequest, account_id: UUID) -> HttpResponse:
    """The page. A POST stores what was entered, encrypted, and has it tested once the password was entered recently."""
    account = _installed_or_404(request, account_id)
    if account.connection is not None:
        messages.info(request, "A member of an organization has no credential of its own: this is the shared one.")
        return redirect("account-rotate", account_id=account.connection)
    if request.method != "POST":
        return _page(request, account, _form(account, method=request.GET.get("method", "")))
    form = _form(account, request)
    # The button of <noscript>: it shows the fields of the chosen method, which htmx fetches otherwise.
    if "show" in request.POST:
        return _page(request, account, _form(account, method=form.shown_method.key))
    try:
        with counting_refused_input(account.owner):
            form.raise_if_refused()
    except TooManyAttemptsError as error:
        messages.warning(request, f"{error.cause} {error.remedy} Nothing was stored.")
        return redirect("account-rotate", account_id=account.pk)
    except InputError:
        return _page(request, account, form, status=422)
    try:
        # Stored before the password is asked for: a secret that AWS shows once must not be lost on the way, nor wait
        # in a session (docs/decisions/0009).
        stage_credential(account, actor=Actor.of_request(request), credentials=form.credentials())
    except ProviderError as error:
        form.add_error(None, f"{error.cause} {error.remedy}".strip())
        return _page(request, account, form, status=422)
    return _begin_test(request, account)


@require_safe
def rotate_method(request: HttpRequest, account_id: UUID) -> HttpResponse:
    """The instructions and fields of the method that the page has chosen."""
    account = _installed_or_404(request, account_id)
    form = _form(account, method=request.GET.get("method", ""))
    context = _method_context(account, form) | {"part": True}
    return render(request, "cloudaccounts/parts/rotate_method.html", context)


@require_safe
def rotate_panel(request: HttpRequest, account_id: UUID) -> HttpResponse:
    account = _installed_or_404(request, account_id)
    context = _panel(account)
    response = render(request, "cloudaccounts/panels/rotation.html", context)
    if "watching" in request.GET and not context["under_way"]:
        # More than this panel has changed: the form is back, or the old credential is offered for a rollback.
        response["HX-Refresh"] = "true"
    return response


@require_POST
@gone_is_404()
def rotate_test(request: HttpRequest, account_id: UUID) -> HttpResponse:
    account = _installed_or_404(request, account_id)
    return _begin_test(request, account, accept_losses="accept_loss" in request.POST)


@require_POST
@gone_is_404()
def rotate_discard(request: HttpRequest, account_id: UUID) -> HttpResponse:
    account = account_or_404(request, account_id)
    if discard_staged(account, actor=Actor.of_request(request)):
        messages.success(request, "The new credential is deleted here. The one in use stays in use.")
    else:
        messages.info(request, "There was no new credential any more.")
    return redirect("account-rotate", account_id=account.pk)


@require_POST
@gone_is_404()
def rotate_rollback(request: HttpRequest, account_id: UUID) -> HttpResponse:
    account = _installed_or_404(request, account_id)
    if not reauthentication.is_recent(request):
        return reauthentication.ask(request, back=_rotation_url(account))
    try:
        rollback_credential(account, actor=Actor.of_request(request))
    except ProviderError as error:
        messages.error(request, f"{error.cause} {error.remedy}".strip())
    return redirect("account-rotate", account_id=account.pk)


@require_safe
def rotate_file(request: HttpRequest, account_id: UUID, method: str, guide: str, number: int) -> HttpResponse:
    """A script or template of the instructions, filled in, as a download."""
    account = _installed_or_404(request, account_id)
    try:
        spec = account.spec.method(method)
    except KeyError:
        raise Http404("There is no such method.") from None
    for setup_guide in rotation_guides(account, spec):
        if setup_guide.key == guide and number < len(setup_guide.snippets) and setup_guide.snippets[number].filename:
            snippet = setup_guide.snippets[number]
            disposition = f'attachment; filename="{snippet.filename}"'
            return HttpResponse(
                snippet.body, content_type="text/plain; charset=utf-8", headers={"Content-Disposition": disposition}
            )
    raise Http404("There is no such file.")


def _begin_test(request: HttpRequest, account: CloudAccount, *, accept_losses: bool = False) -> HttpResponse:
    """Starts the test, after the password was entered recently: a test that passes puts the credential into use.

    What was entered waits encrypted in the database, not in the session (docs/decisions/0009).
    """
    if not reauthentication.is_recent(request):
        messages.info(request, "The new credential is stored encrypted. Confirm your password, then have it tested.")
        return reauthentication.ask(request, back=_rotation_url(account))
    try:
        begin_attempt(ResolvedAccount.of(account))  # said before a worker is asked: its report would say the same
        start_rotation(account, actor=Actor.of_request(request), accept_losses=accept_losses)
    except TooManyAttemptsError as error:
        messages.warning(request, f"{error.cause} {error.remedy} The new credential stays stored here, encrypted.")
    except ProviderError as error:
        messages.error(request, f"{error.cause} {error.remedy}".strip())
    return redirect("account-rotate", account_id=account.pk)


def _form(account: CloudAccount, request: HttpRequest | None = None, *, method: str = "") -> MethodForm:
    data = {} if request is None else {"data": request.POST, "files": request.FILES}
    return MethodForm(
        **data,
        provider=account.spec,
        account_id=account.account_id,
        partition=account.partition,
        owner=account.owner,
        replaces_key=not account.credential_secretless,
        initial={"method": method or account.auth_method},
    )


def _page(request: HttpRequest, account: CloudAccount, form: MethodForm, status: int = 200) -> HttpResponse:
    context = {**_method_context(account, form), **_panel(account), "age": age_of(account)}
    context["suggested"] = better_method(account)
    return render(request, "cloudaccounts/account_rotate.html", context, status=status)


def _method_context(account: CloudAccount, form: MethodForm) -> dict[str, Any]:
    method = form.shown_method
    return {
        "account": account,
        "form": form,
        "method": method,
        "guides": rotation_guides(account, method),
        "external_id": external_id_for(account.owner) if method.uses_server_identity else "",
    }


def _panel(account: CloudAccount) -> dict[str, Any]:
    """The latest rotation: its state, its report, and the credential that it replaced."""
    rotation = account_queries.latest_rotation(account)
    credential = account_queries.credential_of(account)
    staged = credential is not None and credential.staged_id is not None
    report = CloudValidationResult.from_dict(rotation.report) if rotation is not None and rotation.report else None
    rows = planned_rows(account, rotation, report) if rotation is not None else []
    under_way = rotation is not None and rotation.is_active
    return {
        "account": account,
        "rotation": rotation,
        "credential": credential,
        "staged": staged,
        "under_way": under_way,
        "report": report,
        "rows": rows,
        "done": sum(row.result is not None for row in rows),
        # Only while something waits: a page that says "no worker is running" must be about something that needs one.
        "worker": worker_state("checks", rotation) if under_way else None,
        "retiring": retiring_guides(account, credential.previous_kind)
        if credential and credential.previous_kind
        else (),
    }


def planned_rows(
    account: CloudAccount, rotation: CredentialRotation, report: CloudValidationResult | None
) -> list[PlannedRow]:
    """The planned checks with their results, then results that the plan did not name."""
    try:
        plan = account.spec.plan(rotation.method)
    except KeyError:
        plan = ()
    results = {check.name: check for check in report.checks} if report else {}
    rows = []
    for planned in plan:
        result = results.pop(planned.name, None)
        running = report is not None and report.running == planned.name and rotation.is_active
        state = "running" if running else "waiting" if rotation.is_active else "not reached"
        rows.append(PlannedRow(planned.name, planned.title, result.status if result else state, result))
    return rows + [PlannedRow(check.name, check.title, check.status, check) for check in results.values()]


def _rotation_url(account: CloudAccount) -> str:
    return reverse("account-rotate", args=[account.pk])


def _installed_or_404(request: HttpRequest, account_id: UUID) -> CloudAccount:
    account = account_or_404(request, account_id)
    try:
        _ = account.spec
    except UnknownProviderError:
        raise Http404("The account's provider is not installed any more.") from None
    return account
