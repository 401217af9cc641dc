"""Who is calling: accounts, the keys of users and root users, and the sessions of assumed roles.

Users, roles and long-term keys live in moto's IAM backends, so a key that the product creates, deactivates or deletes
through the IAM API counts from that moment on. What moto has no place for (root keys, sessions) lives here.
"""

import secrets
import string
import threading
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from sandbox.aws import clouds
from sandbox.aws.organization_tree import Organization
from sandbox.aws.policy import Policy

# The alphabet of base32, of which AWS's key ids are made.
_UPPER = string.ascii_uppercase + "234567"
_SECRET = string.ascii_letters + string.digits + "/+"


def random_key_id(prefix: str) -> str:
    return prefix + "".join(secrets.choice(_UPPER) for _ in range(20 - len(prefix)))


def random_secret() -> str:
    return "".join(secrets.choice(_SECRET) for _ in range(40))


@dataclass
class Account:
    """A customer's account, or the product's own. `regions` are the opt-in regions that it has enabled."""

    id: str
    name: str
    partition: str = "aws"
    regions: frozenset[str] = frozenset()
    control_policies: list[Policy] = field(default_factory=list, hash=False)  # of the organization: what they deny
    boundaries: dict[str, Policy] = field(default_factory=dict, hash=False)  # by the ARN of the user or role they limit

    @property
    def iam(self) -> clouds.IAMBackend:
        return clouds.iam(self.id, self.partition)

    def arn(self, resource: str, service: str = "iam") -> str:
        return f"arn:{self.partition}:{service}::{self.id}:{resource}"


@dataclass
class Session:
    """Temporary credentials. `policies` narrow what the role or user may do, where the caller asked for that."""

    key_id: str
    secret: str
    token: str
    expires: datetime
    account: Account
    name: str
    role_name: str | None = None
    user_name: str | None = None
    policies: tuple[Policy, ...] = ()


@dataclass(frozen=True)
class Caller:
    """A proven identity."""

    account: Account
    arn: str
    user_id: str
    is_root: bool = False
    user_name: str | None = None
    role_name: str | None = None
    session: Session | None = field(default=None, repr=False)

    def policies(self) -> list[Policy]:
        """Identity policies as they stand now."""
        if self.user_name is not None:
            return user_policies(self.account, self.user_name)
        return role_policies(self.account, self.role_name) if self.role_name is not None else []

    def limits(self) -> dict[str, list[Policy]]:
        """What narrows those, by the name that AWS's refusals give it: a call needs the consent of each."""
        limits: dict[str, list[Policy]] = {}
        role = find_role(self.account, self.role_name) if self.role_name is not None else None
        if boundary := self.account.boundaries.get(str(role.arn) if role is not None else self.arn):
            limits["permissions boundary"] = [boundary]
        if self.session is not None and self.session.policies:
            limits["session policy"] = list(self.session.policies)
        return limits

    def trusted_names(self) -> dict[str, bool]:
        """The names a trust policy may know this caller by; True where the name is its own (see policy.trusts)."""
        # A trust of the account (`root`, or the bare id) leaves the decision to the caller's own policies; one of the
        # identity itself does not.
        # https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html
        names = {"*": True, self.arn: True, self.account.id: False, self.account.arn("root"): False}
        if self.role_name is not None and (role := find_role(self.account, self.role_name)):
            names[str(role.arn)] = True
        return names


def find_role(account: Account, name: str) -> clouds.Role | None:
    return next((role for role in account.iam.roles.values() if role.name == name), None)


def _entity_policies(entity: object, kind: str) -> list[Policy]:
    policies = [Policy(name, kind, document) for name, document in getattr(entity, "policies", {}).items()]
    for managed in getattr(entity, "managed_policies", {}).values():
        managed_kind = "aws-managed" if ":iam::aws:" in managed.arn else "user-managed"
        document = next(version.document for version in managed.versions if version.is_default)
        policies.append(Policy(managed.name, managed_kind, document))
    return policies


def user_policies(account: Account, name: str) -> list[Policy]:
    """A user's own policies and those of its groups; none where there is no such user."""
    user = account.iam.users.get(name)
    if user is None:
        return []
    policies = _entity_policies(user, "user")
    for group in account.iam.groups.values():
        if user in group.users:
            policies += _entity_policies(group, "group")
    return policies


def role_policies(account: Account, name: str) -> list[Policy]:
    role = find_role(account, name)
    return [] if role is None else _entity_policies(role, "role")


