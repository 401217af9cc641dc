"""Operators see here which drafts there are, and delete them."""

from __future__ import annotations

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest

from cloudaccounts.audit.actor import Actor
from wizard.drafts.errors import DraftFinishingError
from wizard.models import WizardSession


@admin.register(WizardSession)
class WizardSessionAdmin(admin.ModelAdmin[WizardSession]):
    """Drafts and the state of their validations. What was entered is encrypted, and not shown to operators either."""

    list_display = ["__str__", "owner", "provider", "account_id", "step", "validation", "updated_at", "expires_at"]
    list_filter = ["provider", "step", "validation"]
    search_fields = ["=owner", "name", "account_id"]
    ordering = ["-updated_at"]
    exclude = ["data", "claim"]

    def get_readonly_fields(self, request: HttpRequest, obj: WizardSession | None = None) -> list[str]:
        return [field.name for field in WizardSession._meta.fields if field.name not in self.exclude]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: WizardSession | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: WizardSession | None = None) -> bool:
        """Not while it becomes an account, nor afterwards: links to the draft then lead to the account."""
        return super().has_delete_permission(request, obj) and (obj is None or obj.finishing_at is None)

    def delete_model(self, request: HttpRequest, obj: WizardSession) -> None:
        from wizard.drafts.removal import discard_draft  # see docs/decisions/0012

        try:
            discard_draft(obj, actor=Actor.of_request(request, via="admin"))
        except DraftFinishingError as error:  # it began to finish after the page had asked
            self.message_user(request, f"{obj} is not deleted. {error.cause}", messages.ERROR)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[WizardSession]) -> None:
        # One by one: the queryset's own delete would neither look at `finishing_at` nor record audit events.
        for draft in queryset:
            self.delete_model(request, draft)
