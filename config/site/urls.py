from django.urls import path

from config.site.views import (
    Login,
    Logout,
    PasswordChange,
    PasswordReset,
    PasswordResetConfirm,
    PasswordResetSent,
    profile,
    profile_notices,
)

urlpatterns = [
    path("login/", Login.as_view(), name="login"),
    path("logout/", Logout.as_view(), name="logout"),
    path("profile/", profile, name="profile"),
    path("profile/notices/", profile_notices, name="profile-notices"),
    path("profile/password/", PasswordChange.as_view(), name="password-change"),
    path("password-reset/", PasswordReset.as_view(), name="password-reset"),
    path("password-reset/sent/", PasswordResetSent.as_view(), name="password-reset-sent"),
    path("password-reset/<uidb64>/<token>/", PasswordResetConfirm.as_view(), name="password-reset-confirm"),
]
