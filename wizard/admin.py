from __future__ import annotations

from django.contrib import admin
from django.http import HttpRequest

from wizard.models import WizardSession


@admin.register(WizardSession)
class WizardSessionAdmin(admin.ModelAdmin[WizardSession]):
    """For operators: what drafts there are and how their validations go. What was entered is sealed and not shown."""

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
