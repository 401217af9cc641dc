from cloudaccounts.models.account import CloudAccount, CloudAccountStatus, Environment
from cloudaccounts.models.audit import AuditEvent
from cloudaccounts.models.check import ConnectionCheck
from cloudaccounts.models.credential import CloudCredential
from cloudaccounts.models.job import Job, JobItem
from cloudaccounts.models.notice import Notice
from cloudaccounts.models.organization import Organization, OrganizationMember
from cloudaccounts.models.server import KeyWitness, OwnerExternalId, ServerIdentityRecord, WorkerHeartbeat

__all__ = [
    "AuditEvent",
    "CloudAccount",
    "CloudAccountStatus",
    "CloudCredential",
    "ConnectionCheck",
    "Environment",
    "Job",
    "JobItem",
    "KeyWitness",
    "Notice",
    "Organization",
    "OrganizationMember",
    "OwnerExternalId",
    "ServerIdentityRecord",
    "WorkerHeartbeat",
]
