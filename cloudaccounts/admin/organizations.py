"""Organizations and their members, read-only: only their owner acts on them."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.db.models.functions import Lower
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from cloudaccounts.admin.common import (
    AddressFilter,
    OwnerNames,
    RecordAdmin,
    begins,
    name_column,
    owner_named,
    spellings,
)
from cloudaccounts.models import CloudAccount, Organization, OrganizationMember

MOST = 500  # organizations that one search for members includes


@admin.register(Organization)
class OrganizationAdmin(OwnerNames, RecordAdmin):
    list_display = (
        "title", "provider", "root_id", "connection_name", "owner_name", "sync_state", "last_synced_at", "next_sync_at",
        "code", "members",
    )  # fmt: skip
    list_filter = ("sync_state", "provider")
    prefixes = ("name",)
    counted = "name"
    ordering = ("owner", Lower("name"), "name")
    search_help_text = "The beginning of an organization's name, or an owner's whole user name."
    fields = (
        "name", "provider", "root_id", "connection_name", "owner_name", "members", "options", "sync_state", "attempts",
        "seen", "requested_at", "last_synced_at", "next_sync_at", "code", "cause", "remedy", "created_at",
    )  # fmt: skip
    readonly_fields = ("connection_name", "owner_name", "members")

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        """The names of the connecting accounts, in one query."""
        changelist = super().get_changelist_instance(request)
        names = account_names(row.connection for row in changelist.result_list)
        for row in changelist.result_list:
            row.connection_label = names.get(row.connection, "")
        return changelist

    @admin.display(description="connecting account")
    def connection_name(self, row: Any) -> SafeString:
        # Set on lists, missing on the page of one row, which then asks for itself.
        name = getattr(row, "connection_label", None)
        label = account_names([row.connection]).get(row.connection, "") if name is None else name
        return account_link(row.connection, label)

    @admin.display(description="members")
    def members(self, row: Organization) -> SafeString:
        page = reverse("admin:cloudaccounts_organizationmember_changelist")
        return format_html('<a href="{}?organization={}">Show</a>', page, row.pk)


class OrganizationFilter(AddressFilter):
    title = "organization"
    parameter_name = "organization"
    model = Organization


@admin.register(OrganizationMember)
class OrganizationMemberAdmin(OwnerNames, RecordAdmin):
    """Ordered by organization, which the index of members begins with."""

    list_display = (
        "shown_name", "kind", "account_id", "organization_name", "owner_name", "provider_state", "state",
        "account_link", "code", "tested_at",
    )  # fmt: skip
    shown_name = name_column()
    list_filter = (OrganizationFilter, "kind", "state", "provider_state")
    counted = "organization"
    ordering = ("organization", "node_id")
    search_help_text = (
        "The beginning of an organization's name, or an owner's whole user name; within one organization also the "
        "beginning of a member's name or account ID."
    )
    fields = (
        "name", "kind", "account_id", "node_id", "parent_id", "organization_name", "owner_name", "provider_state",
        "state", "account_link", "code", "cause", "remedy", "tested_at", "first_seen_at",
    )  # fmt: skip
    readonly_fields = ("organization_name", "owner_name", "account_link")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        term = search_term.strip()
        if not term:
            return queryset, False
        organizations = Q()
        for text in spellings(term):
            organizations |= begins("name", text)
        if owner := owner_named(term):
            organizations |= Q(owner=owner)
        keys = Organization.objects.filter(organizations).order_by().values_list("pk", flat=True)
        conditions = Q(organization__in=list(keys[:MOST]))
        # Each index of members begins with the organization: without one, a search by name would read every row.
        if request.GET.get(OrganizationFilter.parameter_name):
            for text in spellings(term):
                conditions |= begins("name_key", text) | begins("account_id", text)
        return queryset.filter(conditions), False

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        """The names of the organizations and of the connected accounts, in a query each."""
        changelist = super().get_changelist_instance(request)
        rows = changelist.result_list
        titles = organization_titles(row.organization for row in rows)
        names = account_names(row.account for row in rows if row.account)
        for row in rows:
            row.organization_label, row.account_label = titles.get(row.organization, ""), names.get(row.account, "")
        return changelist

    @admin.display(description="organization")
    def organization_name(self, row: Any) -> SafeString:
        title = getattr(row, "organization_label", None)
        label = organization_titles([row.organization]).get(row.organization, "") if title is None else title
        page = reverse("admin:cloudaccounts_organization_change", args=[row.organization])
        return format_html('<a href="{}">{}</a>', page, label or row.organization)

    @admin.display(description="connected as")
    def account_link(self, row: Any) -> SafeString | str:
        if row.account is None:
            return "–"
        name = getattr(row, "account_label", None)
        return account_link(row.account, account_names([row.account]).get(row.account, "") if name is None else name)


def account_link(key: Any, label: str) -> SafeString:
    page = reverse("admin:cloudaccounts_cloudaccount_change", args=[key])
    return format_html('<a href="{}">{}</a>', page, label or key)


def account_names(keys: Any) -> dict[Any, str]:
    return dict(CloudAccount.objects.filter(pk__in=set(keys)).values_list("pk", "name"))


def organization_titles(keys: Any) -> dict[Any, str]:
    return {row.pk: row.title for row in Organization.objects.filter(pk__in=set(keys)).only("name")}
