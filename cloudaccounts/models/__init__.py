from cloudaccounts.models.account import AccountHealth, CloudAccount, CloudAccountStatus, Environment
from cloudaccounts.models.api import ApiToken, IdempotentCall, RateCounter, TokenScope
from cloudaccounts.models.audit import AuditEvent
from cloudaccounts.models.check import ConnectionCheck
from cloudaccounts.models.credential import CloudCredential
from cloudaccounts.models.health import HealthRecord, ProviderReach
from cloudaccounts.models.job import Job, JobItem
from cloudaccounts.models.notice import Notice
from cloudaccounts.models.rotation import CredentialRotation
from cloudaccounts.models.server import KeyWitness, OwnerExternalId, ServerIdentityRecord, WorkerHeartbeat

__all__ = [
    "AccountHealth",
    "ApiToken",
    "AuditEvent",
    "CloudAccount",
    "CloudAccountStatus",
    "CloudCredential",
    "ConnectionCheck",
    "CredentialRotation",
    "Environment",
    "HealthRecord",
    "IdempotentCall",
    "Job",
    "JobItem",
    "KeyWitness",
    "Notice",
    "OwnerExternalId",
    "ProviderReach",
    "RateCounter",
    "ServerIdentityRecord",
    "TokenScope",
    "WorkerHeartbeat",
]
