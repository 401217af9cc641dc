"""Calls about organizations: connected, synced, onboarded, and ruled. Long work answers with a job.

No postponed annotations here: ninja reads them through decorators.
"""

from collections.abc import Iterable
from datetime import datetime
from functools import partial
from typing import Annotated, Any, Literal
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from ninja import Query, Router
from pydantic import BaseModel, Field

from cloudaccounts.accounts.details import ALL_REGIONS
from cloudaccounts.api import examples
from cloudaccounts.api.accounts import account_or_404
from cloudaccounts.api.answers import ApiError, problem, reply
from cloudaccounts.api.auth import actor_of, scope_of
from cloudaccounts.api.conditional import check_match, tagged
from cloudaccounts.api.one_at_a_time import one_at_a_time
from cloudaccounts.api.openapi import answers
from cloudaccounts.api.paging import page_of, refuse_unknown, slice_of
from cloudaccounts.api.schemas import Input, Listed, Page, Regions, Text, environment_schema
from cloudaccounts.api.work import JobStarted
from cloudaccounts.errors import InputError
from cloudaccounts.models import Organization, OrganizationMember
from cloudaccounts.models.organization import MemberState, ProviderState, SyncState
from cloudaccounts.organizations import queries as organization_queries
from cloudaccounts.organizations.choosing import new_members
from cloudaccounts.organizations.connections import connect_organization
from cloudaccounts.organizations.members import onboard_by_rules, onboard_members
from cloudaccounts.organizations.queries import STATES, Counts, MemberFilter
from cloudaccounts.organizations.rules import Preview, Rule, RuleBook, read_rules, rules_json, set_rules
from cloudaccounts.organizations.sync_jobs import start_sync
from teams.scope import Scope

organizations = Router(tags=["Organizations"])
MOST_MEMBERS = 5000
Unit = Annotated[str, Field(description="Where in the tree: its id at the cloud, or “root”.", examples=["root"])]
GroupNames = Annotated[list[Text], Field(max_length=20, description="Names or ids of your groups.", examples=[[]])]
ENVIRONMENT = Field(json_schema_extra=environment_schema, examples=["production"])


class Numbers(BaseModel):
    """Its accounts; the new, onboarded and failed ones among those that the cloud calls active."""

    accounts: int
    new: int
    onboarded: int
    failed: int
    inactive: int


class OrganizationRow(BaseModel):
    id: UUID
    provider: Annotated[str, Field(examples=[examples.PROVIDER])]
    name: Annotated[str, Field(examples=["Meadowlark"])]
    root_id: Annotated[str, Field(description="Empty before the first sync.", examples=["r-mdlk"])]
    account: Annotated[UUID, Field(description="The connected account that it is reached through.")]
    options: Annotated[dict[str, str], Field(examples=[{"role_name": "CloudAccountsReader"}])]
    sync_state: SyncState
    last_synced_at: datetime | None
    next_sync_at: datetime | None
    code: Annotated[str, Field(description="Of the last sync; empty where it went well.")]
    cause: str
    remedy: str
    members: Numbers


class OrganizationPage(Listed):
    items: list[OrganizationRow]


class NewOrganization(Input):
    account: Annotated[UUID, Field(description="A connected account that can see the others.")]
    options: Annotated[
        dict[str, Text],
        Field(description="AWS: role_name. Azure, Google Cloud: root.", examples=[{}], max_length=10),
    ] = {}


class Member(BaseModel):
    id: UUID
    account_id: Annotated[str, Field(examples=["111122223333"])]
    name: Annotated[str, Field(examples=["payments-prod"])]
    under: Unit
    state: MemberState
    provider_state: ProviderState
    account: Annotated[UUID | None, Field(description="The connected account, once onboarded.")]
    code: str
    cause: str
    remedy: str
    tested_at: datetime | None
    first_seen_at: datetime


class MemberPage(Listed):
    items: list[Member]


class MemberQuery(Page):
    state: Annotated[Literal["", *STATES], Field(description="Of an account here, or at the cloud.")] = ""  # type: ignore[valid-type]
    under: Annotated[str, Field(max_length=200, description="In and below this place of the tree.")] = ""
    q: Annotated[str, Field(max_length=120, description="Part of the name, or the start of the account id.")] = ""


class RuleGiven(Input):
    """What members below a place of the tree become. The nearest rule counts, whole."""

    under: Annotated[Text, Field(description="The place's id at the cloud, or “root”.", examples=["root"])]
    environment: Annotated[Text, ENVIRONMENT]
    groups: GroupNames = []
    regions: Annotated[Regions, Field(examples=["all"])] = [ALL_REGIONS]
    auto: Annotated[bool, Field(description="Onboard without being asked, within a sync.", examples=[True])] = False


