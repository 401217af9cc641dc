"""Operators look at runs, assets and findings here, and cancel runs. Nothing is edited: scans write the rows."""

from __future__ import annotations

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest

from cloudaccounts.admin.common import name_column
from cloudaccounts.audit.actor import Actor
from scans.models import Asset, Finding, ScanRun


@admin.register(ScanRun)
class ScanRunAdmin(admin.ModelAdmin[ScanRun]):
    list_display = (
        "requested_at", "account_name", "provider", "scan_type", "status", "units_done", "units_total", "assets_seen",
        "error_code",
    )  # fmt: skip
    list_filter = ("status", "scan_type", "provider")
    search_fields = ("account_name", "owner")
    show_full_result_count = False  # a second count of the whole table on every page
    list_per_page = 50
    ordering = ("-requested_at",)
    actions = ("cancel",)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False  # scans are requested on an account's page

    def has_change_permission(self, request: HttpRequest, obj: ScanRun | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: ScanRun | None = None) -> bool:
        return False

    def has_cancel_permission(self, request: HttpRequest) -> bool:
        """Nobody edits rows, so the permission to change them stands for the one change there is."""
        return request.user.has_perm("scans.change_scanrun")

    @admin.action(description="Cancel", permissions=["cancel"])
    def cancel(self, request: HttpRequest, queryset: QuerySet[ScanRun]) -> None:
        from scans.runs.requests import cancel_scan  # see docs/decisions/0012

        # By the service, one by one: each is recorded with the operator's name.
        cancelled = sum(cancel_scan(run, actor=Actor.of_request(request, via="admin")) for run in queryset)
        self.message_user(request, f"{cancelled} scans cancelled.", messages.SUCCESS)


@admin.register(Asset)
class AssetAdmin(admin.ModelAdmin[Asset]):
    list_display = ("shown_name", "type", "region", "account_name", "first_seen_at", "last_seen_at", "gone_at")
    list_filter = ("provider", "service")
    shown_name = name_column()
    search_fields = ("name", "native_id", "account_name")
    show_full_result_count = False
    list_per_page = 50
    ordering = ("name_key", "name")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Asset | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Asset | None = None) -> bool:
        return False


@admin.register(Finding)
class FindingAdmin(admin.ModelAdmin[Finding]):
    list_display = ("title", "severity", "status", "suppressed", "asset_name", "account_name", "open_since")
    list_filter = ("provider", "severity", "status", "suppressed")
    search_fields = ("title", "asset_name", "native_id", "account_name")
    show_full_result_count = False
    list_per_page = 50
    ordering = ("severity_rank", "-open_since")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Finding | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Finding | None = None) -> bool:
        return False
