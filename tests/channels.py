"""A channel, for tests that need one to be there."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import User

from cloudaccounts.audit.actor import SYSTEM
from cloudaccounts.channels.services import ChannelInput, create_channel
from cloudaccounts.models import NotificationChannel
from teams.scope import Scope


def make_channel(owner: User, **given: Any) -> NotificationChannel:
    """A webhook's, unless something else is asked for. Nothing is sent by making it."""
    values: dict[str, Any] = {
        "kind": "webhook",
        "name": "Our receiver",
        "settings": {"url": "https://hooks.example.com/cloud-accounts?token=hidden-part"},
        **given,
    }
    return create_channel(Scope(str(owner.pk)), ChannelInput(**values), actor=SYSTEM).channel
