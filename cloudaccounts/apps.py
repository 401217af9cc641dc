from django.apps import AppConfig


class CloudAccountsConfig(AppConfig):
    name = "cloudaccounts"
    verbose_name = "Cloud accounts"

    def ready(self) -> None:
        # Here and not at the head of the module: Django loads models only after all apps are known.
        from cloudaccounts import signals  # noqa: F401  # connects the receivers
        from cloudaccounts.credentials.key_witness import sealing_key
        from cloudaccounts.crypto.fields import choose_sealing_key
        from cloudaccounts.users import signals as user_signals  # noqa: F401

        # The keyring lies below the models and cannot ask the witness; so it is told here whom to ask
        # (docs/decisions/0018-two-phases-for-a-new-encryption-key).
        choose_sealing_key(by=sealing_key)
