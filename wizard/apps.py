from django.apps import AppConfig


class WizardConfig(AppConfig):
    name = "wizard"
    verbose_name = "Account wizard"

    def ready(self) -> None:
        from wizard import signals  # noqa: F401  # connects the receivers
