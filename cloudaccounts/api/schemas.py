"""Schemas of bodies and answers. They check shape and size; the services check what the values mean."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StrictStr, WithJsonSchema

from cloudaccounts.accounts.coverage import GapKind
from cloudaccounts.accounts.details import ALL_REGIONS
from cloudaccounts.accounts.queries import CoverageState
from cloudaccounts.api.methods import credentials_schema, method_names_schema, provider_schema
from cloudaccounts.contract.report import AccessKind, CheckStatus, PermissionStatus
from cloudaccounts.credentials.age import RotationState
from cloudaccounts.models import CloudAccountStatus, Environment

LARGEST_PAGE = 1000
USUAL_PAGE = 100
Text = Annotated[StrictStr, Field(max_length=2048)]
# A list, for which "all" stands alone: a union would name its own parts in the messages about wrong input.
Regions = Annotated[
    list[Text],
    BeforeValidator(lambda value: [value] if value == ALL_REGIONS else value),
    Field(max_length=200),
    WithJsonSchema(
        {"anyOf": [
            {"type": "string", "enum": [ALL_REGIONS]},
            {"type": "array", "items": {"type": "string", "maxLength": 2048}, "maxItems": 200},
        ]}
    ),
]  # fmt: skip


class Input(BaseModel):
    """Refuses unknown fields: a misspelt one that was ignored would be noticed much later."""

    model_config = ConfigDict(extra="forbid")


# A plain dict: the service reads it by the form of the method, and the description alone lists the fields.
GivenCredentials = Annotated[
    dict[str, Any],
    Field(json_schema_extra=credentials_schema, description="What the method takes. It never comes back."),
]


def environment_schema(schema: dict[str, Any]) -> None:
    schema["enum"] = list(Environment.values)


class NewAccount(Input):
    provider: Annotated[Text, Field(json_schema_extra=provider_schema)]
    account_id: Annotated[
        Text, Field(description="AWS account, Azure subscription or GCP project id.", examples=["111122223333"])
    ]
    name: Annotated[Text, Field(examples=["data-platform"])]
    environment: Annotated[Text, Field(json_schema_extra=environment_schema)]
    regions: Annotated[
        Regions,
        Field(description="A list, or “all”: whatever the account has enabled.", examples=["all", ["us-east-1"]]),
    ] = [ALL_REGIONS]
    auth_method: Annotated[Text, Field(json_schema_extra=method_names_schema)]
    credentials: GivenCredentials
    group: Annotated[Text | None, Field(description="Name or id of one of your groups.")] = None
    partition: Annotated[Text | None, Field(description="aws-us-gov, aws-cn …; the usual one without it.")] = None
    cloud: Annotated[Text | None, Field(description="The same as partition, as Azure calls it.")] = None


# Defaults stand for "not named" and are never written: the call takes the fields that were set (`exclude_unset`).
class AccountChanges(Input):
    """What is not named stays as it is. ``groups`` replaces all of them."""

    name: Text = ""
    environment: Text = ""
    regions: Regions = []
    groups: Annotated[list[Text], Field(max_length=100, description="Names or ids of your groups.")] = []


class NewCredentials(Input):
    credentials: GivenCredentials
    auth_method: Annotated[Text | None, Field(description="Another method than the present one.")] = None
    # Off unless it is said: a script that rotates by night must not quietly blind the scans (docs/coverage.md).
    accept_loss: Annotated[
        bool, Field(description="Replace also where scans could read less with the new ones (409 without it).")
    ] = False


class Page(BaseModel):
    limit: Annotated[int, Field(ge=1, le=LARGEST_PAGE)] = USUAL_PAGE
    # Bounded: a database walks past every row that an offset leaves out.
    offset: Annotated[int, Field(ge=0, le=1_000_000)] = 0
    cursor: Annotated[
        str | None,
        Field(
            max_length=2000,
            description="Empty for the first page, then the “next” of the page before. Answers {items, next}; offset "
            "does not count.",
        ),
    ] = None


class WholePage(Page):
    """Of lists that are short: without a limit, as much of them as a page may hold."""

    limit: Annotated[int, Field(ge=1, le=LARGEST_PAGE)] = LARGEST_PAGE


class Listed(BaseModel):
    """What stands beside a list's items: ``count`` without a cursor, ``next`` with one."""

    count: Annotated[int | None, Field(description="How many there are on all pages; not with a cursor.")] = None
    next: Annotated[str | None, Field(description="The cursor of the next page; null at the end.")] = None


class AccountQuery(Page):
    provider: Annotated[str, Field(max_length=40)] = ""
    status: CloudAccountStatus | None = None
    environment: Environment | None = None
    group: Annotated[str, Field(max_length=200, description="Name or id.")] = ""
    rotation: RotationState | None = None
    coverage: CoverageState | None = None
    q: Annotated[str, Field(max_length=120, description="Part of the name, or the start of the account id.")] = ""


