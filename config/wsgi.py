import gc
import os
from importlib import import_module

from django.core.wsgi import get_wsgi_application

from cloudaccounts.web.lazy_views import preload

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

application = get_wsgi_application()
# Views load lazily, and so do the API and what few commands need (docs/decisions/0012). A web process needs all of it
# and loads it before it serves, so that no visitor waits for an import.
import_module("config.urls")
preload()
for _late in ("config.api.assembly", "config.waiting", "scans.account_sync", "scans.runs.requests"):
    import_module(_late)
# So that a key that does not fit is in the log at start, and not only once a credential cannot be opened.
import_module("cloudaccounts.operations.key_at_start").look_at_start()
# What is loaded stays as long as the process. Left among what the collector looks through, it took 0.1 to 0.2 s of
# every eighth page or so.
gc.collect()
gc.freeze()
# And looked through after so many new objects, not after 700: a report on 100,000 accounts makes millions, none of them
# garbage, and the collector took 3.5 of its 9 s.
gc.set_threshold(20_000, 10, 10)
