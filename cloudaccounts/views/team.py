"""The team: who is in it, with what role and which groups; switching, leaving, invitations."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from cloudaccounts.accounts.rate_limits import TooManyAttemptsError
from cloudaccounts.audit.actor import Actor
from cloudaccounts.audit.exports import record_export
from cloudaccounts.forms.teams import ALL, SOME, AccessForm, InvitationForm, NewTeamForm
from cloudaccounts.groups import queries as group_queries
from cloudaccounts.users.invitation_mails import take_mail
from cloudaccounts.users.teams import link_of
from cloudaccounts.views.common import scope_of
from cloudaccounts.views.team_page import COLUMNS, detail_of, is_own, member_rows, page_of_team
from cloudaccounts.web import reauthentication
from cloudaccounts.web.exports import export, wanted_format
from teams import services
from teams.errors import InvitationGoneError, TeamError
from teams.models import Invitation, Membership, Team
from teams.personal import make_personal_team
from teams.present import switch
from teams.queries import find_team, user_of
from teams.scope import Scope


@require_safe
def team(request: HttpRequest) -> HttpResponseBase:
    """Members, invitations, and what each may do where. Everybody in the team sees who else is."""
    if file_format := wanted_format(request):
        scope = scope_of(request)
        record_export(actor=Actor.of_request(request), owner=scope.owner, what="members", format=file_format)
        return export(member_rows(scope), columns=COLUMNS, name="members", format=file_format)
    return _page(request, _invitation_form(scope_of(request)))


@require_POST
def team_invite(request: HttpRequest) -> HttpResponse:
    """Mails a link, or shows it in this one answer: a message or the session would store it."""
    if not reauthentication.is_recent(request):
        return reauthentication.ask(request, back=reverse("team"))
    scope = scope_of(request)
    form = _invitation_form(scope, request.POST)
    if form.is_valid():
        try:
            take_mail(str(request.user.pk), form.cleaned_data["email"])
            invitation, token = services.invite(
                _team(request), by=request.user, actor=Actor.of_request(request), role=form.cleaned_data["role"],
                email=form.cleaned_data["email"], groups=form.limit(),
            )  # fmt: skip
        except TooManyAttemptsError as error:
            form.add_error(None, f"{error.cause} {error.remedy}")
        except TeamError as error:
            form.refuse(error)
        else:
            if invitation.email:
                messages.success(request, f"An invitation is on its way to {invitation.email}.")
                return redirect("team")
            context = {"invitation": invitation, "link": link_of(token)}
            return render(request, "cloudaccounts/team_invited.html", context, status=201)
    return _page(request, form, status=422)


@require_POST
def team_invitation_withdraw(request: HttpRequest, invitation_id: UUID) -> HttpResponse:
    invitation = Invitation.objects.filter(team_id=scope_of(request).owner, pk=invitation_id).first()
    if invitation is None:
        raise Http404
    services.withdraw(invitation, actor=Actor.of_request(request))
    messages.success(request, "The invitation is withdrawn: its link opens nothing any more.")
    return redirect("team")


@require_POST
def team_invitation_send(request: HttpRequest, invitation_id: UUID) -> HttpResponse:
    """Sends it again, with a new link; one without an address is shown in this one answer."""
    if not reauthentication.is_recent(request):
        return reauthentication.ask(request, back=reverse("team"))
    invitation = Invitation.objects.filter(team_id=scope_of(request).owner, pk=invitation_id).first()
    try:
        if invitation is None:
            raise InvitationGoneError
        take_mail(str(request.user.pk), invitation.email)
        invitation, token = services.renew(invitation, actor=Actor.of_request(request))
    except InvitationGoneError:
        raise Http404 from None
    except TooManyAttemptsError as error:
        messages.error(request, f"{error.cause} {error.remedy}")
        return redirect("team")
    if invitation.email:
        messages.success(request, f"Sent again to {invitation.email}: the link before opens nothing any more.")
        return redirect("team")
    context = {"invitation": invitation, "link": link_of(token)}
    return render(request, "cloudaccounts/team_invited.html", context, status=201)


@require_http_methods(["GET", "HEAD", "POST"])
def team_member(request: HttpRequest, user: str) -> HttpResponse:
    """Role and groups of a member. The person of a personal team stays its owner."""
    scope, member = scope_of(request), _member_or_404(request, user)
    choices = group_queries.choices(scope)
    known = {key for key, _ in choices}
    initial = {
        "role": member.role,
        "access": SOME if member.limited else ALL,
        "groups": [key for key in member.groups if key in known],
    }
    form = AccessForm(request.POST or None, initial=initial, group_choices=choices)
    if request.method == "POST":
        if not reauthentication.is_recent(request):
            return reauthentication.ask(request, back=request.get_full_path())
        if form.is_valid():
            try:
                services.change_member(
                    scope.owner, member.user, role=form.cleaned_data["role"], groups=form.limit(),
                    actor=Actor.of_request(request),
                )  # fmt: skip
            except TeamError as error:
                form.refuse(error)
            else:
                messages.success(request, "Saved.")
                return redirect("team")
    context = {"form": form, "member": member, "is_own": is_own(member), "detail": detail_of(scope, member)}
    return render(request, "cloudaccounts/team_member.html", context, status=422 if form.is_bound else 200)


@require_POST
def team_member_remove(request: HttpRequest, user: str) -> HttpResponse:
    member = _member_or_404(request, user)
    return _end(request, member, f"{member.user.get_username()} is no member any more.")


@require_POST
def team_leave(request: HttpRequest) -> HttpResponse:
    member = _member_or_404(request, str(request.user.pk))
    return _end(request, member, f"You left {member.team.name}.")


def _end(request: HttpRequest, member: Membership, done: str) -> HttpResponse:
    try:
        services.remove_member(member.team_id, member.user, actor=Actor.of_request(request))
    except TeamError as error:
        messages.error(request, f"{error.cause} {error.remedy}")
    else:
        messages.success(request, done)
    return redirect("team")


@require_http_methods(["GET", "HEAD", "POST"])
def team_switch(request: HttpRequest) -> HttpResponse:
    if request.method == "POST":
        key = request.POST.get("team", "")
        if "\x00" in key or len(key) > 64 or not switch(request, key):
            raise Http404
        # Where a link of a mail led (config/site/elsewhere.py): a path of this product, never another host.
        target = request.POST.get("next", "")
        local = target.startswith("/") and url_has_allowed_host_and_scheme(target, allowed_hosts=None)
        return redirect(target if local else "dashboard")
    make_personal_team(request.user)
    return render(request, "cloudaccounts/team_switch.html", {"present": scope_of(request).owner})


@require_http_methods(["GET", "HEAD", "POST"])
def team_new(request: HttpRequest) -> HttpResponse:
    form = NewTeamForm(request.POST or None)
    if form.is_valid():
        try:
            made = services.create_team(
                user=request.user, name=form.cleaned_data["name"], actor=Actor.of_request(request)
            )
        except TeamError as error:
            form.refuse(error)
        else:
            switch(request, made.key)
            messages.success(request, f"{made.name} is made, and you work in it now. Invite the others.")
            return redirect("team")
    return render(request, "cloudaccounts/team_new.html", {"form": form}, status=422 if form.is_bound else 200)


@require_http_methods(["GET", "HEAD", "POST"])
def team_rename(request: HttpRequest) -> HttpResponse:
    team = _team(request)
    if team.personal:
        raise Http404
    form = NewTeamForm(request.POST or None, initial={"name": team.name})
    if form.is_valid():
        try:
            services.rename_team(team, name=form.cleaned_data["name"], actor=Actor.of_request(request))
        except TeamError as error:
            form.refuse(error)
        else:
            messages.success(request, "Saved.")
            return redirect("team")
    return render(request, "cloudaccounts/team_rename.html", {"form": form}, status=422 if form.is_bound else 200)


@require_http_methods(["GET", "HEAD", "POST"])
def invitation(request: HttpRequest, token: str) -> HttpResponse:
    """What one is invited to; joining takes a button, since mail programs open links on their own."""
    try:
        invited = services.find_invitation(token)
        if request.method == "POST":
            joined = services.accept(token, user=request.user, actor=Actor.of_request(request))
            switch(request, joined.team_id)
            messages.success(request, f"Welcome to {invited.team.name}: you work in it now.")
            return redirect("dashboard")
    except TeamError as error:
        return render(request, "cloudaccounts/invitation.html", {"error": error}, status=410)
    return render(request, "cloudaccounts/invitation.html", {"invitation": invited})


def _page(request: HttpRequest, form: InvitationForm, status: int = 200) -> HttpResponse:
    context = {**page_of_team(_team(request), scope_of(request), request.user, request.GET.get("page")), "form": form}
    return render(request, "cloudaccounts/team.html", context, status=status)


def _team(request: HttpRequest) -> Team:
    return find_team(scope_of(request).owner) or make_personal_team(request.user)


def _member_or_404(request: HttpRequest, user: str) -> Membership:
    person = user_of(user)
    row = Membership.objects.select_related("team", "user").filter(team_id=scope_of(request).owner, user=person).first()
    if person is None or row is None:
        raise Http404
    return row


def _invitation_form(scope: Scope, data: Any = None) -> InvitationForm:
    return InvitationForm(data, group_choices=group_queries.choices(scope))
