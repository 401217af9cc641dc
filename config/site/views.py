"""The profile."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from cloudaccounts.accounts.external_id import external_id_for
from cloudaccounts.audit.actor import Actor
from cloudaccounts.notifications.recipients import muted_kinds, set_wanted_kinds
from cloudaccounts.tokens.services import tokens_of
from cloudaccounts.users.logins import record_address_change
from config.site.forms import NoticeForm, ProfileForm
from config.site.mails import request_change_notice
from teams.present import scope_of


@require_http_methods(["GET", "HEAD", "POST"])
def profile(request: HttpRequest) -> HttpResponse:
    user = request.user
    assert isinstance(user, User)  # LoginRequiredMiddleware lets nobody else in
    before = user.email
    form = ProfileForm(request.POST or None, instance=user, request=request)
    if request.method == "POST" and form.is_valid():
        form.save()
        if form.changes_address:
            record_address_change(user, actor=Actor.of_request(request))
            # To the old address: where somebody else changed it, its owner hears of it there.
            if before:
                request_change_notice(username=user.get_username(), old=before, new=user.email)
        messages.success(request, "Saved.")
        return redirect("profile")
    if form.is_bound:
        user.refresh_from_db()  # the page shows the name that is stored, not the one that was refused
    owner = str(user.pk)
    context = {
        "form": form,
        "external_id": external_id_for(scope_of(request).owner),
        "tokens": tokens_of(owner),
        "notice_form": NoticeForm(initial={"kinds": NoticeForm.wanted_of(muted_kinds(owner))}),
    }
    return render(request, "site/profile.html", context, status=422 if form.is_bound else 200)


@require_POST
def profile_notices(request: HttpRequest) -> HttpResponse:
    form = NoticeForm(request.POST)
    if form.is_valid():
        set_wanted_kinds(str(request.user.pk), set(form.cleaned_data["kinds"]))
        messages.success(request, "Saved.")
    return redirect("profile")
