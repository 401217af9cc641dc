"""A fourth cloud that exists in the tests only: its answers are what a test puts into `STATE`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from threading import Event
from urllib.parse import quote

from django import forms

from cloudaccounts.contract.engines import EngineAccess, EnginePair
from cloudaccounts.contract.errors import ProviderError
from cloudaccounts.contract.identity import (
    AuthMethod,
    Choice,
    CredentialFacts,
    Credentials,
    Region,
    Target,
    VisibleAccount,
)
from cloudaccounts.contract.inventory import Asset, ScanUnit
from cloudaccounts.contract.organizations import MemberPage, OrganizationNode, OrganizationProvider
from cloudaccounts.contract.own_keys import OwnKeys
from cloudaccounts.contract.report import (
    CheckResult,
    CheckStatus,
    CloudValidationResult,
    PermissionResult,
    PermissionStatus,
    Plan,
    PlannedCheck,
    RegionResult,
    ValidationProgress,
)
from cloudaccounts.contract.rules import Evaluation, Fact, PostureCheck, Reference, Severity, Verdict
from cloudaccounts.contract.sessions import KnownAssets
from cloudaccounts.contract.setup import SetupContext, SetupGuide, Snippet
from tests.toycloud.keys import KeyRing


class TokenForm(forms.Form):
    token = forms.CharField(max_length=200, widget=forms.PasswordInput)


def _lid(asset: Asset) -> Evaluation:
    lid = asset.properties.get("lid", "closed")
    if lid == "stuck":
        raise RuntimeError("a defect of this check")
    if lid == "unreadable":
        return Evaluation(Verdict.UNKNOWN, "The lid could not be read.")
    if lid == "open":
        return Evaluation(Verdict.FAIL, f"The lid of {asset.name} is open.", (Fact("lid", lid, "closed"),))
    return Evaluation(Verdict.PASS)


def _label(asset: Asset) -> Evaluation:
    if "label" not in asset.properties:
        return Evaluation(Verdict.NOT_APPLICABLE)
    return Evaluation(Verdict.PASS if asset.properties["label"] else Verdict.FAIL, "It has an empty label.")


def _sharp(asset: Asset) -> Evaluation:
    return Evaluation(Verdict.FAIL if asset.properties.get("sharp") else Verdict.PASS, "It is sharp.")


def _check(id: str, title: str, severity: Severity, kind: str, evaluate: Callable[[Asset], Evaluation]) -> PostureCheck:  # noqa: A002
    return PostureCheck(
        id=id, title=title, severity=severity, service=kind, asset_type=f"toy.{kind}.thing",
        why="Things fall out.", console="Open the shelf and repair it.", command="toy repair <name>",
        references=(Reference("Toy benchmark", "1.1", "https://toys.example/1.1"),), evaluate=evaluate,
    )  # fmt: skip


CHECKS = (
    _check("toy_box_closed", "Boxes are closed", Severity.CRITICAL, "boxes", _lid),
    _check("toy_box_labelled", "Boxes are labelled", Severity.LOW, "boxes", _label),
    _check("toy_blunt", "Toys are blunt", Severity.HIGH, "toys", _sharp),
)


@dataclass
class State:
    """What the toy cloud holds and how it fails."""

    good_token: str = "let-me-in"
    trusted: set[str] | None = None  # external IDs that it lets in; None: it asks for none
    tried: list[str] = field(default_factory=list)  # external IDs, in the order of the calls
    failure: ProviderError | None = None
    assets: dict[tuple[str, str], list[Asset]] = field(default_factory=dict)
    broken_units: dict[tuple[str, str], ProviderError] = field(default_factory=dict)
    collected: list[ScanUnit] = field(default_factory=list)
    closed: int = 0
    visible_accounts: list[VisibleAccount] = field(default_factory=list)
    connection_checks: list[str] = field(default_factory=list)  # account ids, in the order of the calls
    broken_accounts: dict[str, ProviderError] = field(default_factory=dict)
    denied: list[str] = field(default_factory=list)  # permissions that a report shows as denied
    tree: list[list[OrganizationNode]] = field(default_factory=list)  # pages; the cursor is the next one's number
    tree_errors: dict[int, list[ProviderError]] = field(default_factory=dict)  # before these pages, each once
    pages_asked: list[int] = field(default_factory=list)
    bad_members: dict[str, ProviderError] = field(default_factory=dict)  # by account id
    gate: Event | None = None  # collectors wait here until it is set
    checks: tuple[PostureCheck, ...] = CHECKS
    log: dict[tuple[str, str], datetime] | None = None  # when each unit was changed last; None: it has no such log
    log_error: ProviderError | None = None
    since: list[datetime] = field(default_factory=list)  # what the log was asked for
    unlogged: set[tuple[str, str]] = field(default_factory=set)  # units that change without an entry in the log
    enabled: list[str] = field(default_factory=lambda: ["left", "right"])  # regions of every account
    region_error: ProviderError | None = None
    keys: KeyRing = field(default_factory=KeyRing)  # of the one identity that rotates itself

    def refusal(self, target: Target) -> ProviderError | None:
        self.tried.append(target.external_id)
        if self.trusted is None or target.external_id in self.trusted:
            return None
        return ProviderError("role_refused", "The box does not trust this.", f"Let it trust {target.external_id}.")

    def knows(self, token: str) -> bool:
        return token == self.good_token or self.keys.opens(token)

    def set_assets(self, service: str, region: str, *names: str, **properties: str) -> None:
        self.assets[service, region] = [
            Asset(f"toy.{service}.thing", service, region, f"toy:{service}:{region}:{name}", name, {}, properties)
            for name in names
        ]
        if self.log is not None and (service, region) not in self.unlogged:
            self.log[service, region] = datetime.now(UTC)


STATE = State()


class OrganizationForm(forms.Form):
    drawer = forms.RegexField("^[a-z]*$", required=False, max_length=20)


class ToySession:
    def regions(self) -> tuple[RegionResult, ...]:
        if STATE.region_error is not None:
            raise STATE.region_error
        return tuple(
            RegionResult(name, name in STATE.enabled) for name in dict.fromkeys(("left", "right", *STATE.enabled))
        )

    def units(self, regions: Sequence[str]) -> Sequence[ScanUnit]:
        return [ScanUnit("toys", "global"), *(ScanUnit("boxes", region) for region in regions)]

    def collect(self, unit: ScanUnit) -> Iterator[Asset]:
        STATE.collected.append(unit)
        if STATE.gate is not None:
            STATE.gate.wait(30)
        yield from STATE.assets.get((unit.service, unit.region), [])
        if error := STATE.broken_units.get((unit.service, unit.region)):
            raise error

    def unchanged(
        self, units: Sequence[ScanUnit], since: datetime, known: KnownAssets | None = None
    ) -> frozenset[ScanUnit]:
        STATE.since.append(since)
        if STATE.log_error is not None:
            raise STATE.log_error
        if STATE.log is None:
            return frozenset()
        begin = datetime.min.replace(tzinfo=UTC)
        quiet = frozenset(unit for unit in units if STATE.log.get((unit.service, unit.region), begin) < since)
        return frozenset(unit for unit in quiet if _is_as_known(unit, known))

    def close(self) -> None:
        STATE.closed += 1


def _is_as_known(unit: ScanUnit, known: KnownAssets | None) -> bool:
    place = (unit.service, unit.region)
    if place not in STATE.unlogged:
        return True
    there = STATE.assets.get(place, [])
    return known is not None and {a.fingerprint() for a in known(unit)} == {a.fingerprint() for a in there}


class ToyProvider(OrganizationProvider):
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
        error = STATE.failure or STATE.bad_members.get(target.account_id) or STATE.refusal(target)
        if error is None and not STATE.knows(credentials["token"]):
            error = ProviderError("wrong_key", "The toy cloud does not know this token.", "Ask for another.")
        if error is not None:
            progress.done(
                CheckResult(
                    "identity", "Identity", CheckStatus.FAILED, code=error.code, cause=error.cause,
                    remedy=error.remedy, retry_helps=not error.permanent,
                )
            )  # fmt: skip
            return progress.finish()
        progress.update(identity=f"toy:{target.account_id}")
        progress.done(CheckResult("identity", "Identity", CheckStatus.PASSED))
        progress.start("permissions")
        progress.update(
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
        STATE.connection_checks.append(target.account_id)
        if STATE.gate is not None:
            STATE.gate.wait(30)
        if error := STATE.broken_accounts.get(target.account_id, STATE.failure) or STATE.refusal(target):
            raise error
        if credentials["token"] != STATE.good_token:
            raise ProviderError("wrong_key", "The toy cloud does not know this token.", "Ask for another.")

    def open_session(self, credentials: Credentials, target: Target) -> ToySession:
        if error := STATE.refusal(target):
            raise error
        if credentials["token"] != STATE.good_token:
            raise ProviderError("wrong_key", "The toy cloud does not know this token.", "Ask for another.")
        return ToySession()

    def engine_access(
        self, engine: str, credentials: Credentials, target: Target, regions: Sequence[str]
    ) -> EngineAccess:
        if credentials["token"] != STATE.good_token:
            raise ProviderError("wrong_key", "The toy cloud does not know this token.", "Ask for another.")
        key = {"TOY_KEY_FILE": "the key of the toy box"}
        return EngineAccess(("toy", "--region", *regions), {"TOY_TOKEN": credentials["token"]}, key)

    def engine_pairs(self, engine: str) -> tuple[EnginePair, ...]:
        return (EnginePair("toy_box_closed", ("box_open",)), EnginePair("toy_blunt", ("toy_sharp",)))

    own_key_methods = frozenset({"token"})

    def own_keys(self, credentials: Credentials, target: Target) -> OwnKeys:
        return STATE.keys.opened_with(credentials["token"])

    def own_key_id(self, credentials: Credentials) -> str:
        return credentials.get("key_id")

    organization_label = "Toy shelf"
    organization_form = OrganizationForm

    def organization_pages(
        self, credentials: Credentials, target: Target, options: Mapping[str, str], cursor: str = ""
    ) -> Iterator[MemberPage]:
        for number in range(int(cursor or 0), len(STATE.tree)):
            STATE.pages_asked.append(number)
            if errors := STATE.tree_errors.get(number):
                raise errors.pop(0)
            last = number + 1 == len(STATE.tree)
            yield MemberPage(tuple(STATE.tree[number]), "" if last else str(number + 1))

    def member_credentials(
        self, connection: Credentials, *, account_id: str, partition: str, options: Mapping[str, str]
    ) -> Credentials:
        return Credentials("token", {**connection.values, "member": account_id})

    def organization_guides(self, context: SetupContext, options: Mapping[str, str]) -> tuple[SetupGuide, ...]:
        script = Snippet("Script", f"open --all {context.external_id}", "bash", "open-all.sh")
        link = context.organization_template_url
        label = "Open them all" if link else ""
        return (SetupGuide("by-hand", "By hand", "Open each box.", (script,), link_label=label, link_url=link),)

    def visible_accounts(self, credentials: Credentials, target: Target) -> Iterator[VisibleAccount]:
        yield from STATE.visible_accounts

    def posture_checks(self) -> tuple[PostureCheck, ...]:
        return STATE.checks

    def build_console_link(self, asset: Asset, *, account_id: str, partition: str, tenant: str = "") -> str:
        return f"https://console.toys.example/{account_id}/{quote(asset.name)}"


PROVIDER = ToyProvider()
