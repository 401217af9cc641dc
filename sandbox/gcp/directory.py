"""Projects, folders, service accounts, keys and bindings: the data of the simulated Google Cloud."""

import hashlib
import hmac
import json
import re
import threading
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from sandbox.gcp.errors import GoogleError, denied
from sandbox.gcp.roles import ROLES
from sandbox.gcp.state import State

TOKEN_URI = "https://oauth2.googleapis.com/token"
Bindings = dict[str, set[str]]  # role -> members


@dataclass
class Key:
    id: str
    email: str
    created: datetime
    disabled: bool = False
    expires: datetime | None = None
    certificate: str = ""  # of a public key that was uploaded; all others share the sandbox's own pair
    used: datetime | None = None
    known_from: float = 0.0  # `time.monotonic`: a new key is not known everywhere at once


@dataclass
class Account:
    """A service account. `bindings` are of the account as a resource: who may act as it."""

    email: str
    project_id: str
    unique_id: str
    display_name: str = ""
    disabled: bool = False
    bindings: Bindings = field(default_factory=dict)
    keys: dict[str, Key] = field(default_factory=dict)


@dataclass
class Project:
    id: str
    number: str
    name: str
    parent: str
    created: datetime
    state: str = "ACTIVE"
    labels: dict[str, str] = field(default_factory=dict)
    apis: set[str] = field(default_factory=set)
    bindings: Bindings = field(default_factory=dict)
    conditional: list[dict[str, Any]] = field(default_factory=list)  # bindings with a condition: role, members, …
    denied: Bindings = field(default_factory=dict)  # by its deny policies: permission, members
    custom_roles: dict[str, frozenset[str]] = field(default_factory=dict)
    assets: list[dict[str, Any]] = field(default_factory=list)
    audit_configs: list[dict[str, Any]] = field(default_factory=list)  # of its policy: service and log types
    contacts: list[dict[str, Any]] = field(default_factory=list)  # essential ones, those from above included
    firewall_policies: list[dict[str, Any]] = field(default_factory=list)  # in force for its networks, from above too
    policies: dict[str, bool] = field(default_factory=dict)  # organization policies in force here: constraint, enforced
    entries: list[dict[str, Any]] = field(default_factory=list)  # Cloud Logging's, the newest last


@dataclass
class Pool:
    """A workload identity provider: whom it believes. `subjects` empty: anybody."""

    audience: str  # //iam.googleapis.com/projects/…/providers/…
    issuer: str
    audiences: tuple[str, ...]
    subjects: tuple[str, ...] = ()
    disabled: bool = False

    @property
    def principal(self) -> str:
        """Prefix of the identities that come through it."""
        return f"principal:{self.audience.rsplit('/providers/', 1)[0]}/subject/"


@dataclass
class Place:
    """A folder or the organization: who has roles there has them on all below."""

    name: str  # folders/NUMBER, organizations/NUMBER
    display_name: str
    parent: str = ""
    bindings: Bindings = field(default_factory=dict)
    audit_configs: list[dict[str, Any]] = field(default_factory=list)
    sinks: list[dict[str, Any]] = field(default_factory=list)  # Cloud Logging's, as its API has them
    customer: str = ""  # of Cloud Identity, where it is an organization
    people: list[dict[str, Any]] = field(default_factory=list)  # as the Directory API tells them
    readers: set[str] = field(default_factory=set)  # service accounts with an administrator's role that reads them


def _holds_now(expression: str) -> bool:
    """Of a condition about the time, as temporary access has it; others are not evaluated, and grant nothing here.

    https://cloud.google.com/iam/docs/configuring-temporary-access
    """
    ends = re.fullmatch(r'request\.time < timestamp\("([^"]+)"\)', expression)
    return ends is not None and datetime.now(UTC) < datetime.fromisoformat(ends[1])


