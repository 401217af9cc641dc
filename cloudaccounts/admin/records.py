"""Audit, checks, jobs and notices, read-only."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from cloudaccounts.admin.common import OwnerNames, RecordAdmin
from cloudaccounts.audit import queries as audit_queries
from cloudaccounts.audit.actor import Actor
from cloudaccounts.models import AuditEvent, ConnectionCheck, Job, Notice, NoticeDigest


class SubjectFilter(admin.SimpleListFilter):
    """By the first word of the action. The choices are a fixed list: the distinct ones would be read from every row."""

    title = "about"
    parameter_name = "about"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return list(audit_queries.SUBJECTS.items())

    def queryset(self, request: HttpRequest, queryset: QuerySet[AuditEvent]) -> QuerySet[AuditEvent]:
        return queryset.filter(action__startswith=f"{self.value()}.") if self.value() else queryset


class ViaFilter(admin.SimpleListFilter):
    title = "via"
    parameter_name = "via"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(via, via) for via in ("page", "api", "admin", "command", "worker")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[AuditEvent]) -> QuerySet[AuditEvent]:
        return queryset.filter(via=self.value()) if self.value() else queryset


@admin.register(AuditEvent)
class AuditEventAdmin(OwnerNames, RecordAdmin):
    list_display = ("created_at", "action", "account_label", "owner_name", "actor_label", "address", "via", "text")
    list_filter = (SubjectFilter, ViaFilter)
    search_help_text = "An owner's whole user name."
    ordering = ("-created_at",)
    actions = ("export_csv", "export_json")

    @admin.action(description="Export as CSV: the selected rows, or all that match the filters", permissions=["view"])
    def export_csv(self, request: HttpRequest, queryset: QuerySet[AuditEvent]) -> HttpResponseBase:
        return self._export(request, queryset, "csv")

    @admin.action(description="Export as JSON", permissions=["view"])
    def export_json(self, request: HttpRequest, queryset: QuerySet[AuditEvent]) -> HttpResponseBase:
        return self._export(request, queryset, "json")

    def _export(self, request: HttpRequest, queryset: QuerySet[AuditEvent], kind: str) -> HttpResponseBase:
        from cloudaccounts.audit.exports import record_export  # see docs/decisions/0012
        from cloudaccounts.web.exports import export

        actor = Actor.of_request(request, via="admin")
        # Recorded before the first row leaves; without an owner, since the rows are of all.
        record_export(actor=actor, owner="", what="audit of all owners", format=kind)
        rows = audit_queries.as_rows(queryset.order_by("-created_at", "-id"))
        return export(rows, columns=audit_queries.COLUMNS, name="audit", format=kind)


# Read-only, as all records here: what a worker claims and a reconciler requeues is nothing to edit by hand.
@admin.register(ConnectionCheck)
class ConnectionCheckAdmin(RecordAdmin):
    list_display = ("requested_at", "account", "trigger", "state", "ok", "code", "attempts", "duration_ms")
    list_filter = ("state", "trigger", "ok")
    search_help_text = "An owner's whole user name."
    ordering = ("-requested_at",)


@admin.register(Job)
class JobAdmin(OwnerNames, RecordAdmin):
    list_display = ("requested_at", "title", "owner_name", "state", "total", "done", "failed", "skipped", "attempts")
    list_filter = ("state",)
    search_help_text = "An owner's whole user name."
    ordering = ("-requested_at",)


@admin.register(Notice)
class NoticeAdmin(OwnerNames, RecordAdmin):
    list_display = ("created_at", "kind", "owner_name", "account_label", "text")
    list_filter = ("kind",)
    search_help_text = "An owner's whole user name."
    ordering = ("-created_at",)


@admin.register(NoticeDigest)
class NoticeDigestAdmin(RecordAdmin):
    list_display = ("created_at", "channel", "recipient", "state", "attempts", "due_at", "sent_at", "error")
    list_filter = ("state", "channel")
    # Digests name whom they go to, who need not own what they tell about.
    owner_column = "recipient"
    search_help_text = "A recipient's whole user name."
    ordering = ("-created_at",)
