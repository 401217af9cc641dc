from __future__ import annotations

from typing import Any

from allauth.account.adapter import get_adapter
from django import forms
from django.contrib.auth.models import User
from django.http import HttpRequest

from cloudaccounts.models.notice import NoticeKind


class ProfileForm(forms.ModelForm[User]):
    """Another address takes the password: links to reset the password go there, so it is as good as one."""

    password = forms.CharField(
        label="Your password",
        required=False,
        strip=False,
        max_length=4096,
        help_text="Only to change the e-mail address.",
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )

    class Meta:
        model = User
        fields = ["first_name", "last_name", "email"]
        labels = {"email": "E-mail"}
        help_texts = {"email": "Notices and links to reset your password go there."}
        widgets = {
            "first_name": forms.TextInput(attrs={"autocomplete": "given-name"}),
            "last_name": forms.TextInput(attrs={"autocomplete": "family-name"}),
            "email": forms.EmailInput(attrs={"autocomplete": "email"}),
        }

    def __init__(self, *args: Any, request: HttpRequest, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._request = request
        if not self.instance.has_usable_password():
            # There is no password to ask for: who comes by single sign-on has the address that came with them.
            del self.fields["password"]
            self.fields["email"].disabled = True
            self.fields["email"].help_text = "As your identity provider named it. An operator can change it."

    @property
    def changes_address(self) -> bool:
        return "email" in self.changed_data

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if self.changes_address and "email" in cleaned and "password" in cleaned:
            if not cleaned["password"]:
                self.add_error("password", "Enter your password to change the e-mail address.")
            elif not get_adapter(self._request).reauthenticate(self._request.user, cleaned["password"]):
                self.add_error("password", "This is not your password. Capital letters count.")
        return cleaned


class NoticeForm(forms.Form):
    """Which notices come by e-mail. None at all is a choice like any other."""

    kinds = forms.MultipleChoiceField(
        required=False,
        label="By e-mail",
        widget=forms.CheckboxSelectMultiple,
        choices=[(kind.value, kind.label[:1].upper() + kind.label[1:]) for kind in NoticeKind],
    )

    @staticmethod
    def wanted_of(muted: set[str]) -> list[str]:
        return [kind.value for kind in NoticeKind if kind.value not in muted]
