"""Failures of the core, as values. A provider's own are `cloudaccounts.contract.ProviderError`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from cloudaccounts.contract.errors import ProviderError

if TYPE_CHECKING:
    from cloudaccounts.contract.report import CloudValidationResult

UNREADABLE = "Credentials unreadable: "  # how the cause begins where it stands alone, as in a list


# Answered 429 with Retry-After on each way in, pages included (docs/decisions/0015).
class TeamLimitError(ProviderError):
    """A team has as much under way as one may: its own trouble, and nobody else's. ``seconds`` until trying helps."""

    def __init__(self, cause: str, seconds: int, remedy: str = "") -> None:
        remedy = remedy or f"Wait until some of it has ended, and try again in {seconds} seconds."
        super().__init__("team_limit_reached", cause, remedy, permanent=False)
        self.seconds = seconds


class InputError(ProviderError):
    """Input that was refused before anything was asked or stored. ``fields`` maps a field's name to its message."""

    def __init__(self, fields: Mapping[str, str]) -> None:
        # The cause is the first message: lists, commands and logs have room for one.
        first = next(iter(fields.values()))
        super().__init__("input_invalid", first, "Correct the marked fields.")
        self.fields = dict(fields)


class DuplicateAccountError(ProviderError):
    def __init__(self, provider: str, account_id: str) -> None:
        super().__init__(
            "account_exists",
            f"You have connected {account_id} already.",
            "Open the existing account.",
        )
        self.provider = provider
        self.account_id = account_id


class ChangedMeanwhileError(ProviderError):
    """Somebody else changed what this change was made from (If-Match)."""

    def __init__(self) -> None:
        super().__init__(
            "changed_meanwhile",
            "This was changed since you read it.",
            "Read it again, and make your change from what it is now.",
        )


class OwnerGoneError(ProviderError):
    """The user was deleted during a call of their own: nothing is kept that nobody would own."""

    def __init__(self) -> None:
        super().__init__("owner_gone", "This user was deleted meanwhile.", "Nothing was stored.")


class AccountDeletedError(ProviderError):
    """The account that this draft became was deleted again: repeating the draft must not bring it back."""

    def __init__(self) -> None:
        super().__init__(
            "account_deleted", "The account of this draft was deleted.", "Start a new draft to connect it again."
        )


class ValidationRefusedError(ProviderError):
    """The live proof failed; ``report`` says where."""

    def __init__(self, report: CloudValidationResult) -> None:
        super().__init__(
            report.code or "not_validated",
            report.cause or "Access to this account is not validated.",
            report.remedy or "Run the validation and finish when it has passed.",
            permanent=report.permanent,
        )
        self.report = report


def defect(what: str) -> ProviderError:
    """For unexpected exceptions: the work ends with a message, or its row would look like a dead worker's.

    Not permanent: a defect of ours fails nobody's account.
    """
    return ProviderError(
        "internal_error",
        f"This {what} ended by a defect of ours, not of your cloud.",
        "Try again; if it fails once more, tell the operator: the log says where.",
        permanent=False,
    )


class KeysForbiddenError(ProviderError):
    def __init__(self) -> None:
        super().__init__(
            "keys_forbidden",
            "Your team's policy allows no new keys: this method stores a secret.",
            "Choose a method without a secret, or ask an owner of the team to change the policy.",
        )


class AccountSuspendedError(ProviderError):
    def __init__(self) -> None:
        super().__init__("account_suspended", "This account is suspended.", "Resume it first.")


class RotationUnderWayError(ProviderError):
    def __init__(self) -> None:
        super().__init__(
            "rotation_under_way",
            "A new credential of this account is being tested right now.",
            "Wait until that has ended, or discard it first.",
            permanent=False,
        )


class NothingStagedError(ProviderError):
    def __init__(self) -> None:
        super().__init__("nothing_staged", "There is no new credential to test.", "Enter it first.")


class CredentialBorrowedError(ProviderError):
    def __init__(self) -> None:
        super().__init__(
            "credential_borrowed",
            "This account has no credential of its own: as a member it is opened with its organization's.",
            "Do it with the account that the organization is connected through.",
        )


class ConnectionInUseError(ProviderError):
    def __init__(self, members: int) -> None:
        super().__init__(
            "connection_in_use",
            f"{members:,} other account{'s are' if members > 1 else ' is'} opened with this account's credential, as "
            f"member{'s' if members > 1 else ''} of its organization.",
            "Delete those accounts first, or rotate this account's credential instead.",
        )
        self.members = members


class CredentialsUnreadableError(ProviderError):
    """What is stored cannot be opened here: our own trouble, never the customer's."""

    def __init__(self, code: str, cause: str, remedy: str, *, permanent: bool = False) -> None:
        # Not permanent: a key that is put back resolves it, so the account itself has not failed.
        super().__init__(code, f"{UNREADABLE}{cause}", remedy, permanent=permanent)
        self.reason = cause  # without the words that all of these begin with
