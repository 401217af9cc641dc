"""A fourth cloud that exists in the tests only: its answers are what a test puts into `STATE`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from threading import Event

from django import forms

from cloudaccounts.contract import (
    Asset,
    AuthMethod,
    Choice,
    CloudValidationResult,
    CredentialFacts,
    Credentials,
    Plan,
    Provider,
    ProviderError,
    Region,
    ScanUnit,
    SetupContext,
    SetupGuide,
    Target,
    ValidationProgress,
    VisibleAccount,
)
from cloudaccounts.report import CheckResult, CheckStatus, PermissionResult, PermissionStatus, PlannedCheck


class TokenForm(forms.Form):
    token = forms.CharField(max_length=200, widget=forms.PasswordInput)


@dataclass
class State:
    """What the toy cloud holds and how it fails."""

    good_token: str = "let-me-in"
    failure: ProviderError | None = None
    assets: dict[tuple[str, str], list[Asset]] = field(default_factory=dict)
    broken_units: dict[tuple[str, str], ProviderError] = field(default_factory=dict)
    collected: list[ScanUnit] = field(default_factory=list)
    closed: int = 0
    neighbours: list[VisibleAccount] = field(default_factory=list)
    light_checks: list[str] = field(default_factory=list)  # account ids, in the order of being asked
    broken_accounts: dict[str, ProviderError] = field(default_factory=dict)
    denied: list[str] = field(default_factory=list)  # permissions that a report shows as denied
    gate: Event | None = None  # collectors wait here until it is set

    def put(self, service: str, region: str, *names: str, **properties: str) -> None:
        self.assets[service, region] = [
            Asset(f"toy.{service}.thing", service, region, f"toy:{service}:{region}:{name}", name, {}, properties)
            for name in names
        ]


STATE = State()


class ToySession:
    def units(self, regions: Sequence[str]) -> Sequence[ScanUnit]:
        return [ScanUnit("toys", "global"), *(ScanUnit("boxes", region) for region in regions)]

    def collect(self, unit: ScanUnit) -> Iterator[Asset]:
        STATE.collected.append(unit)
        if STATE.gate is not None:
            STATE.gate.wait(30)
        yield from STATE.assets.get((unit.service, unit.region), [])
        if error := STATE.broken_units.get((unit.service, unit.region)):
            raise error

    def unchanged(self, units: Sequence[ScanUnit], since: datetime) -> frozenset[ScanUnit]:
        return frozenset()

    def close(self) -> None:
        STATE.closed += 1


class ToyProvider(Provider):
    key = "toy"
    label = "Toy Cloud"
    short_label = "TOY"
    summary = "A cloud for tests."
    account_id_label = "Toy box"
    account_id_help = "Six letters."
    account_id_placeholder = "abcdef"
    partition_label = "Shelf"
    methods = (
        AuthMethod(
            key="token",
            label="Token",
            summary="A secret word.",
            badge="rotate",
            badge_tone="warn",
            form=TokenForm,
            secret_fields=frozenset({"token"}),
        ),
    )

    def clean_account_id(self, raw: str) -> str:
        text = raw.strip().lower()
        if len(text) == 6 and text.isascii() and text.isalpha():
            return text
        raise ProviderError("account_id_invalid", "A toy box has six letters.", "Look on its lid.")

    def partitions(self) -> tuple[Choice, ...]:
        return (Choice("shelf", "Shelf"),)

    def regions(self, partition: str) -> tuple[Region, ...]:
        if partition != "shelf":
            return ()
        return (Region("left", "Left", "Room"), Region("right", "Right", "Room"))

    def clean_credentials(
        self, method: str, values: Mapping[str, str], *, account_id: str, partition: str
    ) -> Credentials:
        return Credentials(method, dict(values))

    def describe(self, credentials: Credentials) -> CredentialFacts:
        return CredentialFacts(kind="Token", hint="let…")

    def setup_guides(self, method: str, context: SetupContext) -> tuple[SetupGuide, ...]:
        return (SetupGuide("by-hand", "By hand", "Ask the toy cloud for a token."),)

    def plan(self, method: str) -> Plan:
        return (PlannedCheck("identity", "Identity"), PlannedCheck("permissions", "Permissions"))

    def validate(self, credentials: Credentials, target: Target, progress: ValidationProgress) -> CloudValidationResult:
        progress.start("identity")
        error = STATE.broken_accounts.get(target.account_id, STATE.failure)
        if error is None and credentials["token"] != STATE.good_token:
            error = ProviderError("wrong_key", "The toy cloud does not know this token.", "Ask for another.")
        if error is not None:
            progress.done(
                CheckResult(
                    "identity", "Identity", CheckStatus.FAILED, code=error.code, cause=error.cause,
                    remedy=error.remedy, retry_helps=not error.permanent,
                )
            )  # fmt: skip
            return progress.finish()
        progress.tell(identity=f"toy:{target.account_id}")
        progress.done(CheckResult("identity", "Identity", CheckStatus.PASSED))
        progress.start("permissions")
        progress.tell(
            permissions=[
                PermissionResult(
                    "boxes", name, PermissionStatus.DENIED if name in STATE.denied else PermissionStatus.GRANTED
                )
                for name in dict.fromkeys(("boxes:Open", *STATE.denied))
            ]
        )
        progress.done(CheckResult("permissions", "Permissions", CheckStatus.PASSED))
        return progress.finish()

    def check_connection(self, credentials: Credentials, target: Target) -> None:
        STATE.light_checks.append(target.account_id)
        if STATE.gate is not None:
            STATE.gate.wait(30)
        if error := STATE.broken_accounts.get(target.account_id, STATE.failure):
            raise error
        if credentials["token"] != STATE.good_token:
            raise ProviderError("wrong_key", "The toy cloud does not know this token.", "Ask for another.")

    def open_session(self, credentials: Credentials, target: Target) -> ToySession:
        if credentials["token"] != STATE.good_token:
            raise ProviderError("wrong_key", "The toy cloud does not know this token.", "Ask for another.")
        return ToySession()

    def visible_accounts(self, credentials: Credentials, target: Target) -> Iterator[VisibleAccount]:
        yield from STATE.neighbours


PROVIDER = ToyProvider()
