"""Calls about channels.

No postponed annotations (``from __future__``) here: ninja evaluates the annotations of functions that decorators have
wrapped, where the names of this module are not known.
"""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from ninja import Query, Router
from pydantic import BaseModel, Field

from cloudaccounts.api.answers import reply
from cloudaccounts.api.auth import actor_of, scope_of
from cloudaccounts.api.conditional import check_match, tagged
from cloudaccounts.api.idempotency import idempotent
from cloudaccounts.api.one_at_a_time import one_at_a_time
from cloudaccounts.api.openapi import answers
from cloudaccounts.api.paging import page_of, refuse_unknown, slice_of
from cloudaccounts.api.schemas import Input, Listed, Page, Text
from cloudaccounts.channels import queries, services
from cloudaccounts.channels.services import ChannelInput
from cloudaccounts.contract.rules import Severity
from cloudaccounts.models import ChannelMessage, NotificationChannel
from cloudaccounts.notifications.channels.base import ChannelKind, Setting
from cloudaccounts.notifications.channels.registry import all_kinds, event_labels, events_of

router = Router(tags=["Channels"])


def kind_schema(schema: dict[str, Any]) -> None:
    schema["enum"] = list(all_kinds())


def settings_schema(schema: dict[str, Any]) -> None:
    """One object a kind, from the kinds' own fields."""
    schema.pop("additionalProperties", None)
    schema["anyOf"] = [_settings_of(kind) for kind in all_kinds().values()]


def events_schema(schema: dict[str, Any]) -> None:
    schema["items"] = {"type": "string", "enum": list(event_labels())}


def _settings_of(kind: ChannelKind) -> dict[str, Any]:
    return {
        "title": kind.key,
        "type": "object",
        "description": f"{kind.label}: {kind.summary} Events: {', '.join(events_of(kind))}.",
        "properties": {setting.name: _setting(setting) for setting in kind.settings},
        "required": [setting.name for setting in kind.settings if setting.required and not setting.default],
        "additionalProperties": False,
    }


def _setting(setting: Setting) -> dict[str, Any]:
    schema: dict[str, Any] = {"type": "string", "title": setting.label, "description": setting.help}
    if setting.choices:
        schema["enum"] = [value for value, _ in setting.choices]
    if setting.default:
        schema["default"] = setting.default
    if setting.secret:
        return schema | {"writeOnly": True, "format": "password"}
    if setting.is_list:
        item = {"type": "string", "maxLength": setting.longest}
        schema |= {"type": "array", "items": item, "maxItems": setting.most}
    if setting.example:
        schema["examples"] = [[setting.example] if setting.is_list else setting.example]
    return schema


class NewChannel(Input):
    kind: Annotated[Text, Field(json_schema_extra=kind_schema, examples=["email"])]
    name: Annotated[Text, Field(examples=["Cloud security"])]
    settings: Annotated[
        dict[str, Any],
        Field(
            json_schema_extra=settings_schema,
            description="What the kind takes. Secrets never come back.",
            examples=[{"to": ["cloud-security@example.com"]}],
        ),
    ]
    events: Annotated[
        list[Text] | None,
        Field(max_length=100, json_schema_extra=events_schema, description="Without it, the kind's usual ones."),
    ] = None
    min_severity: Annotated[
        Severity | None, Field(description="Of findings. Events that have none are chosen by events alone.")
    ] = None
    groups: Annotated[
        list[Text] | None, Field(max_length=100, description="Ids of groups; without it, all accounts of the team.")
    ] = None
    digest_minutes: Annotated[
        int | None, Field(description="How long events are gathered for one message; 0 for tickets.")
    ] = None


class ChannelChanges(Input):
    name: Text | None = None
    settings: Annotated[
        dict[str, Any] | None,
        Field(
            description="Each that is named is replaced, or taken away by null. One that leads the channel elsewhere "
            "takes its secrets again."
        ),
    ] = None
    events: Annotated[list[Text] | None, Field(max_length=100, json_schema_extra=events_schema)] = None
    min_severity: Severity | None = None
    groups: Annotated[list[Text] | None, Field(max_length=100, description="null: all accounts of the team.")] = None
    digest_minutes: int | None = None
    enabled: bool | None = None


