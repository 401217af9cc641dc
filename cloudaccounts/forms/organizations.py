"""Forms of the organizations' pages; `cloudaccounts.organizations` decides."""

from __future__ import annotations

from typing import Any

from django import forms

from cloudaccounts.accounts.details import ALL_REGIONS
from cloudaccounts.forms.accounts import with_any
from cloudaccounts.forms.regions import RegionForm
from cloudaccounts.models import CloudAccount, Environment
from cloudaccounts.organizations import grouping
from cloudaccounts.organizations.queries import MemberFilter
from teams.scope import Scope

STATE_CHOICES = [
    ("new", "new"), ("onboarded", "onboarded"), ("failed", "failed"), ("ignored", "left out"),
    ("suspended", "suspended at the cloud"), ("closed", "closed at the cloud"),
]  # fmt: skip


class ConnectingForm(forms.Form):
    """The search for an account to connect through: the beginning of its name or id."""

    use_required_attribute = False

    q = forms.CharField(required=False, max_length=120)

    def search_text(self) -> str:
        self.is_valid()
        # A search that is too long is none: the page then offers the first accounts.
        return str(self.cleaned_data.get("q", ""))


class MemberFilterForm(forms.Form):
    use_required_attribute = False

    q = forms.CharField(
        required=False,
        max_length=120,
        label="Search",
        widget=forms.SearchInput(attrs={"placeholder": "Name or account ID"}),
    )
    state = forms.ChoiceField(required=False, label="Show", choices=with_any("The tree", STATE_CHOICES))

    def filters(self) -> MemberFilter:
        self.is_valid()
        values = {name: value for name, value in self.cleaned_data.items() if value}
        return MemberFilter(**values)


class OnboardForm(RegionForm):
    """What all members that are onboarded together get.

    The environment defaults to the connecting account's, the regions to all: members need not have enabled the same.
    """

    environment = forms.ChoiceField(choices=Environment.choices, label="Environment")
    group = forms.ChoiceField(required=False, label="Group")

    def __init__(self, *args: Any, connection: CloudAccount, scope: Scope, **kwargs: Any) -> None:
        # Members usually are like the account that they are reached through.
        kwargs["initial"] = {
            "environment": connection.environment, "region_scope": ALL_REGIONS, "regions": connection.regions,
        }  # fmt: skip
        super().__init__(*args, **kwargs)
        self.offer_regions(connection)
        group = self.fields["group"]
        assert isinstance(group, forms.ChoiceField)
        groups = grouping.choices(scope)
        # A limited member has to put what they add into a group of theirs.
        group.required = scope.limited
        group.choices = groups if scope.limited else [("", "none"), *groups]
        if not groups and not scope.limited:
            del self.fields["group"]

    def clean(self) -> dict[str, Any]:
        """As `onboard_members` takes them: ``regions`` is a list, or ``all``."""
        cleaned = super().clean()
        all_regions = cleaned.pop("all_regions")
        return {**cleaned, "regions": ALL_REGIONS if all_regions else cleaned["regions"]}
