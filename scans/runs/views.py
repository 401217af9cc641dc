"""Pages of scans: the list, one scan, and starting, cancelling and scheduling an account's scans."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from cloudaccounts.accounts.queries import find
from cloudaccounts.audit.actor import Actor
from cloudaccounts.contract.errors import ProviderError
from cloudaccounts.forms.accounts import offer_groups
from cloudaccounts.groups import queries as group_queries
from cloudaccounts.models import CloudAccount
from cloudaccounts.views.common import account_or_404, gone_is_404, scope_of
from cloudaccounts.views.paging import page_of
from scans.engines.choices import account_choice, is_installed
from scans.engines.forms import AccountEngineForm
from scans.runs.forms import ScanFilterForm, ScanInitiationForm, ScheduleForm
from scans.runs.presentation import run_context, run_or_404
from scans.runs.queries import latest_of_account, runs, schedule_of
from scans.runs.requests import cancel_scan, request_scan, selectable_regions
from scans.runs.scheduling import set_schedule

PAGE_SIZE = 25


@require_safe
def scan_list(request: HttpRequest) -> HttpResponse:
    scope = scope_of(request)
    form = ScanFilterForm(request.GET)
    offer_groups(form.fields["group"], group_queries.choices(scope))
    filters = form.filters()
    page = page_of(runs(scope, filters), request.GET.get("page"), PAGE_SIZE)
    account = find(scope, filters.account) if filters.account else None
    context = {"form": form, "filters": filters, "page": page, "account": account}
    return render(request, "scans/scan_list.html", context)


@require_safe
def scan_page(request: HttpRequest, run_id: UUID) -> HttpResponse:
    run = run_or_404(request, run_id)
    account = find(scope_of(request), run.account)
    return render(request, "scans/scan.html", {"account": account, **run_context(run)})


@require_POST
def scan_cancel(request: HttpRequest, run_id: UUID) -> HttpResponse:
    """Leads back to the page that asked, where that is one of ours, else to the scan."""
    run = run_or_404(request, run_id)
    if cancel_scan(run, actor=Actor.of_request(request)):
        messages.success(request, f"The scan of {run.account_name} is cancelled. What it found so far stays.")
    else:
        messages.info(request, f"The scan of {run.account_name} had ended already.")
    # A form may name any address: only a path on this host is followed.
    back = request.POST.get("next", "")
    if back.startswith("/") and url_has_allowed_host_and_scheme(back, allowed_hosts=None):
        return HttpResponseRedirect(back)  # redirect() would take a single word for the name of a URL
    return redirect("scan", run_id=run.run_id)


@require_http_methods(["GET", "HEAD", "POST"])
@gone_is_404()
def account_scan(request: HttpRequest, account_id: UUID) -> HttpResponse:
    account = account_or_404(request, account_id)
    form = ScanInitiationForm(request.POST if request.method == "POST" else None, account=account)
    # Read before the request: afterwards a run that was active already could not be told from the new one.
    previous = latest_of_account(scope_of(request), account.pk)
    if request.method == "POST" and form.is_valid():
        try:
            run = request_scan(account, actor=Actor.of_request(request), **form.cleaned_data)
        except ProviderError as error:
            form.refuse(error)
        else:
            if previous is not None and run.run_id == previous.run_id:
                messages.info(request, "A scan of this account is under way already: here it is.")
            return redirect("scan", run_id=run.run_id)
    return _initiation_page(request, account, form, _schedule_form(account))


@require_POST
@gone_is_404()
def account_schedule(request: HttpRequest, account_id: UUID) -> HttpResponse:
    """Changes how often the account is scanned without being asked."""
    account = account_or_404(request, account_id)
    form = ScheduleForm(request.POST)
    if form.is_valid():
        kept = schedule_of(account)  # what it reads was chosen by the API or a file, and stays
        try:
            set_schedule(
                account, actor=Actor.of_request(request), **form.cleaned_data, services=kept.services,
                regions=sorted(set(kept.regions) & selectable_regions(account)),
            )  # fmt: skip
        except ProviderError as error:
            form.refuse(error)
        else:
            messages.success(request, "Saved.")
            return redirect("account-scan", account_id=account.pk)
    return _initiation_page(request, account, ScanInitiationForm(account=account), form)


def _schedule_form(account: CloudAccount) -> ScheduleForm:
    schedule = schedule_of(account)
    return ScheduleForm(initial={"every": schedule.every, "cron": schedule.cron})


def engine_form(account: CloudAccount) -> AccountEngineForm | None:
    """None where this server has no second engine."""
    if not is_installed():
        return None
    said = {True: "on", False: "off", None: "team"}
    return AccountEngineForm(initial={"choice": said[account_choice(account)]})


def _initiation_page(
    request: HttpRequest, account: CloudAccount, form: ScanInitiationForm, schedule_form: ScheduleForm
) -> HttpResponse:
    latest = latest_of_account(scope_of(request), account.pk)
    # Two forms with two addresses on one page: whichever was refused is bound, and shows its errors.
    context = {
        "account": account,
        "form": form,
        "schedule": schedule_of(account),
        "schedule_form": schedule_form,
        "engine_form": engine_form(account),
        "active": latest if latest is not None and latest.is_active else None,
    }
    status = 422 if form.is_bound or schedule_form.is_bound else 200
    return render(request, "scans/account_scan.html", context, status=status)
