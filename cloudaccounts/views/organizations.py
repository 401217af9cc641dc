"""Organizations: the list, the tree of one, and actions on its members."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from cloudaccounts.accounts import queries as account_queries
from cloudaccounts.audit.actor import Actor
from cloudaccounts.audit.exports import record_export
from cloudaccounts.contract.errors import ProviderError
from cloudaccounts.contract.organizations import organizations_of
from cloudaccounts.credentials.sharing import members_through
from cloudaccounts.errors import TeamLimitError
from cloudaccounts.forms.organizations import ConnectingForm, MemberFilterForm, OnboardForm
from cloudaccounts.models import Organization
from cloudaccounts.organizations import queries as organization_queries
from cloudaccounts.organizations.choosing import new_members
from cloudaccounts.organizations.connections import connect_organization, guides, ignore_members, remove_organization
from cloudaccounts.organizations.members import onboard_by_rules, onboard_members, validate_members
from cloudaccounts.organizations.queries import COLUMNS, Counts, Tree
from cloudaccounts.organizations.sync import request_sync
from cloudaccounts.views.common import account_or_404, scope_of
from cloudaccounts.views.organization_page import level, page_context, sync_state
from cloudaccounts.views.paging import page_of
from cloudaccounts.views.shown_rules import shown_rules
from cloudaccounts.web.exports import export, wanted_format

PAGE_SIZE = 25


@require_safe
def organization_list(request: HttpRequest) -> HttpResponse:
    scope = scope_of(request)
    listed = organization_queries.listed_organizations(scope)
    page = page_of(
        organization_queries.organizations(scope), request.GET.get("page"), PAGE_SIZE,
        part=lambda start, stop: listed[start:stop],
    )  # fmt: skip
    organizations = list(page.object_list)
    counts = organization_queries.counts_of(scope, (organization.pk for organization in organizations))
    connections = account_queries.account_lookup(scope, (row.connection for row in organizations))
    rows = [
        (organization, counts.get(organization.pk, Counts()), connections.get(organization.connection))
        for organization in organizations
    ]
    q = ConnectingForm(request.GET).search_text()
    context = {"page": page, "rows": rows, "q": q, "accounts": organization_queries.connecting_choices(scope, q)}
    return render(request, "cloudaccounts/organization_list.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def organization_connect(request: HttpRequest) -> HttpResponse:
    """Asks for the provider's options for the chosen account; a POST connects it and starts the first sync."""
    # From the address for the question, from the form for the answer. LookupError: a provider that is not installed.
    try:
        account = account_or_404(request, UUID((request.POST or request.GET).get("account", "")))
        provider = organizations_of(account.spec)
    except (ValueError, LookupError):
        raise Http404 from None
    if provider is None:
        raise Http404
    refused = _refused(request, request.GET.get("after", ""))
    form = provider.organization_form(
        request.POST if request.method == "POST" else None, initial=dict(refused.options) if refused else None
    )
    refusal = f"It could not be read, and nothing was connected. {refused.cause} {refused.remedy}" if refused else ""
    if form.is_bound and form.is_valid():
        try:
            organization = connect_organization(
                account, actor=Actor.of_request(request), options={k: v or "" for k, v in form.cleaned_data.items()}
            )
        except ProviderError as error:
            refusal = f"{error.cause} {error.remedy}".strip()
        else:
            return redirect("organization", organization_id=organization.pk)
    context = {"account": account, "form": form, "refusal": refusal, "label": provider.organization_label}
    return render(request, "cloudaccounts/organization_connect.html", context, status=422 if form.is_bound else 200)


@require_safe
def organization(request: HttpRequest, organization_id: UUID) -> HttpResponseBase:
    organization = organization_queries.find(scope_of(request), organization_id)
    if organization is None:
        return redirect(_page_of_refused(request, organization_id))
    form = MemberFilterForm(request.GET)
    filters = form.filters()
    if file_format := wanted_format(request):
        # Before the file is streamed: one that breaks off was taken as well.
        record_export(
            actor=Actor.of_request(request),
            owner=organization.owner,
            what=f"members of {organization.title}",
            format=file_format,
            organization=str(organization.pk),
        )
        rows = organization_queries.export_rows(scope_of(request), organization, filters)
        return export(rows, columns=COLUMNS, name="organization-members", format=file_format)
    return render(request, "cloudaccounts/organization.html", page_context(request, organization, form))


@require_safe
def organization_children(request: HttpRequest, organization_id: UUID) -> HttpResponse:
    """The content of one container, which htmx asks for when it is unfolded: a tree of 50,000 is not sent at once."""
    organization = organization_or_404(request, organization_id)
    scope = scope_of(request)
    tree = Tree(scope, organization)
    rules = shown_rules(scope, organization, tree)
    context = {
        "organization": organization,
        **level(request, organization, tree, request.GET.get("under", ""), rules),
    }
    return render(request, "cloudaccounts/parts/organization_level.html", context)


@require_safe
def organization_panel(request: HttpRequest, organization_id: UUID) -> HttpResponse:
    """The state of the sync, which the page polls. Once it has ended, HX-Refresh reloads the page with its tree."""
    organization = organization_queries.find(scope_of(request), organization_id)
    if organization is None:
        return HttpResponse(headers={"HX-Redirect": _page_of_refused(request, organization_id)})
    response = render(request, "cloudaccounts/panels/organization.html", sync_state(organization))
    if not organization.is_looking:
        response["HX-Refresh"] = "true"
    return response


@require_POST
def organization_sync(request: HttpRequest, organization_id: UUID) -> HttpResponse:
    organization = organization_or_404(request, organization_id)
    try:
        request_sync(organization, actor=Actor.of_request(request))
    except ProviderError as error:
        messages.error(request, f"{error.cause} {error.remedy}")
    return redirect("organization", organization_id=organization.pk)


