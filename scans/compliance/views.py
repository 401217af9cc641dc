"""Pages of compliance: frameworks, one framework with its report and its files, one control and its answer."""

from __future__ import annotations

import json
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from cloudaccounts.accounts.queries import find
from cloudaccounts.audit.actor import Actor
from cloudaccounts.audit.exports import record_export
from cloudaccounts.contract.errors import ProviderError
from cloudaccounts.forms.accounts import offer_groups
from cloudaccounts.groups import queries as group_queries
from cloudaccounts.views.common import scope_of
from cloudaccounts.views.paging import page_of
from cloudaccounts.web.exports import export, wanted_format
from scans.compliance.answers import answer_control, withdraw_answer
from scans.compliance.controls import answer_history, check_lines, exceptions_shown, failing_findings
from scans.compliance.course import course_of
from scans.compliance.coverage import by_gap, coverage_of
from scans.compliance.evaluation import LETTERS, ControlResult, is_answerable
from scans.compliance.exports import COLUMNS, control_rows
from scans.compliance.fleet import FRAMEWORKS, is_large
from scans.compliance.forms import AnswerForm, ScopeForm
from scans.compliance.own.catalogue import find_framework, frameworks_of, is_own
from scans.compliance.own.services import find_own
from scans.compliance.pages import account_rows, bar, course, grouped
from scans.compliance.queries import Report, report_on, reports_on
from scans.compliance.reports import report_context
from scans.compliance.schema import Control, Framework
from scans.compliance.scope import ReportScope, accounts_in_scope
from scans.compliance.shapes import control_json, coverage_json, report_json
from scans.findings.exports import export_columns, export_rows

PAGE_SIZE = 50
ACCOUNTS = 500  # on a page of their own
ACCOUNTS_SHOWN = 20  # of a control, the worst first
ACCOUNTS_BESIDE = 10  # beside the controls; the others have a page of their own
VIEWS = ("controls", "accounts", "exceptions", "history", "report")


@require_safe
def framework_list(request: HttpRequest) -> HttpResponse:
    counted = None
    if not (request.GET.get("account") or request.GET.get("group")) and is_large(scope_of(request)):
        counted = FRAMEWORKS.of(scope_of(request))
        form, scope, reports = _form(request), ReportScope(scope_of(request), ()), counted.numbers
    else:
        form, scope = _scope(request)
        reports = reports_on(frameworks_of(scope.owner).values(), scope)
    context = {
        "form": form,
        "scope": scope,
        "counted": counted,
        # A framework of a cloud that has no account in scope says nothing of anybody: it is listed apart.
        "rows": [
            {"report": report, "bar": bar(report.totals), "own": is_own(report.framework.slug)}
            for report in reports
            if report.accounts
        ],
        "idle": [report.framework for report in reports if not report.accounts],
    }
    return render(request, "scans/compliance/framework_list.html", context)