class ChannelOut(BaseModel):
    id: UUID
    kind: str
    name: str
    events: list[str]
    min_severity: str
    groups: list[str] | None
    digest_minutes: int
    settings: Annotated[dict[str, Any], Field(description="Without what is secret.")]
    place: Annotated[str, Field(description="Where it leads: a host, a project.")]
    enabled: bool
    last_sent_at: datetime | None
    failing_since: datetime | None
    error_code: str
    error: str
    remedy: str
    created_at: datetime
    created_by: str
    secret_until: Annotated[datetime | None, Field(description="Until when the older signing secret counts.")]


class CreatedChannel(ChannelOut):
    secret: Annotated[str, Field(description="The signing secret that was made. It is shown this once.")] = ""


class ChannelPage(Listed):
    items: list[ChannelOut]


class MessageOut(BaseModel):
    """A line of the delivery log. ``id`` is what the receiver saw."""

    id: UUID
    title: str
    events: int
    is_test: bool
    state: Literal["gathering", "ready", "sent", "failed"]
    attempts: int
    created_at: datetime
    tried_at: datetime | None
    sent_at: datetime | None
    detail: str
    error_code: str
    error: str


class MessagePage(Listed):
    items: list[MessageOut]


class NewSecret(BaseModel):
    secret: str
    older_until: Annotated[datetime | None, Field(description="Until then calls carry both signatures.")]


class StartedJob(BaseModel):
    job_id: UUID


# Secrets of examples are no one's, and shaped as their vendors' own documentation shapes them.
EXAMPLES = {
    "A mailing list": {
        "kind": "email",
        "name": "Cloud security",
        "settings": {"to": ["cloud-security@example.com"]},
        "min_severity": "high",
    },
    "Slack": {
        "kind": "slack",
        "name": "#cloud-alerts",
        "events": ["finding.opened", "account.failed", "coverage.lost"],
        "settings": {"url": "https://hooks.slack.com/services/T00000000/B00000000/XXXXXXXXXXXXXXXXXXXXXXXX"},
    },
    "Jira": {
        "kind": "jira",
        "name": "Security board",
        "settings": {
            "site": "https://example.atlassian.net",
            "email": "cloud-accounts@example.com",
            "api_token": "ATATT3xFfGF0",
            "project": "SEC",
        },
    },
    "A signed webhook": {
        "kind": "webhook",
        "name": "SIEM",
        "settings": {"url": "https://hooks.example.com/cloud-accounts"},
        "min_severity": "low",
    },
}


@router.get("/", summary="List channels", **answers({200: ChannelPage}, 422))
def list_channels(request: HttpRequest, query: Query[Page]) -> HttpResponse:
    """By name, with how they do. What is secret of them is not here, and nowhere else."""
    refuse_unknown(request, Page)
    rows = queries.listed_channels(scope_of(request))
    return slice_of(rows, query, lambda page: [_channel_json(row) for row in page])


@router.post(
    "/", summary="Add a channel", **answers({201: CreatedChannel}, body=True, repeatable=True, examples=EXAMPLES)
)
@idempotent
def add_channel(request: HttpRequest, body: NewChannel) -> HttpResponse:
    """Nothing is sent yet: the test of a channel says whether it works."""
    created = services.create_channel(
        scope_of(request),
        ChannelInput(
            kind=body.kind,
            name=body.name,
            settings=body.settings,
            events=body.events,
            min_severity=body.min_severity.value if body.min_severity else None,
            groups=body.groups,
            digest_minutes=body.digest_minutes,
        ),
        actor=actor_of(request),
    )
    return reply({**_channel_json(created.channel), "secret": created.secret}, 201)


@router.get("/{uuid:channel_id}", summary="One channel", **answers({200: ChannelOut}, 404))
def get_channel(request: HttpRequest, channel_id: UUID) -> HttpResponse:
    channel = _channel_or_404(request, channel_id)
    return tagged(reply(_channel_json(channel)), _state(channel))


