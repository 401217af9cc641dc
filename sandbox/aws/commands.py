"""What the control API can do to the simulated AWS, beside the faults that all clouds share."""

import json
from collections.abc import Mapping
from typing import Any, Literal

from sandbox.aws import company, fleet, people
from sandbox.aws.history import History
from sandbox.aws.identities import Account, Identities, find_role
from sandbox.aws.inprocess import Workshop
from sandbox.aws.organization_commands import OrganizationCommands
from sandbox.aws.policy import Policy
from sandbox.aws.state import State
from sandbox.emulator import Command

# Far from the company's accounts, so that seeded ones never replace one of them.
FIRST_SEEDED = 900_000_000_000


class Commands:
    def __init__(self, identities: Identities, state: State, history: History, workshop: Workshop) -> None:
        self._workshop = workshop
        self._identities = identities
        self._state = state
        self._organization = OrganizationCommands(identities, state)
        self._history = history

    def by_name(self) -> Mapping[str, Command]:
        return {
            "put_account": self._remembering("accounts", self.put_account),
            "put_role": self._remembering("roles", self.put_role),
            "delete_role": self.delete_role,
            "put_user": self._remembering("users", self.put_user),
            "set_key_status": self.set_key_status,
            "put_control_policies": self.put_control_policies,
            "put_boundary": self.put_boundary,
            "open_session": self.open_session,
            "expire_sessions": self.expire_sessions,
            "seed_accounts": self.seed_accounts,
            "put_fleet": self.put_fleet,
            "accounts": self.accounts,
            **self._organization.by_name(),
        }

    def _remembering(self, kind: Literal["accounts", "roles", "users"], command: Command) -> Command:
        """Notes the arguments of a command that succeeded, for `restore`."""

        def run(**arguments: Any) -> Any:
            result = command(**arguments)
            getattr(self._state, kind)[f"{arguments['account_id']}/{arguments.get('name', company.READER_ROLE)}"] = (
                arguments
            )
            self._state.save()
            return result

        return run

    def restore(self) -> None:
        """Makes again what people made before the last restart."""
        # Accounts before what is in them; roles last, so that they replace those that the organization makes.
        if self._state.seeded:
            self.seed_accounts(self._state.seeded)
        if self._state.fleet:
            self.put_fleet(**self._state.fleet)
        for account in self._state.accounts.values():
            self.put_account(**account)
        for user in self._state.users.values():
            self.put_user(**user)
        self._organization.restore()
        for role in self._state.roles.values():
            self.put_role(**role)

    def accounts(self) -> list[dict[str, Any]]:
        every = self._identities.accounts.values()
        return [{"id": account.id, "name": account.name, "partition": account.partition} for account in every]

    def put_account(self, account_id: str, name: str, partition: str = "aws", regions: list[str] | None = None) -> None:
        """Makes an empty account; `regions` are the opt-in regions that it has enabled."""
        if account_id not in self._identities.accounts:
            self._identities.add(Account(account_id, name, partition, frozenset(regions or ())))

    def put_role(
        self,
        account_id: str,
        name: str = company.READER_ROLE,
        path: str = "/",
        external_id: str | None = None,
        policies: list[str] | None = None,
        inline: dict[str, list[dict[str, Any]]] | None = None,
        principal: str | None = None,
        max_session_seconds: int = 3600,
        trust_policy: str | None = None,
    ) -> str:
        """Makes or replaces a role that trusts `principal` (by default the product's own account); returns its ARN."""
        account = self._account(account_id)
        # In the event history too, so that an incremental scan sees what the control API changed.
        self._history.note(account, "iam", "CreateRole")
        trusted = principal or f"arn:{account.partition}:iam::{company.OWN_ACCOUNT}:root"
        return people.put_role(
            account,
            self._state,
            name,
            trust=trust_policy or people.trust_policy({"AWS": trusted}, external_id),
            path=path,
            managed=company.AUDIT_POLICIES if policies is None else policies,
            inline=inline,
            max_session_seconds=max_session_seconds,
        )

    def delete_role(self, account_id: str, name: str) -> None:
        account = self._account(account_id)
        self._history.note(account, "iam", "DeleteRole")
        if role := find_role(account, name):
            del account.iam.roles[role.id]
        if self._state.roles.pop(f"{account_id}/{name}", None):
            self._state.save()

    def put_user(
        self,
        account_id: str,
        name: str,
        path: str = "/",
        policies: list[str] | None = None,
        inline: dict[str, list[dict[str, Any]]] | None = None,
        key_age_days: int = 0,
    ) -> dict[str, str]:
        """Makes a user with an access key, or gives an existing one new policies; returns its ARN and newest key."""
        account = self._account(account_id)
        self._history.note(account, "iam", "CreateUser")
        exists = name in account.iam.users
        managed = company.AUDIT_POLICIES if policies is None else policies
        people.put_user(account, self._state, name, path=path, managed=managed, inline=inline)
        # An existing user keeps its keys: a key that the product rotated meanwhile must stay the one that works.
        if exists:
            keys = people.keys_of(account, name)
        else:
            keys = people.put_keys(account, self._state, name, [company.Key(key_age_days)])
        newest = keys[-1] if keys else {"id": "", "secret": ""}
        arn = str(account.iam.users[name].arn)
        return {"arn": arn, "access_key_id": newest["id"], "secret_access_key": newest["secret"]}

    def put_control_policies(self, account_id: str, statements: list[dict[str, Any]]) -> None:
        """What the organization's service control policies deny in this account; an empty list lifts it."""
        document = json.dumps({"Version": "2012-10-17", "Statement": statements})
        account = self._identities.accounts[account_id]
        account.control_policies[:] = [Policy("organization", "none", document)] if statements else []

    def put_boundary(self, account_id: str, arn: str, statements: list[dict[str, Any]] | None) -> None:
        """The permissions boundary of a user or role; None takes it away."""
        boundaries = self._account(account_id).boundaries
        boundaries.pop(arn, None)
        if statements is not None:
            document = json.dumps({"Version": "2012-10-17", "Statement": statements})
            boundaries[arn] = Policy("boundary", "user-managed", document)

    def set_key_status(self, access_key_id: str, status: str) -> None:
        """Active or Inactive, as in the IAM console."""
        account = self._identities.account_of(access_key_id)
        if account is None or access_key_id not in account.iam.access_keys:
            raise LookupError(f"no such access key: {access_key_id}")
        if status not in ("Active", "Inactive"):
            raise ValueError("a key is Active or Inactive")
        self._history.note(account, "iam", "UpdateAccessKey")
        account.iam.access_keys[access_key_id].status = status
        self.remember_keys(account)

    def open_session(
        self,
        account_id: str,
        user: str | None = None,
        role: str | None = None,
        seconds: int = 3600,
        statements: list[dict[str, Any]] | None = None,
    ) -> dict[str, str]:
        """Temporary credentials of a user or role; negative seconds give credentials that have expired.

        ``statements`` are its session policy's; None for a session without one.
        """
        document = json.dumps({"Version": "2012-10-17", "Statement": statements})
        narrowing = (Policy("session", "none", document),) if statements is not None else ()
        session = self._identities.open_session(
            self._account(account_id), seconds, user=user, role=role, name="sandbox" if role else "", policies=narrowing
        )
        return {
            "access_key_id": session.key_id,
            "secret_access_key": session.secret,
            "session_token": session.token,
            "expires": session.expires.isoformat(),
        }

    def expire_sessions(self, account_id: str | None = None) -> int:
        return self._identities.expire_sessions(account_id)

    def seed_accounts(self, n: int) -> list[dict[str, str]]:
        """Makes sure of n small accounts with an auditor's access key each, and returns the keys."""
        keys = []
        for number in range(1, n + 1):
            account_id = str(FIRST_SEEDED + number)
            account = self._identities.accounts.get(account_id)
            if account is None:
                account = self._identities.add(Account(account_id, f"bench-{number:04}"))
                auditor = company.AUDITOR
                people.put_user(account, self._state, auditor.name, path=auditor.path, managed=auditor.managed)
                people.put_keys(account, self._state, auditor.name, auditor.keys)
            key = people.keys_of(account, company.AUDITOR.name)[-1]
            keys.append({"account_id": account_id, "access_key_id": key["id"], "secret_access_key": key["secret"]})
        if n > self._state.seeded:
            self._state.seeded = n
            self._state.save()
        return keys

    def put_fleet(self, count: int, external_id: str) -> list[dict[str, Any]]:
        """Makes AWS's part of a fleet of ``count`` accounts; returns what connects each."""
        rows = fleet.put_fleet(self._identities, self._state, self._workshop, count=count, external_id=external_id)
        self._state.fleet = {"count": count, "external_id": external_id}
        self._state.save()
        return rows

    def remember_keys(self, account: Account) -> None:
        """Writes down an account's access keys after a change, for the next start."""
        # All users of the account: the IAM call that changed a key names no user where it is the caller's own.
        for name in account.iam.users:
            self._state.keys[f"{account.id}/{name}"] = people.keys_of(account, name)
        self._state.save()

    def _account(self, account_id: str) -> Account:
        account = self._identities.accounts.get(account_id)
        if account is None:
            raise LookupError(f"the sandbox has no account {account_id}")
        return account
