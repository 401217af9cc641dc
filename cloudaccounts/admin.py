"""For operators: all owners' accounts. No secret is anywhere; changes go through the services that pages use."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.models import User
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html

from cloudaccounts import selectors, services, users
from cloudaccounts.actors import Actor
from cloudaccounts.ages import RotationState, age_of, in_state
from cloudaccounts.errors import AccountSuspendedError, InputError
from cloudaccounts.models import AuditEvent, CloudAccount, ConnectionCheck


class AccountForm(forms.ModelForm[CloudAccount]):
    """Name, environment and regions: what may change without a new proof of access."""

    regions = forms.MultipleChoiceField(widget=forms.CheckboxSelectMultiple)

    class Meta:
        model = CloudAccount
        fields = ("name", "environment", "regions")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        regions = self.instance.spec.regions(self.instance.partition)
        field = self.fields["regions"]
        assert isinstance(field, forms.MultipleChoiceField)
        field.choices = [(region.name, f"{region.name} · {region.label}") for region in regions]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        try:
            services.clean_details(
                services.AccountDetails(
                    provider=self.instance.provider,
                    account_id=self.instance.account_id,
                    partition=self.instance.partition,
                    name=cleaned.get("name", ""),
                    environment=cleaned.get("environment", ""),
                    regions=tuple(cleaned.get("regions", ())),
                )
            )
        except InputError as error:
            raise forms.ValidationError(
                {key: text for key, text in error.fields.items() if key in self.fields}
            ) from None
        return cleaned


class RotationStateFilter(admin.SimpleListFilter):
    title = "credential age"
    parameter_name = "rotation"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(value, str(label)) for value, label in RotationState.choices]

    def queryset(self, request: HttpRequest, queryset: QuerySet[CloudAccount]) -> QuerySet[CloudAccount]:
        state = self.value()
        return queryset.filter(in_state(state)) if state in RotationState.values else queryset


@admin.register(CloudAccount)
class CloudAccountAdmin(admin.ModelAdmin[CloudAccount]):
    form = AccountForm
    list_display = (
        "name",
        "provider",
        "account_id",
        "owner",
        "environment",
        "status",
        "last_checked_at",
        "credential_age",
    )
    list_filter = ("status", "provider", "environment", RotationStateFilter)
    search_fields = ("name", "account_id", "owner")
    show_full_result_count = False
    list_per_page = 50
    ordering = ("name",)
    actions = ("revalidate", "suspend", "resume")
    readonly_fields = (
        "id", "owner", "provider", "account_id", "partition", "auth_method", "credential_hint", "status",
        "last_checked_at", "last_check_code", "last_check_cause", "credential_since", "credential_expires_at",
        "latest_scan_run_id", "created_at", "updated_at",
    )  # fmt: skip
    fields = ("name", "environment", "regions", *readonly_fields)

    def get_queryset(self, request: HttpRequest) -> QuerySet[CloudAccount]:
        return super().get_queryset(request).defer("last_check")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False  # an account comes into being by a proof of access: in the wizard

    @admin.display(description="credential age", ordering="credential_since")
    def credential_age(self, account: CloudAccount) -> str:
        age = age_of(account)
        return (
            age.text
            if age.state in {RotationState.OK, RotationState.NOT_APPLICABLE}
            else f"{age.text}: {age.state.label}"
        )

    @admin.display(description="credential")
    def credential_hint(self, account: CloudAccount) -> str:
        credential = getattr(account, "credential", None)
        return format_html("{}", str(credential) if credential else "none stored")

    def save_model(self, request: HttpRequest, obj: CloudAccount, form: Any, change: bool) -> None:
        services.update_account(
            obj,
            actor=Actor.of_request(request, via="admin"),
            name=form.cleaned_data["name"],
            environment=form.cleaned_data["environment"],
            regions=form.cleaned_data["regions"],
        )

    def delete_model(self, request: HttpRequest, obj: CloudAccount) -> None:
        services.delete_account(obj, actor=Actor.of_request(request, via="admin"))

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[CloudAccount]) -> None:
        for account in queryset:
            self.delete_model(request, account)

    @admin.action(description="Check the connection again", permissions=["change"])
    def revalidate(self, request: HttpRequest, queryset: QuerySet[CloudAccount]) -> None:
        asked = 0
        for account in queryset:
            try:
                services.request_check(account, actor=Actor.of_request(request, via="admin"))
            except (AccountSuspendedError, CloudAccount.DoesNotExist):
                continue
            asked += 1
        self.message_user(request, f"{asked} checks requested; suspended accounts are left alone.", messages.SUCCESS)

    @admin.action(description="Suspend: neither checked nor scanned until resumed", permissions=["change"])
    def suspend(self, request: HttpRequest, queryset: QuerySet[CloudAccount]) -> None:
        for account in queryset:
            services.suspend_account(account, actor=Actor.of_request(request, via="admin"))

    @admin.action(description="Resume", permissions=["change"])
    def resume(self, request: HttpRequest, queryset: QuerySet[CloudAccount]) -> None:
        for account in queryset:
            services.resume_account(account, actor=Actor.of_request(request, via="admin"))


class RecordAdmin(admin.ModelAdmin[Any]):
    """Records that nobody writes by hand."""

    show_full_result_count = False
    list_per_page = 50

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(AuditEvent)
class AuditEventAdmin(RecordAdmin):
    list_display = ("created_at", "action", "account_label", "actor_label", "address", "via", "text")
    list_filter = ("via", "action")
    search_fields = ("account_label", "actor_label", "action")
    ordering = ("-created_at",)


@admin.register(ConnectionCheck)
class ConnectionCheckAdmin(RecordAdmin):
    list_display = ("requested_at", "account", "trigger", "state", "ok", "code", "attempts", "duration_ms")
    list_filter = ("state", "trigger", "ok")
    ordering = ("-requested_at",)


class OwnerAdmin(UserAdmin[User]):
    """Django's own, but for this: who owns accounts is not deleted, and the page says so before anybody tries."""

    def get_deleted_objects(
        self, objs: QuerySet[User] | Sequence[User], request: HttpRequest
    ) -> tuple[list[Any], dict[str, int], set[str], list[str]]:
        to_delete, counts, perms_needed, protected = super().get_deleted_objects(objs, request)
        owned = selectors.counts_of(str(user.pk) for user in objs)
        refusals = [users.refusal(user, owned[str(user.pk)]) for user in objs if str(user.pk) in owned]
        return to_delete, counts, perms_needed, [*protected, *refusals]


admin.site.unregister(User)
admin.site.register(User, OwnerAdmin)