def mark_used(caller: Caller, key_id: str, service: str, region: str) -> None:
    """For GetAccessKeyLastUsed and GetRole. At once, where AWS may be some hours late: waiting tests nothing."""
    now = datetime.now(UTC).replace(tzinfo=None)
    if key := caller.account.iam.access_keys.get(key_id):
        key.last_used = clouds.AccessKeyLastUsed(now, service, region)
    if caller.role_name is not None and (role := find_role(caller.account, caller.role_name)):
        role.last_used = now


class Identities:
    """Finds the account, secret and caller behind a key id."""

    def __init__(self) -> None:
        self.accounts: dict[str, Account] = {}
        self.root_keys: dict[str, tuple[str, Account]] = {}
        self.sessions: dict[str, Session] = {}
        self.organization = Organization()
        self._owners: dict[str, Account] = {}
        # IAM is eventually consistent: a key that the API has made is unknown for a moment, as people keep noticing
        # (https://github.com/hashicorp/vault/issues/687). Keys of the control API are known at once.
        self.new_key_delay = 2.0  # seconds
        self._unknown_until: dict[str, float] = {}
        self._lock = threading.Lock()

    def add(self, account: Account) -> Account:
        self.accounts[account.id] = account
        return account

    def account_of(self, key_id: str) -> Account | None:
        """The account that a key belongs to, whatever the key's state."""
        if session := self.sessions.get(key_id):
            return session.account
        if root := self.root_keys.get(key_id):
            return root[1]
        owner = self._owners.get(key_id)
        if owner is not None and key_id in owner.iam.access_keys:
            return owner
        # moto has no index of keys over all accounts. Found once, the owner is remembered: keys never move.
        for account in list(self.accounts.values()):
            if key_id in account.iam.access_keys:
                self._owners[key_id] = account
                return account
        return None

    def note_new_key(self, key_id: str) -> None:
        self._unknown_until[key_id] = time.monotonic() + self.new_key_delay

    def secret(self, key_id: str) -> str | None:
        """The secret of a key that exists and is active; an expired session still has one."""
        if time.monotonic() < self._unknown_until.get(key_id, 0.0):
            return None
        if session := self.sessions.get(key_id):
            return session.secret
        if root := self.root_keys.get(key_id):
            return root[0]
        account = self.account_of(key_id)
        key = account.iam.access_keys.get(key_id) if account else None
        return str(key.secret_access_key) if key is not None and key.status == "Active" else None

    def caller(self, key_id: str) -> Caller | None:
        """The identity behind a key whose signature was checked; None where user or role is gone."""
        account = self.account_of(key_id)
        if account is None:
            return None
        if key_id in self.root_keys:
            return Caller(account, account.arn("root"), account.id, is_root=True)
        session = self.sessions.get(key_id)
        if session is not None and session.role_name is not None:
            # Read anew at each call: a role that was deleted ends its sessions, and a changed policy holds at once.
            role = find_role(account, session.role_name)
            if role is None:
                return None
            arn = account.arn(f"assumed-role/{session.role_name}/{session.name}", "sts")
            return Caller(account, arn, f"{role.id}:{session.name}", role_name=session.role_name, session=session)
        name = session.user_name if session is not None else account.iam.access_keys[key_id].user_name
        user = account.iam.users.get(str(name))
        if user is None:
            return None
        return Caller(account, str(user.arn), str(user.id), user_name=str(name), session=session)

    def open_session(
        self,
        account: Account,
        seconds: int,
        *,
        role: str | None = None,
        user: str | None = None,
        name: str = "",
        policies: tuple[Policy, ...] = (),
    ) -> Session:
        """Makes temporary credentials of a role or user."""
        session = Session(
            key_id=random_key_id("ASIA"),
            secret=random_secret(),
            token=secrets.token_urlsafe(240),
            expires=datetime.now(UTC) + timedelta(seconds=seconds),
            account=account,
            name=name,
            role_name=role,
            user_name=user,
            policies=policies,
        )
        with self._lock:
            now = datetime.now(UTC)
            # Expired sessions stay for two days, so that their keys are answered as expired and not as unknown.
            long_expired = [key for key, old in self.sessions.items() if old.expires < now - timedelta(days=2)]
            for key in long_expired:
                del self.sessions[key]
            self.sessions[session.key_id] = session
        return session

    def expire_sessions(self, account_id: str | None = None) -> int:
        """Ends all sessions (of one account); returns how many."""
        with self._lock:
            ended = [session for session in self.sessions.values() if account_id in (None, session.account.id)]
            for session in ended:
                session.expires = datetime.now(UTC) - timedelta(seconds=1)
            return len(ended)
