"""Findings as events of OCSF, the Open Cybersecurity Schema Framework, for a SIEM: one Detection Finding a line.

https://schema.ocsf.io/1.5.0/classes/detection_finding with the profile "cloud". Built from the classes of
py-ocsf-models, so that what does not fit the schema is not written.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from functools import cache
from uuid import UUID

from django.conf import settings
from django.db.models import Q, QuerySet
from django.http import StreamingHttpResponse
from py_ocsf_models.events.findings.activity_id import ActivityID
from py_ocsf_models.events.findings.detection_finding import DetectionFinding
from py_ocsf_models.events.findings.detection_finding_type_id import DetectionFindingTypeID
from py_ocsf_models.events.findings.severity_id import SeverityID
from py_ocsf_models.events.findings.status_id import StatusID
from py_ocsf_models.objects.account import Account, TypeID
from py_ocsf_models.objects.analytic import Analytic
from py_ocsf_models.objects.cloud import Cloud
from py_ocsf_models.objects.evidence_artifacts import EvidenceArtifacts
from py_ocsf_models.objects.finding_info import FindingInformation
from py_ocsf_models.objects.metadata import Metadata
from py_ocsf_models.objects.product import Product
from py_ocsf_models.objects.remediation import Remediation
from py_ocsf_models.objects.resource_details import ResourceDetails

from cloudaccounts import registry
from cloudaccounts.accounts.queries import account_lookup
from cloudaccounts.contract.rules import PostureCheck, Severity
from cloudaccounts.models import CloudAccount
from scans.batching import BATCH_SIZE, batched
from scans.compliance.own.catalogue import TeamCatalogue, catalogue_of
from scans.findings.checks import find_check
from scans.models import Finding, FindingChange
from teams.scope import Scope

CONTENT_TYPE = "application/x-ndjson"
LINES = 200  # events in one piece of an answer
RULE = 1  # OCSF's type of an analytic that is a rule
SEVERITIES = {
    Severity.CRITICAL: SeverityID.Critical, Severity.HIGH: SeverityID.High, Severity.MEDIUM: SeverityID.Medium,
    Severity.LOW: SeverityID.Low,
}  # fmt: skip
_ACTIVITIES = {
    FindingChange.NEW: ActivityID.Create, FindingChange.REOPENED: ActivityID.Update,
    FindingChange.RESOLVED: ActivityID.Close,
}  # fmt: skip


def changed_since(rows: QuerySet[Finding], since: datetime | None) -> QuerySet[Finding]:
    """Findings that were seen, resolved or suppressed at this time or later; all without one."""
    if since is None:
        return rows
    return rows.filter(Q(last_seen__gte=since) | Q(resolved_at__gte=since) | Q(suppressed_at__gte=since))


def ocsf_lines(scope: Scope, rows: QuerySet[Finding]) -> Iterator[str]:
    """Newline-delimited JSON, an event a finding, in pieces of up to `LINES` events; read in batches."""
    # Kept over the batches: an owner has few accounts, and rows of one account are scattered over the list.
    accounts: dict[UUID, CloudAccount] = {}
    catalogue = catalogue_of(scope.owner)
    # Lists leave the evidence out; an event carries it.
    for batch in batched(rows.defer(None).defer("history", "suppressions").iterator(chunk_size=BATCH_SIZE)):
        accounts |= account_lookup(scope, {row.account for row in batch} - accounts.keys())
        yield from _pieces(event(row, accounts.get(row.account), catalogue) for row in batch)


def ocsf_answer(scope: Scope, rows: QuerySet[Finding]) -> StreamingHttpResponse:
    """A stream: a SIEM that asks for 100,000 findings takes no more memory than one that asks for ten."""
    answer = StreamingHttpResponse(ocsf_lines(scope, rows), content_type=CONTENT_TYPE)
    answer["X-Content-Type-Options"] = "nosniff"
    return answer


def event(row: Finding, account: CloudAccount | None, catalogue: TeamCatalogue) -> DetectionFinding:
    """One finding. Facts that OCSF has no attribute for (the controls, the suppression) are in ``unmapped``."""
    check = _check(row.check_id)
    activity = _ACTIVITIES.get(FindingChange(row.change), ActivityID.Other)
    severity = SEVERITIES.get(Severity(row.severity), SeverityID.Other) if row.severity else SeverityID.Unknown
    moment = row.resolved_at or row.last_seen
    resource = ResourceDetails(uid=row.native_id, name=row.asset_name, type=row.asset_type, region=row.region)
    return DetectionFinding(
        activity_id=activity,
        activity_name=activity.name,
        type_uid=DetectionFindingTypeID[activity.name],
        type_name=f"Detection Finding: {activity.name}",
        severity_id=severity,
        severity=severity.name,
        status_id=(status := _status(row)),
        status=status.name,
        status_code="PASS" if not row.is_open else "FAIL",
        status_detail=(row.resolution if not row.is_open else row.reason) or None,
        message=row.title,
        time=_milliseconds(moment),
        time_dt=moment,
        metadata=_metadata(row),
        finding_info=FindingInformation(
            uid=str(row.pk),
            title=row.title,
            desc=check.why if check else row.title,
            types=[row.asset_type],
            created_time=_milliseconds(row.first_seen),
            created_time_dt=row.first_seen,
            first_seen_time=_milliseconds(row.first_seen),
            first_seen_time_dt=row.first_seen,
            last_seen_time=_milliseconds(row.last_seen),
            last_seen_time_dt=row.last_seen,
            modified_time=_milliseconds(moment),
            modified_time_dt=moment,
            src_url=f"{settings.BASE_URL.rstrip('/')}/findings/{row.pk}/" if settings.BASE_URL else None,
            analytic=Analytic(type_id=RULE, type="Rule", uid=row.check_id, name=row.title),
        ),
        cloud=_cloud(row, account),
        resources=[resource],
        evidences=[EvidenceArtifacts(name=row.title, data={"facts": row.evidence})] if row.evidence else None,
        remediation=_remediation(check),
        unmapped={
            "controls": [
                {"framework": citation.framework.slug, "control": citation.control.id}
                for citation in catalogue.citations_of(row.check_id)
            ],
            "account": str(row.account),
            "suppressed_reason": row.suppressed_reason,
            "suppressed_until": row.suppressed_until.isoformat() if row.suppressed_until else None,
            "reopened": row.reopened,
        },
    )


def _metadata(row: Finding) -> Metadata:
    return Metadata(
        product=Product(name="Cloud Account Management", vendor_name="Cloud Account Management", uid="cloud-accounts"),
        profiles=["cloud"],
        event_code=row.check_id,
        # Of the event. A finding that changes is another event about the same `finding_info.uid`.
        uid=f"{row.pk}:{_milliseconds(row.resolved_at or row.last_seen)}",
        tenant_uid=row.owner,
    )


def _cloud(row: Finding, account: CloudAccount | None) -> Cloud:
    # Of an account that was deleted meanwhile only our own id is left.
    number, kind = (account.account_id, _kind(account.provider)) if account else (str(row.account), "")
    # OCSF has numbers for some clouds. Nothing outside of providers knows a cloud by its name, so it is Other, with the
    # provider's word beside it.
    owner = Account(uid=number, name=row.account_name, type_id=TypeID.Other, type=kind or None)
    return Cloud(provider=row.provider, region=row.region, account=owner)


def _status(row: Finding) -> StatusID:
    if not row.is_open:
        return StatusID.Resolved
    # Asked after resolved: a suppressed finding may be resolved meanwhile, and that counts (`Finding.state`).
    return StatusID.Suppressed if row.suppressed or row.muted else StatusID.New


def _remediation(check: PostureCheck | None) -> Remediation | None:
    if check is None:
        return None
    return Remediation(desc=check.console, references=[source.url for source in check.references if source.url] or None)


@cache  # of few checks there may be 100,000 findings
def _check(check_id: str) -> PostureCheck | None:
    return find_check(check_id)


def _kind(provider: str) -> str:
    try:
        return registry.get(provider).account_id_label
    except registry.UnknownProviderError:
        return ""


def _milliseconds(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)


def _pieces(events: Iterable[DetectionFinding]) -> Iterator[str]:
    piece: list[str] = []
    for finding_event in events:
        # Without what is not known: an attribute that is null says no more than one that is absent.
        piece.append(finding_event.model_dump_json(exclude_none=True) + "\n")
        if len(piece) == LINES:
            yield "".join(piece)
            piece = []
    if piece:
        yield "".join(piece)
