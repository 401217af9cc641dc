"""Facts that Cloud Asset does not have: one call for one resource, whose failure costs that resource's facts only.

No Django. The list of the other resources goes on: what could not be read is marked on the asset, with the reason.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from google.api_core import exceptions as api

from cloudaccounts.contract.identity import Target
from cloudaccounts.contract.inventory import Asset
from cloudaccounts.providers.gcp.client import Connection, retry_for
from cloudaccounts.providers.gcp.errors import SDK_ERRORS, explain
from cloudaccounts.providers.gcp.inventory import auditing, contacts, sinks_above
from cloudaccounts.providers.gcp.inventory.relations import SHAPE_ERRORS, UNEXPECTED, with_facts, without_facts

PROJECT = "gcp.cloudresourcemanager.project"
GONE = "resource_gone"  # deleted between the list and the call


class Details:
    """Safe to use from several threads."""

    def __init__(self, connection: Connection, target: Target, *, patience: float) -> None:
        self._connection = connection
        self._target = target
        self._patience = patience
        self._readers: Mapping[str, Mapping[str, Callable[[Asset], Any]]] = {
            PROJECT: {
                "audit_configs": self._audit_configs,
                "audit_configs_above": self._audit_configs_above,
                "log_sinks_above": self._log_sinks_above,
                "essential_contacts": self._contacts,
            },
        }

    def of(self, asset: Asset) -> Asset:
        for name, read in self._readers.get(asset.type, {}).items():
            try:
                asset = with_facts(asset, {name: read(asset)})
            # Before the others, of which it is one: a resource that was deleted meanwhile is no failure.
            except api.NotFound:
                asset = without_facts(asset, (name,), GONE)
            except SDK_ERRORS as error:
                asset = without_facts(asset, (name,), explain(error).code)
            except SHAPE_ERRORS:
                asset = without_facts(asset, (name,), UNEXPECTED)
        return asset

    def _audit_configs(self, project: Asset) -> list[dict[str, Any]]:
        return auditing.audit_configs(
            self._connection, self._target.account_id, timeout=self._target.timeout, patience=self._patience
        )

    def _audit_configs_above(self, project: Asset) -> dict[str, list[Any]]:
        return auditing.audit_configs_above(
            self._connection, project, timeout=self._target.timeout, patience=self._patience
        )

    def _log_sinks_above(self, project: Asset) -> dict[str, list[Any]]:
        return sinks_above.log_sinks_above(project, retry_for(self._patience)(self._connection.log_sinks))

    def _contacts(self, project: Asset) -> list[dict[str, Any]]:
        read = partial(contacts.essential_contacts, self._connection, self._target.account_id)
        return retry_for(self._patience)(read)()
