from django.apps import AppConfig
from django.db.models.signals import post_migrate


class ScansConfig(AppConfig):
    name = "scans"

    def ready(self) -> None:
        from cloudaccounts.health import blinds
        from scans import signals  # connects the receivers
        from scans.compliance.catalogue import control_names

        blinds.name_controls_by(control_names)
        post_migrate.connect(signals.look_after_search, sender=self, dispatch_uid="search-indexes")