class RulesGiven(Input):
    rules: Annotated[list[RuleGiven], Field(max_length=200, description="All of them: they replace those before.")]


class RuleRow(BaseModel):
    under: Unit
    environment: Annotated[str, ENVIRONMENT]
    groups: Annotated[list[str], Field(description="By name.", examples=[["Payments"]])]
    regions: Annotated[list[str] | Literal["all"], Field(examples=["all"])]
    auto: bool


class Proposal(BaseModel):
    member: UUID
    account_id: Annotated[str, Field(examples=["111122223333"])]
    name: Annotated[str, Field(examples=["payments-prod"])]
    under: Unit
    rule: Annotated[RuleRow | None, Field(description="null: no rule is about it, so it waits for a person.")]


class DryRun(BaseModel):
    """What the next sync would do with members that are not onboarded; the first 200 of them."""

    automatic: int
    waiting: Annotated[int, Field(description="A rule says what they become; a person starts it.")]
    without_rule: int
    members: list[Proposal]


class RulesAnswer(BaseModel):
    rules: list[RuleRow]
    dry_run: DryRun | None = None


class RulesQuery(BaseModel):
    dry_run: Annotated[bool, Field(description="Store nothing, and say what would come of it.")] = False


class OnboardGiven(Input):
    """Which members, and what they become; without `environment` that is what their rules say."""

    members: Annotated[
        list[UUID], Field(max_length=MOST_MEMBERS, description="Ids of members; all new and failed ones without it.")
    ] = []
    under: Annotated[Text, Field(description="All new and failed ones in and below this place.")] = ""
    environment: Annotated[Text, Field(json_schema_extra=environment_schema)] = ""
    groups: GroupNames = []
    regions: Annotated[Regions, Field(examples=["all"])] = [ALL_REGIONS]


@organizations.get("/", summary="List organizations", **answers({200: OrganizationPage}, 422))
def list_organizations(request: HttpRequest, query: Query[Page]) -> HttpResponse:
    """By name."""
    refuse_unknown(request, Page)
    scope = scope_of(request)
    return slice_of(organization_queries.listed_organizations(scope), query, partial(_rows, scope))


@organizations.post(
    "/",
    summary="Connect an organization",
    **answers({201: OrganizationRow}, 404, 409, body=True),
)
def add_organization(request: HttpRequest, body: NewOrganization) -> HttpResponse:
    """Through a connected account that can see the others. The first sync starts at once; repeating it changes the
    options. Where that sync is refused, nothing is connected, and for a day the organization's 404 says why."""
    account = account_or_404(request, body.account)
    row = connect_organization(account, actor=actor_of(request), options=body.options)
    return reply(_rows(scope_of(request), [row])[0], 201)


@organizations.get("/{uuid:organization_id}", summary="One organization", **answers({200: OrganizationRow}, 404))
def get_organization(request: HttpRequest, organization_id: UUID) -> HttpResponse:
    return reply(_rows(scope_of(request), [_organization_or_404(request, organization_id)])[0])


@organizations.get("/{uuid:organization_id}/members", summary="List members", **answers({200: MemberPage}, 404, 422))
def list_members(request: HttpRequest, organization_id: UUID, query: Query[MemberQuery]) -> HttpResponse:
    """The accounts of its tree, by name."""
    refuse_unknown(request, MemberQuery)
    row = _organization_or_404(request, organization_id)
    filters = MemberFilter(q=query.q, state=query.state, under=query.under)
    return page_of(organization_queries.members(scope_of(request), row, filters), query, _members)


@organizations.post("/{uuid:organization_id}/sync", summary="Sync an organization", **answers({202: JobStarted}, 404))
def sync(request: HttpRequest, organization_id: UUID) -> HttpResponse:
    """Reads its tree anew. Asked for again while it is under way, it is the same job."""
    row = _organization_or_404(request, organization_id)
    return reply({"job_id": start_sync(row, actor=actor_of(request), scope=scope_of(request)).pk}, 202)


