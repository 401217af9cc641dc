from django.apps import AppConfig
from django.db.models.signals import post_migrate


class ScansConfig(AppConfig):
    name = "scans"

    def ready(self) -> None:
        from scans import signals  # connects the receivers

        post_migrate.connect(signals.look_after_search, sender=self, dispatch_uid="search-indexes")
