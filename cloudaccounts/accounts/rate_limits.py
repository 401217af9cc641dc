"""Rate limits on guessing: how often a validation may fail before the next has to wait.

Counted in the database: all web processes and workers share one count.
"""

from __future__ import annotations

import hashlib
import math
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils import timezone

from cloudaccounts.accounts.resolution import ResolvedAccount
from cloudaccounts.contract.errors import ProviderError
from cloudaccounts.contract.report import CloudValidationResult
from cloudaccounts.errors import InputError
from cloudaccounts.models import RateCounter
from cloudaccounts.web.networks import network_of
from cloudaccounts.work.databases import SECURITY


class TooManyAttemptsError(ProviderError):
    """``seconds`` until it is worth to try again."""

    def __init__(self, cause: str, seconds: int) -> None:
        super().__init__("too_many_tries", cause, f"Try again {_when(seconds)}.", permanent=False)
        self.seconds = seconds


def _when(seconds: int) -> str:
    """With the time by the clock: a report is read again later, when a number of seconds means nothing any more."""
    at = datetime.fromtimestamp(time.time() + seconds, UTC)
    span = f"{seconds} second{'' if seconds == 1 else 's'}" if seconds < 120 else f"{math.ceil(seconds / 60)} minutes"
    return f"in {span}, at {at:%H:%M:%S} UTC"


@dataclass(frozen=True, slots=True)
class RateLimit:
    """At most ``limit`` failures (or what else is counted) of ``subject`` in each stretch of ``seconds``."""

    name: str
    subject: str
    limit: int
    seconds: int
    cause: str

    def count(self) -> None:
        # Windows by the clock: nothing has to be remembered but one number for each subject.
        key, ends = self.window()
        row = RateCounter.objects.filter(key=key)
        # Counted by the database itself: a count that was read and written back would lose parallel failures.
        if row.update(count=F("count") + 1):
            return
        try:
            with transaction.atomic(using=SECURITY):
                RateCounter.objects.create(key=key, count=1, expires_at=datetime.fromtimestamp(ends, UTC))
        except IntegrityError:  # a parallel call was first
            row.update(count=F("count") + 1)

    def is_taken(self) -> bool:
        """Counts, and says whether that was within the limit. Of parallel calls at most ``limit`` hear yes."""
        self.count()
        key, _ = self.window()
        # Counted first and read afterwards: of parallel calls each sees at least its own, so no more than `limit` hear
        # yes.
        return (RateCounter.objects.filter(key=key).values_list("count", flat=True).first() or 0) <= self.limit

    def take(self) -> None:
        """As `is_taken`; raises `TooManyAttemptsError` instead of no."""
        if not self.is_taken():
            _, ends = self.window()
            raise TooManyAttemptsError(self.cause, max(1, math.ceil(ends - time.time())))

    def window(self) -> tuple[str, float]:
        """The counter's key in the stretch that runs now, and when that ends, in seconds since 1970."""
        number = int(time.time() // self.seconds)
        # Hashed: of one length, whatever is counted, so that the key fits its column; and the table names nobody.
        who = hashlib.sha256(self.subject.encode()).hexdigest()[:40]
        return f"{self.name}:{who}:{number}", (number + 1) * self.seconds


def owner_rate_limit(owner: str) -> RateLimit:
    """Of credentials that failed, whichever way: refused by the cloud, or unreadable before it was asked."""
    return RateLimit(
        "proofs-of-owner",
        owner,
        settings.API_FAILED_VALIDATIONS_PER_HOUR,
        3600,
        "Too many of your validations failed within this hour.",
    )


@contextmanager
def counting_refused_input(owner: str) -> Iterator[None]:
    """Around reading a credential, which takes up to a second of the processor where its key is encrypted.

    What is refused counts as a failed validation. Raises `TooManyAttemptsError` before anything is read.
    """
    limit = owner_rate_limit(owner)
    check_rate_limits((limit,))
    try:
        yield
    except InputError as error:
        if any(name.startswith("credentials") for name in error.fields):  # a misspelt name or region costs nothing
            limit.count()
        raise
    except ProviderError:
        limit.count()
        raise


FREE_TRIES = 3  # failures that an owner has at an account, whatever others did there


def validation_rate_limits(
    owner: str, provider: str, account_id: str, *, is_connected: bool, address: str = ""
) -> tuple[RateLimit, ...]:
    """Of new credentials: on who tries them, and on the account they are tried at.

    An owner's own failures count first, then those from the network of ``address``, then everybody's; the last two
    leave each owner `FREE_TRIES`, so that strangers cannot keep the account's true owner from connecting it. Where the
    owner has it connected, only the owner's own failures count.
    """
    account = f"{provider}|{account_id}"
    own = _at_account("own-account", f"{owner}|{account}")
    # An account's own owner must always be able to replace its credential, whatever strangers try elsewhere.
    if is_connected:
        return (owner_rate_limit(owner), own)
    # IPv6 clients choose among 2^64 addresses, so they count by network (`web.networks`).
    network = (_at_account("network", f"{network_of(address)}|{account}"),) if address else ()
    return (owner_rate_limit(owner), own, *network, _at_account("account", account))


def _at_account(name: str, subject: str) -> RateLimit:
    return RateLimit(
        f"proofs-at-{name}",
        subject,
        settings.API_FAILED_VALIDATIONS_PER_ACCOUNT,
        900,
        "Too many validations of this account failed within a quarter of an hour.",
    )


@dataclass(frozen=True, slots=True)
class Attempt:
    """Leave to try a credential once: from `begin_attempt`, or `NOT_A_GUESS`. Whoever proves access needs one."""

    limits: tuple[RateLimit, ...]

    def count(self, report: CloudValidationResult) -> None:
        """Counts a try that failed by what was given; what the cloud or the network did does not count."""
        # An outage of a cloud would otherwise lock its customers out of their own accounts.
        if not report.ok and report.permanent:
            for limit in self.limits:
                limit.count()


# For credentials that no person is guessing: stored with an account, of an organization, in the operator's own files.
NOT_A_GUESS = Attempt(())


def begin_attempt(account: ResolvedAccount, *, address: str = "") -> Attempt:
    """Raises `TooManyAttemptsError` where the failures of an owner, or at an account, are used up. One query.

    ``address``: the client's.
    """
    limits = validation_rate_limits(
        account.owner, account.provider.key, account.account_id, is_connected=account.is_connected, address=address
    )
    check_rate_limits(limits)
    return Attempt(limits)


def check_rate_limits(limits: Sequence[RateLimit]) -> None:
    """Raises `TooManyAttemptsError` for the first whose stretch's failures are used up. One query for all.

    The limits behind an owner's own at an account hold only once the owner has used up the free tries.
    """
    windows = {limit: limit.window() for limit in limits}
    keys = [key for key, _ in windows.values()]
    counts = dict(RateCounter.objects.filter(key__in=keys).values_list("key", "count"))
    # In the order of `validation_rate_limits`: the owner's own limits decide before those that others fill.
    for limit, (key, ends) in windows.items():
        failures = counts.get(key, 0)
        if failures >= limit.limit:
            raise TooManyAttemptsError(limit.cause, max(1, math.ceil(ends - time.time())))
        if limit.name == "proofs-at-own-account" and failures < FREE_TRIES:
            return


def purge_rate_counters() -> int:
    deleted, _ = RateCounter.objects.filter(expires_at__lt=timezone.now()).delete()
    return deleted
