"""Calls about accounts. Each makes one call of a service, or reads by queries.

No postponed annotations (``from __future__``) here: ninja evaluates the annotations of functions that decorators have
wrapped, where the names of this module are not known.
"""

from functools import partial
from typing import Any
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from ninja import Query, Router

from cloudaccounts import registry
from cloudaccounts.accounts import queries as account_queries
from cloudaccounts.accounts.external_id import external_id_for
from cloudaccounts.accounts.parsing import AccountInput
from cloudaccounts.accounts.queries import AccountFilter
from cloudaccounts.api import examples, schemas
from cloudaccounts.api.answers import reply
from cloudaccounts.api.auth import actor_of, owner_of, scope_of
from cloudaccounts.api.conditional import check_match, tagged
from cloudaccounts.api.idempotency import idempotent, ticket_id
from cloudaccounts.api.in_flight import waits_for_cloud
from cloudaccounts.api.one_at_a_time import one_at_a_time
from cloudaccounts.api.openapi import answers
from cloudaccounts.api.paging import page_of, refuse_unknown
from cloudaccounts.api.shapes import account_json, accounts_json, created_json
from cloudaccounts.errors import InputError, ValidationRefusedError
from cloudaccounts.groups.services import in_group
from cloudaccounts.lifecycle import onboarding, state_changes
from cloudaccounts.lifecycle.onboarding import (
    check_now,
    onboard_account,
    replace_given_credentials,
    validate_new_account,
)
from cloudaccounts.models import CloudAccount

router = Router(tags=["Cloud accounts"])


@router.post(
    "/",
    summary="Connect an account",
    **answers({201: schemas.CreatedAccount}, 409, body=True, repeatable=True, examples=examples.NEW_ACCOUNTS),
)
# Above `waits_for_cloud`: a repeated call is answered from its row, and takes none of the team's places.
@idempotent
@waits_for_cloud
def add_account(request: HttpRequest, body: schemas.NewAccount) -> HttpResponse:
    """Validates the access live, then stores the account, encrypts its credentials and starts its first scan."""
    account = onboard_account(
        scope=scope_of(request),
        actor=actor_of(request),
        account_input=_account_input(body),
        groups=[body.group] if body.group else [],
        account_uuid=ticket_id(request),  # so that a call repeated after a crash finds the account it made
    )
    return reply(created_json(account), 201)


@router.post(
    "/validate",
    summary="Validate access",
    **answers({200: schemas.Validation}, body=True, examples=examples.NEW_ACCOUNTS),
)
@waits_for_cloud
def validate(request: HttpRequest, body: schemas.NewAccount) -> HttpResponse:
    """The report alone, also where it refuses. Nothing is stored."""
    # 200 also for a refusal: the caller asked for the report, and got it.
    report = validate_new_account(owner=owner_of(request), actor=actor_of(request), account_input=_account_input(body))
    return reply(report.to_dict())


@router.get("/", summary="List accounts", **answers({200: schemas.AccountPage}, 422))
def list_accounts(request: HttpRequest, query: Query[schemas.AccountQuery]) -> HttpResponse:
    """By name. An empty filter is none."""
    refuse_unknown(request, schemas.AccountQuery)
    # Not an enum of the schema: which providers there are is known only when the registry is asked.
    if query.provider and query.provider not in dict(registry.choices()):
        raise InputError({"provider": f"Choose one of {', '.join(dict(registry.choices()))}."})
    scope = scope_of(request)
    filters = AccountFilter(
        q=query.q,
        provider=query.provider,
        status=query.status or "",
        environment=query.environment or "",
        rotation=query.rotation or "",
        coverage=query.coverage or "",
    )
    rows = account_queries.accounts(scope, filters)
    if query.group:
        rows = rows.filter(in_group(scope, query.group))
    return page_of(rows, query, partial(accounts_json, scope), part=rows.part if filters.narrows else None)


@router.get("/external-id", summary="Your external id", **answers({200: schemas.ExternalId}))
def external_id(request: HttpRequest) -> HttpResponse:
    """Your team's alone, until it replaces it: the condition, tag or label by which your clouds know that it is you."""
    return reply({"external_id": external_id_for(owner_of(request))})


