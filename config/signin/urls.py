"""Addresses of sign-in. They are this product's; allauth looks them up by names of its own.

Of two names of one address the first is what `teams.access` finds it under.
"""

from django.contrib.auth.decorators import login_not_required
from django.urls import URLPattern, path
from django.views.decorators.csrf import csrf_exempt

from cloudaccounts.web.lazy_views import View, Views

_account = Views("config.signin.views")
_factors = Views("config.signin.factor_views")
_sso = Views("config.signin.sso_views")
_identities = Views("config.signin.identity_views")
_saml = Views("config.signin.saml_views")


def _named(route: str, view: View, *names: str) -> list[URLPattern]:
    return [path(route, view, name=name) for name in names]


def _open(view: View) -> View:
    """For whoever is not signed in: middleware reads this mark before the view is loaded (`lazy_views`)."""
    return login_not_required(view)


urlpatterns = [
    *_named("login/", _open(_account.login), "login", "account_login"),
    # Django's own login of the admin would know no second factor, no single sign-on and no brake on codes.
    *_named("admin/login/", _open(_account.admin_login), "admin-login"),
    *_named("logout/", _open(_account.logout), "logout", "account_logout"),
    *_named("confirm/", _account.reauthenticate, "confirm-password", "account_reauthenticate"),
    *_named("profile/password/", _account.password_change, "password-change", "account_change_password"),
    *_named("password-reset/", _open(_account.password_reset), "password-reset", "account_reset_password"),
    *_named(
        "password-reset/sent/",
        _open(_account.password_reset_sent),
        "password-reset-sent",
        "account_reset_password_done",
    ),
    *_named(
        "password-reset/<uidb36>/<key>/",
        _open(_account.password_reset_confirm),
        "password-reset-confirm",
        "account_reset_password_from_key",
    ),
    path("login/sso/", _open(_sso.start), name="sso"),
    path("login/sso/callback/", _open(_sso.callback), name="sso-callback"),
    path("login/saml/", _open(_saml.start), name="saml"),
    # Posted from the provider's page, which has no token of ours; the signature of what it brings stands for it.
    path("login/saml/acs/", csrf_exempt(_open(_saml.acs)), name="saml-acs"),
    path("login/saml/finish/", _open(_saml.finish), name="saml-finish"),
    path("login/saml/metadata/", _open(_saml.metadata), name="saml-metadata"),
    path("login/code/", _open(_factors.second_factor), name="mfa_authenticate"),
    path("login/passkey/", _open(_factors.passkey_login), name="mfa_login_webauthn"),
    path("confirm/code/", _factors.code_again, name="mfa_reauthenticate"),
    path("confirm/passkey/", _factors.passkey_again, name="mfa_reauthenticate_webauthn"),
    path("profile/security/", _factors.security, name="mfa_index"),
    path("profile/security/app/", _factors.new_app, name="mfa_activate_totp"),
    path("profile/security/app/remove/", _factors.remove_app, name="mfa_deactivate_totp"),
    path("profile/security/passkeys/new/", _factors.new_passkey, name="mfa_add_webauthn"),
    path("profile/security/passkeys/<int:pk>/remove/", _factors.remove_passkey, name="mfa_remove_webauthn"),
    path("profile/security/recovery-codes/", _factors.recovery_codes, name="mfa_view_recovery_codes"),
    path("profile/security/recovery-codes/new/", _factors.new_recovery_codes, name="mfa_generate_recovery_codes"),
    path("profile/security/sso/connect/", _sso.connect, name="sso-connect"),
    path("profile/security/saml/connect/", _saml.connect, name="saml-connect"),
    path("profile/security/sso/confirm/", _identities.confirm, name="sso-confirm"),
    path("profile/security/sso/<int:pk>/disconnect/", _identities.disconnect, name="sso-disconnect"),
    path("profile/sessions/", _factors.sessions, name="usersessions_list"),
]
