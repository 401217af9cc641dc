from django.apps import AppConfig


class CloudAccountsConfig(AppConfig):
    name = "cloudaccounts"
    verbose_name = "Cloud accounts"

    def ready(self) -> None:
        from cloudaccounts import signals  # noqa: F401  # connects the receivers
        from cloudaccounts.credentials.key_witness import sealing_key
        from cloudaccounts.crypto.fields import choose_sealing_key
        from cloudaccounts.users import signals as user_signals  # noqa: F401

        choose_sealing_key(by=sealing_key)
