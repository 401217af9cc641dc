import os
from importlib import import_module

from django.core.wsgi import get_wsgi_application

from cloudaccounts.web.lazy_views import preload

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

application = get_wsgi_application()
# Views load lazily and the API with its first call, because commands need neither (docs/decisions/0012). A web process
# needs both and loads them before it serves, so that no visitor waits for an import.
import_module("config.urls")
preload()
import_module("config.api.assembly")
# So that a key that does not fit is in the log at start, and not only once a credential cannot be opened.
import_module("cloudaccounts.operations.key_at_start").look_at_start()
