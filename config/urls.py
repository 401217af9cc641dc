from django.contrib import admin
from django.urls import include, path, register_converter
from django.urls.converters import StringConverter
from django.views.generic import RedirectView

from cloudaccounts.web.lazy_views import Views
from config.api import entry as api_entry
from config.health import healthz, readyz
from config.metrics import metrics
from config.site.error_pages import nothing_there


class AnythingConverter(StringConverter):
    """Line breaks too: with Django's own, a call with one in its path is answered by an HTML page."""

    regex = r"[\s\S]+"


register_converter(AnythingConverter, "anything")

# Health, metrics, sign-in and the API are imported and no `Views`: middleware reads their decorators (login not
# required, CSRF exempt) before they run, and would miss them on a view that is loaded late
# (cloudaccounts.web.lazy_views).
urlpatterns = [
    path("healthz", healthz, name="healthz"),
    path("readyz", readyz, name="readyz"),
    path("metrics", metrics, name="metrics"),
    path("", include("cloudaccounts.urls")),
    path("", include("scans.urls")),
    path("wizard/", include("wizard.urls")),
    path("", include("config.site.urls")),
    path("", include("config.signin.urls")),
    path("sandbox/", include("config.simulated.urls")),
    path(
        "admin/overview/",
        admin.site.admin_view(Views("config.site.admin_overview").overview),
        name="operators-overview",
    ),
    # These before the last, which takes every path below the API's root.
    path("api/v1/openapi.json", api_entry.openapi, name="api-description"),
    path("registry.schema.json", api_entry.registry_schema, name="registry-schema"),
    path("api/v1/docs", api_entry.docs, name="api-docs"),
    path("api/v1/", api_entry.api, name="api-root"),
    path("api/v1/<anything:path>", api_entry.api, name="api"),
    # Django's own change without this product's brake and audit; and a redirect to pages that no model has.
    path("admin/password_change/", RedirectView.as_view(pattern_name="password-change")),
    path("admin/r/<path:rest>", nothing_there),
    path("admin/", admin.site.urls),
]

handler400 = "config.site.error_pages.bad_request"
handler403 = "config.site.error_pages.permission_denied"
handler404 = "config.site.error_pages.not_found"
handler500 = "config.site.error_pages.server_error"
