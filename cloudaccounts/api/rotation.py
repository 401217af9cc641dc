"""The API's calls about automatic rotation. No postponed annotations here: ninja reads them through decorators."""

from collections.abc import Iterable
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from ninja import Query, Router
from pydantic import BaseModel, Field

from cloudaccounts.api.accounts import account_or_404
from cloudaccounts.api.answers import reply
from cloudaccounts.api.auth import actor_of, owner_of, scope_of
from cloudaccounts.api.conditional import check_match, tagged
from cloudaccounts.api.one_at_a_time import one_at_a_time
from cloudaccounts.api.openapi import answers
from cloudaccounts.api.paging import page_of, refuse_unknown
from cloudaccounts.api.schemas import Input, Page
from cloudaccounts.models import CloudAccount
from cloudaccounts.models.automatic_rotation import UNUSED_DAYS
from cloudaccounts.rotation import standing
from cloudaccounts.rotation.automatic.queries import RotationView, rotation_json, rotation_of
from cloudaccounts.rotation.automatic.requests import MOST_DAYS, policy_of, set_policy, set_rotation, wish_of

rotations = Router(tags=["Cloud accounts"])  # below /cloud-accounts/
policies = Router(tags=["Cloud accounts"])  # below /rotation/

Days = Annotated[int, Field(ge=1, le=MOST_DAYS, description="Whole days since the key was made.", examples=[60])]


class RotationGiven(Input):
    automatic: Annotated[bool | None, Field(description="null: as the team's policy says.", examples=[True])]
    max_age_days: Annotated[
        int | None, Field(ge=1, le=MOST_DAYS, description="The team's, else 60, without it.", examples=[60])
    ] = None


class PolicyGiven(Input):
    automatic: Annotated[bool, Field(examples=[True])]
    max_age_days: Days
    keys_forbidden: Annotated[
        bool | None, Field(description="No new keys; without it, as it was. Keys that are there stay.", examples=[True])
    ] = None
    unused_days: Annotated[
        int | None, Field(ge=1, le=MOST_DAYS, description="Without it, as it was, at first 90.", examples=[90])
    ] = None


class Policy(BaseModel):
    automatic: bool
    max_age_days: Days
    keys_forbidden: Annotated[bool, Field(description="A method with a secret answers 422 `keys_forbidden`.")]
    unused_days: Annotated[int, Field(description="A key that nothing here has used for so long is a notice.")]


class KeyLeft(BaseModel):
    id: Annotated[str, Field(description="By the cloud's own id.", examples=["AKIAIOSFODNN7EXAMPLE"])]
    why: str
    since: datetime


class Run(BaseModel):
    id: UUID
    state: Annotated[
        str,
        Field(description="preparing, creating, testing, watching, grace, removing, finished, failed",
              examples=["watching"]),
    ]  # fmt: skip
    held: Annotated[bool, Field(description="It does not go on until something changes; cause says what.")]
    code: str
    cause: str
    remedy: str
    old_key: str
    new_key: str
    began_at: datetime
    swapped_at: datetime | None
    deactivated_at: datetime | None
    finished_at: datetime | None
    used_by_others_at: Annotated[datetime | None, Field(description="The old key's last use that was not ours.")]
    stage_ends_at: datetime | None


class Rotation(BaseModel):
    automatic: bool
    max_age_days: Days
    source: Annotated[str, Field(description="account, team or default: whose wish holds", examples=["account"])]
    possible: Annotated[bool, Field(description="Whether this kind of credential can replace itself at all.")]
    ready: Annotated[bool | None, Field(description="Whether the cloud grants it; null while it was not asked.")]
    missing: list[str]
    cause: str
    remedy: str
    proven_at: datetime | None
    due_at: datetime | None
    run: Annotated[Run | None, Field(description="The rotation under way, else the last one.")]
    leftovers: Annotated[list[KeyLeft], Field(description="Keys at the cloud that a person has to look at.")]


@rotations.get("/{uuid:account_id}/rotation", summary="Automatic rotation", **answers({200: Rotation}, 404))
def get_rotation(request: HttpRequest, account_id: UUID) -> HttpResponse:
    """What holds for the account, whether its credential may replace itself, and how far a rotation is."""
    view = rotation_of(account_or_404(request, account_id))
    return tagged(reply(rotation_json(view)), _state(view))


