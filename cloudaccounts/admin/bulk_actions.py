"""Actions on what an operator selected: a page asks first, then a job does it and shows the result for each account."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse

from cloudaccounts.admin.common import owner_named
from cloudaccounts.audit.actor import Actor
from cloudaccounts.bulk.actions import OF_ALL, bulk_actions, start_bulk_action
from cloudaccounts.contract.errors import ProviderError
from cloudaccounts.lifecycle.transfer import check_new_owner
from cloudaccounts.web import reauthentication
from cloudaccounts.web.pagination import COUNT_LIMIT
from teams.scope import Scope

SHOWN = 20  # accounts that the question names


class TransferForm(forms.Form):
    to = forms.CharField(
        max_length=150, label="New owner", help_text="The whole user name of an active user, or a team's name."
    )

    def clean_to(self) -> str:
        owner = owner_named(self.cleaned_data["to"].strip())
        try:
            check_new_owner(owner)
        except ProviderError as error:
            raise forms.ValidationError(error.cause) from None
        return owner


def form_of(key: str) -> type[forms.Form] | None:
    """The form with the options of an action; None where it has none."""
    if key == "transfer":
        return TransferForm
    if key == "environment":
        from cloudaccounts.forms.groups import EnvironmentForm  # every command loads the admin, and few show a form

        return EnvironmentForm
    return None


def ask_and_start(
    model_admin: admin.ModelAdmin[Any], request: HttpRequest, queryset: Any, key: str, *, accounts: Any, about: str
) -> HttpResponse | None:
    """Shows the question; once it is answered, starts the job. None where there is nothing to do: a message says why.

    ``queryset`` is what was selected (accounts or groups), ``accounts`` the accounts in it. ``about`` names them in the
    job's title. A dangerous action asks for the password first, where it was not entered within ten minutes.
    """
    action = next(action for action in bulk_actions(for_owners=False) if action.key == key)
    # Django checks the permission of the model whose list this is; on groups that is not the accounts' permission.
    if not request.user.has_perm(action.permission):
        model_admin.message_user(request, "You may not do this to accounts.", messages.ERROR)
        return None
    if action.dangerous and not reauthentication.is_recent(request):
        return reauthentication.ask(request, back=request.get_full_path())
    # Django posts the chosen action twice: from the list without "agreed", and from our question with it.
    agreed = "agreed" in request.POST
    form_class = form_of(key)
    form = form_class(request.POST if agreed else None) if form_class else None
    # Counting ends at the limit: the page says "more than", and the job takes all of them all the same.
    number = accounts.order_by().values("pk")[: COUNT_LIMIT + 1].count()
    if not number:
        model_admin.message_user(request, "There is no account in what you selected.", messages.WARNING)
        return None
    if agreed and (form is None or form.is_valid()):
        job = start_bulk_action(
            key,
            scope=Scope(str(request.user.pk)),  # whose job it is, so that its page is theirs
            actor=Actor.of_request(request, via="admin"),
            # Streamed, with the two columns that an item of the job needs.
            accounts=accounts.only("pk", "name").iterator(chunk_size=2000),
            about=about,
            **{OF_ALL: True},
            **(form.cleaned_data if form else {}),
        )
        return redirect("job", job_id=job.pk)
    context = {
        **model_admin.admin_site.each_context(request),
        "title": f"{action.label}: are you sure?",
        "opts": model_admin.model._meta,
        "bulk_action": action,
        "form": form,
        "number": number,
        "capped": number > COUNT_LIMIT,
        "accounts": list(accounts.only("pk", "name", "account_id")[:SHOWN]),
        "selected": request.POST.getlist(ACTION_CHECKBOX_NAME),
        # Django's own field for "all that match": without it the answer would act on one page of them.
        "across": request.POST.get("select_across", "0"),
        "action_name": request.POST.get("action", ""),
        "checkbox": ACTION_CHECKBOX_NAME,
    }
    return TemplateResponse(request, "admin/bulk_action.html", context)
