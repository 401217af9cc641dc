"""Changes to channels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone

from cloudaccounts.audit.actor import Actor
from cloudaccounts.audit.record import record_event
from cloudaccounts.channels import secrets
from cloudaccounts.channels.queries import allowed_groups, visible_channels
from cloudaccounts.contract.rules import Severity
from cloudaccounts.errors import InputError, TeamLimitError
from cloudaccounts.jobs.requests import start_job
from cloudaccounts.models import ChannelIncident, ChannelItem, ChannelMessage, Job, NotificationChannel
from cloudaccounts.notifications.channels.base import ChannelKind
from cloudaccounts.notifications.channels.registry import all_kinds, events_of, find_kind
from cloudaccounts.notifications.channels.webhook.kind import new_secret
from cloudaccounts.text import clean_name
from cloudaccounts.work.databases import SECURITY
from teams.scope import Scope

OVERLAP = timedelta(hours=24)  # for which both signing secrets count
LONGEST_DIGEST = 24 * 60  # minutes
TEST_JOB = "channel.test"
RETRY_AFTER = 3600


@dataclass(frozen=True, slots=True)
class ChannelInput:
    """What a form or a call gives. None is "not named": the kind's own usual value."""

    kind: str
    name: str
    settings: Mapping[str, Any]
    events: Sequence[str] | None = None
    min_severity: str | None = None
    groups: Sequence[str] | None = None
    digest_minutes: int | None = None


@dataclass(frozen=True, slots=True)
class Created:
    channel: NotificationChannel
    secret: str  # that the product has made, to be shown once; empty for other kinds


def create_channel(scope: Scope, given: ChannelInput, *, actor: Actor) -> Created:
    """Raises `InputError`, `TeamLimitError`, and `CredentialsUnreadableError` without a key."""
    kind = find_kind(given.kind)
    if kind is None:
        raise InputError({"kind": f"Choose one of {', '.join(all_kinds())}."})
    columns = _cleaned(scope, kind, given)
    shown, secret = kind.clean(given.settings)
    place = kind.where({**shown, **secret})
    signing = new_secret() if kind.makes_secret else ""
    if signing:
        secret[secrets.SIGNING] = [signing]
    if NotificationChannel.objects.filter(owner=scope.owner).count() >= settings.TEAM_CHANNELS:
        raise TeamLimitError(
            f"Your team has {settings.TEAM_CHANNELS} channels already.", RETRY_AFTER, "Delete one that nobody reads."
        )
    key = uuid4()
    channel = NotificationChannel(
        id=key, owner=scope.owner, kind=kind.key, settings=shown, place=place[:200], created_at=timezone.now(),
        created_by=actor.label[:160], secret=secrets.seal(secret, key) if secret else None, **columns,
    )  # fmt: skip
    try:
        with transaction.atomic(using=SECURITY):
            channel.save(force_insert=True)
            _record(channel, actor, "channel.created", f"Channel {channel.name} created ({kind.label}, {place})")
    except IntegrityError:
        raise InputError({"name": "Your team has a channel of this name already."}) from None
    return Created(channel, signing)


def update_channel(
    scope: Scope, channel: NotificationChannel, changes: Mapping[str, Any], *, actor: Actor
) -> NotificationChannel:
    """``changes`` holds some of name, events, min_severity, groups, digest_minutes and settings; the rest stays.

    Of the settings each that is named is replaced, or taken away by None. Raises `InputError`, also where the channel
    would lead elsewhere with secrets that were given for another place, and `CredentialsUnreadableError`.
    """
    kind = find_kind(channel.kind)
    if kind is None:
        raise InputError({"kind": "This version does not know channels of this kind."})
    whole = {name: getattr(channel, name) for name in ("name", "events", "min_severity", "groups", "digest_minutes")}
    whole |= {name: value for name, value in changes.items() if name in whole}
    cleaned = _cleaned(scope, kind, ChannelInput(kind=kind.key, settings={}, **whole))
    # What was not named is cleaned along, for its rules, and not written: somebody else may have changed it meanwhile.
    columns = {name: value for name, value in cleaned.items() if name in changes}
    row = NotificationChannel.objects.filter(pk=channel.pk)
    if "settings" in changes:
        # All settings are one column, and their secrets another. So they are put together with what the row has now,
        # not with the object in hand, and written over that alone: a signing secret may be replaced at this moment.
        channel.refresh_from_db(fields=["settings", "place", "secret", "updated_at"])
        columns |= _new_settings(channel, kind, changes["settings"])
        row = row.filter(secret=channel.secret, updated_at=channel.updated_at)
    columns["updated_at"] = timezone.now()
    try:
        with transaction.atomic(using=SECURITY):
            if not row.update(**columns):
                raise InputError({"channel": "It was changed or deleted at this moment. Try again."})
            changed = ", ".join(sorted(changes))
            _record(channel, actor, "channel.changed", f"Channel {channel.name} changed: {changed}")
    except IntegrityError:
        raise InputError({"name": "Your team has a channel of this name already."}) from None
    channel.refresh_from_db()
    return channel