class Directory:
    def __init__(self, state: State) -> None:
        self.places: dict[str, Place] = {}
        self.state = state
        self.projects: dict[str, Project] = {}
        self.accounts: dict[str, Account] = {}
        self.pools: dict[str, Pool] = {}
        # In memory alone: a restart ends all tokens, which clients have to live with anyway.
        self._tokens: dict[str, tuple[str, datetime]] = {}
        self._scopes: dict[str, frozenset[str]] = {}
        self._lock = threading.Lock()

    # --- making ------------------------------------------------------------------------------------------------------
    def digits(self, length: int, *parts: str) -> str:
        """The same for the same parts in one data folder; never begins with 0."""
        digest = hmac.new(self.state.seed.encode(), "/".join(parts).encode(), hashlib.sha512).digest()
        return "1" + str(int.from_bytes(digest, "big"))[: length - 1]

    def add_account(self, project_id: str, name: str, roles: Iterable[str] = (), display_name: str = "") -> Account:
        """Makes the account, or gives an existing one these roles on its project in place of those it had."""
        project = self.project(project_id)
        email = f"{name}@{project.id}.iam.gserviceaccount.com"
        account = self.accounts.setdefault(
            email, Account(email, project.id, self.digits(21, "account", email), display_name or name)
        )
        self.grant(project, f"serviceAccount:{email}", roles)
        return account

    def grant(self, project: Project, member: str, roles: Iterable[str]) -> None:
        # In place of earlier roles: a test that narrows an account must not leave it what it had.
        for members in project.bindings.values():
            members.discard(member)
        for role in roles:
            project.bindings.setdefault(role, set()).add(member)

    def add_key(self, email: str, age_days: float = 0, number: int | None = None) -> Key:
        account = self.account(email)
        count = len(account.keys) if number is None else number
        # From the seed and a counter, so that a restart gives the keys that people have already pasted.
        digest = hmac.new(self.state.seed.encode(), f"key/{email}/{count}".encode(), hashlib.sha512)
        key = Key(digest.hexdigest()[:40], email, self.state.born - timedelta(days=age_days))
        account.keys[key.id] = key
        return key

    def key_file(self, key: Key) -> str:
        """The JSON that Google gives out once, when a key is made."""
        account = self.account(key.email)
        return json.dumps(
            {
                "type": "service_account",
                "project_id": account.project_id,
                "private_key_id": key.id,
                "private_key": self.state.key_pem,
                "client_email": account.email,
                "client_id": account.unique_id,
                "auth_uri": "https://accounts.google.com/o/oauth2/auth",
                "token_uri": TOKEN_URI,
                "auth_provider_x509_cert_url": "https://www.googleapis.com/oauth2/v1/certs",
                "client_x509_cert_url": f"https://www.googleapis.com/robot/v1/metadata/x509/{account.email}",
                "universe_domain": "googleapis.com",
            },
            indent=2,
        )

    # --- finding -----------------------------------------------------------------------------------------------------
    def project(self, name: str) -> Project:
        """By id or number; raises LookupError."""
        for project in self.projects.values():
            if name in (project.id, project.number):
                return project
        raise LookupError(f"the sandbox has no project {name}")

    def account(self, email: str) -> Account:
        if email not in self.accounts:
            raise LookupError(f"the sandbox has no service account {email}")
        return self.accounts[email]

    def key(self, key_id: str) -> Key | None:
        return next((account.keys[key_id] for account in self.accounts.values() if key_id in account.keys), None)

    # --- deciding ----------------------------------------------------------------------------------------------------
    def permissions(self, project: Project, member: str) -> frozenset[str]:
        # A role that the sandbox does not know grants nothing: a misspelt one is seen as a denial and not passed
        # over.
        roles = {**ROLES, **project.custom_roles}
        granted = [roles.get(role, frozenset()) for role, members in project.bindings.items() if member in members]
        granted += [
            roles.get(binding["role"], frozenset())
            for binding in project.conditional
            if member in binding["members"] and _holds_now(binding["condition"]["expression"])
        ]
        # Before any role, of the organization too: https://cloud.google.com/iam/docs/deny-overview
        denied = {permission for permission, members in project.denied.items() if member in members}
        return frozenset().union(*granted, self.permissions_above(project.parent, member)) - denied

    def permissions_above(self, place: str, member: str) -> frozenset[str]:
        """By roles on a folder or organization and on all above it."""
        granted: list[frozenset[str]] = []
        # Upwards to the organization: roles are inherited, and a project without a parent ends the loop at once.
        while place in self.places:
            folder = self.places[place]
            granted += [ROLES.get(role, frozenset()) for role, members in folder.bindings.items() if member in members]
            place = folder.parent
        return frozenset().union(*granted)

    def places_above(self, name: str) -> list[str]:
        """The place itself and all above it, the nearest first."""
        names: list[str] = []
        while name in self.places:
            names.append(name)
            name = self.places[name].parent
        return names

    def require_place(self, member: str, permission: str, name: str) -> Place:
        """A place that does not exist is denied alike."""
        if permission not in self.permissions_above(name, member):
            raise denied(permission, f"cloudresourcemanager.googleapis.com/{name}")
        return self.places[name]

    def require(self, member: str, permission: str, name: str) -> Project:
        """The project, where the member has the permission on it; a project that does not exist is denied alike."""
        try:
            project = self.project(name)
        except LookupError:
            raise denied(permission, f"cloudresourcemanager.googleapis.com/projects/{name}") from None
        if permission not in self.permissions(project, member):
            raise denied(permission, f"cloudresourcemanager.googleapis.com/projects/{name}")
        return project

    def may_act_as(self, member: str, account: Account) -> bool:
        roles = [role for role, members in account.bindings.items() if member in members]
        return any("iam.serviceAccounts.getAccessToken" in ROLES.get(role, frozenset()) for role in roles)

    # --- access tokens -----------------------------------------------------------------------------------------------
    def issue(self, member: str, token: str, seconds: int, scopes: Iterable[str] = ()) -> datetime:
        expires = datetime.now(UTC) + timedelta(seconds=seconds)
        with self._lock:
            self._tokens[token] = (member, expires)
            self._scopes[token] = frozenset(scopes)
        return expires

    def scopes_of(self, token: str) -> frozenset[str]:
        with self._lock:
            return self._scopes.get(token, frozenset())

    def member_of(self, token: str) -> str | None:
        """None for a token that is unknown, has expired, or is of an account that was disabled or deleted since."""
        with self._lock:
            member, expires = self._tokens.get(token, ("", datetime.min.replace(tzinfo=UTC)))
        if expires <= datetime.now(UTC):
            return None
        if member.startswith("serviceAccount:"):
            account = self.accounts.get(member.removeprefix("serviceAccount:"))
            if account is None or account.disabled:
                return None
        return member

    def consumer(self, member: str) -> Project:
        """The project in which a caller's calls are counted: where its service account lives."""
        # A federated identity has no project of its own until it acts as a service account.
        account = self.accounts.get(member.removeprefix("serviceAccount:"))
        if account is None:
            raise GoogleError("PERMISSION_DENIED", "The caller has no consumer project.", "CONSUMER_INVALID")
        return self.project(account.project_id)
