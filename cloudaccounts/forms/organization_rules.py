"""The form of one rule of an organization; `cloudaccounts.organizations.rules` decides."""

from __future__ import annotations

from typing import Any

from django import forms

from cloudaccounts.accounts.details import ALL_REGIONS
from cloudaccounts.errors import InputError
from cloudaccounts.forms.regions import RegionForm
from cloudaccounts.groups import queries as group_queries
from cloudaccounts.models import CloudAccount, Environment
from teams.scope import Scope

AUTO, REVIEW = "auto", "review"


class RuleForm(RegionForm):
    """``places`` are the choices of the tree, by node id."""

    under = forms.ChoiceField(label="Accounts below", help_text="A nearer rule counts in place of this one.")
    environment = forms.ChoiceField(choices=Environment.choices, label="Environment")
    groups = forms.MultipleChoiceField(required=False, label="Groups", widget=forms.CheckboxSelectMultiple)
    auto = forms.ChoiceField(
        label="New members",
        widget=forms.RadioSelect,
        initial=REVIEW,
        choices=[
            (AUTO, "Onboard automatically: within a sync, once access is validated"),
            (REVIEW, "After review: they wait as new, and become this when somebody onboards them"),
        ],
    )

    def __init__(
        self, *args: Any, connection: CloudAccount, scope: Scope, places: list[tuple[str, str]], **kwargs: Any
    ) -> None:
        initial = kwargs.pop("initial", {})
        kwargs["initial"] = {"environment": connection.environment, "region_scope": ALL_REGIONS, **initial}
        super().__init__(*args, **kwargs)
        self.offer_regions(connection)
        under, groups = self.fields["under"], self.fields["groups"]
        assert isinstance(under, forms.ChoiceField)
        assert isinstance(groups, forms.MultipleChoiceField)
        known = {key for key, _ in places}
        # A rule of a place that the last sync did not meet stays to be seen, and to be deleted.
        extra = [(initial["under"], initial["under"])] if initial.get("under") and initial["under"] not in known else []
        under.choices = [*extra, *places]
        # By name, as rules are written down everywhere else.
        groups.choices = [(branch.group.name, branch.group.name) for branch in group_queries.tree(scope)]
        if not groups.choices:
            del self.fields["groups"]

    def rule(self) -> dict[str, Any]:
        """As `read_rules` takes it."""
        cleaned = self.cleaned_data
        return {
            "under": cleaned["under"],
            "environment": cleaned["environment"],
            "groups": cleaned.get("groups", []),
            "regions": ALL_REGIONS if cleaned["all_regions"] else cleaned["regions"],
            "auto": cleaned["auto"] == AUTO,
        }

    def refuse_rule(self, error: InputError) -> None:
        """Puts the messages of `read_rules` (``3.groups``) at the fields."""
        for place, message in error.fields.items():
            name = place.rpartition(".")[2]
            self.add_error(name if name in self.fields and self.is_bound else None, message)