@router.patch(
    "/{uuid:channel_id}",
    summary="Change a channel",
    **answers(
        {200: ChannelOut}, 404, body=True, matched=True,
        examples={"Critical findings alone": {"min_severity": "critical"}, "Off for now": {"enabled": False}},
    ),
)  # fmt: skip
@one_at_a_time
def change_channel(request: HttpRequest, channel_id: UUID, body: ChannelChanges) -> HttpResponse:
    """What is left out stays. Its kind stays: another kind is another channel."""
    channel = _channel_or_404(request, channel_id)
    check_match(request, _state(channel), row=channel)
    given = body.model_dump(exclude_unset=True, mode="json")
    # Of the others null says nothing that could be meant; of groups it means all of them.
    given = {name: value for name, value in given.items() if value is not None or name == "groups"}
    enabled = given.pop("enabled", None)
    if given:
        channel = services.update_channel(scope_of(request), channel, given, actor=actor_of(request))
    if enabled is not None:
        services.set_enabled(channel, enabled=enabled, actor=actor_of(request))
        channel.refresh_from_db()
    return tagged(reply(_channel_json(channel)), _state(channel))


@router.delete("/{uuid:channel_id}", summary="Delete a channel", **answers({204: None}, 404, matched=True))
@one_at_a_time
def delete_channel(request: HttpRequest, channel_id: UUID) -> HttpResponse:
    """With what waits for it. What it has opened at its receiver stays there."""
    channel = _channel_or_404(request, channel_id)
    check_match(request, _state(channel), row=channel)
    services.delete_channel(channel, actor=actor_of(request))
    return HttpResponse(status=204)


@router.post("/{uuid:channel_id}/test", summary="Test a channel", **answers({202: StartedJob}, 404))
def test_channel(request: HttpRequest, channel_id: UUID) -> HttpResponse:
    """A worker sends a message that says so; the job says whether it arrived."""
    channel = _channel_or_404(request, channel_id)
    job = services.request_test(scope_of(request), channel, actor=actor_of(request))
    return reply({"job_id": str(job.pk)}, 202)


@router.post("/{uuid:channel_id}/secret", summary="Replace the signing secret", **answers({200: NewSecret}, 404, 422))
def rotate_secret(request: HttpRequest, channel_id: UUID) -> HttpResponse:
    """Of a webhook. For a day calls carry the signatures of both, so that the receiver can change over."""
    channel = _channel_or_404(request, channel_id)
    secret = services.rotate_signing_secret(channel, actor=actor_of(request))
    channel.refresh_from_db(fields=["secret_until"])
    return reply({"secret": secret, "older_until": channel.secret_until})


@router.get("/{uuid:channel_id}/messages", summary="Delivery log", **answers({200: MessagePage}, 404, 422))
def list_messages(request: HttpRequest, channel_id: UUID, query: Query[Page]) -> HttpResponse:
    """The latest first; kept for 30 days."""
    refuse_unknown(request, Page)
    rows = queries.messages_of(_channel_or_404(request, channel_id))
    return page_of(rows, query, lambda page: [_message_json(row) for row in page])


def _channel_or_404(request: HttpRequest, channel_id: UUID) -> NotificationChannel:
    channel = services.find_channel(scope_of(request), channel_id)
    if channel is None:
        raise Http404
    return channel


def _state(row: NotificationChannel) -> dict[str, Any]:
    """What callers may change of it. A new secret alone is no other state: nobody can read it."""
    names = ("name", "events", "min_severity", "groups", "digest_minutes", "settings", "enabled")
    return {name: getattr(row, name) for name in names}


def _channel_json(row: NotificationChannel) -> dict[str, Any]:
    # Named one by one, and `secret` is not among them.
    names = (
        "kind", "name", "events", "min_severity", "groups", "digest_minutes", "settings", "place", "enabled",
        "last_sent_at", "failing_since", "error_code", "error", "remedy", "created_at", "created_by", "secret_until",
    )  # fmt: skip
    return {"id": str(row.pk), **{name: getattr(row, name) for name in names}}


def _message_json(row: ChannelMessage) -> dict[str, Any]:
    names = (
        "title", "events", "is_test", "state", "attempts", "created_at", "tried_at", "sent_at", "detail", "error_code",
        "error",
    )  # fmt: skip
    return {"id": str(row.pk), **{name: getattr(row, name) for name in names}}