@organizations.post(
    "/{uuid:organization_id}/onboard",
    summary="Onboard members",
    **answers(
        {202: JobStarted}, 404, body=True,
        examples={
            "All new and failed ones, by their rules": {},
            "All, as production": {"environment": "production", "regions": "all"},
        },
    ),
)  # fmt: skip
def onboard(request: HttpRequest, organization_id: UUID, body: OnboardGiven | None = None) -> HttpResponse:
    """Each is validated live and connected, several at a time. Without `environment` by their rules."""
    given = body or OnboardGiven()
    row = _organization_or_404(request, organization_id)
    chosen: Iterable[UUID] = given.members or new_members(row, under=given.under, failed=True)
    scope = scope_of(request)
    if scope.limited and not (given.environment and given.groups):
        raise InputError({"groups": "Your membership is limited to groups: give an environment and one of them."})
    if given.environment:
        job = onboard_members(
            row, actor=actor_of(request), members=chosen, environment=given.environment,
            regions=_regions(given.regions), groups=given.groups, scope=scope, may_be_none=not given.members,
        )  # fmt: skip
    else:
        job = onboard_by_rules(row, actor=actor_of(request), members=chosen, scope=scope, may_be_none=not given.members)
    return reply({"job_id": job.pk}, 202)


@organizations.get("/{uuid:organization_id}/rules", summary="Rules for members", **answers({200: RulesAnswer}, 404))
def get_rules(request: HttpRequest, organization_id: UUID) -> HttpResponse:
    """With what the next sync would do."""
    row = _organization_or_404(request, organization_id)
    scope = scope_of(request)
    rules = rules_json(row, scope=scope)
    answer = {"rules": rules, "dry_run": _dry_run(scope, row, RuleBook(row).preview())}
    return tagged(reply(answer), rules)


@organizations.put(
    "/{uuid:organization_id}/rules",
    summary="Replace the rules",
    **answers(
        {200: RulesAnswer}, 404, body=True, matched=True,
        examples={
            "Everything joins as it comes": {
                "rules": [{"under": "root", "environment": "production", "regions": "all", "auto": True}]
            },
            "No rules": {"rules": []},
        },
    ),
)  # fmt: skip
@one_at_a_time
def put_rules(request: HttpRequest, organization_id: UUID, body: RulesGiven, query: Query[RulesQuery]) -> HttpResponse:
    """They count from the next sync on. With `dry_run=true` nothing is stored."""
    row = _organization_or_404(request, organization_id)
    if scope_of(request).limited:
        raise InputError({"rules": "Rules are about all that joins: your membership is limited to groups."})
    check_match(request, rules_json(row))
    given = [{**rule.model_dump(), "regions": _regions(rule.regions)} for rule in body.rules]
    rules = read_rules(row, given)
    if not query.dry_run:
        set_rules(row, actor=actor_of(request), rules=rules)
    written = rules_json(row, rules)
    answer = {"rules": written, "dry_run": _dry_run(scope_of(request), row, RuleBook(row, rules).preview())}
    return tagged(reply(answer), rules_json(row))


def _regions(regions: list[str]) -> str | list[str]:
    return ALL_REGIONS if regions == [ALL_REGIONS] else regions


def _organization_or_404(request: HttpRequest, organization_id: UUID) -> Organization:
    row = organization_queries.find(scope_of(request), organization_id)
    if row is not None:
        return row
    if refused := organization_queries.refused_connection(scope_of(request), organization_id):
        raise ApiError(problem(404, refused.code, refused.cause, refused.remedy))
    raise Http404


def _rows(scope: Scope, rows: Iterable[Organization]) -> list[dict[str, Any]]:
    listed = list(rows)
    counts = organization_queries.counts_of(scope, (row.pk for row in listed))
    return [
        {
            "id": row.pk, "name": row.title, "account": row.connection,
            **{name: getattr(row, name) for name in OrganizationRow.model_fields
               if name not in {"id", "name", "account", "members"}},
            "members": {name: getattr(counts.get(row.pk, Counts()), name) for name in Numbers.model_fields},
        }
        for row in listed
    ]  # fmt: skip


def _members(rows: Iterable[OrganizationMember]) -> list[dict[str, Any]]:
    plain = [name for name in Member.model_fields if name not in {"id", "under"}]
    return [{"id": row.pk, "under": row.parent_id, **{name: getattr(row, name) for name in plain}} for row in rows]


def _dry_run(scope: Scope, row: Organization, preview: Preview) -> dict[str, Any]:
    rules: list[Rule] = [proposal.rule for proposal in preview.shown if proposal.rule is not None]
    written = dict(zip((rule.under for rule in rules), rules_json(row, rules, scope=scope), strict=True))
    return {
        "automatic": preview.automatic, "waiting": preview.waiting, "without_rule": preview.without_rule,
        "members": [
            {
                "member": proposal.member.pk, "account_id": proposal.member.account_id, "name": proposal.member.name,
                "under": proposal.member.parent_id,
                "rule": written[proposal.rule.under] if proposal.rule is not None else None,
            }
            for proposal in preview.shown
        ],
    }  # fmt: skip
