"""Step 3: how to sign in, and the credential."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cloudaccounts import registry
from cloudaccounts.forms.method import AGAIN, KEEP, MethodForm
from wizard.drafts.draft_data import Values
from wizard.models import Step
from wizard.steps.base import TYPED_LIMIT, StepContext, StepForm, as_stored

__all__ = ["AGAIN", "KEEP", "AuthenticationForm"]


class AuthenticationForm(MethodForm, StepForm):
    """The method and its fields, with the values that the draft has of them already."""

    step = Step.AUTHENTICATION

    def __init__(self, *args: Any, context: StepContext, **kwargs: Any) -> None:
        content = context.content
        super().__init__(
            *args,
            context=context,
            # formtools builds the forms of all steps, also in a draft that has no provider yet: then the first one will
            # do.
            provider=content.provider or registry.all_providers()[0],
            account_id=content.text(Step.ENVIRONMENT, "account_id"),
            partition=content.text(Step.ENVIRONMENT, "partition"),
            owner=context.scope.owner,
            **kwargs,
        )

    def stored_values(self, method: str) -> Mapping[str, str]:
        return self.context.content.stored_values(method)

    def values_to_store(self) -> Values:
        method = self.shown_method.key
        # By method and field, so that the values of two methods never mix (`DraftContent`).
        own = {f"{method}-{name}": as_stored(value) for name, value in self.inner_values.items()}
        return {"method": method, **own}

    def typed_values(self) -> Values:
        method = self.shown_method
        # Validated for its errors: a refused entry may be a secret in the wrong field, and is not stored.
        self.is_valid()
        own = {
            # As the method's form read it: a key file that was pasted whole is two fields there, one of them a secret.
            f"{method.key}-{name}": str(self.inner.data.get(self.inner.add_prefix(name)) or "")[:TYPED_LIMIT]
            for name in self.inner.fields
            if name not in method.secret_fields and name not in self.inner.errors
        }
        return {"method": method.key, **(own if self.fields_were_shown else {})}
