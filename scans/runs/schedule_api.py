"""The API's calls about schedules of scans. No postponed annotations here: ninja reads them through decorators."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from ninja import Router
from pydantic import BaseModel, Field

from cloudaccounts.api.accounts import account_or_404
from cloudaccounts.api.answers import reply
from cloudaccounts.api.auth import actor_of
from cloudaccounts.api.conditional import check_match, tagged
from cloudaccounts.api.one_at_a_time import one_at_a_time
from cloudaccounts.api.openapi import answers
from cloudaccounts.api.schemas import Input, Text
from scans.models import ScanEvery, ScanSchedule
from scans.runs.queries import schedule_of
from scans.runs.scheduling import set_schedule

schedules = Router(tags=["Scans"])  # below /cloud-accounts/


class ScheduleGiven(Input):
    every: Annotated[ScanEvery, Field(examples=["daily"])]
    cron: Annotated[
        Text,
        Field(description="With every = cron: minute, hour, day, month, weekday, in UTC.", examples=["30 4 * * 1-5"]),
    ] = ""
    services: Annotated[list[Text], Field(max_length=100, description="All without it.", examples=[[]])] = []
    regions: Annotated[
        list[Text], Field(max_length=200, description="All of the account's without it.", examples=[[]])
    ] = []


class Schedule(BaseModel):
    every: ScanEvery
    cron: Annotated[str, Field(description="Empty unless every is cron.", examples=[""])]
    services: Annotated[list[str], Field(description="Empty: all.", examples=[[]])]
    regions: Annotated[list[str], Field(description="Empty: all of the account's.", examples=[[]])]
    next_at: Annotated[datetime | None, Field(description="When the next scan starts.")]


@schedules.get("/{uuid:account_id}/schedule", summary="When it is scanned", **answers({200: Schedule}, 404))
def get_schedule(request: HttpRequest, account_id: UUID) -> HttpResponse:
    schedule = schedule_of(account_or_404(request, account_id))
    return tagged(reply(_json(schedule)), _state(schedule))


@schedules.put(
    "/{uuid:account_id}/schedule",
    summary="Change when it is scanned",
    **answers(
        {200: Schedule}, 404, body=True, matched=True,
        examples={
            "Every day": {"every": "daily"},
            "On weekdays, before work": {"every": "cron", "cron": "30 4 * * 1-5"},
            "Only when asked for": {"every": "off"},
        },
    ),
)  # fmt: skip
@one_at_a_time
def put_schedule(request: HttpRequest, account_id: UUID, body: ScheduleGiven) -> HttpResponse:
    """Replaces all of it: services and regions that are not named are all of them."""
    account = account_or_404(request, account_id)
    check_match(request, _state(schedule_of(account)))
    schedule = set_schedule(account, actor=actor_of(request), **body.model_dump())
    return tagged(reply(_json(schedule)), _state(schedule))


def _json(schedule: ScanSchedule) -> dict[str, Any]:
    return {name: getattr(schedule, name) for name in Schedule.model_fields}


def _state(schedule: ScanSchedule) -> list[Any]:
    return [schedule.account, schedule.every, schedule.cron, schedule.services, schedule.regions]
