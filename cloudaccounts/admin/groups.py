"""Groups of all owners, and who is in them."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.db.models.functions import Lower
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from cloudaccounts.admin.common import AddressFilter, OwnerNames, name_column, owner_named
from cloudaccounts.audit.actor import Actor
from cloudaccounts.contract.errors import ProviderError
from cloudaccounts.errors import InputError
from cloudaccounts.group_scope import inside
from cloudaccounts.groups import queries as group_queries
from cloudaccounts.groups.services import (
    CIRCLE,
    GROUP_LIMIT,
    add_members,
    create_group,
    delete_group,
    remove_members,
    update_group,
)
from cloudaccounts.models import AccountGroup, CloudAccount, GroupMember
from teams.scope import Scope

MOST_AT_ONCE = 1000  # ids in one textarea


class GroupForm(forms.ModelForm[AccountGroup]):
    """Checks beforehand what the services would refuse, so that a refusal stands at its field.

    The fields are text instead of selects: an owner's groups and accounts may be 100,000.
    """

    owner_username = forms.CharField(max_length=150, label="Owner", help_text="The whole user name.")
    parent_name = forms.CharField(
        max_length=80, required=False, label="Part of", help_text="Name or id of a group of the same owner."
    )
    put_in = forms.CharField(
        required=False,
        label="Put in",
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="Ids of accounts (UUIDs) of the same owner, one a line.",
    )

    class Meta:
        model = AccountGroup
        fields = ("name", "description")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # A group's owner never changes: its accounts are theirs.
        if self.instance.owner:
            self.fields.pop("owner_username", None)
            if self.instance.parent and (
                parent := group_queries.find(Scope(self.instance.owner), self.instance.parent)
            ):
                self.fields["parent_name"].initial = parent.name

    def clean_owner_username(self) -> str:
        owner = owner_named(self.cleaned_data["owner_username"].strip())
        if not owner:
            raise forms.ValidationError("There is no such user.")
        return owner

    def clean_put_in(self) -> list[UUID]:
        words = self.cleaned_data["put_in"].split()
        if len(words) > MOST_AT_ONCE:
            raise forms.ValidationError(f"{MOST_AT_ONCE} at once at most.")
        try:
            return [UUID(word) for word in words]
        except ValueError:
            raise forms.ValidationError("Write ids of accounts alone, one a line.") from None

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        owner = self.instance.owner or cleaned.get("owner_username", "")
        try:
            name = cleaned.get("parent_name", "")
            cleaned["parent"] = group_queries.resolve_group(name, Scope(owner)).pk if name else None
        except ProviderError as error:
            raise forms.ValidationError({"parent_name": error.cause}) from None
        # Asked beforehand for the message at its field; the unique constraint has the last word.
        taken = AccountGroup.objects.filter(owner=owner, name=cleaned.get("name", "")).exclude(pk=self.instance.pk)
        if taken.exists():
            raise forms.ValidationError({"name": "This owner has a group of this name already."})
        if self.instance.owner and cleaned["parent"] in group_queries.with_descendants(self.instance):
            raise forms.ValidationError({"parent_name": CIRCLE})
        return cleaned

    def validate_unique(self) -> None:
        """Left to `clean`: uniqueness includes the owner, which is not a field of this form."""


@admin.register(AccountGroup)
class AccountGroupAdmin(OwnerNames):
    form = GroupForm
    list_display = ("shown_name", "owner_name", "size", "description", "updated_at")
    shown_name = name_column(Lower("name"))
    prefixes = ("name",)
    counted = "name"
    ordering = (Lower("name"), "name")
    actions = ("revalidate", "scan", "suspend", "resume", "environment")
    readonly_fields = ("members", "updated_at")
    search_help_text = "The beginning of a group's name, or an owner's whole user name."

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        own = ["name", "description", "parent_name", "put_in", "members", "updated_at"]
        return own if obj is not None else ["owner_username", *own[:4]]

    @admin.display(description="accounts")
    def members(self, group: AccountGroup) -> SafeString:
        page = reverse("admin:cloudaccounts_groupmember_changelist")
        return format_html('<a href="{}?group={}">{} accounts</a>', page, group.pk, f"{group.size:,}")

    def save_model(self, request: HttpRequest, obj: AccountGroup, form: Any, change: bool) -> None:
        # Through the services that pages use: audit, sizes and circles are looked after there.
        actor, facts = Actor.of_request(request, via="admin"), form.cleaned_data
        values = {"name": facts["name"], "description": facts["description"], "parent": facts["parent"]}
        try:
            if change:
                # Read again: the form has put the new values into ``obj`` already, and the audit needs the old ones.
                stored = AccountGroup.objects.get(pk=obj.pk)
                update_group(stored, scope=Scope(stored.owner), actor=actor, **values)
            else:
                stored = create_group(scope=Scope(facts["owner_username"]), actor=actor, **values)
                obj.pk, obj.owner = stored.pk, stored.owner
        except InputError as error:
            self.message_user(request, f"Not saved: {error.cause}", messages.ERROR)
            return
        if added := add_members(stored, actor=actor, accounts=facts["put_in"]):
            self.message_user(request, f"{added:,} accounts added.", messages.SUCCESS)

    def delete_model(self, request: HttpRequest, obj: AccountGroup) -> None:
        delete_group(obj, scope=Scope(obj.owner), actor=Actor.of_request(request, via="admin"))

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[AccountGroup]) -> None:
        for group in queryset:  # one by one, so that each deletion is audited and moves its nested groups up
            self.delete_model(request, group)

    @admin.action(description="Check access of its accounts", permissions=["change"])
    def revalidate(self, request: HttpRequest, queryset: QuerySet[AccountGroup]) -> HttpResponse | None:
        return self._act(request, queryset, "revalidate")

    @admin.action(description="Scan its accounts", permissions=["change"])
    def scan(self, request: HttpRequest, queryset: QuerySet[AccountGroup]) -> HttpResponse | None:
        return self._act(request, queryset, "scan")

    @admin.action(description="Suspend its accounts", permissions=["change"])
    def suspend(self, request: HttpRequest, queryset: QuerySet[AccountGroup]) -> HttpResponse | None:
        return self._act(request, queryset, "suspend")

    @admin.action(description="Resume its accounts", permissions=["change"])
    def resume(self, request: HttpRequest, queryset: QuerySet[AccountGroup]) -> HttpResponse | None:
        return self._act(request, queryset, "resume")

    @admin.action(description="Set the environment of its accounts", permissions=["change"])
    def environment(self, request: HttpRequest, queryset: QuerySet[AccountGroup]) -> HttpResponse | None:
        return self._act(request, queryset, "environment")

    def _act(self, request: HttpRequest, queryset: QuerySet[AccountGroup], key: str) -> HttpResponse | None:
        groups = list(queryset[:GROUP_LIMIT])
        # Nested ones as well, each once: a group stands for all that lies below it.
        group_ids = {group_id for group in groups for group_id in group_queries.with_descendants(group)}
        accounts = CloudAccount.objects.filter(inside(group_ids)).order_by("name_key", "name")
        about = f"group {groups[0].name}" if len(groups) == 1 else f"{len(groups)} groups"
        from cloudaccounts.admin.bulk_actions import ask_and_start  # see docs/decisions/0012

        return ask_and_start(self, request, queryset, key, accounts=accounts, about=about)


class GroupFilter(AddressFilter):
    title = "group"
    parameter_name = "group"
    model = AccountGroup


@admin.register(GroupMember)
class GroupMemberAdmin(OwnerNames):
    """Who is in a group: removed here, added on the group's own page."""

    list_display = ("account_name", "group_name", "owner_name", "added_at")
    list_filter = (GroupFilter,)
    search_help_text = "An owner's whole user name."
    ordering = ("group", "account")
    # There is no page of one membership: both of its sides have pages of their own.
    list_display_links = None
    counted = "account"
    actions = ("take_out",)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_take_out_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.has_perm("cloudaccounts.change_accountgroup"))

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        """The names of both sides, in a query each."""
        changelist = super().get_changelist_instance(request)
        rows = changelist.result_list
        accounts = CloudAccount.objects.filter(pk__in={row.account for row in rows}).values_list("pk", "name")
        groups = AccountGroup.objects.filter(pk__in={row.group for row in rows}).values_list("pk", "name")
        account_names, group_names = dict(accounts), dict(groups)
        for row in rows:
            row.account_label, row.group_label = account_names.get(row.account, ""), group_names.get(row.group, "")
        return changelist

    @admin.display(description="account")
    def account_name(self, row: Any) -> SafeString:
        page = reverse("admin:cloudaccounts_cloudaccount_change", args=[row.account])
        return format_html('<a href="{}">{}</a>', page, getattr(row, "account_label", "") or row.account)

    @admin.display(description="group")
    def group_name(self, row: Any) -> SafeString:
        page = reverse("admin:cloudaccounts_accountgroup_change", args=[row.group])
        return format_html('<a href="{}">{}</a>', page, getattr(row, "group_label", "") or row.group)

    @admin.action(description="Remove the selected accounts from their group", permissions=["take_out"])
    def take_out(self, request: HttpRequest, queryset: QuerySet[GroupMember]) -> None:
        actor = Actor.of_request(request, via="admin")
        by_group: dict[UUID, list[UUID]] = {}
        for member in queryset:
            by_group.setdefault(member.group, []).append(member.account)
        removed = 0
        for group in AccountGroup.objects.filter(pk__in=list(by_group)):
            # Group by group, since each has an audit event and a size of its own.
            removed += remove_members(group, actor=actor, accounts=by_group[group.pk])
        self.message_user(request, f"{removed:,} accounts removed.", messages.SUCCESS)
