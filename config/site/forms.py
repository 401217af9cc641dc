from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from django import forms
from django.conf import settings
from django.contrib.auth import authenticate
from django.contrib.auth.forms import AuthenticationForm, PasswordChangeForm, PasswordResetForm
from django.contrib.auth.models import User
from django.core.mail import EmailMessage
from django.http import HttpRequest
from django.template.loader import render_to_string

from cloudaccounts.models.notice import NoticeKind


class LoginForm(AuthenticationForm):
    error_messages = {
        # One message for every reason, so that nobody learns which names exist.
        "invalid_login": "This name and password do not fit together. Check both; capital letters count.",
        "inactive": "This name and password do not fit together. Check both; capital letters count.",
    }


class ResetForm(PasswordResetForm):
    """The link's host comes from BASE_URL: the Host header is written by whoever asks.

    A worker saves it (`config.site.mails`); the page only cleans the address.
    """

    def save(self, **options: Any) -> None:  # type: ignore[override]  # the caller passes everything by name
        # A Host header of an attacker's choice would send the reset link, with its token, to the attacker's site.
        base = urlsplit(settings.BASE_URL)
        super().save(**{**options, "domain_override": base.netloc, "use_https": base.scheme == "https"})

    def send_mail(
        self,
        subject_template_name: str,
        email_template_name: str,
        context: dict[str, Any],
        from_email: str | None,
        to_email: str,
        html_email_template_name: str | None = None,
    ) -> None:
        """Unlike Django's own, which logs a failure and goes on: raises, so that the worker tries again."""
        subject = " ".join(render_to_string(subject_template_name, context).split())
        EmailMessage(subject, render_to_string(email_template_name, context), from_email, [to_email]).send()


class OwnPasswordForm(PasswordChangeForm):
    """A wrong old password counts as one at the login: an open session is no place to guess it in peace."""

    def __init__(self, *args: Any, request: HttpRequest, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._request = request

    def clean_old_password(self) -> str:
        password = str(self.cleaned_data["old_password"])
        if not is_own_password(self._request, password):
            raise forms.ValidationError(self.error_messages["password_incorrect"], code="password_incorrect")
        return password


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

    @property
    def changes_address(self) -> bool:
        return "email" in self.changed_data

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if self.changes_address and "email" in cleaned and "password" in cleaned:
            if not cleaned["password"]:
                self.add_error("password", "Enter your password to change the e-mail address.")
            elif not is_own_password(self._request, cleaned["password"]):
                self.add_error("password", "This is not your password. Capital letters count.")
        return cleaned


def is_own_password(request: HttpRequest, password: str) -> bool:
    """Whether it is the password of who is signed in. A wrong one counts as one at the login (django-axes)."""
    user = request.user
    # Not `check_password`: only what goes through `authenticate` is counted by django-axes, and refused after too many.
    authenticated = authenticate(request, username=user.get_username(), password=password)
    return authenticated is not None and authenticated.pk == user.pk


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
