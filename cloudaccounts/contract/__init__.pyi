from .errors import ProviderError
from .identity import (
    AuthMethod,
    Choice,
    CredentialFacts,
    Credentials,
    Region,
    ServerIdentity,
    Target,
    VisibleAccount,
)
from .inventory import OBSERVED, Asset, ScanUnit
from .organizations import (
    MemberPage,
    NodeKind,
    NodeState,
    OrganizationNode,
    OrganizationProvider,
    organizations_of,
)
from .provider import Provider
from .results import CloudValidationResult, Plan, ValidationProgress
from .rules import Judgement, PostureCheck, Reference, Severity, Verdict
from .sessions import Known, Session
from .setup import RETIRE, SetupContext, SetupGuide, Snippet

__all__ = [
    "OBSERVED",
    "RETIRE",
    "Asset",
    "AuthMethod",
    "Choice",
    "CloudValidationResult",
    "CredentialFacts",
    "Credentials",
    "Judgement",
    "Known",
    "MemberPage",
    "NodeKind",
    "NodeState",
    "OrganizationNode",
    "OrganizationProvider",
    "Plan",
    "PostureCheck",
    "Provider",
    "ProviderError",
    "Reference",
    "Region",
    "ScanUnit",
    "ServerIdentity",
    "Session",
    "SetupContext",
    "SetupGuide",
    "Severity",
    "Snippet",
    "Target",
    "ValidationProgress",
    "Verdict",
    "VisibleAccount",
    "organizations_of",
]
