from cloudaccounts.models.account import AccountHealth, CloudAccount, CloudAccountStatus, Environment
from cloudaccounts.models.api import ApiToken, CallInFlight, IdempotentCall, RateCounter, TokenScope
from cloudaccounts.models.audit import AuditEvent
from cloudaccounts.models.check import ConnectionCheck
from cloudaccounts.models.credential import CloudCredential
from cloudaccounts.models.delivery import NoticeDelivery, NoticeDigest, NoticePreference
from cloudaccounts.models.group import AccountGroup, GroupMember
from cloudaccounts.models.health import HealthRecord, HeartbeatRound, ProviderReach
from cloudaccounts.models.job import Job, JobItem
from cloudaccounts.models.mail_request import MailRequest
from cloudaccounts.models.notice import Notice
from cloudaccounts.models.organization import Organization, OrganizationMember
from cloudaccounts.models.rotation import CredentialRotation
from cloudaccounts.models.server import KeyWitness, OwnerExternalId, ServerIdentityRecord, WorkerHeartbeat

__all__ = [
    "AccountGroup",
    "AccountHealth",
    "ApiToken",
    "AuditEvent",
    "CallInFlight",
    "CloudAccount",
    "CloudAccountStatus",
    "CloudCredential",
    "ConnectionCheck",
    "CredentialRotation",
    "Environment",
    "GroupMember",
    "HealthRecord",
    "HeartbeatRound",
    "IdempotentCall",
    "Job",
    "JobItem",
    "KeyWitness",
    "MailRequest",
    "Notice",
    "NoticeDelivery",
    "NoticeDigest",
    "NoticePreference",
    "Organization",
    "OrganizationMember",
    "OwnerExternalId",
    "ProviderReach",
    "RateCounter",
    "ServerIdentityRecord",
    "TokenScope",
    "WorkerHeartbeat",
]
