from cloudaccounts.models.account import CloudAccount, CloudAccountStatus, Environment
from cloudaccounts.models.api import ApiToken, IdempotentCall, RateCounter, TokenScope
from cloudaccounts.models.audit import AuditEvent
from cloudaccounts.models.check import ConnectionCheck
from cloudaccounts.models.credential import CloudCredential
from cloudaccounts.models.job import Job, JobItem
from cloudaccounts.models.notice import Notice
from cloudaccounts.models.server import KeyWitness, OwnerExternalId, ServerIdentityRecord, WorkerHeartbeat

__all__ = [
    "ApiToken",
    "AuditEvent",
    "CloudAccount",
    "CloudAccountStatus",
    "CloudCredential",
    "ConnectionCheck",
    "Environment",
    "IdempotentCall",
    "Job",
    "JobItem",
    "KeyWitness",
    "Notice",
    "OwnerExternalId",
    "RateCounter",
    "ServerIdentityRecord",
    "TokenScope",
    "WorkerHeartbeat",
]
