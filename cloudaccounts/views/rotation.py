"""The page of credential ages, and its exports."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import render
from django.views.decorators.http import require_safe

from cloudaccounts.accounts import queries as account_queries
from cloudaccounts.accounts.kept_numbers import KeptNumbers
from cloudaccounts.audit.actor import Actor
from cloudaccounts.audit.exports import record_export
from cloudaccounts.contract.errors import ProviderError
from cloudaccounts.credentials.age import Limits
from cloudaccounts.credentials.new_keys import forbids_keys
from cloudaccounts.forms.accounts import RotationFilterForm
from cloudaccounts.groups import queries as group_queries
from cloudaccounts.models.account import CloudAccountQuerySet
from cloudaccounts.rotation import report as rotation_report
from cloudaccounts.rotation import standing
from cloudaccounts.rotation.automatic.queries import runs_with_leftovers
from cloudaccounts.rotation.report import COLUMNS, RotationFilter
from cloudaccounts.views.charts import age as chart_age
from cloudaccounts.views.common import scope_of
from cloudaccounts.views.paging import page_of
from cloudaccounts.web.exports import export, wanted_format

PAGE_SIZE = 25
# All rows belong to the person who exports them: the column would say the same in each.
EXPORTED = tuple(column for column in COLUMNS if column != "owner")
STANDING = KeptNumbers(standing.figures, lambda numbers: numbers.total)
CREDENTIALS = KeptNumbers(account_queries.credential_numbers, lambda numbers: numbers.total)


@require_safe
def rotation(request: HttpRequest) -> HttpResponseBase:
    """The ages of all credentials, oldest first; with ``?format=`` as a file."""
    scope = scope_of(request)
    form = RotationFilterForm(request.GET, groups=group_queries.choices(scope))
    filters = form.filters(scope)
    if file_format := wanted_format(request):
        # Before the file is streamed: one that breaks off was taken as well.
        record_export(
            actor=Actor.of_request(request), owner=scope.owner, what="ages of credentials", format=file_format,
            **form.cleaned_data,
        )  # fmt: skip
        return export(_rows(filters), columns=EXPORTED, name="rotation", format=file_format)
    counted = CREDENTIALS.of(scope)
    accounts = _accounts(filters)
    page = page_of(accounts, request.GET.get("page"), PAGE_SIZE, part=accounts.part if filters.narrows else None)
    context: dict[str, Any] = {
        "form": form,
        "filters": filters,
        "page": page,
        "numbers": counted.numbers,
        "counted": counted,
        "chart": chart_age.age_chart(counted.numbers.ages),
        "limits": Limits.current(),
        "left": runs_with_leftovers(scope_of(request)),
    }
    return render(request, "cloudaccounts/rotation.html", context)


@require_safe
def standing_secrets(request: HttpRequest) -> HttpResponseBase:
    """The accounts that still hold a key, why, and the method that needs none; with ``?format=`` all as a file."""
    scope = scope_of(request)
    if file_format := wanted_format(request):
        # Before the file is streamed: one that breaks off was taken as well.
        record_export(
            actor=Actor.of_request(request), owner=scope.owner, what="standing secrets", format=file_format
        )  # fmt: skip
        columns = tuple(column for column in standing.COLUMNS if column != "owner")
        return export(standing.rows(scope), columns=columns, name="standing-secrets", format=file_format)
    counted = STANDING.of(scope)
    numbers = counted.numbers
    chosen = (request.GET.get("provider", ""), request.GET.get("method", ""))
    # Only kinds that are there: any other is an old link, and shows all of them.
    kind = next((candidate for candidate in numbers.kinds if (candidate.provider, candidate.method) == chosen), None)
    accounts = standing.holding(scope, provider=kind.provider, method=kind.method) if kind else standing.holding(scope)
    page = page_of(accounts, request.GET.get("page"), PAGE_SIZE, part=accounts.part)
    context: dict[str, Any] = {
        "numbers": numbers,
        "counted": counted,
        "kind": kind,
        "page": page,
        "reasons": _by_reason(standing.described(list(page.object_list), scope)),
        "forbidden": forbids_keys(scope.owner),
        "kept_days": settings.CREDENTIAL_ROLLBACK_DAYS,
    }
    return render(request, "cloudaccounts/standing_secrets.html", context)


def _by_reason(holders: Sequence[standing.Holder]) -> list[tuple[str, list[standing.Holder]]]:
    """Most hold a key for the same reason, which is said once: that of the oldest key first."""
    groups: dict[str, list[standing.Holder]] = {}
    for holder in holders:
        groups.setdefault(holder.reason, []).append(holder)
    return list(groups.items())


def _accounts(filters: RotationFilter) -> CloudAccountQuerySet:
    try:
        return rotation_report.accounts(filters)
    except ProviderError:  # the group of the filter was deleted since the form listed it
        return rotation_report.accounts(RotationFilter(scope=filters.scope)).none()


def _rows(filters: RotationFilter) -> Iterator[dict[str, Any]]:
    # A generator: the export's headers have been sent when a deleted group is noticed, so the file just ends.
    try:
        yield from rotation_report.rows(filters)
    except ProviderError:
        return
