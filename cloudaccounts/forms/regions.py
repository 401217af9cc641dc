"""The choice of regions: all that the account has enabled, or a list. Three pages ask for it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms

from cloudaccounts import registry
from cloudaccounts.accounts.details import ALL_REGIONS
from cloudaccounts.forms.base import ServiceForm
from cloudaccounts.models import CloudAccount

SCOPE = "region_scope"
LIST = "list"
SCOPES = [(ALL_REGIONS, "All enabled regions"), (LIST, "Only selected regions")]
REQUIRED = "Choose at least one region, or all: the first scan looks there."


def scope_field() -> forms.ChoiceField:
    # Not required: a form that is posted without it names its regions, as before there was such a choice.
    return forms.ChoiceField(label="Regions", required=False, choices=SCOPES, widget=forms.RadioSelect)


def initial_scope(initial: Mapping[str, Any]) -> str:
    """What a page shows first: all, unless a list was chosen earlier."""
    return str(initial.get(SCOPE) or (LIST if initial.get("regions") else ALL_REGIONS))


def all_chosen(form: forms.Form, cleaned: dict[str, Any]) -> bool:
    """Whether all are meant. Puts an error at the form's regions where neither all nor any are."""
    if cleaned.get(SCOPE) == ALL_REGIONS:
        return True
    if not cleaned.get("regions") and "regions" not in form.errors:
        # Not `required` on the field itself: with "all" chosen the list is empty and right.
        form.add_error("regions", REQUIRED)
    return False


class RegionForm(ServiceForm):
    """Its cleaned data have ``regions``, and ``all_regions`` in place of the scope."""

    region_scope = scope_field()
    regions = forms.MultipleChoiceField(
        label="Selected regions",
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text="Scans read these regions, and the global services. Others show as unscanned, and lower coverage.",
    )

    def offer_regions(self, account: CloudAccount) -> None:
        scope, regions = self.fields[SCOPE], self.fields["regions"]
        assert isinstance(regions, forms.MultipleChoiceField)
        regions.choices = region_choices(account)
        try:
            scope.help_text = account.spec.all_regions_help
        except registry.UnknownProviderError:
            scope.help_text = ""

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        all_regions = all_chosen(self, cleaned)
        cleaned.pop(SCOPE, None)
        return {**cleaned, "regions": [] if all_regions else cleaned.get("regions", []), "all_regions": all_regions}


def region_choices(account: CloudAccount) -> list[tuple[str, list[tuple[str, str]]]]:
    """The regions of the account's partition by geography, as choices of a select or of checkboxes."""
    try:
        known = account.spec.regions(account.partition)
    except registry.UnknownProviderError:  # not installed any more: the present regions stay selectable
        return [("Selected", [(name, name) for name in account.regions])]
    groups: dict[str, list[tuple[str, str]]] = {}
    for region in known:
        label = region.name if region.label == region.name else f"{region.name} · {region.label}"
        groups.setdefault(region.geography, []).append((region.name, label))
    return list(groups.items())
