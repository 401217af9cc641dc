"""What a cloud provider is to the rest of the product.

A provider is one folder under ``cloudaccounts/providers`` (or a distribution of its own, see ``registry``) whose
``provider.py`` holds one instance of `Provider` named ``PROVIDER``. Everything else speaks to it through the types
of this package only, so no other file knows which clouds exist.

Nothing here imports Django or an SDK: the SDK side of a provider can be used, tested and timed without either.
"""

from cloudaccounts.contract.errors import ProviderError
from cloudaccounts.contract.identity import (
    AuthMethod,
    Choice,
    CredentialFacts,
    Credentials,
    Region,
    ServerIdentity,
    Target,
    VisibleAccount,
)
from cloudaccounts.contract.inventory import OBSERVED, Asset, ScanUnit
from cloudaccounts.contract.organizations import (
    MemberPage,
    NodeKind,
    NodeState,
    OrganizationNode,
    OrganizationProvider,
    organizations_of,
)
from cloudaccounts.contract.provider import Provider
from cloudaccounts.contract.rules import Judgement, PostureCheck, Reference, Severity, Verdict
from cloudaccounts.contract.sessions import Session
from cloudaccounts.contract.setup import RETIRE, SetupContext, SetupGuide, Snippet
from cloudaccounts.report import CloudValidationResult, Plan, ValidationProgress

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
