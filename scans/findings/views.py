"""Pages of findings: the list, with its export, one finding, and suppressing them."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from cloudaccounts.accounts.queries import account_lookup, find
from cloudaccounts.audit.actor import Actor
from cloudaccounts.audit.exports import record_export
from cloudaccounts.contract.errors import ProviderError
from cloudaccounts.forms.accounts import offer_groups
from cloudaccounts.groups import queries as group_queries
from cloudaccounts.views.common import owner_of
from cloudaccounts.views.paging import page_of
from cloudaccounts.web.exports import export, wanted_format
from scans.assets.queries import find_asset
from scans.findings.checks import evaluated_services, find_check
from scans.findings.exports import export_columns, export_rows
from scans.findings.forms import FindingFilterForm, SuppressForm
from scans.findings.queries import LONG_COLUMNS, find_finding, findings
from scans.findings.remediation import remediation_of
from scans.findings.suppression import suppress_findings, unsuppress_findings
from scans.models import Finding

PAGE_SIZE = 50
MAX_CHOSEN = 200  # findings suppressed in one go


@require_safe
def finding_list(request: HttpRequest) -> HttpResponseBase:
    owner = owner_of(request)
    form = FindingFilterForm(request.GET)
    offer_groups(form.fields["group"], group_queries.choices(owner))
    filters = form.filters()
    rows = findings(owner, filters)
    if file_format := wanted_format(request):
        # Recorded before the file is streamed: one that breaks off was taken as well.
        record_export(
            actor=Actor.of_request(request), owner=owner, what="findings", format=file_format,
            query=request.GET.urlencode()[:300],
        )  # fmt: skip
        columns = export_columns(file_format)
        return export(export_rows(owner, rows, columns), columns=columns, name="findings", format=file_format)
    services_offered = evaluated_services(filters.provider)
    # The one that the address names stays choosable, even where no check is of it any more.
    form.offer_services(sorted({*services_offered, *filter(None, [filters.service])}))
    page = page_of(rows, request.GET.get("page"), PAGE_SIZE)
    accounts = account_lookup(owner, (row.account for row in page))
    context = {
        "form": form,
        "filters": filters,
        "page": page,
        "rows": [{"finding": row, "account": accounts.get(row.account)} for row in page],
        "account": find(owner, filters.account) if filters.account else None,
        "check": find_check(filters.check) if filters.check else None,
    }
    return render(request, "scans/finding_list.html", context)


@require_safe
def finding_page(request: HttpRequest, finding_id: UUID) -> HttpResponse:
    return _page(request, _finding_or_404(request, finding_id), SuppressForm())


@require_POST
def finding_suppress(request: HttpRequest, finding_id: UUID) -> HttpResponse:
    finding = _finding_or_404(request, finding_id)
    form = SuppressForm(request.POST)
    if form.is_valid():
        try:
            suppress_findings(finding.owner, [finding.pk], actor=Actor.of_request(request), **form.cleaned_data)
        except ProviderError as error:
            form.refuse(error)
        else:
            messages.success(request, "Suppressed: it is neither counted nor notified about.")
            return redirect("finding", finding_id=finding.pk)
    return _page(request, finding, form, status=422)


@require_POST
def finding_unsuppress(request: HttpRequest, finding_id: UUID) -> HttpResponse:
    finding = _finding_or_404(request, finding_id)
    if unsuppress_findings(finding.owner, [finding.pk], actor=Actor.of_request(request)):
        messages.success(request, "It counts again.")
    return redirect("finding", finding_id=finding.pk)


@require_http_methods(["GET", "HEAD", "POST"])
def findings_suppress(request: HttpRequest) -> HttpResponse:
    """GET asks for the reason of the chosen findings, POST suppresses them."""
    owner = owner_of(request)
    data = request.POST if request.method == "POST" else request.GET
    # By owner: ids of other people's findings name nothing.
    chosen = list(Finding.objects.filter(owner=owner, pk__in=_keys(data.getlist("finding"))).defer(*LONG_COLUMNS))
    chosen.sort(key=lambda row: (row.severity_rank, row.title, row.asset_name))
    if not chosen:
        messages.info(request, "Choose findings in the list first.")
        return redirect("findings")
    form = SuppressForm(request.POST if request.method == "POST" else None)
    if form.is_bound and form.is_valid():
        try:
            number = suppress_findings(
                owner, [row.pk for row in chosen], actor=Actor.of_request(request), **form.cleaned_data
            )
        except ProviderError as error:
            form.refuse(error)
        else:
            messages.success(request, f"{number} finding{'' if number == 1 else 's'} suppressed.")
            return redirect("findings")
    status = 422 if form.is_bound else 200
    return render(request, "scans/findings_suppress.html", {"chosen": chosen, "form": form}, status=status)


def _page(request: HttpRequest, finding: Finding, form: SuppressForm, status: int = 200) -> HttpResponse:
    account = find(finding.owner, finding.account)
    asset = find_asset(finding.owner, finding.asset)
    remediation = remediation_of(finding, account, asset)
    context = {
        "finding": finding,
        "check": find_check(finding.check_id),
        "account": account,
        "asset": asset,
        "console_link": remediation.console_url,
        "remediation": remediation,
        "history": finding.timeline[::-1],
        "form": form,
    }
    return render(request, "scans/finding.html", context, status=status)


def _finding_or_404(request: HttpRequest, finding_id: UUID) -> Finding:
    finding = find_finding(owner_of(request), finding_id)
    if finding is None:
        raise Http404
    return finding


def _keys(texts: list[str]) -> list[UUID]:
    """The texts that are UUIDs; anything else names no finding and is left out."""
    keys: list[UUID] = []
    for text in texts[:MAX_CHOSEN]:
        try:
            keys.append(UUID(text))
        except ValueError:
            continue
    return keys
