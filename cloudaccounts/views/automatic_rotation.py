"""Automatic rotation: an account's own page of it, and the team's policy."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from cloudaccounts.accounts.setup_guides import own_key_guide
from cloudaccounts.audit.actor import Actor
from cloudaccounts.contract.errors import ProviderError
from cloudaccounts.forms.rotation import PolicyForm, RotationForm
from cloudaccounts.models.automatic_rotation import UNUSED_DAYS
from cloudaccounts.rotation.automatic.queries import rotation_of
from cloudaccounts.rotation.automatic.requests import (
    ask_for,
    obstacle_to,
    policy_of,
    set_policy,
    set_rotation,
    settle_leftover,
    stop_run,
    wish_of,
)
from cloudaccounts.views.common import account_or_404, gone_is_404, owner_of

asks_first = require_http_methods(["GET", "HEAD", "POST"])


@asks_first
@gone_is_404()
def account_rotation(request: HttpRequest, account_id: UUID) -> HttpResponse:
    account = account_or_404(request, account_id)
    view = rotation_of(account)
    chosen = {None: "team", True: "on", False: "off"}[view.setting.automatic if view.setting else None]
    initial = {"automatic": chosen, "max_age_days": view.setting.max_age_days if view.setting else None}
    form = RotationForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            set_rotation(
                account, automatic=form.wish, max_age_days=form.cleaned_data["max_age_days"],
                actor=Actor.of_request(request),
            )  # fmt: skip
        except ProviderError as error:
            form.refuse(error)
        else:
            messages.success(request, "Saved. Where it is on, a worker asks the provider whether it is permitted.")
            return redirect("account-rotation", account_id=account.pk)
    context: dict[str, Any] = {"account": account, "form": form, "rotation": view, "on_own_page": True}
    context["guide"] = own_key_guide(account) if view.obstacle is None else None
    return render(request, "cloudaccounts/account_rotation.html", context)


@require_POST
@gone_is_404()
def rotation_begin(request: HttpRequest, account_id: UUID) -> HttpResponse:
    account = account_or_404(request, account_id)
    if obstacle := obstacle_to(account):
        messages.error(request, f"{obstacle.cause} {obstacle.remedy}".strip())
    else:
        ask_for(account, actor=Actor.of_request(request))
        messages.success(request, "Begun. The credential in use stays until the new key has passed its test.")
    return redirect("account-rotation", account_id=account.pk)


@require_POST
@gone_is_404()
def rotation_end(request: HttpRequest, account_id: UUID) -> HttpResponse:
    account = account_or_404(request, account_id)
    if stop_run(account, actor=Actor.of_request(request)):
        messages.success(request, "Ended. What it leaves at the provider is named below.")
    else:
        messages.error(request, "A worker is at it this moment, or it has ended. Reload this page in a minute.")
    return redirect("account-rotation", account_id=account.pk)


@require_POST
@gone_is_404()
def rotation_settle(request: HttpRequest, account_id: UUID, run_id: UUID) -> HttpResponse:
    account = account_or_404(request, account_id)
    settle_leftover(account, run_id, request.POST.get("key", "")[:200], actor=Actor.of_request(request))
    return redirect("account-rotation", account_id=account.pk)


@asks_first
def rotation_policy(request: HttpRequest) -> HttpResponse:
    owner = owner_of(request)
    policy = policy_of(owner)
    wish = wish_of(None, policy)
    initial = {"automatic": wish.automatic, "max_age_days": wish.max_age_days}
    initial["keys_forbidden"] = policy is not None and policy.keys_forbidden
    initial["unused_days"] = policy.unused_days if policy is not None else UNUSED_DAYS
    form = PolicyForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            set_policy(owner, actor=Actor.of_request(request), **form.cleaned_data)
        except ProviderError as error:
            form.refuse(error)
        else:
            messages.success(request, "Saved for the team.")
            return redirect("rotation")
    return render(request, "cloudaccounts/rotation_policy.html", {"form": form})
