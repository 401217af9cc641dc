"""What an error code of a cloud means to people: one immutable text for each case."""

from __future__ import annotations

from dataclasses import dataclass

from cloudaccounts.contract.errors import ProviderError


@dataclass(frozen=True, slots=True)
class ErrorMessage:
    """``code`` is stable, ``cause`` and ``remedy`` are for people; ``permanent`` as in `ProviderError`."""

    code: str
    cause: str
    remedy: str = ""
    permanent: bool = True

    def to_error(self, sdk_error: str = "", *, cause: str = "") -> ProviderError:
        """An error with these texts. ``cause`` replaces the general one where more is known of this case."""
        return ProviderError(self.code, cause or self.cause, self.remedy, permanent=self.permanent, sdk_error=sdk_error)
