"""What the page of an organization shows: set-up first, then the tree, what failed, the rules and what happened."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest

from cloudaccounts.accounts import queries as account_queries
from cloudaccounts.contract.setup import SetupGuide
from cloudaccounts.credentials.sharing import members_through
from cloudaccounts.forms.organizations import MemberFilterForm, OnboardForm
from cloudaccounts.models import CloudAccount, Organization
from cloudaccounts.operations.workers import worker_state
from cloudaccounts.organizations import queries as organization_queries
from cloudaccounts.organizations.activity import activity
from cloudaccounts.organizations.connections import guides
from cloudaccounts.organizations.queries import Tree
from cloudaccounts.views.common import scope_of
from cloudaccounts.views.paging import page_of
from cloudaccounts.views.shown_rules import say_what_becomes, shown_rules
from teams.access import May

MEMBERS = 50  # on one page: accounts of one container, or of a filtered list


def sync_state(organization: Organization) -> dict[str, Any]:
    return {
        "organization": organization,
        "worker": worker_state("fleet", organization) if organization.is_looking else None,
    }


def page_context(request: HttpRequest, organization: Organization, form: MemberFilterForm) -> dict[str, Any]:
    scope, filters = scope_of(request), form.filters()
    connection = account_queries.find(scope, organization.connection)
    tree = Tree(scope, organization)
    # Members that have a credential of their own say nothing of the organization's access.
    through = members_through(organization.connection)
    jobs = organization_queries.jobs_of(scope, organization)
    failures = organization_queries.failures_of(scope, organization) if tree.total.failed else []
    rules = shown_rules(scope, organization, tree)
    context: dict[str, Any] = {
        **sync_state(organization),
        "form": form,
        "filters": filters,
        "connection": connection,
        "total": tree.total,
        "counted": tree.counted,
        "through": through,
        "step": _step(tree, organization, through),
        "failures": failures,
        "activity": activity(scope, organization, jobs, audit=May(scope.role).audit),
        "onboard": OnboardForm(connection=connection, scope=scope) if connection else None,
        "guides": _guides(organization, connection),
        "rules": rules,
    }
    # A search shows a flat list of members, because matches would hide in folded containers.
    if filters.narrows:
        page = page_of(organization_queries.members(scope, organization, filters), request.GET.get("page"), MEMBERS)
        return {**context, "page": page, "node": None}
    under = request.GET.get("under", "") or organization.root_id
    return {**context, **level(request, organization, tree, under, rules)}


def level(
    request: HttpRequest, organization: Organization, tree: Tree, under: str, rules: list[dict[str, Any]]
) -> dict[str, Any]:
    """One container: its containers, and a page of its accounts. An unknown one is taken for the root."""
    scope = scope_of(request)
    node = tree.nodes.get(under) or tree.nodes.get(organization.root_id)
    # The page number in the address is of the container in the address, not of one that is unfolded below it.
    number = request.GET.get("page") if request.GET.get("under", "") == under or under == organization.root_id else None
    rows = organization_queries.accounts_in(scope, organization, node.node_id if node else "")
    path = tree.way_to(node.node_id)[:-1] if node else []  # without itself
    tree.count_critical()
    if node is not None:
        say_what_becomes(rules, organization, tree, node)
    return {"node": node, "path": path, "page": page_of(rows, number, MEMBERS)}


def _step(tree: Tree, organization: Organization, through: int) -> str:
    """The step of the set-up that comes next; empty where nothing is left to be done."""
    if not through:
        return "access"
    if not organization.rules:
        return "rules"
    return "onboard" if tree.total.new or tree.total.failed else ""


def _guides(organization: Organization, connection: CloudAccount | None) -> tuple[SetupGuide, ...]:
    # The first sync learns which organization it is: commands of before would have a placeholder for its number.
    if connection is None or (organization.is_looking and not organization.root_id):
        return ()
    return guides(organization, connection)
