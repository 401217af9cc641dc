"""The decrypted data of a draft: the values of each step, as its form takes them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any

from cloudaccounts import registry
from cloudaccounts.accounts.details import ALL_REGIONS, AccountDetails
from cloudaccounts.contract.errors import ProviderError
from cloudaccounts.contract.identity import AuthMethod, Credentials
from cloudaccounts.contract.provider import Provider
from wizard.models import Step

Value = str | list[str]
Values = Mapping[str, Value]
STEPS = tuple(Step(value) for value in Step.values)
_NOTHING: Values = MappingProxyType({})


@dataclass(frozen=True, slots=True, repr=False)
class DraftContent:
    """The accepted values by step (``steps``), and entries of steps that were left before they were valid (``typed``).

    Credential values are named ``<method>-<field>``, so that two methods never mix. ``typed`` never holds a secret.
    """

    steps: Mapping[str, Values] = field(default_factory=dict)
    typed: Mapping[str, Values] = field(default_factory=dict)

    def __repr__(self) -> str:
        # Without values: they hold secrets, and a repr ends up in logs and tracebacks.
        return f"<DraftContent {sorted(self.steps)}>"

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> DraftContent:
        return cls(steps=data.get("steps", {}), typed=data.get("typed", {}))

    def to_dict(self) -> dict[str, Any]:
        return {
            "steps": {step: dict(values) for step, values in self.steps.items()},
            "typed": {step: dict(values) for step, values in self.typed.items()},
        }

    def step(self, step: str) -> Values:
        return self.steps.get(step, _NOTHING)

    def text(self, step: str, name: str) -> str:
        value = self.step(step).get(name, "")
        return value if isinstance(value, str) else ""

    @property
    def provider(self) -> Provider | None:
        """None where none is chosen, or the chosen one is not installed any more."""
        try:
            return registry.get(self.text(Step.PROVIDER, "provider"))
        except registry.UnknownProviderError:
            return None

    @property
    def method(self) -> AuthMethod | None:
        provider = self.provider
        try:
            return provider.method(self.text(Step.AUTHENTICATION, "method")) if provider else None
        except KeyError:
            return None

    def reachable(self, requested: str | None) -> Step:
        """The requested step, or the first step before it that is not complete yet."""
        target = Step(requested) if requested in Step.values else Step.VALIDATION
        # Without a provider no later step can be shown, though it may have values: the provider was uninstalled.
        for step in STEPS:
            if step == target or step not in self.steps or self.provider is None:
                return step
        return target

    def with_step(self, step: str, values: Values) -> DraftContent:
        """The content with this step accepted. Another provider empties later steps, except name and environment."""
        # What is accepted now replaces what was typed for this step before.
        steps, typed = dict(self.steps), {key: kept for key, kept in self.typed.items() if key != step}
        if step == Step.PROVIDER and self.steps and steps.get(Step.PROVIDER) != values:
            # An account id, regions and credentials of one cloud mean nothing in another; a name does.
            environment = {**steps.get(Step.ENVIRONMENT, {}), **typed.get(Step.ENVIRONMENT, {})}
            steps, typed = {}, {}
            names: Values = {key: environment[key] for key in ("name", "environment") if key in environment}
            if names:
                typed[Step.ENVIRONMENT] = names
        steps[step] = dict(values)
        return replace(self, steps=steps, typed=typed)

    def with_typed(self, step: str, values: Values) -> DraftContent:
        return replace(self, typed={**self.typed, step: dict(values)})

    def stored_values(self, method: str) -> dict[str, str]:
        """The stored credential values of this method, by field; empty where another method is stored."""
        if self.text(Step.AUTHENTICATION, "method") != method:
            return {}
        # Values of another method never go back to a form: a secret is shown to the method that it was entered for.
        prefix = f"{method}-"
        values = self.step(Step.AUTHENTICATION).items()
        return {key.removeprefix(prefix): str(value) for key, value in values if key.startswith(prefix)}

    def validated_values(self) -> dict[str, Any]:
        """The values that a validation proves. A change of any of them voids the proof; a new name does not."""
        # The name and the kind of environment (production, staging) are left out: no cloud is asked about them.
        environment, keys = self.step(Step.ENVIRONMENT), ("account_id", "partition", "regions", "region_scope")
        return {
            "provider": self.step(Step.PROVIDER),
            "environment": {key: environment.get(key) for key in keys},
            "authentication": self.step(Step.AUTHENTICATION),
        }

    def details(self) -> AccountDetails:
        environment = self.step(Step.ENVIRONMENT)
        return AccountDetails(
            provider=self.text(Step.PROVIDER, "provider"),
            account_id=self.text(Step.ENVIRONMENT, "account_id"),
            partition=self.text(Step.ENVIRONMENT, "partition"),
            name=self.text(Step.ENVIRONMENT, "name"),
            environment=self.text(Step.ENVIRONMENT, "environment"),
            regions=tuple(environment.get("regions", ())),
            auth_method=self.text(Step.AUTHENTICATION, "method"),
            all_regions=self.text(Step.ENVIRONMENT, "region_scope") == ALL_REGIONS,
        )

    def credentials(self) -> Credentials:
        """Raises `ProviderError` where the values do not fit each other or the account of step 2."""
        provider, method = self.provider, self.method
        if provider is None or method is None:
            raise ProviderError("draft_incomplete", "This draft is not complete.", "Go through its steps.")
        return provider.clean_credentials(
            method.key,
            self.stored_values(method.key),
            account_id=self.text(Step.ENVIRONMENT, "account_id"),
            partition=self.text(Step.ENVIRONMENT, "partition"),
        )