@router.get("/{uuid:account_id}", summary="One account", **answers({200: schemas.AccountWithProof}, 404))
def get_account(request: HttpRequest, account_id: UUID) -> HttpResponse:
    return _one(request, account_id)


@router.patch(
    "/{uuid:account_id}",
    summary="Change an account",
    **answers({200: schemas.AccountWithProof}, 404, body=True, matched=True, examples=examples.ACCOUNT_CHANGES),
)
@one_at_a_time
def change_account(request: HttpRequest, account_id: UUID, body: schemas.AccountChanges) -> HttpResponse:
    account = account_or_404(request, account_id)
    check_match(request, _state(account_json(scope_of(request), account)), row=account)
    # Only the fields that the body names: an omitted one stays as it is, where a default would overwrite it.
    changes = body.model_dump(exclude_unset=True)
    onboarding.change_account(account, scope=scope_of(request), actor=actor_of(request), changes=changes)
    return _one(request, account_id)


@router.delete("/{uuid:account_id}", summary="Delete an account", **answers({204: None}, 404, 409, matched=True))
@one_at_a_time
def delete_account(request: HttpRequest, account_id: UUID) -> HttpResponse:
    """With its credentials and all that was discovered. At the cloud nothing changes.

    Refused (409) while other accounts are opened with its credential, as members of its organization.
    """
    account = account_or_404(request, account_id)
    check_match(request, _state(account_json(scope_of(request), account)), row=account)
    state_changes.delete_account(account, actor=actor_of(request))
    return HttpResponse(status=204)


@router.post("/{uuid:account_id}/revalidate", summary="Check an account", **answers({200: schemas.Proof}, 404, 409))
@waits_for_cloud
def revalidate(request: HttpRequest, account_id: UUID) -> HttpResponse:
    """Live, with the stored credentials; answers with the outcome, also where it failed."""
    check = check_now(account_or_404(request, account_id), actor=actor_of(request))
    # Read again: the check has just decided the status.
    return reply({"status": account_or_404(request, account_id).status, "validation": check.report})


@router.post(
    "/{uuid:account_id}/credentials",
    summary="Replace the credentials",
    **answers({200: schemas.Proof}, 404, 409, body=True, repeatable=True, examples=examples.NEW_CREDENTIALS),
)
@idempotent
@waits_for_cloud
def replace_credentials(request: HttpRequest, account_id: UUID, body: schemas.NewCredentials) -> HttpResponse:
    """Verified live, then swapped. Where the new ones are refused the old ones stay in use.

    409 `access_would_be_lost` where scans could read less with the new ones: `details.gaps` says what would not be seen
    any more. With `accept_loss` they are swapped all the same.
    """
    report = replace_given_credentials(
        account_or_404(request, account_id),
        actor=actor_of(request),
        method=body.auth_method or "",
        raw_values=body.credentials,
        accept_loss=body.accept_loss,
    )
    # An error, unlike in /validate: the caller asked for a replacement, and there was none.
    if not report.ok:
        raise ValidationRefusedError(report)
    return reply({"status": account_or_404(request, account_id).status, "validation": report.to_dict()})


def account_or_404(request: HttpRequest, account_id: UUID) -> CloudAccount:
    # 404 for somebody else's as well: 403 would say that it exists.
    account = account_queries.find(scope_of(request), account_id)
    if account is None:
        raise Http404
    return account


def _one(request: HttpRequest, account_id: UUID) -> HttpResponse:
    shown = account_json(scope_of(request), account_or_404(request, account_id))
    return tagged(reply(shown), _state(shown))


def _state(shown: dict[str, Any]) -> dict[str, Any]:
    """What callers may change of an account; the tag of an answer is made of it."""
    return {name: shown[name] for name in ("id", "name", "environment", "regions", "groups")}


def _account_input(body: schemas.NewAccount) -> AccountInput:
    values: dict[str, Any] = body.model_dump(exclude={"group", "cloud", "partition"})
    # Two names for one value: AWS says partition, Azure says cloud. Two different values are refused, not guessed
    # about.
    if body.partition and body.cloud and body.partition != body.cloud:
        raise InputError({"cloud": "“cloud” and “partition” are two words for one thing: give one."})
    return AccountInput(**{**values, "regions": tuple(body.regions), "partition": body.partition or body.cloud or ""})
