"""What its tests do with an account, in their words."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from cloudaccounts.audit.actor import SYSTEM
from cloudaccounts.contract.identity import Credentials
from cloudaccounts.credentials import vault
from cloudaccounts.models import CloudAccount, CredentialRotation
from cloudaccounts.rotation.requests import stage_credential, start_rotation
from cloudaccounts.rotation.verify import replace_credentials, run_rotation

NEW = "another-word-entirely"
Meanwhile = Callable[[Callable[[], object]], None]  # what is to happen between the cloud's answer and its outcome


def token_in_use(account: CloudAccount) -> str:
    return vault.open_credentials(account=account, actor=SYSTEM, purpose="test")["token"]


def stage(account: CloudAccount, token: str = NEW) -> CredentialRotation:
    return stage_credential(account, actor=SYSTEM, credentials=Credentials("token", {"token": token}))


def rotate(account: CloudAccount, token: str = NEW) -> CredentialRotation:
    stage(account, token)
    rotation = start_rotation(account, actor=SYSTEM)
    run_rotation(rotation.pk)
    rotation.refresh_from_db()
    return rotation


def replace(account: CloudAccount, token: str) -> Any:
    return replace_credentials(account, actor=SYSTEM, credentials=Credentials("token", {"token": token}), deadline=5.0)


class Killed(BaseException):
    """As SIGKILL: nothing that follows runs."""


def die(*_: object, **__: object) -> None:
    raise Killed
