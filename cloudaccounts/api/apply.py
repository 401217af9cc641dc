"""The registry as code over HTTP. No postponed annotations here: ninja reads them through decorators."""

from typing import Annotated, Any

from django.http import HttpRequest, HttpResponse
from ninja import Query, Router
from pydantic import BaseModel, Field, RootModel

from cloudaccounts.api.answers import ApiError, problem, reply
from cloudaccounts.api.auth import actor_of, require_scopes, scope_of
from cloudaccounts.api.examples import FILE
from cloudaccounts.api.openapi import answers
from cloudaccounts.api.paging import refuse_unknown
from cloudaccounts.api.work import JobStarted
from cloudaccounts.declared.applying import start_apply
from cloudaccounts.declared.planning import Action, Plan, make_plan
from cloudaccounts.declared.rights import right_for
from cloudaccounts.declared.sections import scopes_for
from cloudaccounts.errors import InputError
from teams import access
from teams.roles import roles_with
from teams.scope import Scope

apply = Router(tags=["The registry as code"])


class File(RootModel[dict[str, Any]]):
    """The content of such a file as JSON; its schema is `registry.schema.json`."""


class Planned(BaseModel):
    section: Annotated[str, Field(examples=["accounts"])]
    name: Annotated[str, Field(examples=["aws/111122223333"])]
    action: Action
    fields: list[dict[str, Any]]


class PlanAnswer(BaseModel):
    changes: list[Planned]
    create: int
    change: int
    delete: int
    unchanged: int
    not_in_file: Annotated[dict[str, list[str]], Field(description="What is there and stays, by section.")]


class ApplyQuery(BaseModel):
    plan: Annotated[bool, Field(description="Say what would be done, and write nothing.")] = False
    prune: Annotated[bool, Field(description="Delete what the sections that are given do not name.")] = False


@apply.post(
    "/",
    summary="Apply a file",
    **answers({200: PlanAnswer, 202: JobStarted}, body=True, examples={"Two groups, one within the other": FILE}),
)
def apply_file(request: HttpRequest, body: File, query: Query[ApplyQuery]) -> HttpResponse:
    """With `plan=true` the plan (200); else a job that makes it so (202). Nothing is deleted without `prune=true`.

    A token needs the scopes of each section that the file gives, for a plan as well, which tells what is there:
    writing it (`groups:write`), and reading those that its entries name.

    Secrets are given themselves: `env:` and `file:` are for the command, and refused here.
    """
    refuse_unknown(request, ApplyQuery)
    require_scopes(request, scopes_for(body.root))
    scope = scope_of(request)
    if scope.limited:
        raise InputError({"file": "A file is about the whole team, and your membership is limited to groups."})
    plan = make_plan(scope.owner, body.root, prune=query.prune, references=False)
    if query.plan:
        return reply(plan.to_dict())
    _refuse_without_right(scope, plan)
    return reply({"job_id": start_apply(scope.owner, actor=actor_of(request), plan=plan).pk}, 202)


def _refuse_without_right(scope: Scope, plan: Plan) -> None:
    right = right_for((change.section, change.action) for change in plan.changes)
    if scope.has(right):
        return
    cause, remedy = access.why_refused(right, scope.role)
    details = {"role": scope.role.value, "roles": [role.value for role in roles_with(right)]}
    raise ApiError(problem(403, "role_required", cause, remedy, details=details))