@rotations.put(
    "/{uuid:account_id}/rotation",
    summary="Turn automatic rotation on or off",
    **answers(
        {200: Rotation}, 404, 409, body=True, matched=True,
        examples={
            "On, before 60 days": {"automatic": True, "max_age_days": 60},
            "Off, whatever the team says": {"automatic": False},
            "As the team's policy says": {"automatic": None},
        },
    ),
)  # fmt: skip
@one_at_a_time
def put_rotation(request: HttpRequest, account_id: UUID, body: RotationGiven) -> HttpResponse:
    """Turned on, a worker asks the cloud at once whether the credential may replace itself: `ready` says it then.

    409 `not_rotatable` where this kind of credential never can. A rotation that is under way is brought to its end.
    """
    account = account_or_404(request, account_id)
    check_match(request, _state(rotation_of(account)))
    set_rotation(account, automatic=body.automatic, max_age_days=body.max_age_days, actor=actor_of(request))
    view = rotation_of(account)
    return tagged(reply(rotation_json(view)), _state(view))


@policies.get("/policy", summary="The team's policy of automatic rotation", **answers({200: Policy}))
def get_policy(request: HttpRequest) -> HttpResponse:
    """It holds for accounts that say nothing of their own."""
    policy = _policy(owner_of(request))
    return tagged(reply(policy), policy)


@policies.put(
    "/policy",
    summary="Change the team's policy of automatic rotation",
    **answers(
        {200: Policy},
        body=True,
        matched=True,
        examples={
            "On": {"automatic": True, "max_age_days": 60},
            "No new keys": {"automatic": True, "max_age_days": 60, "keys_forbidden": True},
        },
    ),
)
@one_at_a_time
def put_policy(request: HttpRequest, body: PolicyGiven) -> HttpResponse:
    owner = owner_of(request)
    check_match(request, _policy(owner))
    set_policy(
        owner, automatic=body.automatic, max_age_days=body.max_age_days, keys_forbidden=body.keys_forbidden,
        unused_days=body.unused_days, actor=actor_of(request),
    )  # fmt: skip
    policy = _policy(owner)
    return tagged(reply(policy), policy)


class StandingSecret(BaseModel):
    id: UUID
    name: str
    provider: str
    account_id: str
    auth_method: Annotated[str, Field(examples=["access_keys"])]
    age_days: int | None
    credential_since: datetime | None
    why: Annotated[str, Field(description=f"One of {', '.join(standing.WHY)}.", examples=["chosen"])]
    better_method: Annotated[str, Field(description="A method without a secret; empty where there is none.")]
    opens: Annotated[int, Field(description="Members of an organization that it opens as well.")]
    unused_days: Annotated[int, Field(description="Days since a check or a scan used it last.")]


class StandingSecrets(BaseModel):
    items: list[StandingSecret]
    count: int


class StandingQuery(Page):
    provider: Annotated[str, Field(max_length=40)] = ""
    method: Annotated[str, Field(max_length=40)] = ""


@policies.get("/standing-secrets", summary="Accounts that still hold a secret", **answers({200: StandingSecrets}, 422))
def list_standing_secrets(request: HttpRequest, query: Annotated[StandingQuery, Query()]) -> HttpResponse:
    """The oldest first, why, and the method that needs none."""
    refuse_unknown(request, StandingQuery)
    scope = scope_of(request)
    accounts = standing.holding(scope, provider=query.provider, method=query.method)

    def shown(rows: Iterable[CloudAccount]) -> list[dict[str, Any]]:
        described = standing.described(list(rows), scope)
        return [{name: row[name] for name in StandingSecret.model_fields} for row in map(standing.row_of, described)]

    return page_of(accounts, query, shown, part=accounts.part)


def _policy(owner: str) -> dict[str, Any]:
    policy = policy_of(owner)
    wish = wish_of(None, policy)
    return {
        "automatic": wish.automatic, "max_age_days": wish.max_age_days,
        "keys_forbidden": policy is not None and policy.keys_forbidden,
        "unused_days": policy.unused_days if policy is not None else UNUSED_DAYS,
    }  # fmt: skip


def _state(view: RotationView) -> list[Any]:
    return [view.wish.automatic, view.wish.max_age_days, view.wish.source]