def _new_settings(channel: NotificationChannel, kind: ChannelKind, given: Mapping[str, Any]) -> dict[str, Any]:
    before = secrets.stored(channel)
    signing = {name: before.pop(name) for name in (secrets.SIGNING,) if name in before}
    named = {name: value for name, value in {**channel.settings, **before, **given}.items() if value is not None}
    shown, secret = kind.clean(named)
    place = kind.where({**shown, **secret})[:200]
    kept = [name for name in before if name not in given]
    # Whoever may change a channel may not read its secrets: so they are not sent to another place either.
    if kept and place != channel.place:
        raise InputError({f"settings.{name}": "Give it again: it was given for another place." for name in kept})
    secret |= signing
    return {"settings": shown, "place": place, "secret": secrets.seal(secret, channel.pk) if secret else None}


def delete_channel(channel: NotificationChannel, *, actor: Actor) -> None:
    """With all that waits for it and its log. What it has opened at its receiver stays there."""
    key = channel.pk
    with transaction.atomic(using=SECURITY):
        # Its row last: without transactions (MongoDB), a kill leaves the channel, which can be deleted again.
        for model in (ChannelItem, ChannelMessage, ChannelIncident):
            model.objects.filter(channel=key).delete()
        NotificationChannel.objects.filter(pk=key).delete()
        _record(channel, actor, "channel.deleted", f"Channel {channel.name} deleted")


def set_enabled(channel: NotificationChannel, *, enabled: bool, actor: Actor) -> None:
    """A channel that is off gets no events; what waits for it is sent once it is on again."""
    changes: dict[str, Any] = {"enabled": enabled}
    if enabled:
        changes |= {"held_until": None, "failing_since": None, "requested_at": timezone.now()}
    if NotificationChannel.objects.filter(pk=channel.pk, enabled=not enabled).update(**changes):
        word = "on" if enabled else "off"
        _record(channel, actor, f"channel.{word}", f"Channel {channel.name} turned {word}")


def rotate_signing_secret(channel: NotificationChannel, *, actor: Actor) -> str:
    """A new secret, to be shown once. For `OVERLAP` calls are signed with the one before as well.

    Raises `InputError` where the kind has none, and `CredentialsUnreadableError`.
    """
    kind = find_kind(channel.kind)
    if kind is None or not kind.makes_secret or channel.secret is None:
        raise InputError({"kind": "Channels of this kind have no secret that we make."})
    values = secrets.stored(channel)
    new = new_secret()
    values[secrets.SIGNING] = [new, *values[secrets.SIGNING][:1]]
    # Only over what was read: of two rotations at once, one is refused, and no secret is shown that does not count.
    changed = NotificationChannel.objects.filter(pk=channel.pk, secret=channel.secret).update(
        secret=secrets.seal(values, channel.pk), secret_until=timezone.now() + OVERLAP
    )
    if not changed:
        raise InputError({"secret": "It was changed at this moment. Try again."})
    _record(channel, actor, "channel.secret_rotated", f"Signing secret of channel {channel.name} replaced")
    return new


def request_test(scope: Scope, channel: NotificationChannel, *, actor: Actor) -> Job:
    """A job that sends a test message. Raises `TeamLimitError`."""
    return start_job(
        scope=scope, actor=actor, kind=TEST_JOB, title=f"Test of channel {channel.name}",
        items=[(str(channel.pk), channel.name)], options={},
    )  # fmt: skip


def find_channel(scope: Scope, channel: UUID) -> NotificationChannel | None:
    return visible_channels(scope).filter(pk=channel).first()


def _cleaned(scope: Scope, kind: ChannelKind, given: ChannelInput) -> dict[str, Any]:
    """The columns of the rules. Raises `InputError`."""
    problems: dict[str, str] = {}
    name = clean_name(given.name)
    if not 0 < len(name) <= 80:
        problems["name"] = "Give a name of up to 80 characters."
    can = events_of(kind)
    events = list(dict.fromkeys(given.events)) if given.events is not None else list(kind.usual_events or can)
    if not events or not set(events) <= set(can):
        problems["events"] = f"Choose from {', '.join(can)}."
    severity = given.min_severity or kind.usual_severity
    if severity not in {severity.value for severity in Severity}:
        problems["min_severity"] = f"Choose one of {', '.join(severity.value for severity in Severity)}."
    minutes = kind.usual_digest if given.digest_minutes is None else given.digest_minutes
    if not kind.least_digest <= minutes <= LONGEST_DIGEST:
        problems["digest_minutes"] = f"Give between {kind.least_digest} and {LONGEST_DIGEST} minutes."
    groups = None if given.groups is None else list(dict.fromkeys(given.groups))
    allowed = allowed_groups(scope)
    if groups == []:
        problems["groups"] = "Choose at least one group; null or none given means all accounts of the team."
    elif groups is not None and not set(groups) <= allowed:
        problems["groups"] = "There is no such group of yours."
    # A channel carries what its maker may see, and nothing beyond.
    elif groups is None and scope.limited:
        problems["groups"] = "Choose among your groups: your membership is limited to them."
    if problems:
        raise InputError(problems)
    return {
        "name": name, "events": events, "min_severity": severity, "groups": groups,
        "digest_minutes": 0 if kind.keeps_incidents else minutes,
    }  # fmt: skip


def _record(channel: NotificationChannel, actor: Actor, action: str, text: str) -> None:
    record_event(actor=actor, owner=channel.owner, action=action, text=text, channel=str(channel.pk), kind=channel.kind)
