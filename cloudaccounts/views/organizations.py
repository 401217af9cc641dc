"""The pages of organizations: what there is, its tree, and what is done with its members."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.http import urlencode
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from cloudaccounts.accounts import queries as account_queries
from cloudaccounts.audit.actor import Actor
from cloudaccounts.audit.exports import record_export
from cloudaccounts.contract.errors import ProviderError
from cloudaccounts.contract.organizations import organizations_of
from cloudaccounts.credentials.sharing import members_through
from cloudaccounts.forms.organizations import ConnectingForm, MemberFilterForm, OnboardForm
from cloudaccounts.models import CloudAccount, Organization
from cloudaccounts.operations.workers import worker_state
from cloudaccounts.organizations import queries as organization_queries
from cloudaccounts.organizations.connections import connect_organization, guides, ignore_members, remove_organization
from cloudaccounts.organizations.members import new_members, onboard_members, validate_members
from cloudaccounts.organizations.queries import COLUMNS, Counts, Tree
from cloudaccounts.organizations.sync import request_sync
from cloudaccounts.views.common import account_or_404, owner_of
from cloudaccounts.views.paging import page_of
from cloudaccounts.web.exports import export, wanted_format

PAGE_SIZE = 25
MEMBERS = 100  # accounts of one container, or of a filtered list, on one page


@require_safe
def organization_list(request: HttpRequest) -> HttpResponse:
    owner = owner_of(request)
    page = page_of(organization_queries.organizations(owner), request.GET.get("page"), PAGE_SIZE)
    found = list(page.object_list)
    counts = organization_queries.counts_of(row.pk for row in found)
    connections = organization_queries.accounts_by_id(row.connection for row in found)
    rows = [(row, counts.get(row.pk, Counts()), connections.get(row.connection)) for row in found]
    q = ConnectingForm(request.GET).wanted()
    context = {"page": page, "rows": rows, "q": q, "accounts": organization_queries.connecting_choices(owner, q)}
    return render(request, "cloudaccounts/organization_list.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def organization_connect(request: HttpRequest) -> HttpResponse:
    """Options first, for the account that was chosen; then the first look begins."""
    try:
        account = account_or_404(request, UUID((request.POST or request.GET).get("account", "")))
        provider = organizations_of(account.spec)
    except (ValueError, LookupError):
        raise Http404 from None
    if provider is None:
        raise Http404
    form = provider.organization_form(request.POST if request.method == "POST" else None)
    refusal = ""
    if form.is_bound and form.is_valid():
        try:
            made = connect_organization(
                account, actor=Actor.of_request(request), options={k: v or "" for k, v in form.cleaned_data.items()}
            )
        except ProviderError as error:
            refusal = f"{error.cause} {error.remedy}".strip()
        else:
            return redirect("organization", organization_id=made.pk)
    context = {"account": account, "form": form, "refusal": refusal, "label": provider.organization_label}
    return render(request, "cloudaccounts/organization_connect.html", context, status=422 if form.is_bound else 200)


@require_safe
def organization(request: HttpRequest, organization_id: UUID) -> HttpResponseBase:
    found = _or_404(request, organization_id)
    form = MemberFilterForm(request.GET)
    wanted = form.wanted()
    if wanted_file := wanted_format(request):
        record_export(
            actor=Actor.of_request(request), owner=found.owner, what=f"members of {found.title}", format=wanted_file,
            organization=str(found.pk),
        )  # fmt: skip
        rows = organization_queries.export_rows(found, wanted)
        return export(rows, columns=COLUMNS, name="organization-members", format=wanted_file)
    return render(request, "cloudaccounts/organization.html", _page(request, found, form))


@require_safe
def organization_children(request: HttpRequest, organization_id: UUID) -> HttpResponse:
    """What lies in one container, for the tree that a page unfolds."""
    found = _or_404(request, organization_id)
    context = {"organization": found, **_level(request, found, Tree(found), request.GET.get("under", ""))}
    return render(request, "cloudaccounts/parts/organization_level.html", context)


@require_safe
def organization_panel(request: HttpRequest, organization_id: UUID) -> HttpResponse:
    """Only the state of the look; when it has ended the page loads itself again, with the tree."""
    found = _or_404(request, organization_id)
    response = render(request, "cloudaccounts/panels/organization.html", _state(found))
    if not found.is_looking:
        response["HX-Refresh"] = "true"
    return response


@require_POST
def organization_sync(request: HttpRequest, organization_id: UUID) -> HttpResponse:
    found = _or_404(request, organization_id)
    try:
        request_sync(found, actor=Actor.of_request(request))
    except ProviderError as error:
        messages.error(request, f"{error.cause} {error.remedy}")
    return redirect("organization", organization_id=found.pk)


@require_http_methods(["GET", "HEAD", "POST"])
def organization_remove(request: HttpRequest, organization_id: UUID) -> HttpResponse:
    found = _or_404(request, organization_id)
    if request.method != "POST":
        count = members_through(found.connection)
        context = {"organization": found, "members": count}
        return render(request, "cloudaccounts/organization_remove.html", context)
    try:
        remove_organization(found, actor=Actor.of_request(request))
    except ProviderError as error:
        messages.error(request, f"{error.cause} {error.remedy}")
        return redirect("organization", organization_id=found.pk)
    messages.success(request, f"{found.title} is removed. The account it was reached through stays connected.")
    return redirect("organizations")


@require_POST
def organization_members(request: HttpRequest, organization_id: UUID) -> HttpResponse:
    """Tests, onboards or leaves out what was ticked: accounts, and all new and failed ones below ticked containers."""
    found = _or_404(request, organization_id)
    connection = account_queries.find(found.owner, found.connection)
    action, actor = request.POST.get("action", ""), Actor.of_request(request)
    form = OnboardForm(request.POST if action == "onboard" else None, connection=connection) if connection else None
    chosen = _chosen(request, found, failed=action in {"test", "onboard"})
    try:
        if action == "test":
            job = validate_members(found, actor=actor, members=chosen)
            return redirect("job", job_id=job.pk)
        if action == "onboard" and form is not None and form.is_valid():
            job = onboard_members(found, actor=actor, members=chosen, **form.cleaned_data)
            return redirect("job", job_id=job.pk)
    except ProviderError as error:
        messages.error(request, f"{error.cause} {error.remedy}".strip())
    if action in {"ignore", "restore"}:
        changed = ignore_members(found, chosen, actor=actor, back=action == "restore")
        words = "proposed again" if action == "restore" else "left out"
        messages.success(request, f"{changed:,} account{'' if changed == 1 else 's'} {words}.")
    elif form is not None and form.errors:
        messages.error(request, "Nothing was started: " + " ".join(str(one[0]) for one in form.errors.values()))
    back = urlencode({name: request.POST[name] for name in ("q", "state", "node") if request.POST.get(name)})
    response = redirect("organization", organization_id=found.pk)
    if back:
        response["Location"] += f"?{back.replace('node=', 'under=')}"
    return response


@require_safe
def organization_setup(request: HttpRequest, organization_id: UUID, guide: str, number: int) -> HttpResponse:
    """A template or script of the set-up instructions, filled in, as a download."""
    found = _or_404(request, organization_id)
    connection = account_or_404(request, found.connection)
    for one in guides(found, connection):
        if one.key == guide and number < len(one.snippets) and one.snippets[number].filename:
            snippet = one.snippets[number]
            return HttpResponse(
                snippet.body,
                content_type="text/plain; charset=utf-8",
                headers={"Content-Disposition": f'attachment; filename="{snippet.filename}"'},
            )
    raise Http404("There is no such file.")


def _or_404(request: HttpRequest, organization_id: UUID) -> Organization:
    found = organization_queries.find(owner_of(request), organization_id)
    if found is None:
        raise Http404
    return found


def _state(found: Organization) -> dict[str, Any]:
    return {"organization": found, "worker": worker_state("fleet") if found.is_looking else None}


def _page(request: HttpRequest, found: Organization, form: MemberFilterForm) -> dict[str, Any]:
    wanted = form.wanted()
    connection = account_queries.find(found.owner, found.connection)
    tree = Tree(found)
    context: dict[str, Any] = {
        **_state(found),
        "form": form,
        "wanted": wanted,
        "connection": connection,
        "total": tree.total,
        "jobs": organization_queries.jobs_of(found),
        "onboard": OnboardForm(connection=connection) if connection else None,
        "guides": _guides(found, connection),
    }
    if wanted.narrows:
        page = page_of(organization_queries.members(found, wanted), request.GET.get("page"), MEMBERS)
        return {**context, "page": page, "node": None}
    return {**context, **_level(request, found, tree, request.GET.get("under", "") or found.root_id)}


def _guides(found: Organization, connection: CloudAccount | None) -> Any:
    return guides(found, connection) if connection is not None else ()


def _level(request: HttpRequest, found: Organization, tree: Tree, under: str) -> dict[str, Any]:
    """One container: those in it, and a page of its accounts. An unknown one is the root."""
    node = tree.nodes.get(under) or tree.nodes.get(found.root_id)
    number = request.GET.get("page") if request.GET.get("under", "") == under or under == found.root_id else None
    rows = organization_queries.accounts_in(found, node.node_id if node else "")
    way = tree.way_to(node.node_id)[:-1] if node else []
    return {"node": node, "way": way, "page": page_of(rows, number, MEMBERS)}


def _chosen(request: HttpRequest, found: Organization, *, failed: bool) -> list[str]:
    """Ticked accounts, and those below ticked containers. What was not offered counts for nothing."""
    keys: dict[str, None] = {}
    for raw in request.POST.getlist("member"):
        try:
            keys[str(UUID(raw))] = None
        except ValueError:
            continue
    for node_id in request.POST.getlist("under"):
        keys |= dict.fromkeys(map(str, new_members(found, under=node_id, failed=failed)))
    return list(keys)
