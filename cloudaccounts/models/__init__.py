from cloudaccounts.models.account import CloudAccount, CloudAccountStatus, Environment
from cloudaccounts.models.audit import AuditEvent
from cloudaccounts.models.check import ConnectionCheck
from cloudaccounts.models.credential import CloudCredential
from cloudaccounts.models.delivery import NoticeDelivery, NoticeDigest, NoticePreference
from cloudaccounts.models.group import AccountGroup, GroupMember
from cloudaccounts.models.job import Job, JobItem
from cloudaccounts.models.notice import Notice
from cloudaccounts.models.server import KeyWitness, OwnerExternalId, ServerIdentityRecord, WorkerHeartbeat

__all__ = [
    "AccountGroup",
    "AuditEvent",
    "CloudAccount",
    "CloudAccountStatus",
    "CloudCredential",
    "ConnectionCheck",
    "Environment",
    "GroupMember",
    "Job",
    "JobItem",
    "KeyWitness",
    "Notice",
    "NoticeDelivery",
    "NoticeDigest",
    "NoticePreference",
    "OwnerExternalId",
    "ServerIdentityRecord",
    "WorkerHeartbeat",
]
