from django.urls import path

from config import site_views

urlpatterns = [
    path("login/", site_views.Login.as_view(), name="login"),
    path("logout/", site_views.Logout.as_view(), name="logout"),
    path("profile/", site_views.profile, name="profile"),
    path("profile/notices/", site_views.profile_notices, name="profile-notices"),
    path("profile/password/", site_views.PasswordChange.as_view(), name="password-change"),
    path("password-reset/", site_views.PasswordReset.as_view(), name="password-reset"),
    path("password-reset/sent/", site_views.PasswordResetSent.as_view(), name="password-reset-sent"),
    path("password-reset/<uidb64>/<token>/", site_views.PasswordResetConfirm.as_view(), name="password-reset-confirm"),
]
