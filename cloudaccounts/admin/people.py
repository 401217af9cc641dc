"""Users, with two rules of this product added to Django's own admin."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.contrib import admin
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.models import User
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse

from cloudaccounts.accounts import queries as account_queries
from cloudaccounts.audit.actor import Actor
from cloudaccounts.users import guard
from cloudaccounts.users.passwords import password_changed_by


class OwnerAdmin(UserAdmin[User]):
    """A user who owns accounts cannot be deleted, and the audit of a new password names the operator who set it."""

    def get_deleted_objects(
        self, objs: QuerySet[User] | Sequence[User], request: HttpRequest
    ) -> tuple[list[Any], dict[str, int], set[str], list[str]]:
        to_delete, counts, perms_needed, protected = super().get_deleted_objects(objs, request)
        # The accounts live in another database, so Django's own collector of related rows cannot see them.
        owned = account_queries.counts_of(str(user.pk) for user in objs)
        refusals = [guard.refusal(user, owned[str(user.pk)]) for user in objs if str(user.pk) in owned]
        return to_delete, counts, perms_needed, [*protected, *refusals]

    def user_change_password(self, request: HttpRequest, id: str, form_url: str = "") -> HttpResponse:  # noqa: A002
        # The signal that records the change sees the user's row only, not the request.
        with password_changed_by(Actor.of_request(request, via="admin")):
            return super().user_change_password(request, id, form_url)


admin.site.unregister(User)
admin.site.register(User, OwnerAdmin)
