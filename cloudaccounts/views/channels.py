"""Channels: the list, a form for each kind, one channel with its delivery log."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from cloudaccounts.audit.actor import Actor
from cloudaccounts.channels import queries, services
from cloudaccounts.contract.errors import ProviderError
from cloudaccounts.forms.channels import ChannelForm
from cloudaccounts.groups import queries as group_queries
from cloudaccounts.models import NotificationChannel
from cloudaccounts.notifications.channels.registry import all_kinds, event_labels, find_kind
from cloudaccounts.views.actions import asks_first
from cloudaccounts.views.common import scope_of
from cloudaccounts.views.paging import page_of

PAGE_SIZE = 25


@require_safe
def channel_list(request: HttpRequest) -> HttpResponse:
    kinds = all_kinds()
    rows = [(channel, kinds.get(channel.kind)) for channel in queries.listed_channels(scope_of(request))]
    return render(request, "cloudaccounts/channel_list.html", {"rows": rows, "kinds": kinds.values()})


@require_safe
def channel(request: HttpRequest, channel_id: UUID) -> HttpResponse:
    channel = _channel_or_404(request, channel_id)
    kind, labels = find_kind(channel.kind), event_labels()
    names = dict(group_queries.choices(scope_of(request)))
    context = {
        "channel": channel,
        "kind": kind,
        "events": [labels.get(event, event) for event in channel.events],
        # A group that was deleted meanwhile has no name any more, and nothing in it.
        "groups": None if channel.groups is None else [names.get(group, "a deleted group") for group in channel.groups],
        "settings": [(item.label, _shown(channel.settings.get(item.name))) for item in kind.settings] if kind else [],
        "page": page_of(queries.messages_of(channel), request.GET.get("page"), PAGE_SIZE),
    }
    return render(request, "cloudaccounts/channel.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def channel_new(request: HttpRequest, kind: str) -> HttpResponse:
    """Shows a secret that we make in the answer to the POST and nowhere else: a redirect would have to store it."""
    channel_kind = find_kind(kind)
    if channel_kind is None:
        raise Http404
    scope = scope_of(request)
    form = ChannelForm(request.POST if request.method == "POST" else None, kind=channel_kind, scope=scope)
    if form.is_valid():
        try:
            created = services.create_channel(scope, form.channel_input(), actor=Actor.of_request(request))
        except ProviderError as error:
            form.refuse(error)
        else:
            if created.secret:
                context = {"channel": created.channel, "secret": created.secret}
                return render(request, "cloudaccounts/channel_secret.html", context, status=201)
            messages.success(request, f"{created.channel.name} is added. Send a test to see that it works.")
            return redirect("channel", channel_id=created.channel.pk)
    context = {"form": form, "kind": channel_kind}
    return render(request, "cloudaccounts/channel_new.html", context, status=422 if form.is_bound else 200)


@require_POST
def channel_test(request: HttpRequest, channel_id: UUID) -> HttpResponse:
    channel = _channel_or_404(request, channel_id)
    job = services.request_test(scope_of(request), channel, actor=Actor.of_request(request))
    return redirect("job", job_id=job.pk)


@require_POST
def channel_secret(request: HttpRequest, channel_id: UUID) -> HttpResponse:
    channel = _channel_or_404(request, channel_id)
    try:
        secret = services.rotate_signing_secret(channel, actor=Actor.of_request(request))
    except ProviderError as error:
        messages.error(request, f"{error.cause} {error.remedy}")
        return redirect("channel", channel_id=channel.pk)
    channel.refresh_from_db()
    return render(request, "cloudaccounts/channel_secret.html", {"channel": channel, "secret": secret}, status=201)


@require_POST
def channel_switch(request: HttpRequest, channel_id: UUID) -> HttpResponse:
    channel = _channel_or_404(request, channel_id)
    services.set_enabled(channel, enabled=not channel.enabled, actor=Actor.of_request(request))
    messages.success(request, f"{channel.name} is {'off' if channel.enabled else 'on'}.")
    return redirect("channel", channel_id=channel.pk)


@asks_first
def channel_delete(request: HttpRequest, channel_id: UUID) -> HttpResponse:
    channel = _channel_or_404(request, channel_id)
    if request.method != "POST":
        return render(request, "cloudaccounts/channel_delete.html", {"channel": channel})
    services.delete_channel(channel, actor=Actor.of_request(request))
    messages.success(request, f"Channel {channel.name} is deleted.")
    return redirect("channels")


def _shown(value: str | list[str] | None) -> str:
    """A setting for people; empty for what is encrypted, or was not given."""
    return ", ".join(value) if isinstance(value, list) else value or ""


def _channel_or_404(request: HttpRequest, channel_id: UUID) -> NotificationChannel:
    channel = services.find_channel(scope_of(request), channel_id)
    if channel is None:
        raise Http404
    return channel