@require_safe
def framework_page(request: HttpRequest, slug: str) -> HttpResponseBase:
    framework = _framework_or_404(request, slug)
    form, scope = _scope(request, framework.provider)
    report = report_on(framework, scope)
    if request.GET.get("format") == "ocsf":
        return _ocsf_file(request, report)
    if file_format := wanted_format(request):
        _record_export(request, framework.slug, file_format)
        # A table has one kind of row, so CSV holds the controls alone; what was not read stands in JSON and in the
        # report.
        if file_format == "json":
            body = {**report_json(report), "not_read": coverage_json(coverage_of(scope, framework.provider))}
            return _json_file(body, framework.slug)
        return export(control_rows(report), columns=COLUMNS, name=framework.slug, format=file_format)
    view = request.GET.get("view", "")
    # A view that does not exist is the first one, so that old links keep working.
    view = view if view in VIEWS else "controls"
    context = {
        "form": form,
        "scope": scope,
        "report": report,
        "framework": framework,
        "totals": report.totals,
        "view": view,
        "own": find_own(scope.owner, slug) if is_own(slug) else None,
        **_view_context(request, view, report, form),
    }
    template = "report" if view == "report" else "framework"
    return render(request, f"scans/compliance/{template}.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def control_page(request: HttpRequest, slug: str, control_id: str) -> HttpResponseBase:
    """GET shows how it stands and why; POST answers it, where it is a person's to answer."""
    framework = _framework_or_404(request, slug)
    control = _control_or_404(framework, control_id)
    form = AnswerForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            answer_control(
                scope_of(request).owner, framework, control, actor=Actor.of_request(request), **form.cleaned_data
            )
        except ProviderError as error:
            form.refuse(error)
        else:
            messages.success(request, f"Answered: control {control.id} {form.cleaned_data['state']}.")
            return redirect("compliance-control", slug=slug, control_id=control.id)
    return _control_page(request, framework, control, form)


@require_POST
def answer_withdraw(request: HttpRequest, slug: str, control_id: str) -> HttpResponse:
    framework = _framework_or_404(request, slug)
    control = _control_or_404(framework, control_id)
    if withdraw_answer(scope_of(request).owner, framework, control, actor=Actor.of_request(request)):
        messages.success(request, f"The answer for control {control.id} was withdrawn: it waits for a person again.")
    return redirect("compliance-control", slug=slug, control_id=control.id)


def _control_page(request: HttpRequest, framework: Framework, control: Control, form: AnswerForm) -> HttpResponseBase:
    scope_form, scope = _scope(request)
    report = report_on(framework, scope)
    result = report.result_of(control.id)
    # The report has a result for each control of its framework, and this one is of it.
    assert result is not None
    findings = failing_findings(scope, framework, control.rules)
    name = f"{framework.slug}-{control.id}"
    if file_format := wanted_format(request):
        _record_export(request, name, file_format)
        columns = export_columns(file_format)
        if file_format == "json":
            failures = list(export_rows(scope.team, findings, columns))
            return _json_file({**control_json(report, result), "framework": framework.slug, "failures": failures}, name)
        return export(export_rows(scope.team, findings, columns), columns=columns, name=name, format=file_format)
    context = {
        "form": form,
        "scope_form": scope_form,
        "scope": scope,
        "framework": framework,
        "report": report,
        "result": result,
        "control": control,
        "checks": check_lines(control, report.facts),
        "adjustments": report.adjustments_of(control),
        "accounts": _account_states(framework, scope, result)[:ACCOUNTS_SHOWN],
        "page": page_of(findings, request.GET.get("page"), PAGE_SIZE),
        "gaps": by_gap(coverage_of(scope, framework.provider)),
        "answerable": is_answerable(control),
        "answers": answer_history(scope.owner, framework, control) if control.assessment == "manual" else [],
        "neighbours": _beside(framework, control),
    }
    # Bound means refused: an answer that was taken has been redirected.
    status = 422 if form.is_bound else 200
    return render(request, "scans/compliance/control.html", context, status=status)


def _account_states(framework: Framework, scope: ReportScope, result: ControlResult) -> list[dict[str, Any]]:
    """Each account that the framework is about, with its state; failing ones first."""
    order = ("failed", "unknown", "muted", "not_covered", "passed")
    letters = result.accounts.letters(len(scope.accounts))
    rows = [
        (order.index(state), {"account": account, "state": state})
        for letter, account in zip(letters, scope.accounts, strict=True)
        if framework.provider in {"", account.provider} and (state := LETTERS[letter].value)
    ]
    return [row for _, row in sorted(rows, key=lambda pair: pair[0])]


def _view_context(request: HttpRequest, view: str, report: Report, form: ScopeForm) -> dict[str, Any]:
    scope, framework = report.facts.scope, report.framework
    if view == "report":
        return report_context(report, prepared_by=request.user.get_username(), now=timezone.now())
    if view == "history":
        days = course_of(scope, framework.slug)
        return {"days": days[::-1], "course": course(days)}
    if view == "exceptions":
        rules = {rule for control in framework.controls for rule in control.rules}
        findings = failing_findings(scope, framework, sorted(rules), suppressed=True)
        page = page_of(findings, request.GET.get("page"), PAGE_SIZE)
        return {"page": page, "exceptions": exceptions_shown(scope.owner, page.object_list)}
    columns, accounts = account_rows(report)
    if view == "accounts":
        page = Paginator(accounts, ACCOUNTS).get_page(request.GET.get("page"))
        return {"columns": columns, "rows": page.object_list, "page": page}
    show = form.values().get("show", "")
    return {
        "groups": grouped(report.results, report, only=show),
        "show": show,
        "columns": columns,
        "rows": accounts[:ACCOUNTS_BESIDE],
        "gaps": by_gap(coverage_of(scope, framework.provider)),
    }


def _scope(request: HttpRequest, provider: str = "") -> tuple[ScopeForm, ReportScope]:
    """``provider`` as of `accounts_in_scope`. Raises `Http404` for an account that is not the reader's."""
    team, form = scope_of(request), _form(request)
    values = form.values()
    if values.get("account") and find(team, values["account"]) is None:
        raise Http404
    return form, accounts_in_scope(team, account=values.get("account"), group=values.get("group"), provider=provider)


def _form(request: HttpRequest) -> ScopeForm:
    form = ScopeForm(request.GET)
    offer_groups(form.fields["group"], group_queries.choices(scope_of(request)))
    return form


def _record_export(request: HttpRequest, what: str, file_format: str) -> None:
    """Recorded before the file is sent: one that breaks off was taken as well."""
    record_export(
        actor=Actor.of_request(request), owner=scope_of(request).owner, what=f"compliance {what}", format=file_format,
        query=request.GET.urlencode()[:300],
    )  # fmt: skip


def _ocsf_file(request: HttpRequest, report: Report) -> HttpResponse:
    # Loaded when it is asked for: the classes of the schema are many (docs/decisions/0012).
    from scans.compliance.ocsf import CONTENT_TYPE, control_events

    slug = report.framework.slug
    _record_export(request, slug, "ocsf")
    answer = HttpResponse("".join(control_events(report)), content_type=CONTENT_TYPE)
    answer["Content-Disposition"] = f'attachment; filename="{slug}-{timezone.now():%Y-%m-%d}.ocsf.ndjson"'
    answer["X-Content-Type-Options"] = "nosniff"
    return answer


def _json_file(body: dict[str, Any], name: str) -> HttpResponse:
    answer = HttpResponse(json.dumps(body, default=str, indent=1), content_type="application/json; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="{name}-{timezone.now():%Y-%m-%d}.json"'
    # Names in it come from strangers: no browser may take the file for a page.
    answer["X-Content-Type-Options"] = "nosniff"
    return answer


def _beside(framework: Framework, control: Control) -> dict[str, Control | None]:
    place = framework.controls.index(control)
    following = framework.controls[place + 1 : place + 2]
    return {"previous": framework.controls[place - 1] if place else None, "next": following[0] if following else None}


def _framework_or_404(request: HttpRequest, slug: str) -> Framework:
    framework = find_framework(scope_of(request).owner, slug)
    if framework is None:
        raise Http404
    return framework


def _control_or_404(framework: Framework, identifier: str) -> Control:
    control = framework.control(identifier)
    if control is None:
        raise Http404
    return control
