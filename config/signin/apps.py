from django.apps import AppConfig


class SignInConfig(AppConfig):
    name = "config.signin"
    label = "signin"

    def ready(self) -> None:
        from allauth.mfa.models import Authenticator

        from cloudaccounts.crypto import encrypted_models
        from config.signin import second_factor, signals, ways  # noqa: F401 # ways: registers itself

        signals.connect()
        encrypted_models.register(
            encrypted_models.SealedJsonStore(
                "second factors", Authenticator, "data", second_factor.SECRET_NAMES, second_factor.PLACE,
                lambda row: second_factor.bound_to(str(row.user_id)),
            )
        )  # fmt: skip