@require_http_methods(["GET", "HEAD", "POST"])
def organization_remove(request: HttpRequest, organization_id: UUID) -> HttpResponse:
    organization = organization_or_404(request, organization_id)
    if request.method != "POST":
        count = members_through(organization.connection)
        context = {"organization": organization, "members": count}
        return render(request, "cloudaccounts/organization_remove.html", context)
    try:
        remove_organization(organization, actor=Actor.of_request(request))
    except ProviderError as error:
        messages.error(request, f"{error.cause} {error.remedy}")
        return redirect("organization", organization_id=organization.pk)
    messages.success(request, f"{organization.title} is removed. The account it was reached through stays connected.")
    return redirect("organizations")


@require_POST
def organization_members(request: HttpRequest, organization_id: UUID) -> HttpResponse:
    """Tests, onboards or leaves out what was ticked: accounts, and new and failed ones below ticked containers."""
    organization = organization_or_404(request, organization_id)
    connection = account_queries.find(scope_of(request), organization.connection)
    action, actor = request.POST.get("action", ""), Actor.of_request(request)
    # Bound for onboarding only: a test or a leaving out has no options that could be wrong.
    given, scope = request.POST if action == "onboard" else None, scope_of(request)
    form = OnboardForm(given, connection=connection, scope=scope) if connection else None
    member_ids = _selected(request, organization, failed=action in {"test", "onboard"})
    try:
        if action == "test":
            job = validate_members(organization, scope=scope, actor=actor, members=member_ids)
            return redirect("job", job_id=job.pk)
        if action == "onboard" and form is not None and form.is_valid():
            job = onboard_members(organization, scope=scope, actor=actor, members=member_ids, **form.cleaned_data)
            return redirect("job", job_id=job.pk)
    except TeamLimitError:
        raise  # answered 429, see config.middleware
    except ProviderError as error:
        messages.error(request, f"{error.cause} {error.remedy}".strip())
    if action in {"ignore", "restore"}:
        changed = ignore_members(organization, member_ids, scope=scope, actor=actor, back=action == "restore")
        words = "proposed again" if action == "restore" else "left out"
        messages.success(request, f"{changed:,} account{'' if changed == 1 else 's'} {words}.")
    elif form is not None and form.errors:
        messages.error(request, "Nothing was started: " + " ".join(str(errors[0]) for errors in form.errors.values()))
    # Back to where the person was: to the same search, or to the same container of the tree.
    filters = urlencode({name: request.POST[name] for name in ("q", "state", "node") if request.POST.get(name)})
    response = redirect("organization", organization_id=organization.pk)
    if filters:
        response["Location"] += f"?{filters.replace('node=', 'under=')}"
    return response


@require_POST
def organization_onboard(request: HttpRequest, organization_id: UUID) -> HttpResponse:
    """Onboards all that are new, or those that failed for one cause (``like``: one of them), as the rules say."""
    organization = organization_or_404(request, organization_id)
    scope = scope_of(request)
    if like := request.POST.get("like", ""):
        keys = organization_queries.failed_like(scope, organization, _uuid_or_404(like))
    else:
        keys = new_members(organization)
    try:
        job = onboard_by_rules(organization, actor=Actor.of_request(request), members=keys, scope=scope)
    except TeamLimitError:
        raise  # answered 429, see config.middleware
    except ProviderError as error:
        messages.error(request, f"{error.cause} {error.remedy}".strip())
        return redirect("organization", organization_id=organization.pk)
    return redirect("job", job_id=job.pk)


@require_safe
def organization_setup(request: HttpRequest, organization_id: UUID, guide: str, number: int) -> HttpResponse:
    """A template or script of the set-up instructions, filled in, as a download."""
    organization = organization_or_404(request, organization_id)
    connection = account_or_404(request, organization.connection)
    for setup_guide in guides(organization, connection):
        snippets = setup_guide.snippets
        # Files are made from the guides each time and named by them: nothing in the address becomes a path.
        if setup_guide.key == guide and number < len(snippets) and snippets[number].filename:
            snippet = snippets[number]
            return HttpResponse(
                snippet.body,
                content_type="text/plain; charset=utf-8",
                headers={"Content-Disposition": f'attachment; filename="{snippet.filename}"'},
            )
    raise Http404("There is no such file.")


def _page_of_refused(request: HttpRequest, organization_id: UUID) -> str:
    """Where to try again, for an organization that is gone because its first sync was refused. Any other is a 404."""
    refused = organization_queries.refused_connection(scope_of(request), organization_id)
    if refused is None:
        raise Http404
    return f"{reverse('organization-connect')}?account={refused.account}&after={organization_id}"


def _refused(request: HttpRequest, text: str) -> organization_queries.RefusedConnection | None:
    try:
        return organization_queries.refused_connection(scope_of(request), UUID(text))
    except ValueError:
        return None


def organization_or_404(request: HttpRequest, organization_id: UUID) -> Organization:
    organization = organization_queries.find(scope_of(request), organization_id)
    if organization is None:
        raise Http404
    return organization


def _uuid_or_404(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise Http404 from None


def _selected(request: HttpRequest, organization: Organization, *, failed: bool) -> list[str]:
    """Keys of ticked accounts, and of those below ticked containers, each once. Text that is no UUID is ignored."""
    keys: dict[str, None] = {}  # a set that keeps the order
    for raw in request.POST.getlist("member"):
        try:
            keys[str(UUID(raw))] = None
        except ValueError:
            continue
    # Resolved on the server: a container may hold thousands of members that the page never showed.
    for node_id in request.POST.getlist("under"):
        keys |= dict.fromkeys(map(str, new_members(organization, under=node_id, failed=failed)))
    return list(keys)
