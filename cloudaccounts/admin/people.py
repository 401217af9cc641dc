"""Users and groups of Django's own admin, with this product's rules: nobody can rise by it, or become another.

An operator's session that somebody else has got hold of must not be turned into one that lasts. So the password is
asked for again before anything of a user is changed; another superuser's password and address can be set by their owner
and on the command line alone (`manage.py changepassword`); and who is no superuser gives no rights and touches no
operator.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from django.contrib import admin, messages
from django.contrib.auth.admin import GroupAdmin, UserAdmin
from django.contrib.auth.models import Group, User
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from cloudaccounts.audit.actor import Actor
from cloudaccounts.users import guard
from cloudaccounts.users.passwords import password_changed_by
from cloudaccounts.web import reauthentication

RIGHTS = ("is_staff", "is_superuser", "groups", "user_permissions")


def _after_password(request: HttpRequest, view: Callable[[], HttpResponse]) -> HttpResponse:
    """The view; before anything is written, the page that asks for the password."""
    # POST alone: looking changes nothing, and who only looks need not type a password.
    if request.method == "POST" and not reauthentication.is_recent(request):
        messages.info(request, "Confirm your password first, then enter this once more: nothing was changed yet.")
        return reauthentication.ask(request, back=request.get_full_path())
    return view()


class OwnerAdmin(UserAdmin[User]):
    """A user who owns accounts cannot be deleted, and the audit of a new password names the operator who set it."""

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_change_permission(request, obj) and _may_touch(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_delete_permission(request, obj) and _may_touch(request, obj)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        fields = tuple(super().get_readonly_fields(request, obj))
        if not request.user.is_superuser:
            fields += RIGHTS
        # A reset link goes to the address: one's own is changed on the profile, where the password is asked for.
        if obj is not None and (obj.pk == request.user.pk or obj.is_superuser):
            fields += ("email",)
        return fields

    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        return _after_password(request, lambda: super(OwnerAdmin, self).changeform_view(request, *args, **kwargs))

    # The list posts as well: Django's bulk deletion begins there.
    def changelist_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        return _after_password(request, lambda: super(OwnerAdmin, self).changelist_view(request, *args, **kwargs))

    def delete_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        return _after_password(request, lambda: super(OwnerAdmin, self).delete_view(request, *args, **kwargs))

    def get_deleted_objects(
        self, objs: QuerySet[User] | Sequence[User], request: HttpRequest
    ) -> tuple[list[Any], dict[str, int], set[str], list[str]]:
        from cloudaccounts.accounts import queries as account_queries  # see docs/decisions/0012

        to_delete, counts, perms_needed, protected = super().get_deleted_objects(objs, request)
        # The accounts live in another database, so Django's own collector of related rows cannot see them.
        owned = account_queries.counts_of(str(user.pk) for user in objs)
        refusals = [guard.refusal(user, owned[str(user.pk)]) for user in objs if str(user.pk) in owned]
        refusals += [reason for user in objs if (reason := guard.team_refusal(user))]
        # The bulk action asks for the permission as such, not for each user.
        refusals += [f"{user} is an operator: a superuser alone may delete them." for user in objs
                     if not _may_touch(request, user)]  # fmt: skip
        return to_delete, counts, perms_needed, [*protected, *refusals]

    def user_change_password(self, request: HttpRequest, id: str, form_url: str = "") -> HttpResponse:  # noqa: A002
        if id == str(request.user.pk):
            return redirect("password-change")  # which asks for the old one
        target = self.get_object(request, id)
        # Whoever sets a superuser's password can become that superuser: it is left to them and to the command line.
        if target is not None and target.is_superuser:
            raise PermissionDenied
        # The signal that records the change sees the user's row only, not the request.
        with password_changed_by(Actor.of_request(request, via="admin")):
            change = super().user_change_password
            return _after_password(request, lambda: change(request, id, form_url))


class RoleAdmin(GroupAdmin):
    """Who is no superuser could give a group of their own any right."""

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        fields = tuple(super().get_readonly_fields(request, obj))
        return fields if request.user.is_superuser else (*fields, "permissions")

    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        return _after_password(request, lambda: super(RoleAdmin, self).changeform_view(request, *args, **kwargs))


def _may_touch(request: HttpRequest, obj: Any) -> bool:
    """Whether this user's row may be written: operators' by superusers, and by themselves, alone."""
    if obj is None or request.user.is_superuser or obj.pk == request.user.pk:
        return True
    return not (obj.is_staff or obj.is_superuser)


admin.site.unregister(User)
admin.site.register(User, OwnerAdmin)
admin.site.unregister(Group)
admin.site.register(Group, RoleAdmin)
