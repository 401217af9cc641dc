"""The course of a validation, the same for all clouds: sign in, run the checks, close the connection, report."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from concurrent.futures import Future
from typing import ClassVar, Generic, Protocol, TypeVar

from cloudaccounts.contract.errors import ProviderError
from cloudaccounts.contract.identity import Credentials, Target
from cloudaccounts.contract.report import (
    CheckResult,
    CheckStatus,
    CloudValidationResult,
    Plan,
    PlannedCheck,
    ValidationProgress,
)
from cloudaccounts.provider_kit.check_results import failed, skipped
from cloudaccounts.provider_kit.deadlines import Deadline

T = TypeVar("T")


class ValidationStopped(Exception):  # noqa: N818 # not an error: the check that failed is in the report
    """A check failed without which the remaining ones would prove nothing. They are reported as not reached."""


class _Connection(Protocol):
    def close(self) -> None: ...


class _SignedIn(Protocol):
    @property
    def connection(self) -> _Connection: ...


Identity = TypeVar("Identity", bound=_SignedIn)


class ValidationRun(ABC, Generic[Identity]):
    """One validation. Reports checks in the plan's order, whatever order the cloud answers in.

    Calls to the cloud run in threads of their own (see `deadlines.start`); everything that touches ``progress`` runs in
    the thread that validates, because listeners write to a database.
    """

    cloud: ClassVar[str]  # who is waited for, in texts

    def __init__(self, credentials: Credentials, target: Target, progress: ValidationProgress, plan: Plan) -> None:
        self.credentials = credentials
        self.target = target
        self.progress = progress
        self.plan = plan
        self.deadline = Deadline(target.deadline, self.cloud)

    @abstractmethod
    def report_identity(self) -> Identity:
        """Signs in and reports that. Raises `ValidationStopped`."""

    @abstractmethod
    def report_checks(self, identity: Identity) -> None:
        """Runs and reports all other checks of the plan. Raises `ValidationStopped`."""

    def run(self) -> CloudValidationResult:
        """The finished report; every expected failure is in it. Takes at most the target's ``deadline`` seconds."""
        identity: Identity | None = None
        try:
            identity = self.report_identity()
            self.report_checks(identity)
        # The check that failed is in the report already; what remains is told as not reached.
        except ValidationStopped:
            self._skip_remaining_checks()
        finally:
            # After success as well as failure: a validation leaves no connection behind.
            if identity is not None:
                identity.connection.close()
        return self.progress.finish()

    def wait_for(self, planned: PlannedCheck, future: Future[T]) -> T:
        """What a check needs. Where that fails, the check fails and the validation stops."""
        # Before the wait, so that a page shows what is being waited for.
        self.progress.start(planned.name)
        try:
            return self.deadline.wait(future)
        except ProviderError as error:
            self.add_remediation(error)
            self.progress.done(failed(planned, error))
            raise ValidationStopped from None

    def report_or_stop(self, result: CheckResult) -> None:
        """Reports a result on which the remaining checks depend. Raises `ValidationStopped` where it is a failure."""
        self.progress.done(result)
        if result.status == CheckStatus.FAILED:
            raise ValidationStopped

    def report(
        self,
        planned: PlannedCheck,
        future: Future[T],
        evaluate: Callable[[T], CheckResult],
        on_error: Callable[[ProviderError], CheckResult],
    ) -> None:
        """Reports a check on which no other depends: its failure is shown together with all the others.

        So a person can fix everything that is missing in one go, rather than one thing for each attempt.
        """
        self.progress.start(planned.name)
        try:
            result = evaluate(self.deadline.wait(future))
        except ProviderError as error:
            self.add_remediation(error)
            result = on_error(error)
        self.progress.done(result)

    def add_remediation(self, error: ProviderError) -> None:
        """For errors that carry what a person can paste at the provider: subclasses add it to the report."""

    def _skip_remaining_checks(self) -> None:
        reported = {check.name for check in self.progress.report.checks}
        # So that a page shows every check of the plan, also those that a failure made pointless.
        remaining = [planned for planned in self.plan if planned.name not in reported]
        self.progress.done(*(skipped(planned, "Not reached.") for planned in remaining))
