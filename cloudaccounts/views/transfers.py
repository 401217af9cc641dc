"""Accounts that go to another team: offered by an owner here, accepted or declined by an owner there."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from cloudaccounts.accounts import queries as account_queries
from cloudaccounts.audit.actor import Actor
from cloudaccounts.bulk import transfer_offers
from cloudaccounts.bulk.transfer_offers import OfferGoneError
from cloudaccounts.errors import InputError
from cloudaccounts.forms.transfers import OfferForm
from cloudaccounts.views.common import scope_of
from cloudaccounts.web import reauthentication
from teams.queries import find_team

SHOWN = 1000  # accounts to choose from


@require_http_methods(["GET", "HEAD", "POST"])
def transfers(request: HttpRequest) -> HttpResponse:
    """Offers of other teams, and of this one; and the form to make one."""
    scope = scope_of(request)
    accounts = account_queries.accounts(scope, account_queries.AccountFilter())
    choices = [
        (str(row.pk), f"{row.name} ({row.account_id})") for row in accounts.only("id", "name", "account_id")[:SHOWN]
    ]
    form = OfferForm(request.POST or None, accounts=choices)
    if request.method == "POST":
        if not reauthentication.is_recent(request):
            return reauthentication.ask(request, back=request.path)
        if form.is_valid():
            team = find_team(scope.owner)
            try:
                transfer_offers.offer_accounts(
                    owner=scope.owner, to_owner=form.cleaned_data["to"], actor=Actor.of_request(request),
                    accounts=accounts.filter(pk__in=form.cleaned_data["accounts"]),
                    label=team.name if team else request.user.get_username(),
                )  # fmt: skip
            except InputError as error:
                for name, text in error.fields.items():
                    form.add_error(name if name in form.fields else None, text)
            else:
                # The same whether there is such a team or not.
                messages.success(request, "Offered. If there is such a team, its owners see it on their page.")
                return redirect("team-transfers")
    incoming = [(offer, transfer_offers.accounts_of(offer)) for offer in transfer_offers.offers_to(scope.owner)]
    context = {"form": form, "incoming": incoming, "own": transfer_offers.offers_from(scope.owner)}
    return render(request, "cloudaccounts/team_transfers.html", context, status=422 if form.is_bound else 200)


@require_POST
def accept(request: HttpRequest, offer_id: UUID) -> HttpResponse:
    if not reauthentication.is_recent(request):
        return reauthentication.ask(request, back="/team/transfers/")
    try:
        job = transfer_offers.accept(offer_id, to_owner=scope_of(request).owner, actor=Actor.of_request(request))
    except OfferGoneError:
        raise Http404 from None
    return redirect("job", job_id=job.pk)


@require_POST
def decline(request: HttpRequest, offer_id: UUID) -> HttpResponse:
    return _decide(request, transfer_offers.decline, "Declined.", offer_id, to_owner=scope_of(request).owner)


@require_POST
def cancel(request: HttpRequest, offer_id: UUID) -> HttpResponse:
    return _decide(request, transfer_offers.cancel, "Cancelled.", offer_id, owner=scope_of(request).owner)


def _decide(request: HttpRequest, act: Callable[..., Any], done: str, offer_id: UUID, **whose: str) -> HttpResponse:
    try:
        act(offer_id, actor=Actor.of_request(request), **whose)
    except OfferGoneError:
        raise Http404 from None
    messages.success(request, done)
    return redirect("team-transfers")
