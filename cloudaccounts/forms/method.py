"""The form of a method of authentication: the choice of the method, and within it the provider's form of that method.

The wizard's third step and the page that replaces a credential are such forms.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Any, cast

from django import forms
from django.forms.boundfield import BoundField, BoundWidget
from django.utils.datastructures import MultiValueDict

from cloudaccounts.contract.errors import ProviderError
from cloudaccounts.contract.identity import AuthMethod, Credentials
from cloudaccounts.contract.provider import Provider
from cloudaccounts.credentials.new_keys import refuse_new_key
from cloudaccounts.errors import InputError, KeysForbiddenError

KEEP = "stored — leave empty to keep"
AGAIN = "Enter it again: what you typed here is never sent back to a page."


class MethodRadios(forms.RadioSelect):
    """Radio buttons of which some cannot be chosen."""

    refused: frozenset[str] = frozenset()

    def create_option(self, name: str, value: Any, *args: Any, **kwargs: Any) -> dict[str, Any]:
        option = super().create_option(name, value, *args, **kwargs)
        if str(value) in self.refused:
            option["attrs"]["disabled"] = True
        return option


class MethodForm(forms.Form):
    """The method, and within it the method's own form (``inner``).

    A secret never goes back into a page. Nor does a refused entry, which may be a secret in the wrong field. A stored
    secret is kept while its field stays empty, and removed when another method is accepted. Without JavaScript a page
    may post a method whose fields it did not show: the answer then shows the fields, without errors.

    Methods that the team's policy refuses are shown, and cannot be chosen.
    """

    use_required_attribute = False
    method = forms.ChoiceField(
        label="Method",
        widget=MethodRadios,
        error_messages={
            "required": "Choose a method.",
            "invalid_choice": "Choose one of the methods offered.",
        },
    )

    def __init__(
        self,
        *args: Any,
        provider: Provider,
        account_id: str,
        partition: str,
        owner: str,
        replaces_key: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.provider, self.account_id, self.partition = provider, account_id, partition
        self.owner, self.replaces_key = owner, replaces_key
        method = self.fields["method"]
        assert isinstance(method, forms.ChoiceField)
        method.choices = [(item.key, item.label) for item in self.provider.methods]
        self.initial["method"] = self.shown_method.key

    def stored_values(self, method: str) -> Mapping[str, str]:
        """Stored values of this method by field, for subclasses that keep some. None are kept by default."""
        return {}

    def credentials(self) -> Credentials:
        """Of a valid form. Raises `ProviderError` where the parts do not fit each other or the account."""
        return self.provider.clean_credentials(
            self.shown_method.key,
            {name: as_stored(value) for name, value in self.inner_values.items()},
            account_id=self.account_id,
            partition=self.partition,
        )

    @cached_property
    def shown_method(self) -> AuthMethod:
        """The method that was posted, else the one entered before, else the provider's first, which is its best."""
        key = self.data.get(self.add_prefix("method")) if self.is_bound else self.initial.get("method")
        matching = [item for item in self.provider.methods if item.key == key]
        shown = matching[0] if matching else self.provider.methods[0]
        if self.is_bound or not self.refusal(shown):
            return shown
        return next((item for item in self.provider.methods if item.secretless), shown)

    def refusal(self, method: AuthMethod) -> KeysForbiddenError | None:
        """Why the team's policy refuses the method."""
        return None if method.secretless else self._key_refusal

    @cached_property
    def _key_refusal(self) -> KeysForbiddenError | None:
        try:
            refuse_new_key(self.owner, secretless=False, replaces_key=self.replaces_key)
        except KeysForbiddenError as error:
            return error
        return None

    @property
    def cards(self) -> list[tuple[BoundWidget, AuthMethod, KeysForbiddenError | None]]:
        """Each method with its radio button, and why it cannot be chosen."""
        refusals = [self.refusal(item) for item in self.provider.methods]
        widget = cast("MethodRadios", self.fields["method"].widget)
        widget.refused = frozenset(
            item.key for item, error in zip(self.provider.methods, refusals, strict=True) if error
        )
        return list(zip(self["method"], self.provider.methods, refusals, strict=True))

    @cached_property
    def inner(self) -> forms.Form:
        """The method's own form, with secrets taken out of what it would render."""
        method = self.shown_method
        prefix = self.add_prefix(method.key)
        # Without the fields in the POST, a bound form would complain that all of them are missing.
        if self.is_bound and self.fields_were_shown:
            # A prefix for each method: fields of two methods may have one name.
            inner = method.form(data=self._with_kept_secrets(prefix), files=self.files, prefix=prefix)
        else:
            inner = method.form(prefix=prefix, initial=self._initial_of(method))
        inner.use_required_attribute = False  # the browser must not ask for secrets that are stored
        inner.full_clean()  # before secrets are taken out of the data, which cleaning needs
        self._hide_secrets(inner)
        _hide_refused(inner)
        return inner

    @property
    def inner_fields(self) -> list[tuple[BoundField, str]]:
        """Each field with the name of the box that removes its stored value, where it is optional and stored."""
        secrets = self.shown_method.secret_fields
        pairs = []
        for name, field in self.inner.fields.items():
            # A required secret can only be replaced; an optional one needs a way to be removed, as empty means keep.
            clearable = name in secrets and self._stored.get(name) and not field.required
            bound = self.inner[name]
            pairs.append((bound, f"{bound.html_name}-clear" if clearable else ""))
        return pairs

    @cached_property
    def fields_were_shown(self) -> bool:
        method, prefix = self.shown_method, f"{self.add_prefix(self.shown_method.key)}-"
        names = [*self.data, *self.files]
        return not method.form.base_fields or any(name.startswith(prefix) for name in names)

    def is_valid(self) -> bool:
        return super().is_valid() and self.fields_were_shown and not self.inner.errors

    @property
    def was_refused(self) -> bool:
        """Whether it is the credential that was refused, rather than shown for the first time."""
        return self.fields_were_shown and bool(self.inner.errors)

    def raise_if_refused(self) -> None:
        """Raises `InputError` where it is not valid, for `counting_refused_input`; the form shows what is wrong."""
        if not self.is_valid():
            place = "credentials" if self.was_refused else "method"
            raise InputError({place: "This was refused, as the form says."})

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if "method" in cleaned and (refused := self.refusal(self.shown_method)):
            self.add_error("method", f"{refused.cause} {refused.remedy}")
            return cleaned
        # Only what is valid field by field is checked as a whole, so that one mistake gives one message.
        if "method" in cleaned and self.fields_were_shown and not self.inner.errors:
            self._check_as_a_whole()
        return cleaned

    @cached_property
    def _stored(self) -> Mapping[str, str]:
        return self.stored_values(self.shown_method.key)

    @property
    def inner_values(self) -> dict[str, Any]:
        return {name: self.inner.cleaned_data.get(name) for name in self.inner.fields}

    def _check_as_a_whole(self) -> None:
        """Checks across fields and steps, as whether a role belongs to the account and its partition."""
        try:
            self.credentials()
        except ProviderError as error:
            self.show_error(error)

    def show_error(self, error: ProviderError) -> None:
        """Shows the error at the fields that it names, else at the method's only field, else above the form."""
        messages = error.fields if isinstance(error, InputError) else {}
        for name, message in messages.items():
            self.inner.add_error(name if name in self.inner.fields else None, message)
        if not messages:
            only = next(iter(self.inner.fields)) if len(self.inner.fields) == 1 else None
            self.inner.add_error(only, f"{error.cause} {error.remedy}".strip())
        _hide_refused(self.inner)

    def _with_kept_secrets(self, prefix: str) -> MultiValueDict[str, str]:
        data = _copy_of(self.data)
        for name in self.shown_method.secret_fields:
            posted = f"{prefix}-{name}"
            empty = not str(data.get(posted) or "").strip() and not self._uploaded(posted)
            if empty and self._stored.get(name) and f"{posted}-clear" not in data:
                # Put in place of the empty field before cleaning: the provider's form checks the credential as a
                # whole.
                data[posted] = self._stored[name]
        return data

    def _uploaded(self, posted: str) -> bool:
        """A file that was chosen for the field: under its own name, or ``<name>-file`` where text can be pasted too."""
        return posted in self.files or f"{posted}-file" in self.files

    def _initial_of(self, method: AuthMethod) -> dict[str, Any]:
        prefix = f"{method.key}-"
        # Of this method alone: what was entered for another one must not show up in its fields.
        known = {key.removeprefix(prefix): value for key, value in self.initial.items() if key.startswith(prefix)}
        return {name: value for name, value in known.items() if name not in method.secret_fields}

    def _hide_secrets(self, inner: forms.Form) -> None:
        """Takes secrets out of the data after cleaning, so that no widget of a provider can render them."""
        data = _copy_of(inner.data) if inner.is_bound else None
        for name in self.shown_method.secret_fields & set(inner.fields):
            # Cleaning has made the bound field: it took its help text then.
            field, posted, stored = inner[name], inner.add_prefix(name), self._stored.get(name)
            if stored:
                field.field.widget.attrs["placeholder"] = KEEP
                field.help_text = f"A value is {KEEP}."
            if data is not None:
                data.pop(posted, None)
                if (self.data.get(posted) or self._uploaded(posted)) and self.data.get(posted) != stored:
                    field.help_text = f"{AGAIN} {field.help_text}"
        if data is not None:
            inner.data = data


def _hide_refused(inner: forms.Form) -> None:
    """Entries with an error render empty: a mistyped key ID looks the same as a secret pasted into the wrong field."""
    if not inner.is_bound:
        return
    data = _copy_of(inner.data)
    for name in set(inner.errors) & set(inner.fields):
        data.pop(inner.add_prefix(name), None)
    inner.data = data


def _copy_of(data: Mapping[str, Any]) -> MultiValueDict[str, str]:
    """A mutable copy of a form's data, which Django declares as any mapping and which is a MultiValueDict."""
    lists = cast("MultiValueDict[str, str]", data)
    return MultiValueDict({name: lists.getlist(name) for name in lists})


def as_stored(value: Any) -> str:
    return "" if value is None else str(value)
