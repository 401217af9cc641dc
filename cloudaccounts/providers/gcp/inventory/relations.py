"""Facts about one resource that are in another: public roles in its policy, an account's roles on the project. No
Django.

Checks evaluate one asset at a time, so the fact is joined to the asset. The project's policies are searched once for
all units of a scan; where they may not be read, the fact is marked as unreadable.
"""

from __future__ import annotations

import re
import threading
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from cloudaccounts.contract.errors import ProviderError
from cloudaccounts.contract.inventory import UNREADABLE, Asset
from cloudaccounts.provider_kit.deadlines import start
from cloudaccounts.providers.gcp.inventory.conditions import in_force
from cloudaccounts.providers.gcp.inventory.resources import PROJECT_TYPE

# An answer of another shape than the published one is an error of that fact alone: no other resource is lost with it.
SHAPE_ERRORS = (AttributeError, LookupError, TypeError, ValueError)
UNEXPECTED = "unexpected_answer"
KEY_LIFE = timedelta(days=90)  # CIS GCP 1.7
_EVERYBODY = frozenset({"allUsers", "allAuthenticatedUsers"})
# Services whose resources have policies of their own, which can grant everybody a role.
_OWN_POLICIES = frozenset(
    {"storage", "pubsub", "run", "cloudfunctions", "secretmanager", "cloudkms", "artifactregistry", "bigquery"}
)
_HOLDERS = ("/cryptoKeys/", "/tables/")  # of keys in a ring, and of tables in a dataset
_BASIC = ("roles/owner", "roles/editor")
_ACTING = ("roles/iam.serviceAccountUser", "roles/iam.serviceAccountTokenCreator")
# Roles of which nobody should hold two: administering something, and using it.
_DUTIES = (
    *("roles/iam.serviceAccountAdmin", "roles/iam.serviceAccountUser", "roles/cloudkms.admin"),
    *("roles/cloudkms.cryptoKeyEncrypterDecrypter", "roles/cloudkms.cryptoKeyEncrypter"),
    "roles/cloudkms.cryptoKeyDecrypter",
)
_PROJECT = "gcp.cloudresourcemanager.project"
_ACCOUNT = "gcp.iam.service_account"
_KEY = "gcp.iam.service_account_key"
_ALSO_PUBLIC = frozenset({_ACCOUNT, "gcp.compute.image", "gcp.compute.snapshot"})


CONDITIONAL = "under_conditions"
_PROJECT_PART = re.compile(r"/projects/[^/]+")


def _key_of(native_id: str) -> str:
    """A full resource name without its project, which Google writes by id in one answer and by number in another.

    Nothing is lost: an inventory is of one project. https://cloud.google.com/asset-inventory/docs/asset-names
    """
    return _PROJECT_PART.sub("/projects/-", native_id, count=1)


def _managed_folder(native_id: str) -> tuple[str, str]:
    """The bucket's key and the folder's name, empty where it is none.

    Such a folder has a policy of its own, which adds to the bucket's: who may read it reads part of the bucket.
    https://cloud.google.com/storage/docs/managed-folders and, for the name with ``projects/_/buckets/``,
    https://cloud.google.com/storage/docs/reference/rpc/google.storage.control.v2#managedfolder
    """
    place, _, folder = native_id.partition("/managedFolders/")
    host = "//storage.googleapis.com/"
    if not folder or not place.startswith(host):
        return "", ""
    bucket = place.removeprefix(host).rpartition("buckets/")[2]
    return _key_of(f"{host}{bucket}"), folder.rstrip("/")


@dataclass(frozen=True, slots=True)
class Grants:
    """``public`` is by `_key_of` the resource, ``accounts`` by e-mail address, ``project`` by role."""

    public: Mapping[str, tuple[str, ...]]
    accounts: Mapping[str, tuple[str, ...]]
    project: Mapping[str, tuple[str, ...]]


