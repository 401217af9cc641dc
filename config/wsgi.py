import os
from importlib import import_module

from django.core.wsgi import get_wsgi_application

from cloudaccounts.web.lazy_views import preload
from config.running.shutdown import ends_at_once

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

with ends_at_once():  # nobody is served yet, and on a busy machine all this takes its time
    application = get_wsgi_application()
    # Commands load neither pages nor API; a web process does so before its first visitor waits for it.
    import_module("config.urls")
    preload()
    import_module("config.api.assembly")
