"""Step 2: which account it is, its name, environment and regions."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby
from typing import Any

from django import forms
from django.forms.boundfield import BoundWidget
from django.urls import reverse
from django.utils.html import format_html

from cloudaccounts import registry
from cloudaccounts.accounts.details import ALL_REGIONS, AccountDetails, clean_details
from cloudaccounts.accounts.queries import check_account_exists
from cloudaccounts.contract.errors import ProviderError
from cloudaccounts.contract.identity import Region
from cloudaccounts.contract.provider import Provider
from cloudaccounts.errors import InputError
from cloudaccounts.forms.regions import LIST, SCOPE, all_chosen, initial_scope, scope_field
from cloudaccounts.groups import queries as group_queries
from cloudaccounts.models import Environment
from wizard.drafts.draft_data import Values
from wizard.drafts.queries import existing_account
from wizard.models import Step
from wizard.steps.base import StepForm

_QUIET = {"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"}


@dataclass(frozen=True, slots=True)
class RegionOption:
    """A region and its checkbox."""

    region: Region
    widget: BoundWidget

    @property
    def selected(self) -> bool:
        return bool(self.widget.data["selected"])

    @property
    def words(self) -> str:
        """The text that the search on the page looks at."""
        return f"{self.region.name} {self.region.label} {self.region.geography}".lower()


@dataclass(frozen=True, slots=True)
class RegionGroup:
    geography: str
    options: list[RegionOption]

    @property
    def selected(self) -> int:
        return sum(option.selected for option in self.options)


class EnvironmentForm(StepForm):
    step = Step.ENVIRONMENT
    account_id = forms.CharField(widget=forms.TextInput(attrs=_QUIET))
    partition = forms.ChoiceField(error_messages={"required": "Choose the cloud that this account is in."})
    name = forms.CharField(
        label="Name",
        help_text="What people will look for in lists.",
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
        error_messages={"required": "Give the account a name: people will look for it in lists."},
    )
    environment = forms.ChoiceField(
        label="Environment",
        choices=Environment.choices,
        initial=Environment.PRODUCTION,
        widget=forms.RadioSelect,
        error_messages={
            "required": "Choose production, staging or dev.",
            "invalid_choice": "Choose production, staging or dev.",
        },
    )
    group = forms.ChoiceField(
        label="Group",
        help_text="Your membership is limited to groups: the account is put into this one.",
        error_messages={"required": "Choose a group: your membership is limited to groups."},
    )
    region_scope = scope_field()
    regions = forms.MultipleChoiceField(
        label="Selected regions",
        required=False,
        help_text="Scans read these. Others show as unscanned, and lower coverage. You can change them later.",
        widget=forms.CheckboxSelectMultiple,
        error_messages={
            "invalid_choice": "One of the chosen regions does not exist in this cloud. Choose from the list.",
            "invalid_list": "Choose regions from the list.",
        },
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # The wizard shows this step only once a provider is chosen. formtools builds the form of a draft that has none
        # as well, when it goes through all steps: then the first provider will do.
        self.provider: Provider = self.context.content.provider or registry.all_providers()[0]
        provider, fields = self.provider, self.fields
        fields["account_id"].label = provider.account_id_label
        fields["account_id"].help_text = provider.account_id_help
        fields["account_id"].widget.attrs["placeholder"] = provider.account_id_placeholder
        fields["account_id"].error_messages["required"] = f"Enter the {provider.account_id_label}."
        partitions = provider.partitions()
        partition = fields["partition"]
        assert isinstance(partition, forms.ChoiceField)
        partition.label = provider.partition_label
        partition.choices = [(choice.value, choice.label) for choice in partitions]
        partition.initial = partitions[0].value
        partition.error_messages["invalid_choice"] = f"Choose one of the {provider.partition_label.lower()}s offered."
        # Another partition has other regions: htmx fetches them; without it, a button does.
        partition.widget.attrs |= {
            "hx-get": reverse("wizard-regions", args=[self.context.draft_id]),
            "hx-target": "#regions",
            "hx-include": f"[name='{self.add_prefix('regions')}'], [name='{self.add_prefix(SCOPE)}']:checked",
            "hx-sync": "this:replace",
        }
        self._offer_groups()
        self.initial[SCOPE] = initial_scope(self.initial)
        fields[SCOPE].help_text = provider.all_regions_help
        self.known_regions = self._regions_by_geography()
        regions = fields["regions"]
        assert isinstance(regions, forms.MultipleChoiceField)
        regions.choices = [(region.name, region.label) for region in self.known_regions]

    def _offer_groups(self) -> None:
        if not self.context.scope.limited:
            del self.fields["group"]
            return
        choices = group_queries.choices(self.context.scope)
        group = self.fields["group"]
        assert isinstance(group, forms.ChoiceField)
        group.choices = choices if len(choices) == 1 else [("", "Choose one"), *choices]

    @property
    def shown_partition(self) -> str:
        """The partition whose regions are offered: posted, else entered before, else the provider's first."""
        if self.is_bound:
            return str(self.data.get(self.add_prefix("partition"), ""))
        return str(self.get_initial_for_field(self.fields["partition"], "partition"))

    @property
    def region_groups(self) -> list[RegionGroup]:
        options = [RegionOption(*pair) for pair in zip(self.known_regions, self["regions"], strict=True)]
        grouped = groupby(options, key=lambda option: option.region.geography)
        return [RegionGroup(geography, list(members)) for geography, members in grouped]

    @property
    def selected_regions(self) -> list[RegionOption]:
        return [option for group in self.region_groups for option in group.options if option.selected]

    def clean_account_id(self) -> str:
        try:
            canonical = self.provider.clean_account_id(self.cleaned_data["account_id"])
        except ProviderError as error:
            raise forms.ValidationError(f"{error.cause} {error.remedy}".strip(), code=error.code) from None
        existing = existing_account(self.context.scope, self.provider.key, canonical)
        # The draft's own account appears where two clicks finish the same draft: that is no duplicate.
        if existing is not None and existing.pk != self.context.draft_id:
            message = format_html(
                'You have connected {} already, as <a href="{}">{}</a>.',
                self.provider.format_account_id(canonical),
                reverse("account", args=[existing.pk]),
                existing.name,
            )
            raise forms.ValidationError(message, code="account_exists")
        # Of the same team and not shown to this person: that it is there has to be said, and no more of it.
        scope = self.context.scope
        if scope.limited and existing is None and check_account_exists(scope.owner, self.provider.key, canonical):
            raise forms.ValidationError("Your team has connected this account already.", code="account_exists")
        return canonical

    def clean(self) -> dict[str, Any]:
        """Applies the rules that the API and the commands share, and gives their errors to the fields."""
        cleaned = super().clean() or self.cleaned_data
        all_regions = all_chosen(self, cleaned)
        details = AccountDetails(
            provider=self.provider.key,
            account_id=cleaned.get("account_id", ""),
            partition=cleaned.get("partition", ""),
            name=cleaned.get("name", ""),
            environment=cleaned.get("environment", ""),
            regions=() if all_regions else tuple(cleaned.get("regions", ())),
            all_regions=all_regions,
        )
        try:
            details = clean_details(details)
        except InputError as error:
            # A field that has an error of its own keeps that one: the shared rule saw an empty value for it.
            for name, message in error.fields.items():
                if name not in self.errors:
                    self.add_error(name if name in self.fields else None, message)
            return cleaned
        scope = {SCOPE: ALL_REGIONS if all_regions else LIST, "regions": list(details.regions)}
        return cleaned | {"account_id": details.account_id, "name": details.name, **scope}

    def typed_values(self) -> Values:
        """As of every form. Browsers do not send unchecked boxes, so absent regions are an empty list."""
        return {"regions": [], **super().typed_values()}

    def _regions_by_geography(self) -> tuple[Region, ...]:
        """In the provider's order of geographies, with the regions of each side by side, as `groupby` needs them."""
        regions = self.provider.regions(self.shown_partition)
        # The provider's order, not the alphabet's; `groupby` would make two groups of a geography whose regions lie
        # apart.
        positions = {name: index for index, name in enumerate(dict.fromkeys(region.geography for region in regions))}
        return tuple(sorted(regions, key=lambda region: positions[region.geography]))
