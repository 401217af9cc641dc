"""The page of checks, where a team switches some off."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from cloudaccounts.audit.actor import Actor
from cloudaccounts.contract.errors import ProviderError
from cloudaccounts.views.common import scope_of
from scans.muting.check_list import check_rows
from scans.muting.forms import CheckFilterForm, SwitchForm
from scans.muting.switches import switch_off, switch_on


@require_safe
def check_list(request: HttpRequest) -> HttpResponse:
    return _list(request, SwitchForm())


@require_POST
def checks_switch(request: HttpRequest) -> HttpResponse:
    owner, actor, form = scope_of(request).owner, Actor.of_request(request), SwitchForm(request.POST)
    if "on" in request.POST:
        switch_on(owner, [request.POST["on"][:80]], actor=actor)
        messages.success(request, "It is on again: the next scan evaluates it.")
        return redirect("checks")
    if form.is_valid():
        try:
            number = switch_off(owner, request.POST.getlist("check"), actor=actor, reason=form.cleaned_data["reason"])
        except ProviderError as error:
            form.refuse(error)
        else:
            messages.success(request, f"{number} check{'' if number == 1 else 's'} switched off.")
            return redirect("checks")
    return _list(request, form, status=422)


def _list(request: HttpRequest, form: SwitchForm, *, status: int = 200) -> HttpResponse:
    filters = CheckFilterForm(request.GET)
    given = filters.cleaned_data if filters.is_valid() else {}
    owner = scope_of(request).owner
    rows = check_rows(
        owner, provider=given.get("provider", ""), state=given.get("state", ""), text=given.get("q", "")
    )  # fmt: skip
    context = {
        "rows": rows,
        "off": sum(row.off is not None for row in rows),
        "filters": filters,
        "form": form,
        "chosen": set(request.POST.getlist("check")),
    }
    return render(request, "scans/muting/checks.html", context, status=status)