class Policies:
    """Safe to use from several threads: the first caller starts the search, the others wait for it."""

    def __init__(self, search: Callable[[], Iterable[Asset]]) -> None:
        self._search = search
        self._lock = threading.Lock()
        self._future: Future[list[Asset]] | None = None
        self._grants: tuple[Grants, Grants] | None = None

    def all(self) -> list[Asset]:
        """Raises `ProviderError` and the SDK's errors."""
        with self._lock:
            if self._future is None:
                self._future = start(lambda: list(self._search()))
            future = self._future
        return future.result()

    def grants(self) -> tuple[Grants, Grants]:
        """What is given now, and what is given under conditions that nobody knows here. Raises as `all`."""
        if self._grants is None:
            policies, now = self.all(), datetime.now(UTC)
            self._grants = self._join(policies, True, now), self._join(policies, None, now)
        return self._grants

    def _join(self, policies: list[Asset], given: bool | None, now: datetime) -> Grants:
        public: dict[str, set[str]] = defaultdict(set)
        accounts: dict[str, set[str]] = defaultdict(set)
        project: dict[str, set[str]] = defaultdict(set)
        for policy in policies:
            for binding in policy.properties["bindings"]:
                if in_force(str(binding.get("condition") or ""), now) is not given:
                    continue
                role, members = str(binding["role"]), set(binding["members"])
                if members & _EVERYBODY:
                    public[_key_of(policy.native_id)].add(role)
                    bucket, folder = _managed_folder(policy.native_id)
                    if folder:
                        public[bucket].add(f"{role} on the managed folder {folder}")
                # By type: within a project's scope there is one project, however its name is written.
                if policy.properties["resource_type"] == PROJECT_TYPE:
                    project[role] |= members
                    # By address alone: other kinds of members never equal a service account's.
                    for member in members:
                        accounts[member.removeprefix("serviceAccount:")].add(role)
        return Grants(_sorted(public), _sorted(accounts), _sorted(project))


def _sorted(roles: Mapping[str, set[str]]) -> dict[str, tuple[str, ...]]:
    return {key: tuple(sorted(values)) for key, values in roles.items()}


def with_related_facts(asset: Asset, policies: Policies, explain: Callable[[Exception], ProviderError]) -> Asset:
    """The asset with the facts that its type needs. ``explain`` makes a `ProviderError` of an SDK's error."""
    # By its own dates: no policy is needed, so none is searched for it.
    if asset.type == _KEY:
        return with_facts(asset, {"older_than_90_days": _is_old(asset.properties.get("validAfterTime"))})
    readers: dict[str, Callable[[Grants], Any]] = {}
    if asset.service in _OWN_POLICIES or asset.type in _ALSO_PUBLIC:
        readers = {"public_roles": lambda grants: _public_roles(grants, asset)}
    if asset.type == _ACCOUNT:
        readers |= {"project_roles": lambda grants: list(grants.accounts.get(asset.name, ()))}
    elif asset.type == _PROJECT:
        readers |= {
            "basic_roles": lambda grants: {role: list(grants.project.get(role, ())) for role in _BASIC},
            "acting_roles": lambda grants: {role: list(grants.project.get(role, ())) for role in _ACTING},
            "duty_roles": lambda grants: {role: list(grants.project.get(role, ())) for role in _DUTIES},
        }
    if not readers:
        return asset
    try:
        # Once for the scan; a failure of the search is remembered too, and marks each asset that needed it.
        grants, conditional = policies.grants()
    except Exception as error:  # noqa: BLE001 # any failure is marked on the asset; the resource itself was read
        return without_facts(asset, readers, explain(error).code)
    narrowed = {name: told for name, read in readers.items() if _names_any(told := read(conditional))}
    facts = {name: read(grants) for name, read in readers.items()}
    return with_facts(asset, {**facts, CONDITIONAL: narrowed} if narrowed else facts)


def _names_any(told: Any) -> bool:
    return any(told.values()) if isinstance(told, Mapping) else bool(told)


def _public_roles(grants: Grants, asset: Asset) -> list[str]:
    """By its own policy and those of what it lies in or is served by; the project's own cannot name everybody."""
    names = [asset.native_id, *(asset.native_id.partition(part)[0] for part in _HOLDERS if part in asset.native_id)]
    if asset.type == _ACCOUNT:  # named by its address or by its number
        place = asset.native_id.rpartition("/")[0]
        names += [f"{place}/{asset.properties[name]}" for name in ("email", "uniqueId") if asset.properties.get(name)]
    service = asset.properties.get("serviceConfig")
    if isinstance(service, Mapping) and service.get("service"):
        # A function of the second generation is called through its Cloud Run service, whose policy decides:
        # https://cloud.google.com/functions/docs/securing/managing-access-iam
        names.append(f"//run.googleapis.com/{service['service']}")
    return sorted({role for name in names for role in grants.public.get(_key_of(name), ())})


def with_facts(asset: Asset, facts: Mapping[str, Any]) -> Asset:
    return replace(asset, properties={**asset.properties, **facts})


def without_facts(asset: Asset, names: Iterable[str], code: str) -> Asset:
    refused = {**asset.properties.get(UNREADABLE, {}), **dict.fromkeys(names, code)}
    return with_facts(asset, {**dict.fromkeys(names), UNREADABLE: refused})


def _is_old(made: object) -> bool | None:
    """A fact of the day of the scan, so each scan reads keys again (`iam` is not in `changes.COVERED`)."""
    try:
        return datetime.now(UTC) - datetime.fromisoformat(str(made)) > KEY_LIFE
    except (TypeError, ValueError):
        return None
