"""Teams and who is in them, read-only: owners of a team say that on its own page."""

from __future__ import annotations

from django.contrib import admin
from django.db.models import QuerySet
from django.db.models.functions import Lower
from django.http import HttpRequest

from cloudaccounts.admin.common import RecordAdmin, name_column
from teams.models import Membership, Team


class MembershipInline(admin.TabularInline[Membership, Team]):
    model = Membership
    fields = readonly_fields = ("user", "role", "limited", "groups", "created_at")
    extra = 0
    can_delete = False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Membership]:
        return super().get_queryset(request).select_related("user")

    def has_add_permission(self, request: HttpRequest, obj: Team | None = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Team | None = None) -> bool:
        return False


@admin.register(Team)
class TeamAdmin(RecordAdmin):
    list_display = ("shown_name", "key", "personal", "created_at")
    shown_name = name_column(Lower("name"))
    list_filter = ("personal",)
    fields = readonly_fields = ("key", "name", "personal", "created_at")
    inlines = (MembershipInline,)
    ordering = (Lower("name"), "name", "key")
    prefixes = ("name", "key")
    owner_column = ""
    search_help_text = "The beginning of a name or key."
