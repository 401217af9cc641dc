"""The part of the control client that plays an AWS administrator."""

from typing import Any


class AwsControl:
    """Mixed into sandbox.control.Control. Commands raise ControlError with the reason."""

    def ask(self, command: str, **arguments: Any) -> Any:
        raise NotImplementedError

    def accounts(self) -> list[dict[str, Any]]:
        """The simulated accounts: id, name, partition."""
        return list(self.ask("aws.accounts"))

    def put_account(
        self, account_id: str, name: str, *, partition: str = "aws", regions: list[str] | None = None
    ) -> None:
        """Makes an empty account; `regions` are its enabled opt-in regions."""
        self.ask("aws.put_account", account_id=account_id, name=name, partition=partition, regions=regions)

    def put_role(
        self,
        account_id: str,
        name: str = "cloud-accounts-reader",
        path: str = "/",
        external_id: str | None = None,
        policies: list[str] | None = None,
        **more: Any,
    ) -> str:
        """Makes or replaces a role that trusts the product's account, and returns its ARN.

        Without `external_id` the trust has no condition. `policies` are AWS managed policies by path and name (default:
        SecurityAudit and job-function/ViewOnlyAccess). More: `inline` {name: [statement]}, `principal` (an ARN),
        `max_session_seconds`, `trust_policy` (a JSON document in place of the usual one).
        """
        arguments = {"name": name, "path": path, "external_id": external_id, "policies": policies, **more}
        return str(self.ask("aws.put_role", account_id=account_id, **arguments))

    def delete_role(self, account_id: str, name: str) -> None:
        self.ask("aws.delete_role", account_id=account_id, name=name)

    def put_user(
        self,
        account_id: str,
        name: str,
        *,
        policies: list[str] | None = None,
        inline: dict[str, list[dict[str, Any]]] | None = None,
        path: str = "/",
        key_age_days: int = 0,
    ) -> dict[str, str]:
        """Makes a user with a key, or gives it new policies; returns arn, access_key_id and secret_access_key."""
        arguments = {"policies": policies, "inline": inline, "path": path, "key_age_days": key_age_days}
        return dict(self.ask("aws.put_user", account_id=account_id, name=name, **arguments))

    def put_control_policies(self, account_id: str, *statements: dict[str, Any]) -> None:
        """What the organization denies in this account; none lifts it."""
        self.ask("aws.put_control_policies", account_id=account_id, statements=list(statements))

    def put_boundary(self, account_id: str, arn: str, statements: list[dict[str, Any]] | None) -> None:
        """The permissions boundary of a user or role; None takes it away."""
        self.ask("aws.put_boundary", account_id=account_id, arn=arn, statements=statements)

    def set_key_status(self, access_key_id: str, status: str) -> None:
        """`Active` or `Inactive`."""
        self.ask("aws.set_key_status", access_key_id=access_key_id, status=status)

    def open_session(
        self, account_id: str, *, user: str | None = None, role: str | None = None, seconds: int = 3600, **more: Any
    ) -> dict[str, str]:
        """Temporary credentials: access_key_id, secret_access_key, session_token, expires.

        More: `statements` of a session policy.
        """
        return dict(self.ask("aws.open_session", account_id=account_id, user=user, role=role, seconds=seconds, **more))

    def expire_sessions(self, account_id: str | None = None) -> int:
        """Ends all temporary credentials (of one account); returns how many there were."""
        return int(self.ask("aws.expire_sessions", account_id=account_id))

    def seed_accounts(self, n: int) -> list[dict[str, str]]:
        """Makes sure of n accounts with an auditor each; returns account_id, access_key_id, secret_access_key."""
        return list(self.ask("aws.seed_accounts", n=n))

    # --- the organization ---------------------------------------------------------------------------------------------
    def members(self) -> list[dict[str, Any]]:
        """The organization's accounts: id, name, parent, state."""
        return list(self.ask("aws.members"))

    def open_members(self, external_id: str, *, broken: bool = False) -> list[str]:
        """Makes the reader role in every active member, as the StackSet would; returns the ids of the members.

        ``broken`` leaves the first three with a missing role, another external ID, and no permission.
        """
        return list(self.ask("aws.open_members", external_id=external_id, broken=broken))

    def put_member(self, account_id: str, name: str, *, parent: str = "ou-lark-prod", state: str = "ACTIVE") -> None:
        """A new member, or one that moves or changes: ACTIVE, SUSPENDED, PENDING_CLOSURE, CLOSED."""
        self.ask("aws.put_member", account_id=account_id, name=name, parent=parent, state=state)

    def remove_member(self, account_id: str) -> None:
        self.ask("aws.remove_member", account_id=account_id)

    def grow_organization(self, n: int) -> None:
        """Adds n members in units of 500, for pages and benchmarks; they have no role and cannot be entered."""
        self.ask("aws.grow_organization", n=n)
