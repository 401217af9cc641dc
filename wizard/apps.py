from django.apps import AppConfig


class WizardConfig(AppConfig):
    name = "wizard"
    verbose_name = "Account wizard"

    def ready(self) -> None:
        from cloudaccounts.crypto.encrypted_models import SealedColumn, SealedStore, register
        from wizard import signals  # noqa: F401  # connects the receivers
        from wizard.models import WizardSession

        # So that re-encryption, and the check for a wrong key, know of the drafts.
        register(SealedStore("drafts", WizardSession, (SealedColumn("data"),)))
