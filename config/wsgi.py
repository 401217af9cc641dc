import os
from importlib import import_module

from django.core.wsgi import get_wsgi_application

from cloudaccounts.web.lazy_views import preload

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

application = get_wsgi_application()
# Commands load neither pages nor API; a web process does so before its first visitor waits for it.
import_module("config.urls")
preload()
import_module("config.api.assembly")
