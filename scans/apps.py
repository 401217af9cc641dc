from django.apps import AppConfig


class ScansConfig(AppConfig):
    name = "scans"

    def ready(self) -> None:
        from scans import signals  # noqa: F401  # connects the receivers
