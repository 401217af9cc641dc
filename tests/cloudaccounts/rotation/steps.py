"""What its tests do with an account, in their words."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from cloudaccounts import services, vault
from cloudaccounts.actors import SYSTEM
from cloudaccounts.contract import Credentials
from cloudaccounts.models import CloudAccount, CredentialRotation

NEW = "another-word-entirely"
Meanwhile = Callable[[Callable[[], object]], None]  # what is to happen between the cloud's answer and its outcome


def token_in_use(account: CloudAccount) -> str:
    return vault.open_credentials(account=account, actor=SYSTEM, purpose="test")["token"]


def stage(account: CloudAccount, token: str = NEW) -> CredentialRotation:
    return services.stage_credential(account, actor=SYSTEM, credentials=Credentials("token", {"token": token}))


def rotate(account: CloudAccount, token: str = NEW) -> CredentialRotation:
    stage(account, token)
    rotation = services.start_rotation(account, actor=SYSTEM)
    services.run_rotation(rotation.pk)
    rotation.refresh_from_db()
    return rotation


def replace(account: CloudAccount, token: str) -> Any:
    return services.replace_credentials(
        account, actor=SYSTEM, credentials=Credentials("token", {"token": token}), deadline=5.0
    )


class Killed(BaseException):
    """As SIGKILL: nothing that follows runs."""


def die(*_: object, **__: object) -> None:
    raise Killed
