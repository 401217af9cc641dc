from django.urls import path

from cloudaccounts.web.lazy_views import Views

views = Views("config.site.views")
urlpatterns = [
    path("profile/", views.profile, name="profile"),
    path("profile/notices/", views.profile_notices, name="profile-notices"),
]
