"""The API's calls about mute rules.

No postponed annotations here: ninja reads them through decorators, where their names are not known.
"""

from collections.abc import Iterable
from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from ninja import Query, Router
from pydantic import BaseModel, Field, StrictStr

from cloudaccounts.api.answers import reply
from cloudaccounts.api.auth import actor_of, scope_of
from cloudaccounts.api.conditional import check_match, tagged
from cloudaccounts.api.one_at_a_time import one_at_a_time
from cloudaccounts.api.openapi import answers
from cloudaccounts.api.paging import refuse_unknown, slice_of
from cloudaccounts.api.schemas import Input, Listed, WholePage
from cloudaccounts.contract.rules import Severity
from cloudaccounts.models import Environment
from scans.findings.api_actions import end_of
from scans.models import MuteRule
from scans.muting import rules

mute_rules = Router(tags=["Mute rules"])


class Match(Input):
    """A finding is muted where all of these fit that are named; at least one has to be."""

    check_id: Annotated[StrictStr | None, Field(max_length=80, examples=["aws_s3_bucket_mfa_delete"])] = None
    severity: Severity | None = None
    account: UUID | None = None
    group: Annotated[UUID | None, Field(description="With the groups nested in it.")] = None
    environment: Annotated[Environment | None, Field(examples=["dev"])] = None
    region: Annotated[StrictStr | None, Field(max_length=60)] = None
    resource: Annotated[
        StrictStr | None, Field(max_length=300, description="A glob over the name and the identifier: sandbox-*.")
    ] = None
    tag: Annotated[StrictStr | None, Field(max_length=400, description="A cloud tag: key, or key=value.")] = None


class NewMuteRule(Input):
    match: Annotated[Match, Field(examples=[{"check_id": "aws_s3_bucket_mfa_delete", "environment": "dev"}])]
    reason: Annotated[StrictStr, Field(max_length=500, examples=["Data of dev is made anew each night"])]
    until: Annotated[date | datetime | None, Field(description="An ISO date or time; null: until it is deleted.")] = (
        None
    )


class MuteRuleRow(BaseModel):
    id: UUID
    match: Match
    reason: str
    until: datetime | None
    author: str
    created_at: datetime
    hides: Annotated[int, Field(description="Open findings that it mutes now.")]


class CreatedMuteRule(MuteRuleRow):
    job_id: Annotated[UUID | None, Field(description="The job that mutes more than 1,000 findings; null otherwise.")]


class MuteRulePage(Listed):
    items: list[MuteRuleRow]


@mute_rules.get("/", summary="List mute rules", **answers({200: MuteRulePage}, 422))
def list_rules(request: HttpRequest, query: Query[WholePage]) -> HttpResponse:
    """Those in force, the latest first."""
    refuse_unknown(request, WholePage)
    in_force = rules.mute_rules(scope_of(request))

    def rows(part: Iterable[MuteRule]) -> list[dict[str, Any]]:
        shown = list(part)
        hidden = rules.hidden_counts(shown)
        return [_row(rule, hidden.get(rule.pk, 0)) for rule in shown]

    return slice_of(in_force, query, rows)  # past the schema, which would add what a rule does not name


@mute_rules.post("/", summary="Create a mute rule", **answers({201: CreatedMuteRule}, body=True))
def create_rule(request: HttpRequest, body: NewMuteRule) -> HttpResponse:
    """Matching findings are muted, future ones too. Nothing is deleted: when the rule ends, they count again."""
    match = body.match.model_dump(exclude_none=True)
    made = rules.create_mute_rule(
        scope_of(request), match, actor=actor_of(request), reason=body.reason, until=end_of(body.until)
    )
    job = str(made.job.pk) if made.job else None
    return tagged(reply({**_row(made.rule, made.muted), "job_id": job}, status=201), _state(made.rule))


@mute_rules.get("/{uuid:rule_id}", summary="One mute rule", **answers({200: MuteRuleRow}, 404))
def get_rule(request: HttpRequest, rule_id: UUID) -> HttpResponse:
    """Also one that has ended: `until` says when."""
    rule = _rule_or_404(request, rule_id)
    return tagged(reply(_row(rule, rules.hidden_counts([rule]).get(rule.pk, 0))), _state(rule))


@mute_rules.delete("/{uuid:rule_id}", summary="End a mute rule", **answers({204: None}, 404, matched=True))
@one_at_a_time
def end_rule(request: HttpRequest, rule_id: UUID) -> HttpResponse:
    """Its findings count again: up to 1,000 at once, the others within minutes."""
    rule = _rule_or_404(request, rule_id)
    check_match(request, _state(rule))
    rules.end_mute_rule(rule, actor=actor_of(request))
    return HttpResponse(status=204)


def _rule_or_404(request: HttpRequest, rule_id: UUID) -> MuteRule:
    rule = rules.find_mute_rule(scope_of(request), rule_id)
    if rule is None:
        raise Http404
    return rule


def _state(rule: MuteRule) -> list[Any]:
    # A rule is only ever ended. Whole seconds: MongoDB stores fewer digits than a rule has that was made just now.
    until = rule.until.isoformat(timespec="seconds") if rule.until else None
    return [rule.pk, until, rule.ended_by]


def _row(rule: MuteRule, hides: int) -> dict[str, Any]:
    return {
        "id": rule.pk, "match": rules.match_of(rule), "reason": rule.reason, "until": rule.until,
        "author": rule.author, "created_at": rule.created_at, "hides": hides,
    }  # fmt: skip
