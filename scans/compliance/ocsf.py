"""Reports as events of OCSF: one Compliance Finding a control.

Built from the classes of py-ocsf-models, as findings are (`scans.findings.ocsf`): `ComplianceFinding`, class 2003, in
its `events/findings/compliance_finding.py`. Their model of the object "compliance" has no `status`, so the normalized
`status_id` alone is given (`objects/compliance_status.py` says what each means), and our own word in ``unmapped``.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from uuid import NAMESPACE_URL, uuid5

from django.utils import timezone
from py_ocsf_models.events.findings.activity_id import ActivityID
from py_ocsf_models.events.findings.compliance_finding import ComplianceFinding
from py_ocsf_models.events.findings.compliance_finding_type_id import ComplianceFindingTypeID
from py_ocsf_models.events.findings.severity_id import SeverityID
from py_ocsf_models.objects.check import Check
from py_ocsf_models.objects.compliance import Compliance
from py_ocsf_models.objects.compliance_status import StatusID as ComplianceStatus
from py_ocsf_models.objects.finding_info import FindingInformation
from py_ocsf_models.objects.metadata import Metadata
from py_ocsf_models.objects.product import Product

from cloudaccounts.contract.rules import Severity
from scans.compliance.evaluation import ControlResult, ControlState
from scans.compliance.queries import Report
from scans.findings.checks import all_checks
from scans.findings.ocsf import CONTENT_TYPE, SEVERITIES
from scans.models import RANKS

__all__ = ["CONTENT_TYPE", "control_event", "control_events"]

# "Warning" is the schema's word for a result that is missing because information is. What is muted or not covered has
# none of its words.
_STATUSES = {
    ControlState.PASSED: ComplianceStatus.Pass, ControlState.FAILED: ComplianceStatus.Fail,
    ControlState.UNKNOWN: ComplianceStatus.Warning, ControlState.MANUAL: ComplianceStatus.Unknown,
}  # fmt: skip


def control_events(report: Report) -> Iterator[str]:
    """A line of JSON for each control of the report."""
    now = timezone.now()
    for result in report.results:
        yield control_event(report, result, now).model_dump_json(exclude_none=True) + "\n"


def control_event(report: Report, result: ControlResult, now: datetime) -> ComplianceFinding:
    framework, control, scope = report.framework, result.control, report.facts.scope
    at = report.facts.evaluated_at or now
    milliseconds = int(at.timestamp() * 1000)
    narrowed = str(scope.account.pk) if scope.account else scope.group_name
    # The same control over the same accounts is the same finding each time; `time` says how it stood when.
    uid = str(uuid5(NAMESPACE_URL, f"{scope.owner}/{framework.slug}/{control.id}/{narrowed}"))
    severity = _severity(report, result)
    return ComplianceFinding(
        activity_id=ActivityID.Create,
        activity_name=ActivityID.Create.name,
        type_uid=ComplianceFindingTypeID.Create,
        type_name="Compliance Finding: Create",
        severity_id=severity,
        severity=severity.name,
        message=f"{framework.short} {control.id}: {result.state.value.replace('_', ' ')}",
        status_detail=result.reason or None,
        time=milliseconds,
        time_dt=at,
        metadata=Metadata(
            product=Product(
                name="Cloud Account Management", vendor_name="Cloud Account Management", uid="cloud-accounts"
            ),
            event_code=f"{framework.slug}:{control.id}",
            uid=f"{uid}:{milliseconds}",
            tenant_uid=scope.owner,
        ),
        finding_info=FindingInformation(uid=uid, title=control.title, desc=control.note or control.title),
        compliance=Compliance(
            standards=[f"{framework.title} {framework.version}"],
            control=f"{control.id} {control.title}",
            category=f"{result.section.id} {result.section.title}",
            requirements=[control.id],
            status_id=_STATUSES.get(result.state, ComplianceStatus.Other),
            checks=[Check(uid=rule) for rule in control.rules] or None,
        ),
        unmapped={
            "framework": framework.slug,
            "control": control.id,
            "state": result.state.value,
            "failed": result.failed,
            "muted": result.muted,
            "accounts": result.accounts.numbers(),
            "settings": [each.as_json() for each in report.adjustments_of(control)],
            "answered_by": result.answer.answered_by if result.answer else None,
        },
    )


def _severity(report: Report, result: ControlResult) -> SeverityID:
    """The worst of its checks, as the team counts them; informational where no check says how bad it is."""
    overrides = {each.check_id: each.value for each in report.adjustments_of(result.control) if each.kind == "severity"}
    own = [overrides.get(check.id, check.severity.value) for check in all_checks() if check.id in result.control.rules]
    return SEVERITIES[Severity(min(own, key=RANKS.__getitem__))] if own else SeverityID.Informational
