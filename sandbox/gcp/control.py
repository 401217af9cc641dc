"""The part of the control client that plays a Google Cloud administrator."""

from typing import Any


class GcpControl:
    """Mixed into sandbox.control.Control. `gcp` gives the commands a name of their own."""

    def ask(self, command: str, **arguments: Any) -> Any:
        raise NotImplementedError

    @property
    def gcp(self) -> "Administrator":
        return Administrator(self)


class Administrator:
    """What can be done in the simulated Google Cloud. Commands raise ControlError with the reason."""

    def __init__(self, control: GcpControl) -> None:
        self._ask = control.ask

    def projects(self) -> list[dict[str, Any]]:
        """Each with id, number, name and labels."""
        return list(self._ask("gcp.projects"))

    def put_project(self, project_id: str, name: str = "", *, state: str = "ACTIVE", **more: str) -> str:
        """Makes an empty project with the APIs enabled; returns its number. State: ACTIVE or DELETE_REQUESTED.

        ``parent``: another organization than the company's, or none ("").
        """
        return str(self._ask("gcp.put_project", project_id=project_id, name=name or project_id, state=state, **more))

    def put_service_account(self, project_id: str, name: str, **more: Any) -> str:
        """`roles` (default: those of the guides) or exact `permissions`, `on` another project. Returns the address."""
        return str(self._ask("gcp.put_service_account", project_id=project_id, name=name, **more))

    def put_key(self, email: str, *, age_days: float = 0, expires_in_days: float | None = None) -> str:
        """The new key's file, as Google gives it out."""
        return str(self._ask("gcp.put_key", email=email, age_days=age_days, expires_in_days=expires_in_days))

    def set_key_disabled(self, key_id: str, disabled: bool = True) -> None:
        self._ask("gcp.set_key_disabled", key_id=key_id, disabled=disabled)

    def delete_key(self, key_id: str) -> None:
        self._ask("gcp.delete_key", key_id=key_id)

    def set_service_account_disabled(self, email: str, disabled: bool = True) -> None:
        self._ask("gcp.set_service_account_disabled", email=email, disabled=disabled)

    def delete_service_account(self, email: str) -> None:
        self._ask("gcp.delete_service_account", email=email)

    def set_label(self, project_id: str, key: str, value: str | None) -> None:
        """None removes the label."""
        self._ask("gcp.set_label", project_id=project_id, key=key, value=value)

    def set_api(self, project_id: str, api: str, enabled: bool) -> None:
        self._ask("gcp.set_api", project_id=project_id, api=api, enabled=enabled)

    def set_audit_configs(self, place: str, configs: list[dict[str, Any]]) -> None:
        """`place`: a project's id, folders/NUMBER or organizations/NUMBER."""
        self._ask("gcp.set_audit_configs", place=place, configs=configs)

    def set_sinks(self, place: str, sinks: list[dict[str, Any]]) -> None:
        self._ask("gcp.set_sinks", place=place, sinks=sinks)

    def grant_above(self, place: str, email: str, role: str) -> None:
        self._ask("gcp.grant_above", place=place, email=email, role=role)

    def put_conditional(self, project_id: str, role: str, members: list[str], expression: str) -> None:
        self._ask("gcp.put_conditional", project_id=project_id, role=role, members=members, expression=expression)

    def deny_policy(self, project_id: str, permissions: list[str], members: list[str]) -> None:
        """In place of the project's deny policies so far."""
        self._ask("gcp.deny_policy", project_id=project_id, permissions=permissions, members=members)

    def put_network(self, project_id: str, name: str) -> None:
        self._ask("gcp.put_network", project_id=project_id, name=name)

    def set_firewall_policies(self, project_id: str, policies: list[dict[str, Any]]) -> None:
        """As `networks.getEffectiveFirewalls` tells them."""
        self._ask("gcp.set_firewall_policies", project_id=project_id, policies=policies)

    def let_own_keys(self, email: str, permissions: list[str] | None = None) -> None:
        """Gives the service account the optional role on itself."""
        self._ask("gcp.let_own_keys", email=email, permissions=permissions)

    def let_read_people(self, email: str, **parts: bool) -> None:
        """The optional step of Cloud Identity; `organization`, `role` and `api` leave a part of it out."""
        self._ask("gcp.let_read_people", email=email, **parts)

    def put_people(self, people: list[dict[str, Any]]) -> None:
        """Everybody of the organization, as the Directory API tells them."""
        self._ask("gcp.put_people", people=people)

    def let_in(self, email: str, member: str | None = None) -> None:
        """Lets a member (default: this server's identity) act as the service account."""
        self._ask("gcp.let_in", email=email, member=member)

    def put_pool(self, project_id: str, **more: Any) -> str:
        """A workload identity provider whose identity may act as `email`; returns its audience.

        More: `issuer`, `audiences`, `subjects`, `disabled`.
        """
        return str(self._ask("gcp.put_pool", project_id=project_id, **more))

    def put_instances(self, project_id: str, count: int) -> None:
        """Fills a project with machines, for paging."""
        self._ask("gcp.put_instances", project_id=project_id, count=count)

    def set_asset(self, project_id: str, name: str, **data: Any) -> str:
        """Changes a resource, as an administrator would, with an Admin Activity entry. `name` ends its full name."""
        return str(self._ask("gcp.set_asset", project_id=project_id, name=name, **data))

    def delete_asset(self, project_id: str, name: str) -> None:
        self._ask("gcp.delete_asset", project_id=project_id, name=name)

    def set_policy(self, project_id: str, constraint: str, enforced: bool) -> None:
        """An organization policy, such as iam.disableServiceAccountKeyCreation, as it applies to the project."""
        self._ask("gcp.set_policy", project_id=project_id, constraint=constraint, enforced=enforced)

    def put_entry(self, project_id: str, service: str, method: str, **more: Any) -> None:
        """An entry of the audit logs alone. More: `resource`, `minutes_ago`, `log` (activity, system_event)."""
        self._ask("gcp.put_entry", project_id=project_id, service=service, method=method, **more)

    def identity_token(self, **more: Any) -> str:
        """A token as in GCP_WORKLOAD_TOKEN_FILE: `audience`, `subject`, `seconds`."""
        return str(self._ask("gcp.identity_token", **more))
