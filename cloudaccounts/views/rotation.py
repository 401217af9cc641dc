"""The page of credential ages, and its exports."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import render
from django.views.decorators.http import require_safe

from cloudaccounts.accounts import queries as account_queries
from cloudaccounts.audit.actor import Actor
from cloudaccounts.audit.exports import record_export
from cloudaccounts.contract.errors import ProviderError
from cloudaccounts.credentials.age import Limits
from cloudaccounts.forms.accounts import RotationFilterForm
from cloudaccounts.groups import queries as group_queries
from cloudaccounts.models.account import CloudAccountQuerySet
from cloudaccounts.rotation import report as rotation_report
from cloudaccounts.rotation.report import COLUMNS, RotationFilter
from cloudaccounts.views.charts import age as chart_age
from cloudaccounts.views.common import owner_of
from cloudaccounts.views.paging import page_of
from cloudaccounts.web.exports import export, wanted_format

PAGE_SIZE = 25
# All rows belong to the person who exports them: the column would say the same in each.
EXPORTED = tuple(column for column in COLUMNS if column != "owner")


@require_safe
def rotation(request: HttpRequest) -> HttpResponseBase:
    """The ages of all credentials, oldest first; with ``?format=`` as a file."""
    owner = owner_of(request)
    form = RotationFilterForm(request.GET, groups=group_queries.choices(owner))
    filters = form.filters(owner)
    if file_format := wanted_format(request):
        # Before the file is streamed: one that breaks off was taken as well.
        record_export(
            actor=Actor.of_request(request), owner=owner, what="ages of credentials", format=file_format,
            **form.cleaned_data,
        )  # fmt: skip
        return export(_rows(filters), columns=EXPORTED, name="rotation", format=file_format)
    numbers = account_queries.overview(owner)
    accounts = _accounts(filters)
    page = page_of(accounts, request.GET.get("page"), PAGE_SIZE, part=accounts.part if filters.narrows else None)
    context: dict[str, Any] = {
        "form": form,
        "filters": filters,
        "page": page,
        "numbers": numbers,
        "chart": chart_age.age_chart(numbers.ages),
        "limits": Limits.current(),
    }
    return render(request, "cloudaccounts/rotation.html", context)


def _accounts(filters: RotationFilter) -> CloudAccountQuerySet:
    try:
        return rotation_report.accounts(filters)
    except ProviderError:  # the group of the filter was deleted since the form listed it
        return rotation_report.accounts(RotationFilter(owner=filters.owner)).none()


def _rows(filters: RotationFilter) -> Iterator[dict[str, Any]]:
    # A generator: the export's headers have been sent when a deleted group is noticed, so the file just ends.
    try:
        yield from rotation_report.rows(filters)
    except ProviderError:
        return
