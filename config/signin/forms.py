"""allauth's forms with this product's words, field names and brake."""

from __future__ import annotations

from typing import Any

from allauth.account import forms as allauth
from allauth.account.adapter import get_adapter
from django import forms
from django.contrib.auth.forms import UsernameField
from django.http import HttpRequest

LONGEST = 4096  # characters; hashing takes time that grows with the length
PASSWORD_RULES = "At least 12 characters, not only digits, and no common or well-known one."  # noqa: S105
_NEW = {"autocomplete": "new-password"}


class _Renamed(forms.Form):
    """Fields keep the names that scripts and password managers know from before; allauth's are others."""

    names: dict[str, str] = {}

    def add_prefix(self, field_name: str) -> str:
        return super().add_prefix(self.names.get(field_name, field_name))


class LoginForm(_Renamed, allauth.LoginForm):
    names = {"login": "username"}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # Django's own: names are compared after the same Unicode normalization as they were stored with.
        widget = forms.TextInput(attrs={"autocomplete": "username", "autocapitalize": "none", "autofocus": True})
        self.fields["login"] = UsernameField(label="Username", max_length=150, widget=widget)
        self.fields["password"] = _current_password("Password")
        self.order_fields(["login", "password"])


class ReauthenticateForm(allauth.ReauthenticateForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["password"] = _current_password("Your password", autofocus=True)
        self.fields["password"].error_messages["required"] = "Enter your password."


class ResetRequestForm(allauth.ResetPasswordForm):
    """Asks a worker for the mail, whether or not the address is anybody's: the page does the same for every address."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        widget = forms.EmailInput(attrs={"autocomplete": "email", "autofocus": True})
        self.fields["email"] = forms.EmailField(label="E-mail", max_length=254, widget=widget)

    def clean_email(self) -> str:
        # allauth looks the address up here: that takes longer for one that is somebody's, and so tells that it is.
        return str(self.cleaned_data["email"])

    def save(self, request: HttpRequest, **_: Any) -> str:
        """Raises `TooManyAttemptsError`."""
        from config.site.mails import request_reset

        email = str(self.cleaned_data["email"])
        request_reset(email, address=request.META.get("REMOTE_ADDR", ""))
        return email


class _NewPassword(_Renamed):
    """Two entries of a new password, and why it is refused beside the second, as on every page before."""

    names = {"password1": "new_password1", "password2": "new_password2", "oldpassword": "old_password"}

    def name_new_passwords(self) -> None:
        self.fields["password1"].label = "New password"
        self.fields["password1"].help_text = PASSWORD_RULES
        self.fields["password2"].label = "New password, once more"
        for name in ("password1", "password2"):
            field = self.fields[name]
            field.max_length = LONGEST  # type: ignore[attr-defined]
            field.widget.attrs = {**_NEW, "maxlength": LONGEST}

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if refused := self.errors.pop("password1", None):
            for error in refused.as_data():
                self.add_error("password2", error)
        return cleaned


class NewPasswordForm(_NewPassword, allauth.ResetPasswordKeyForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.name_new_passwords()


class OwnPasswordForm(_NewPassword, allauth.ChangePasswordForm):
    """A wrong old password counts as one at the login: an open session is no place to guess it in peace."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["oldpassword"] = _current_password("Your password until now", autofocus=True)
        self.order_fields(["oldpassword", "password1", "password2"])
        self.name_new_passwords()

    def clean_oldpassword(self) -> str:
        adapter = get_adapter()
        password = str(self.cleaned_data["oldpassword"])
        if not adapter.reauthenticate(self.user, password):
            raise adapter.validation_error("incorrect_password")
        return password


def _current_password(label: str, *, autofocus: bool = False) -> forms.CharField:
    attributes = {"autocomplete": "current-password", "autofocus": autofocus}
    # Blanks at either end may be part of a password.
    widget = forms.PasswordInput(attrs=attributes)
    return forms.CharField(label=label, strip=False, max_length=LONGEST, widget=widget)
