"""Reads of channels."""

from __future__ import annotations

from uuid import UUID

from django.db.models import QuerySet

from cloudaccounts.group_scope import groups_within
from cloudaccounts.models import AccountGroup, ChannelMessage, NotificationChannel
from teams.names import name_order
from teams.scope import Scope


def visible_channels(scope: Scope) -> QuerySet[NotificationChannel]:
    """Of a membership that is limited to groups, only channels of those groups alone."""
    rows = NotificationChannel.objects.filter(owner=scope.owner).order_by("id")
    if not scope.limited:
        return rows
    allowed = allowed_groups(scope)
    # In Python: a list in a JSON column is compared by no two of our databases in the same way, and channels are few.
    keys = [key for key, groups in rows.values_list("pk", "groups") if groups and set(groups) <= allowed]
    return rows.filter(pk__in=keys)


def listed_channels(scope: Scope) -> list[NotificationChannel]:
    """By name, whatever its case."""
    return sorted(visible_channels(scope), key=lambda channel: name_order(channel.name))


def allowed_groups(scope: Scope) -> set[str]:
    """Ids of the groups that this scope may name."""
    allowed = groups_within(scope)
    if allowed is None:
        return {str(key) for key in AccountGroup.objects.filter(owner=scope.owner).values_list("pk", flat=True)}
    return {str(key) for key in allowed}


def scope_of_channel(channel: NotificationChannel) -> Scope:
    """What a channel may be told of: accounts in its groups alone, where it names some."""
    groups = None if channel.groups is None else frozenset(UUID(str(key)) for key in channel.groups)
    return Scope(channel.owner, groups=groups)


def messages_of(channel: NotificationChannel) -> QuerySet[ChannelMessage]:
    """The delivery log, the latest first."""
    return ChannelMessage.objects.filter(channel=channel.pk).order_by("-created_at", "id")