class Check(BaseModel):
    name: str
    title: str = ""
    status: CheckStatus
    detail: str = ""
    code: str = ""
    cause: str = ""
    remedy: str = ""
    sdk_error: str = ""
    retry_helps: bool = False


class Permission(BaseModel):
    service: str
    permission: str
    status: PermissionStatus
    reason: str = ""


class BeyondNeed(BaseModel):
    permission: str
    access: AccessKind
    granted_by: list[str] = []


class ReportRegion(BaseModel):
    name: str
    enabled: bool
    reason: str = ""


class Validation(BaseModel):
    """The report of a live validation."""

    ok: bool
    code: str = ""
    cause: str = ""
    remedy: str = ""
    identity: str
    checks: list[Check]
    permissions: list[Permission]
    beyond: Annotated[
        list[BeyondNeed] | None, Field(description="Granted though no scan needs it, of a short list; null: not known.")
    ] = None
    regions: list[ReportRegion]
    mending: Annotated[str, Field(description="What closes the gaps, to be pasted at the provider.")] = ""
    mending_title: str = ""
    permanent: bool = True
    duration_ms: int
    finished: bool = True
    running: str = ""
    credential_created_at: str = ""
    credential_expires_at: str = ""


# One shape for all: a script reads `code`, a person the rest.
class Problem(BaseModel):
    """Every error. ``code`` is stable; ``message`` says what is wrong and ``remedy`` what fixes it.

    ``details.fields`` has a message a field; ``details.validation`` is the report of a refused credential.
    """

    code: str
    message: str
    remedy: str = ""
    details: dict[str, Any] = {}


class CreatedAccount(BaseModel):
    id: UUID
    provider: str
    account_id: str
    name: str
    status: CloudAccountStatus
    # None where no scan was asked for: the account is connected all the same.
    scan_run_id: UUID | None
    auto_scan_initiated: bool
    validation: Validation


class Group(BaseModel):
    id: UUID
    name: str


class RegionNumbers(BaseModel):
    enabled: Annotated[int | None, Field(description="null: the cloud did not say.")]
    read: int


class UnitNumbers(BaseModel):
    """Readings: one service in one region each."""

    total: int
    read: Annotated[int, Field(description="The last try succeeded.")]
    stale: Annotated[int, Field(description="Of those, older than twice the schedule.")]


class PermissionNumbers(BaseModel):
    needed: int
    granted: int
    denied: int
    unverifiable: int


class Gap(BaseModel):
    kind: GapKind
    what: str
    why: str
    blinds: Annotated[str, Field(description="What is not seen because of it.")]
    since: datetime


class Coverage(BaseModel):
    """How much of the account the last readings could see; docs/coverage.md says how percent is computed."""

    percent: Annotated[int | None, Field(description="null: not known, as before the first scan.")]
    regions: RegionNumbers
    units: UnitNumbers
    permissions: PermissionNumbers


class CoverageWithGaps(Coverage):
    gaps: list[Gap]
    switched_off: Annotated[list[str], Field(description="Checks that the team has switched off.")]


class Posture(BaseModel):
    """Open findings by severity, and the weight of what passed among what was evaluated, in percent."""

    critical: int
    high: int
    medium: int
    low: int
    score: Annotated[int | None, Field(description="null where nothing was evaluated.")]


class LastScan(BaseModel):
    run_id: UUID
    scan_type: str
    status: str
    gaps: Annotated[int, Field(description="Readings that failed.")]
    finished_at: datetime | None


# Keys are promises: they stay, whatever word pages use today (docs/glossary.md).
class Account(BaseModel):
    id: UUID
    provider: str
    account_id: str
    name: str
    environment: str
    regions: Annotated[list[str] | Literal["all"], Field(description="“all”: each scan reads what is enabled then.")]
    scanned_regions: Annotated[list[str], Field(description="The same, as the last scan resolved it.")]
    partition: str
    auth_method: str
    status: CloudAccountStatus
    coverage: Coverage
    posture: Annotated[Posture | None, Field(description="As the last completed scan found it; null before that.")]
    last_scan: Annotated[LastScan | None, Field(description="The last that ended.")]
    last_checked_at: datetime | None
    last_check_code: Annotated[str, Field(description="Empty while access is validated.")]
    last_check_cause: str
    rotation: RotationState
    credential_age_days: int | None
    credential_expires_at: datetime | None
    scan_run_id: Annotated[UUID | None, Field(description="The latest scan.")]
    groups: list[Group]
    created_at: datetime
    updated_at: datetime


class AccountWithProof(Account):
    coverage: CoverageWithGaps
    validation: Annotated[Validation | None, Field(description="The last validation.")]


class AccountPage(Listed):
    items: list[Account]


class Proof(BaseModel):
    status: CloudAccountStatus
    validation: Validation


class ExternalId(BaseModel):
    external_id: str
