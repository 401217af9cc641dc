from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from django import forms
from django.conf import settings
from django.contrib.auth.forms import AuthenticationForm, PasswordResetForm
from django.contrib.auth.models import User

from cloudaccounts.models.notice import NoticeKind


class LoginForm(AuthenticationForm):
    error_messages = {
        # One message for every reason, so that nobody learns which names exist.
        "invalid_login": "This name and password do not fit together. Check both; capital letters count.",
        "inactive": "This name and password do not fit together. Check both; capital letters count.",
    }


class ResetForm(PasswordResetForm):
    """The link's host comes from BASE_URL: the Host header is written by whoever asks."""

    def save(self, **options: Any) -> None:  # type: ignore[override]  # the view passes everything by name
        # A Host header of an attacker's choice would send the reset link, with its token, to the attacker's site.
        base = urlsplit(settings.BASE_URL)
        super().save(**{**options, "domain_override": base.netloc, "use_https": base.scheme == "https"})


class ProfileForm(forms.ModelForm[User]):
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
