"""What an account's own identity can do with its keys, so that a credential can be replaced without a person.

Only of itself: each provider's permission is limited to the identity that signs in (docs/rotation.md).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from cloudaccounts.contract.identity import Credentials
from cloudaccounts.storable import clean_record


@dataclass(frozen=True, slots=True)
class OwnKey:
    """A key, secret or certificate of the identity, as the cloud lists it. ``id`` is the cloud's own."""

    id: str
    created_at: datetime | None = None
    active: bool = True
    mark: str = ""  # what was sent along when it was made, where the cloud keeps such

    def __post_init__(self) -> None:
        clean_record(self)


# Without the generated representation, as for `Credentials`: the material is a private key.
@dataclass(frozen=True, slots=True, repr=False)
class KeyRequest:
    """What is about to be asked for. ``mark`` is stored before the call: by it the key is found after a kill."""

    mark: str
    material: Any = None

    def __repr__(self) -> str:
        return f"<KeyRequest {self.mark}>"


@dataclass(frozen=True, slots=True, repr=False)
class NewKey:
    """A key that was just made. ``created_at`` is the cloud's clock; None where the cloud tells none."""

    id: str
    credentials: Credentials
    created_at: datetime | None = None

    def __repr__(self) -> str:
        return f"<NewKey {self.id}>"


@dataclass(frozen=True, slots=True)
class LastUse:
    """``at`` is None where it was never used; ``is_known`` is False where the cloud does not tell us, for ``why``."""

    at: datetime | None = None
    by: str = ""  # "s3 in eu-west-1"
    is_known: bool = True
    why: str = ""

    def __post_init__(self) -> None:
        clean_record(self)


class Origin(StrEnum):
    """Whose a key is that appeared while we were making one."""

    OURS = "ours"
    NOT_OURS = "not_ours"
    UNKNOWN = "unknown"  # it cannot be proven (yet); then it is named, and left alone


class OwnKeys(ABC):
    """The keys of the identity that a credential signs in as. Every method but `prepare` calls the network.

    All raise `ProviderError`. Deactivating and deleting are repeatable: what is done already is no error.
    """

    limit: int  # keys that the identity may have
    can_deactivate: bool  # False where a key can only be deleted

    @abstractmethod
    def missing(self) -> tuple[str, ...]:
        """Of the permissions that the rest takes, those that the cloud says are not granted, by their names there."""

    @abstractmethod
    def in_use(self) -> str:
        """The id of the key that signs these calls; empty where it cannot be told from others."""

    @abstractmethod
    def keys(self) -> tuple[OwnKey, ...]:
        """All keys of the identity that count against the limit, whoever made them."""

    @abstractmethod
    def prepare(self, run: str) -> KeyRequest:
        """What `create` sends. ``run`` is a short text of ours. Calls no network."""

    # Once: a second try after a lost answer would make a second key.
    @abstractmethod
    def create(self, request: KeyRequest) -> NewKey:
        """Makes the key, in one call that is never repeated. After an error it may have been made all the same."""

    @abstractmethod
    def origin(self, key: OwnKey, *, mark: str, since: datetime) -> Origin:
        """Whether ``key``, which is new since ``since``, was made by the request with this mark."""

    @abstractmethod
    def last_use(self, key_id: str) -> LastUse: ...

    @abstractmethod
    def deactivate(self, key_id: str) -> None:
        """Only where `can_deactivate`."""

    @abstractmethod
    def delete(self, key_id: str) -> None: ...

    @abstractmethod
    def close(self) -> None: ...
