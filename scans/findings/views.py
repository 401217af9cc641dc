"""The list of findings, one finding, and setting them aside."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.db.models import QuerySet
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
from cloudaccounts.models import CloudAccount
from cloudaccounts.views.common import owner_of
from cloudaccounts.views.paging import page_of
from cloudaccounts.web.exports import export, wanted_format
from scans import console_links
from scans.assets.queries import find_asset
from scans.batches import READ, pieces
from scans.findings.forms import FindingFilterForm, SuppressForm
from scans.findings.queries import find_finding, findings
from scans.findings.rules import evaluated_services, find_check
from scans.findings.suppression import suppress_findings, unsuppress_findings
from scans.models import Finding

PAGE_SIZE = 50
CHOSEN = 200  # findings set aside in one go
COLUMNS = (
    "severity", "status", "title", "check", "account_name", "account_id", "provider", "service", "region", "asset_type",
    "asset_name", "native_id", "reason", "first_seen", "last_seen", "open_since", "resolved_at", "reopened",
    "suppressed_reason", "suppressed_by", "suppressed_until", "console_link",
)  # fmt: skip
_SAME = {
    "severity", "title", "account_name", "provider", "service", "region", "asset_type", "asset_name", "native_id",
    "reason", "first_seen", "last_seen", "open_since", "resolved_at", "reopened", "suppressed_reason", "suppressed_by",
    "suppressed_until",
}  # fmt: skip


@require_safe
def finding_list(request: HttpRequest) -> HttpResponseBase:
    owner = owner_of(request)
    form = FindingFilterForm(request.GET)
    offer_groups(form.fields["group"], group_queries.choices(owner))
    wanted = form.wanted()
    rows = findings(owner, wanted)
    if asked := wanted_format(request):
        record_export(
            actor=Actor.of_request(request), owner=owner, what="findings", format=asked,
            query=request.GET.urlencode()[:300],
        )  # fmt: skip
        return export(export_rows(owner, rows), columns=COLUMNS, name="findings", format=asked)
    services_offered = evaluated_services(wanted.provider)
    form.offer_services(sorted({*services_offered, *filter(None, [wanted.service])}))
    page = page_of(rows, request.GET.get("page"), PAGE_SIZE)
    accounts = account_lookup(owner, (row.account for row in page))
    context = {
        "form": form,
        "wanted": wanted,
        "page": page,
        "rows": [{"finding": row, "account": accounts.get(row.account)} for row in page],
        "account": find(owner, wanted.account) if wanted.account else None,
        "check": find_check(wanted.check) if wanted.check else None,
    }
    return render(request, "scans/finding_list.html", context)


@require_safe
def finding(request: HttpRequest, finding_id: UUID) -> HttpResponse:
    return _page(request, _finding_or_404(request, finding_id), SuppressForm())


@require_POST
def finding_suppress(request: HttpRequest, finding_id: UUID) -> HttpResponse:
    found = _finding_or_404(request, finding_id)
    form = SuppressForm(request.POST)
    if form.is_valid():
        try:
            suppress_findings(found.owner, [found.pk], actor=Actor.of_request(request), **form.cleaned_data)
        except ProviderError as error:
            form.refuse(error)
        else:
            messages.success(request, "Set aside: it is neither counted nor told of.")
            return redirect("finding", finding_id=found.pk)
    return _page(request, found, form, status=422)


@require_POST
def finding_unsuppress(request: HttpRequest, finding_id: UUID) -> HttpResponse:
    found = _finding_or_404(request, finding_id)
    if unsuppress_findings(found.owner, [found.pk], actor=Actor.of_request(request)):
        messages.success(request, "It counts again.")
    return redirect("finding", finding_id=found.pk)


@require_http_methods(["GET", "HEAD", "POST"])
def findings_suppress(request: HttpRequest) -> HttpResponse:
    """Asks for the reason of the chosen findings, then sets them aside."""
    owner = owner_of(request)
    data = request.POST if request.method == "POST" else request.GET
    chosen = list(
        Finding.objects.filter(owner=owner, pk__in=_keys(data.getlist("finding"))).defer("history", "suppressions")
    )
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
            messages.success(request, f"{number} finding{'' if number == 1 else 's'} set aside.")
            return redirect("findings")
    status = 422 if form.is_bound else 200
    return render(request, "scans/findings_suppress.html", {"chosen": chosen, "form": form}, status=status)


def export_rows(owner: str, rows: QuerySet[Finding]) -> Iterator[dict[str, Any]]:
    """Rows of a file, read in pieces. Accounts are looked up once each."""
    accounts: dict[UUID, CloudAccount] = {}
    for piece in pieces(rows.iterator(chunk_size=READ)):
        accounts |= account_lookup(owner, {row.account for row in piece} - accounts.keys())
        for row in piece:
            account = accounts.get(row.account)
            yield {
                **{name: getattr(row, name) for name in _SAME},
                "status": row.state,
                "check": row.check_id,
                "account_id": account.account_id if account else "",
                "console_link": console_links.link_of_finding(row, account),
            }


def _page(request: HttpRequest, found: Finding, form: SuppressForm, status: int = 200) -> HttpResponse:
    account = find(found.owner, found.account)
    asset = find_asset(found.owner, found.asset)
    link = console_links.link_of_asset(asset, account) if asset else console_links.link_of_finding(found, account)
    context = {
        "finding": found,
        "check": find_check(found.check_id),
        "account": account,
        "asset": asset,
        "console_link": link,
        "history": found.told[::-1],
        "form": form,
    }
    return render(request, "scans/finding.html", context, status=status)


def _finding_or_404(request: HttpRequest, finding_id: UUID) -> Finding:
    found = find_finding(owner_of(request), finding_id)
    if found is None:
        raise Http404
    return found


def _keys(texts: list[str]) -> list[UUID]:
    """What is no key names nothing."""
    found: list[UUID] = []
    for text in texts[:CHOSEN]:
        try:
            found.append(UUID(text))
        except ValueError:
            continue
    return found
