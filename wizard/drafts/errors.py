"""Why a draft cannot be worked on. Each says its cause and remedy; none loses what is stored."""

from __future__ import annotations

from uuid import UUID

from cloudaccounts.contract.errors import ProviderError
from cloudaccounts.crypto.fields import KeyringError


class DraftNotFoundError(LookupError):
    """No such draft, or somebody else's: the two look the same from outside."""


class DraftExpiredError(ProviderError):
    def __init__(self) -> None:
        super().__init__(
            "draft_expired",
            "This draft was not touched for too long and has expired.",
            "Start again; nothing was connected.",
        )


class DraftFinishedError(Exception):
    """The draft is an account already."""

    def __init__(self, account: UUID) -> None:
        super().__init__(str(account))
        self.account = account


class DraftChangedError(ProviderError):
    def __init__(self) -> None:
        super().__init__(
            "draft_changed",
            "This draft was changed in another tab in the meantime, so nothing was saved here.",
            "Below is what you entered. Press Continue again to save it over the other tab's change.",
        )


class DraftFinishingError(ProviderError):
    def __init__(self) -> None:
        super().__init__(
            "draft_finishing",
            "This draft is being turned into an account, so it cannot be changed any more.",
            "Wait a moment: the account's page opens automatically.",
        )


class DraftUnreadableError(ProviderError):
    """The encryption key is missing or wrong: a problem of this server, never of the customer."""

    def __init__(self, error: KeyringError) -> None:
        super().__init__(error.code, error.cause, error.remedy)


class ProofError(ProviderError):
    """Finishing was refused, because what is in the draft is not proven (any more)."""
