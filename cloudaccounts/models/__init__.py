from cloudaccounts.models.account import AccountHealth, CloudAccount, CloudAccountStatus, Environment
from cloudaccounts.models.api import ApiToken, CallInFlight, ChangeUnderWay, IdempotentCall, RateCounter
from cloudaccounts.models.audit import AuditEvent
from cloudaccounts.models.automatic_rotation import RotationPolicy, RotationRun, RotationSetting, RotationStep
from cloudaccounts.models.channel import (
    ChannelEvent,
    ChannelIncident,
    ChannelItem,
    ChannelMessage,
    NotificationChannel,
)
from cloudaccounts.models.check import ConnectionCheck
from cloudaccounts.models.credential import CloudCredential
from cloudaccounts.models.declared import ApplyDocument
from cloudaccounts.models.delivery import NoticeDelivery, NoticeDigest, NoticePreference
from cloudaccounts.models.group import AccountGroup, GroupMember
from cloudaccounts.models.health import HealthRecord, HeartbeatRound, ProviderReach
from cloudaccounts.models.job import Job, JobItem
from cloudaccounts.models.mail_request import MailRequest
from cloudaccounts.models.notice import Notice, NoticeReader
from cloudaccounts.models.organization import Organization, OrganizationMember
from cloudaccounts.models.rotation import CredentialRotation
from cloudaccounts.models.server import (
    KeyWitness,
    OwnerExternalId,
    RetiredExternalId,
    ServerIdentityRecord,
    WorkerHeartbeat,
)
from cloudaccounts.models.switched_off import SwitchedOffCheck
from cloudaccounts.models.transfer import TransferOffer

__all__ = [
    "AccountGroup",
    "AccountHealth",
    "ApiToken",
    "ApplyDocument",
    "AuditEvent",
    "CallInFlight",
    "ChangeUnderWay",
    "ChannelEvent",
    "ChannelIncident",
    "ChannelItem",
    "ChannelMessage",
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
    "NoticeReader",
    "NotificationChannel",
    "Organization",
    "OrganizationMember",
    "OwnerExternalId",
    "ProviderReach",
    "RateCounter",
    "RetiredExternalId",
    "RotationPolicy",
    "RotationRun",
    "RotationSetting",
    "RotationStep",
    "ServerIdentityRecord",
    "SwitchedOffCheck",
    "TransferOffer",
    "WorkerHeartbeat",
]
