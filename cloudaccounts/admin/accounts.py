"""Accounts of all owners: list, details that may change, and bulk actions."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.html import format_html
from django.utils.http import urlencode

from cloudaccounts.admin.common import OwnerNames, name_column
from cloudaccounts.audit.actor import Actor
from cloudaccounts.credentials.age import RotationState, age_of, in_state
from cloudaccounts.errors import ConnectionInUseError, InputError
from cloudaccounts.models import CloudAccount
from cloudaccounts.web import reauthentication


class AccountForm(forms.ModelForm[CloudAccount]):
    """Name, environment and regions: what may change without a new validation."""

    regions = forms.MultipleChoiceField(widget=forms.CheckboxSelectMultiple, required=False)

    class Meta:
        model = CloudAccount
        fields = ("name", "environment", "all_regions", "regions")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        regions = self.instance.spec.regions(self.instance.partition)
        field = self.fields["regions"]
        assert isinstance(field, forms.MultipleChoiceField)
        field.choices = [(region.name, f"{region.name} · {region.label}") for region in regions]

    def clean(self) -> dict[str, Any]:
        from cloudaccounts.accounts.details import AccountDetails, clean_details  # see docs/decisions/0012

        cleaned = super().clean() or {}
        try:
            # The service checks the same when it saves; asked here, its refusals stand at the fields of this form.
            clean_details(
                AccountDetails(
                    provider=self.instance.provider,
                    account_id=self.instance.account_id,
                    partition=self.instance.partition,
                    name=cleaned.get("name", ""),
                    environment=cleaned.get("environment", ""),
                    regions=tuple(cleaned.get("regions", ())),
                    all_regions=cleaned.get("all_regions", False),
                )
            )
        except InputError as error:
            raise forms.ValidationError(
                {key: text for key, text in error.fields.items() if key in self.fields}
            ) from None
        return cleaned


class RotationFilter(admin.SimpleListFilter):
    title = "credential"
    parameter_name = "rotation"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(state.value, state.label) for state in RotationState]

    def queryset(self, request: HttpRequest, queryset: QuerySet[CloudAccount]) -> QuerySet[CloudAccount]:
        return queryset.filter(in_state(self.value() or "")) if self.value() in RotationState.values else queryset


class LastCheckFilter(admin.SimpleListFilter):
    """By the last check. Temporary failures leave an account active, so its status alone does not find them."""

    title = "last check"
    parameter_name = "check"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("passed", "passed"), ("failed", "failed"), ("never", "never done")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[CloudAccount]) -> QuerySet[CloudAccount]:
        match self.value():
            case "passed":
                return queryset.filter(last_checked_at__isnull=False, last_check_code="")
            case "failed":
                return queryset.exclude(last_check_code="")
            case "never":
                return queryset.filter(last_checked_at__isnull=True)
            case _:
                return queryset


@admin.register(CloudAccount)
class CloudAccountAdmin(OwnerNames):
    form = AccountForm
    list_display = (
        "shown_name",
        "provider",
        "account_id",
        "owner_name",
        "environment",
        "status",
        "last_checked_at",
        "last_check_code",
        "credential_age",
    )
    list_filter = ("status", "health", RotationFilter, LastCheckFilter, "provider", "environment")
    shown_name = name_column()
    prefixes = ("name_key", "account_id")
    ordering = ("name_key", "name")
    # The same bulk actions as owners have for a group, over any selection; each is a job.
    actions = ("revalidate", "scan", "suspend", "resume", "environment", "transfer", "delete_accounts")
    readonly_fields = (
        "id", "owner_name", "provider", "account_id", "partition", "auth_method", "credential_hint", "status",
        "health", "health_since", "last_checked_at", "last_check_code", "last_check_cause",
        "credential_since", "credential_expires_at",
        "latest_scan_run_id", "created_at", "updated_at",
    )  # fmt: skip
    fields = ("name", "environment", "all_regions", "regions", *readonly_fields)

    def get_queryset(self, request: HttpRequest) -> QuerySet[CloudAccount]:
        # The report is the largest column of the row, and no list shows it.
        return super().get_queryset(request).defer("last_check")

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        """Without Django's own deletion: its confirmation lists every row that goes, which may be 100,000."""
        actions = super().get_actions(request)
        actions.pop("delete_selected", None)
        return actions

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """What was done with it stands in the audit: Django's own log knows the admin's forms alone."""
        if not request.user.has_perm("cloudaccounts.view_auditevent"):
            return super().history_view(request, object_id, extra_context)
        events = reverse("admin:cloudaccounts_auditevent_changelist")
        return redirect(f"{events}?{urlencode({'account__exact': object_id})}")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False  # an account is created by a validation: in the wizard, by the API or by an import

    def has_transfer_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.has_perm("cloudaccounts.transfer_cloudaccount"))

    @admin.display(description="credential age", ordering="credential_since")
    def credential_age(self, account: CloudAccount) -> str:
        age = age_of(account)
        is_in_time = age.state in {RotationState.OK, RotationState.NOT_APPLICABLE}
        return age.text if is_in_time else f"{age.text}: {age.state.label}"

    @admin.display(description="credential")
    def credential_hint(self, account: CloudAccount) -> str:
        credential = getattr(account, "credential", None)
        return format_html("{}", str(credential) if credential else "none stored")

    def save_model(self, request: HttpRequest, obj: CloudAccount, form: Any, change: bool) -> None:
        # Only what the operator changed: the form was shown a while ago, and writing all of it would undo what others
        # did since.
        names = {"name", "environment"}.intersection(form.changed_data)
        if {"regions", "all_regions"}.intersection(form.changed_data):
            # Both, since one says what the other means.
            names |= {"regions", "all_regions"}
        if names:
            from cloudaccounts.accounts.changes import update_account  # see docs/decisions/0012

            changes = {name: form.cleaned_data[name] for name in names}
            update_account(obj, actor=Actor.of_request(request, via="admin"), **changes)

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> Any:
        """Django's own without its transaction: a new name is copied to as many rows as scans have found, in batches
        of their own transactions, and SQLite has one writer.
        """
        return self._changeform_view(request, object_id, form_url, extra_context)  # type: ignore[attr-defined]

    def delete_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Asks for the password first. An account whose credential others use stays, and a message says why."""
        if not reauthentication.is_recent(request):
            return reauthentication.ask(request, back=request.get_full_path())
        try:
            # Not Django's own, which keeps one transaction open around all of it (see `changeform_view`).
            response: HttpResponse = self._delete_view(request, object_id, extra_context)  # type: ignore[attr-defined]
            return response
        except ConnectionInUseError as error:
            self.message_user(request, f"Not deleted: {error.cause} {error.remedy}", messages.ERROR)
            return redirect("admin:cloudaccounts_cloudaccount_change", object_id)

    def delete_model(self, request: HttpRequest, obj: CloudAccount) -> None:
        from cloudaccounts.lifecycle.state_changes import delete_account  # see docs/decisions/0012

        delete_account(obj, actor=Actor.of_request(request, via="admin"))

    @admin.action(description="Check access again …", permissions=["change"])
    def revalidate(self, request: HttpRequest, queryset: QuerySet[CloudAccount]) -> HttpResponse | None:
        return self._act(request, queryset, "revalidate")

    @admin.action(description="Scan …", permissions=["change"])
    def scan(self, request: HttpRequest, queryset: QuerySet[CloudAccount]) -> HttpResponse | None:
        return self._act(request, queryset, "scan")

    @admin.action(description="Suspend: neither checked nor scanned until resumed …", permissions=["change"])
    def suspend(self, request: HttpRequest, queryset: QuerySet[CloudAccount]) -> HttpResponse | None:
        return self._act(request, queryset, "suspend")

    @admin.action(description="Resume …", permissions=["change"])
    def resume(self, request: HttpRequest, queryset: QuerySet[CloudAccount]) -> HttpResponse | None:
        return self._act(request, queryset, "resume")

    @admin.action(description="Set the environment …", permissions=["change"])
    def environment(self, request: HttpRequest, queryset: QuerySet[CloudAccount]) -> HttpResponse | None:
        return self._act(request, queryset, "environment")

    @admin.action(description="Transfer to another owner …", permissions=["transfer"])
    def transfer(self, request: HttpRequest, queryset: QuerySet[CloudAccount]) -> HttpResponse | None:
        return self._act(request, queryset, "transfer")

    # Each action opens a page that asks first: `_act` leads there, and only its answer starts a job.
    @admin.action(description="Delete …", permissions=["delete"])
    def delete_accounts(self, request: HttpRequest, queryset: QuerySet[CloudAccount]) -> HttpResponse | None:
        return self._act(request, queryset, "delete")

    def _act(self, request: HttpRequest, queryset: QuerySet[CloudAccount], key: str) -> HttpResponse | None:
        names = list(queryset.values_list("name", flat=True)[:2])  # two are enough to know whether it is one
        about = names[0] if len(names) == 1 else "selected accounts"
        from cloudaccounts.admin.bulk_actions import ask_and_start  # see docs/decisions/0012

        return ask_and_start(self, request, queryset, key, accounts=queryset, about=about)
