"""What the control API can do to the simulated Google Cloud, beside the faults that all clouds share."""

from collections.abc import Mapping
from typing import Any

from sandbox.emulator import Command
from sandbox.gcp import audit, company, fleet, own_keys
from sandbox.gcp import compute_resources as compute
from sandbox.gcp.directory import Directory
from sandbox.gcp.roles import READER
from sandbox.gcp.state import State
from sandbox.gcp.tokens import sign_identity


class Commands:
    """Changes are noted with their arguments and made again after a restart."""

    def __init__(self, directory: Directory, state: State) -> None:
        self._directory = directory
        self._state = state
        self._changing: dict[str, Command] = {
            "put_project": self.put_project,
            "put_service_account": self.put_service_account,
            "put_key": self.put_key,
            "put_uploaded_key": self.put_uploaded_key,
            "let_own_keys": self.let_own_keys,
            "set_key_disabled": self.set_key_disabled,
            "delete_key": self.delete_key,
            "set_service_account_disabled": self.set_service_account_disabled,
            "delete_service_account": self.delete_service_account,
            "set_label": self.set_label,
            "set_api": self.set_api,
            "let_in": self.let_in,
            "put_pool": self.put_pool,
            "put_instances": self.put_instances,
            "put_network": self.put_network,
            "set_asset": self.set_asset,
            "delete_asset": self.delete_asset,
            "set_policy": self.set_policy,
            "set_firewall_policies": self.set_firewall_policies,
            "set_audit_configs": self.set_audit_configs,
            "set_sinks": self.set_sinks,
            "grant_above": self.grant_above,
            "put_conditional": self.put_conditional,
            "deny_policy": self.deny_policy,
            "put_entry": self.put_entry,
            "put_fleet": self.put_fleet,
            "let_read_people": self.let_read_people,
            "put_people": self.put_people,
        }

    def by_name(self) -> Mapping[str, Command]:
        remembering = {name: self._remembering(name, command) for name, command in self._changing.items()}
        return {**remembering, "projects": self.projects, "identity_token": self.identity_token}

    def restore(self) -> None:
        for change in self._state.changes:
            self._changing[change["command"]](**change["arguments"])

    def _remembering(self, name: str, command: Command) -> Command:
        def run(**arguments: Any) -> Any:
            result = command(**arguments)
            change = {"command": name, "arguments": arguments}
            # The same command twice in a row is stored once, except for keys: each call makes another one.
            if name == "put_key" or change not in self._state.changes[-1:]:
                self._state.changes.append(change)
            self._state.save()
            return result

        return run

    def projects(self) -> list[dict[str, Any]]:
        every = self._directory.projects.values()
        return [
            {"id": project.id, "number": project.number, "name": project.name, "labels": project.labels}
            for project in every
        ]

    def put_fleet(self, count: int) -> list[dict[str, Any]]:
        """Makes Google Cloud's part of a fleet of ``count`` accounts; returns what connects each."""
        return fleet.put_fleet(self._directory, count=count)

    def put_project(self, project_id: str, name: str, state: str = "ACTIVE", parent: str = company.ORGANIZATION) -> str:
        """Makes a project with all APIs, or gives an existing one this state; returns its number."""
        project = self._directory.projects.get(project_id)
        if project is None:
            project = company.add_project(self._directory, project_id, name, parent=parent, age=1)
        project.state = state
        audit.record(project, "cloudresourcemanager.googleapis.com", "UpdateProject")
        return project.number

    def let_read_people(self, email: str, organization: bool = True, role: bool = True, api: bool = True) -> None:
        """The optional step: Organization Viewer, an administrator's role, and the API in the account's project."""
        place = self._directory.places[company.ORGANIZATION]
        if organization:
            viewers = place.bindings.setdefault("roles/resourcemanager.organizationViewer", set())
            viewers.add(f"serviceAccount:{email}")
        if role:
            place.readers.add(email)
        if api:
            self._directory.project(self._directory.account(email).project_id).apis.add("admin.googleapis.com")

    def put_people(self, people: list[dict[str, Any]]) -> None:
        """In place of those that the organization has."""
        self._directory.places[company.ORGANIZATION].people[:] = people

    def put_service_account(
        self,
        project_id: str,
        name: str,
        roles: list[str] | None = None,
        permissions: list[str] | None = None,
        on: str | None = None,
    ) -> str:
        """Makes an account with these roles (default: those that the guides give) on its project or on another one,
        or with exactly these permissions; returns its address."""
        granted = list(READER) if roles is None else roles
        project = self._directory.project(on or project_id)
        if permissions is not None:
            role = f"projects/{project.id}/roles/{name.replace('-', '_')}"
            project.custom_roles[role] = frozenset(permissions)
            granted = [role]
        account = self._directory.add_account(project_id, name, [] if on else granted)
        if on:
            self._directory.grant(project, f"serviceAccount:{account.email}", granted)
        audit.record(project, "iam.googleapis.com", "google.iam.admin.v1.CreateServiceAccount", account.email)
        audit.record(project, "cloudresourcemanager.googleapis.com", "SetIamPolicy")
        return account.email

    def set_audit_configs(self, place: str, configs: list[dict[str, Any]]) -> None:
        """Of a project (by id), a folder or the organization: each with service, types and perhaps exempted."""
        holder = self._directory.places.get(place) or self._directory.project(place)
        holder.audit_configs = configs

    def set_sinks(self, place: str, sinks: list[dict[str, Any]]) -> None:
        """Of a folder or the organization."""
        self._directory.places[place].sinks[:] = sinks

    def grant_above(self, place: str, email: str, role: str) -> None:
        """A role on a folder or the organization."""
        self._directory.places[place].bindings.setdefault(role, set()).add(f"serviceAccount:{email}")

    def put_conditional(self, project_id: str, role: str, members: list[str], expression: str) -> None:
        """A binding of the project's policy with a condition."""
        condition = {"title": "narrowed", "expression": expression}
        binding = {"role": role, "members": members, "condition": condition}
        self._directory.project(project_id).conditional.append(binding)

    def deny_policy(self, project_id: str, permissions: list[str], members: list[str]) -> None:
        """What the project's deny policies deny to these; no permissions lift it."""
        self._directory.project(project_id).denied = {name: set(members) for name in permissions}

    def put_key(self, email: str, age_days: float = 0, expires_in_days: float | None = None) -> str:
        """Makes a key and returns its file's content."""
        from datetime import UTC, datetime, timedelta

        key = self._directory.add_key(email, age_days)
        if expires_in_days is not None:
            key.expires = datetime.now(UTC) + timedelta(days=expires_in_days)
        return self._directory.key_file(key)

    def put_uploaded_key(self, email: str, key_id: str, certificate: str) -> None:
        """A key whose public half was uploaded by a call of the API; for restarts."""
        own_keys.put(self._directory, email, key_id, certificate)

    def let_own_keys(self, email: str, permissions: list[str] | None = None) -> None:
        """The role on the account itself that set-up offers; ``permissions`` in place of those of the guide."""
        account = self._directory.account(email)
        project = self._directory.project(account.project_id)
        role = f"projects/{project.id}/roles/cloudAccountsOwnKeys_{account.unique_id}"
        usual = [name for name in own_keys.PERMISSIONS.values() if name]
        project.custom_roles[role] = frozenset(usual if permissions is None else permissions)
        account.bindings[role] = {f"serviceAccount:{email}"}

    def set_key_disabled(self, key_id: str, disabled: bool = True) -> None:
        key = self._directory.key(key_id)
        if key is None:
            raise LookupError("no such key")
        key.disabled = disabled

    def delete_key(self, key_id: str) -> None:
        for account in self._directory.accounts.values():
            account.keys.pop(key_id, None)

    def set_service_account_disabled(self, email: str, disabled: bool = True) -> None:
        self._directory.account(email).disabled = disabled

    def delete_service_account(self, email: str) -> None:
        self._directory.accounts.pop(email, None)

    def set_label(self, project_id: str, key: str, value: str | None = None) -> None:
        """None removes it."""
        labels = self._directory.project(project_id).labels
        labels.pop(key, None)
        if value is not None:
            labels[key] = value
        audit.record(self._directory.project(project_id), "cloudresourcemanager.googleapis.com", "UpdateProject")

    def set_api(self, project_id: str, api: str, enabled: bool = True) -> None:
        apis = self._directory.project(project_id).apis
        if enabled:
            apis.add(api)
        else:
            apis.discard(api)
        method = f"google.api.serviceusage.v1.ServiceUsage.{'Enable' if enabled else 'Disable'}Service"
        audit.record(self._directory.project(project_id), "serviceusage.googleapis.com", method, api)

    def let_in(self, email: str, member: str | None = None) -> None:
        """Lets a member (default: this server) act as the account, as the guides do."""
        principal = member or f"serviceAccount:{company.SERVER}"
        role = (
            # A federated identity takes this role, a service account the other; both contain `getAccessToken`.
            "roles/iam.workloadIdentityUser"
            if principal.startswith("principal:")
            else "roles/iam.serviceAccountTokenCreator"
        )
        self._directory.account(email).bindings.setdefault(role, set()).add(principal)

    def put_pool(
        self,
        project_id: str,
        email: str | None = None,
        issuer: str | None = None,
        audiences: list[str] | None = None,
        subjects: list[str] | None = None,
        disabled: bool = False,
    ) -> str:
        """Makes the project's provider, lets its identity act as the account, and returns its audience."""
        project = self._directory.project(project_id)
        pool = company.add_pool(self._directory, project)
        pool.issuer = issuer or pool.issuer
        pool.audiences = tuple(audiences) if audiences is not None else pool.audiences
        pool.subjects = tuple(subjects) if subjects is not None else pool.subjects
        pool.disabled = disabled
        if email:
            self.let_in(email, pool.principal + company.SUBJECT)
        return pool.audience

    # In place of what the project had: a test that counts pages knows the number of assets.
    def put_instances(self, project_id: str, count: int, zone: str = "europe-west1-b") -> None:
        """Fills a project with machines, for paging."""
        project = self._directory.project(project_id)
        project.assets = [compute.instance(project, zone, f"machine-{number:05}") for number in range(count)]
        audit.record(project, "compute.googleapis.com", "v1.compute.instances.bulkInsert")

    def put_network(self, project_id: str, name: str) -> None:
        project = self._directory.project(project_id)
        project.assets.append(compute.network(project, name))
        audit.record(project, "compute.googleapis.com", "v1.compute.networks.insert")

    def set_asset(self, project_id: str, name: str, **data: Any) -> str:
        """Changes the resource whose full name ends so, and returns that name; Admin Activity has an entry of it."""
        project = self._directory.project(project_id)
        asset = _named(project.assets, name)
        asset["resource"]["data"] = {**asset["resource"]["data"], **data}
        audit.record(project, _logged_as(asset), "Update", asset["name"])
        return str(asset["name"])

    def delete_asset(self, project_id: str, name: str) -> None:
        project = self._directory.project(project_id)
        asset = _named(project.assets, name)
        project.assets.remove(asset)
        audit.record(project, _logged_as(asset), "Delete", asset["name"])

    def set_policy(self, project_id: str, constraint: str, enforced: bool) -> None:
        """An organization policy as it applies to the project."""
        self._directory.project(project_id).policies[constraint] = enforced

    def set_firewall_policies(self, project_id: str, policies: list[dict[str, Any]]) -> None:
        """Those in force for the project's networks. The project's log has no entry: they are the organization's."""
        self._directory.project(project_id).firewall_policies = policies

    def put_entry(self, project_id: str, service: str, method: str, **more: Any) -> None:
        """An entry of the audit logs as such."""
        audit.record(self._directory.project(project_id), service, method, **more)

    def identity_token(self, audience: str | None = None, subject: str | None = None, seconds: int = 3600) -> str:
        """A token of the sandbox's issuer, as in GCP_WORKLOAD_TOKEN_FILE."""
        return sign_identity(
            self._directory,
            issuer=company.ISSUER,
            subject=subject or company.SUBJECT,
            audience=audience or company.AUDIENCE,
            seconds=seconds,
        )


def _named(assets: list[dict[str, Any]], name: str) -> dict[str, Any]:
    """By the end of its full name; raises LookupError."""
    for asset in assets:
        if asset["name"].endswith(f"/{name}"):
            return asset
    raise LookupError(f"no resource {name}")


def _logged_as(asset: dict[str, Any]) -> str:
    """Cloud SQL is logged by another name than that of its API."""
    service = str(asset["assetType"]).split("/", 1)[0]
    return {"sqladmin.googleapis.com": "cloudsql.googleapis.com"}.get(service, service)
