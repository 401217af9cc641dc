"""Rules of an organization: added, changed and deleted one by one, each after a dry run if wanted."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from cloudaccounts.accounts.details import ALL_REGIONS
from cloudaccounts.audit.actor import Actor
from cloudaccounts.errors import InputError
from cloudaccounts.forms.organization_rules import RuleForm
from cloudaccounts.forms.regions import LIST, SCOPE
from cloudaccounts.models import CloudAccount, Organization
from cloudaccounts.organizations.queries import Tree
from cloudaccounts.organizations.rules import ROOT, Preview, Rule, RuleBook, read_rules, rules_json, set_rules
from cloudaccounts.views.common import scope_of
from cloudaccounts.views.organizations import organization_or_404
from teams.scope import Scope


@require_http_methods(["GET", "HEAD", "POST"])
def organization_rules(request: HttpRequest, organization_id: UUID) -> HttpResponse:
    """The form of the rule of one place (``?under=``); a POST saves it, deletes it or shows what would come of it."""
    organization, scope = organization_or_404(request, organization_id), scope_of(request)
    connection = CloudAccount.objects.filter(pk=organization.connection).first()
    if connection is None:
        messages.error(request, "The account that this organization is reached through is gone.")
        return redirect("organization", organization_id=organization.pk)
    rules = rules_json(organization, scope=scope)
    under = request.POST.get("under") or request.GET.get("under", "")
    present = next((rule for rule in rules if rule["under"] == under), None)
    context: dict[str, Any] = {"organization": organization, "present": present, "limited": scope.limited}
    places = _places(scope, organization)
    context["place"] = dict(places).get(under, under).strip()
    form = RuleForm(
        request.POST if request.method == "POST" and request.POST.get("action") != "delete" else None,
        connection=connection, scope=scope, places=places,
        initial=_initial(present) if present else {"under": under},
    )  # fmt: skip
    if request.method == "POST" and not context["limited"]:
        action = request.POST.get("action", "")
        others = [rule for rule in rules if rule["under"] != under]
        try:
            if action == "delete":
                set_rules(organization, actor=Actor.of_request(request), rules=read_rules(organization, others))
                messages.success(request, "The rule is deleted. What it onboarded stays connected.")
                return redirect("organization", organization_id=organization.pk)
            if form.is_valid():
                read = read_rules(organization, [*others, form.rule()])
                if action == "save":
                    set_rules(organization, actor=Actor.of_request(request), rules=read)
                    messages.success(request, "Saved. The rule counts from the next sync on.")
                    return redirect("organization", organization_id=organization.pk)
                context |= _preview(scope, organization, read)
        except InputError as error:
            form.refuse_rule(error)
    status = 422 if form.is_bound and form.errors else 200
    return render(request, "cloudaccounts/organization_rules.html", {**context, "form": form}, status=status)


def _places(scope: Scope, organization: Organization) -> list[tuple[str, str]]:
    """Choices of a select; what is nested is indented by em spaces, since HTML collapses ordinary ones."""
    tree = Tree(scope, organization)
    places: list[tuple[str, str]] = []
    waiting = [(organization.root_id, 0)] if organization.root_id in tree.nodes else []
    while waiting:
        key, depth = waiting.pop()
        node = tree.nodes[key]
        places.append((key, "\u2003" * depth + node.name))
        if depth < 20:  # a tree that changed while it was read may hold a circle for a while
            waiting += [(child.node_id, depth + 1) for child in reversed(node.children)]
    return places or [(ROOT, "The whole organization")]


def _initial(rule: dict[str, Any]) -> dict[str, Any]:
    return {
        "under": rule["under"],
        "environment": rule["environment"],
        "groups": rule["groups"],
        "auto": "auto" if rule["auto"] else "review",
        SCOPE: ALL_REGIONS if rule["regions"] == ALL_REGIONS else LIST,
        "regions": [] if rule["regions"] == ALL_REGIONS else rule["regions"],
    }


def _preview(scope: Scope, organization: Organization, rules: list[Rule]) -> dict[str, Any]:
    preview: Preview = RuleBook(organization, rules).preview()
    names = {node.node_id: node.name for node in Tree(scope, organization).nodes.values()}
    rows = [
        {"member": join.member, "place": names.get(join.member.parent_id, join.member.parent_id), "rule": join.rule}
        for join in preview.shown
    ]
    return {"preview": preview, "rows": rows}
