"""The page and the side panel of one finding, and what is done there."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from cloudaccounts.accounts.queries import find
from cloudaccounts.audit.actor import Actor
from cloudaccounts.contract.errors import ProviderError
from cloudaccounts.views.common import scope_of
from scans.assets.queries import find_asset
from scans.compliance.own.catalogue import catalogue_of
from scans.engines.queries import opinions_about
from scans.findings import triage
from scans.findings.checks import find_check
from scans.findings.forms import AssignForm, CommentForm, SuppressForm
from scans.findings.queries import find_finding
from scans.findings.recheck import request_recheck
from scans.findings.remediation import remediation_of
from scans.findings.suppression import suppress_findings, unsuppress_findings
from scans.models import Finding, FindingStatus, MuteRule
from scans.runs.models import ScanUnitRecord


@require_safe
def finding_page(request: HttpRequest, finding_id: UUID) -> HttpResponse:
    return _page(request, finding_or_404(request, finding_id))


@require_safe
def finding_panel(request: HttpRequest, finding_id: UUID) -> HttpResponse:
    """The side panel of the list, which is loaded into it."""
    context = finding_context(request, finding_or_404(request, finding_id))
    return render(request, "scans/parts/finding_drawer.html", context)


@require_POST
def finding_suppress(request: HttpRequest, finding_id: UUID) -> HttpResponse:
    finding = finding_or_404(request, finding_id)
    form = SuppressForm(request.POST)
    if form.is_valid():
        try:
            suppress_findings(scope_of(request), [finding.pk], actor=Actor.of_request(request), **form.cleaned_data)
        except ProviderError as error:
            form.refuse(error)
        else:
            messages.success(request, "Suppressed: it is neither counted nor notified about.")
            return redirect("finding", finding_id=finding.pk)
    return _page(request, finding, form=form, status=422)


@require_POST
def finding_unsuppress(request: HttpRequest, finding_id: UUID) -> HttpResponse:
    finding = finding_or_404(request, finding_id)
    if unsuppress_findings(scope_of(request), [finding.pk], actor=Actor.of_request(request)):
        messages.success(request, "It counts again.")
    return redirect("finding", finding_id=finding.pk)


@require_POST
def finding_assign(request: HttpRequest, finding_id: UUID) -> HttpResponse:
    """Whose it is, and until when."""
    finding, scope, actor = finding_or_404(request, finding_id), scope_of(request), Actor.of_request(request)
    form = AssignForm(request.POST, people=triage.people(scope))

    def change() -> None:
        triage.assign(scope, [finding.pk], actor=actor, assignee=form.cleaned_data["assignee"])
        triage.set_due(scope, [finding.pk], actor=actor, due=form.cleaned_data["due"])

    return _done(request, finding, form, change, "Saved.", assign_form=form)


@require_POST
def finding_comment(request: HttpRequest, finding_id: UUID) -> HttpResponse:
    finding = finding_or_404(request, finding_id)
    form = CommentForm(request.POST)

    def change() -> None:
        triage.comment(finding, actor=Actor.of_request(request), text=form.cleaned_data["text"])

    return _done(request, finding, form, change, "", comment_form=form)


@require_POST
def finding_recheck(request: HttpRequest, finding_id: UUID) -> HttpResponse:
    finding = finding_or_404(request, finding_id)
    try:
        job = request_recheck(scope_of(request), [finding.pk], actor=Actor.of_request(request))
    except ProviderError as error:
        messages.error(request, f"{error.cause} {error.remedy}")
        return redirect("finding", finding_id=finding.pk)
    messages.info(request, "The resource is read now. What comes of it is on this page, and in the finding's history.")
    return redirect("job", job_id=job.pk)


def finding_or_404(request: HttpRequest, finding_id: UUID) -> Finding:
    finding = find_finding(scope_of(request), finding_id)
    if finding is None:
        raise Http404
    return finding


def finding_context(request: HttpRequest, finding: Finding, **forms: Any) -> dict[str, Any]:
    """What the page and the side panel show. A fixed number of queries."""
    scope = scope_of(request)
    account, asset = find(scope, finding.account), find_asset(scope, finding.asset)
    remediation = remediation_of(finding, account, asset)
    assign_form = forms.get("assign_form") or AssignForm(
        initial={"assignee": finding.assignee, "due": finding.due}, people=triage.people(scope)
    )
    return {
        "finding": finding,
        "check": find_check(finding.check_id),
        "account": account,
        "asset": asset,
        "console_link": remediation.console_url,
        "remediation": remediation,
        "controls": catalogue_of(scope.owner).citations_of(finding.check_id),
        "history": finding.timeline[::-1],
        "comments": triage.comments_of(finding),
        "rule": find_rule(scope.owner, finding.mute_rule) if finding.mute_rule else None,
        "unread": _unread(finding, asset),
        "opinions": opinions_about(finding),
        "tags": sorted((asset.tags or {}).items()) if asset else [],
        "form": forms.get("form") or SuppressForm(),
        "assign_form": assign_form,
        "comment_form": forms.get("comment_form") or CommentForm(),
        "back": reverse("findings"),
    }


def find_rule(owner: str, rule: UUID) -> MuteRule | None:
    return MuteRule.objects.filter(pk=rule, owner=owner).first()


def _unread(finding: Finding, asset: Any) -> ScanUnitRecord | None:
    """The reading of the asset's service where it is a gap: then the finding could not be confirmed since."""
    if asset is None or finding.status != FindingStatus.OPEN:
        return None
    records = ScanUnitRecord.objects.filter(account=finding.account, service=asset.service, region=asset.unit_region)
    return records.filter(gap_since__isnull=False).first()


def _done(
    request: HttpRequest, finding: Finding, form: Any, change: Callable[[], object], text: str, **forms: Any
) -> HttpResponse:
    if form.is_valid():
        try:
            change()
        except ProviderError as error:
            form.refuse(error)
        else:
            if text:
                messages.success(request, text)
            return redirect("finding", finding_id=finding.pk)
    return _page(request, finding, status=422, **forms)


def _page(request: HttpRequest, finding: Finding, *, status: int = 200, **forms: Any) -> HttpResponse:
    return render(request, "scans/finding.html", finding_context(request, finding, **forms), status=status)
