"""Pages of mute rules, and of severities and thresholds that a team sets for itself."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from cloudaccounts.accounts.visibility import visible_accounts
from cloudaccounts.audit.actor import Actor
from cloudaccounts.contract.errors import ProviderError
from cloudaccounts.groups import queries as group_queries
from cloudaccounts.models import AccountGroup, CloudAccount
from cloudaccounts.views.common import scope_of
from scans.findings.checks import find_check, titles_of
from scans.models import MuteRule
from scans.muting import rules as mute_rules
from scans.muting import settings
from scans.muting.forms import MuteRuleForm, SeverityForm, ThresholdsForm
from teams.names import name_order
from teams.scope import Scope

PAGE_SIZE = 50
ENDED_SHOWN = 20
ACCOUNTS = 2_000  # offered; others are named in a list's filters


@require_safe
def mute_rule_list(request: HttpRequest) -> HttpResponse:
    return _list(request)


@require_http_methods(["GET", "HEAD", "POST"])
def mute_rule_new(request: HttpRequest) -> HttpResponse:
    scope = scope_of(request)
    choices = {"accounts": _accounts(scope), "groups": group_queries.choices(scope)}
    form = MuteRuleForm(request.POST if request.method == "POST" else None, initial=_initial(request), **choices)
    if form.is_bound and form.is_valid():
        try:
            made = mute_rules.create_mute_rule(
                scope, form.match, actor=Actor.of_request(request), reason=form.cleaned_data["reason"],
                until=form.cleaned_data["until"],
            )  # fmt: skip
        except ProviderError as error:
            form.refuse(error)
        else:
            if made.job is not None:
                return redirect("job", job_id=made.job.pk)
            messages.success(request, f"The rule mutes {made.muted} finding{'' if made.muted == 1 else 's'} now.")
            return redirect("mute-rules")
    return render(request, "scans/muting/new.html", {"form": form}, status=422 if form.is_bound else 200)


@require_POST
def mute_rule_end(request: HttpRequest, rule_id: UUID) -> HttpResponse:
    rule = mute_rules.find_mute_rule(scope_of(request), rule_id)
    if rule is None:
        raise Http404
    mute_rules.end_mute_rule(rule, actor=Actor.of_request(request))
    messages.success(request, "The rule has ended: its findings count again.")
    return redirect("mute-rules")


@require_POST
def severity_set(request: HttpRequest) -> HttpResponse:
    scope, form = scope_of(request), SeverityForm(request.POST)
    if "reset" in request.POST:
        settings.reset_severity(scope.owner, request.POST["reset"][:80], actor=Actor.of_request(request))
        messages.success(request, "It has its own severity again, from the next scan on.")
        return redirect("mute-rules")
    if form.is_valid():
        try:
            settings.set_severity(scope.owner, actor=Actor.of_request(request), **form.cleaned_data)
        except ProviderError as error:
            form.refuse(error)
        else:
            messages.success(request, "Findings have this severity from the next scan on.")
            return redirect("mute-rules")
    return _list(request, status=422, severity_form=form)


@require_POST
def thresholds_set(request: HttpRequest) -> HttpResponse:
    scope, known = scope_of(request), settings.thresholds()
    form = ThresholdsForm(request.POST, known=known)
    if form.is_valid():
        for key in known:
            settings.set_threshold(scope.owner, key, form.cleaned_data[key], actor=Actor.of_request(request))
        messages.success(request, "Scans go by these numbers from the next one on.")
        return redirect("mute-rules")
    return _list(request, status=422, thresholds_form=form)


def _list(request: HttpRequest, *, status: int = 200, **forms: Any) -> HttpResponse:
    scope = scope_of(request)
    # Read whole, for a team has 500 at most and a limited member sees some of them; shown by pages.
    page = Paginator(mute_rules.mute_rules(scope), PAGE_SIZE).get_page(request.GET.get("page"))
    active, ended = list(page), mute_rules.ended_rules(scope, ENDED_SHOWN)
    names = _names(scope, [*active, *ended])
    hidden, known = mute_rules.hidden_counts(active), settings.thresholds()
    team = settings.team_settings(scope.owner)
    overrides = settings.severity_overrides(scope.owner)
    titles = titles_of([row.check_id for row in overrides])
    context = {
        "page": page,
        "rules": [
            {"rule": rule, "text": mute_rules.describe(rule, names), "hides": hidden.get(rule.pk, 0)} for rule in active
        ],
        "ended": [{"rule": rule, "text": mute_rules.describe(rule, names)} for rule in ended],
        "overrides": [
            {"row": row, "title": titles[row.check_id], "usual": check.severity if check else ""}
            for row in overrides
            for check in [find_check(row.check_id)]
        ],
        "severity_form": forms.get("severity_form") or SeverityForm(),
        "thresholds_form": forms.get("thresholds_form") or ThresholdsForm(initial=dict(team.thresholds), known=known),
    }
    return render(request, "scans/muting/list.html", context, status=status)


def _names(scope: Scope, rules: list[MuteRule]) -> dict[UUID, str]:
    """Of the accounts and groups that these rules name. Two queries."""
    accounts = CloudAccount.objects.filter(owner=scope.owner, pk__in={rule.account for rule in rules if rule.account})
    groups = AccountGroup.objects.filter(owner=scope.owner, pk__in={rule.group for rule in rules if rule.group})
    return dict(accounts.values_list("pk", "name")) | dict(groups.values_list("pk", "name"))


def _accounts(scope: Scope) -> list[tuple[str, str]]:
    rows = visible_accounts(scope).order_by("name_key", "name", "pk").values_list("pk", "name", "account_id")[:ACCOUNTS]
    return [(str(key), f"{name} ({number})") for key, name, number in sorted(rows, key=lambda row: name_order(row[1]))]


def _initial(request: HttpRequest) -> dict[str, str]:
    """From the filters of the list that leads here."""
    names = {"check": "check_id", "severity": "severity", "environment": "environment", "account": "account",
             "group": "group", "region": "region", "tag": "tag"}  # fmt: skip
    return {field: request.GET[name][:400] for name, field in names.items() if request.GET.get(name)}
