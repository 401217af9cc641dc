"""Organization policies that override what a resource says of itself, as they apply to the project. No Django.

Two constraints change what exists already, so that a resource that says otherwise is not as it says:

- storage.publicAccessPrevention closes buckets that are there, which go on saying "inherited":
  https://cloud.google.com/storage/docs/org-policy-constraints#prevent-access
- compute.disableSerialPortAccess closes serial ports whatever the metadata says:
  https://cloud.google.com/compute/docs/troubleshooting/troubleshooting-using-serial-console#setting_org_policy

The others that rules of ours come near decide about what is made or changed from then on, and leave what exists as it
is: storage.uniformBucketLevelAccess, sql.restrictPublicIp, compute.vmExternalIpAccess, compute.requireOsLogin and
iam.disableServiceAccountKeyCreation. They are not read: there, the resource's own word is the truth.
https://cloud.google.com/resource-manager/docs/organization-policy/org-policy-constraints

Reading takes orgpolicy.policy.get, which no role of the set-up has: Organization Policy Viewer holds it alone, and is
granted on the organization (https://cloud.google.com/iam/docs/roles-permissions/orgpolicy). So it is asked where it is
granted, and told as unread where not.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from typing import Any

from cloudaccounts.contract.inventory import Asset
from cloudaccounts.providers.gcp.errors import SDK_ERRORS, explain
from cloudaccounts.providers.gcp.inventory.relations import SHAPE_ERRORS, UNEXPECTED, with_facts
from cloudaccounts.providers.gcp.permissions import PUBLIC_ACCESS, SERIAL_PORT

NAME = "policies_above"
OF_TYPE: Mapping[str, str] = MappingProxyType(
    {
        "gcp.storage.bucket": PUBLIC_ACCESS,
        "gcp.compute.instance": SERIAL_PORT,
        "gcp.compute.project": SERIAL_PORT,
    }
)
# They mean the same for each constraint, so that the second is not asked about.
_OF_ALL = ("permission_denied", "api_disabled")

Fact = dict[str, Any]  # by constraint: True, False, or the code of the reason why it is not known


class PoliciesAbove:
    """Each constraint is asked once, by the first resource that it concerns. Safe to use from several threads."""

    def __init__(self, ask: Callable[[str], Mapping[str, Any]]) -> None:
        self._ask = ask
        self._lock = threading.Lock()
        self._answers: dict[str, bool | str] = {}

    def added(self, asset: Asset) -> Asset:
        constraint = OF_TYPE.get(asset.type)
        return asset if constraint is None else with_facts(asset, {NAME: {constraint: self._of(constraint)}})

    def are_as_stored(self, assets: Iterable[Asset]) -> bool:
        """Whether the assets were stored with what is in force now. Folders and the organization change policies
        without an entry in the project's log.
        """
        stored = {asset.type: asset.properties.get(NAME) for asset in assets if asset.type in OF_TYPE}
        return all(told == {OF_TYPE[kind]: self._of(OF_TYPE[kind])} for kind, told in stored.items())

    def _of(self, constraint: str) -> bool | str:
        with self._lock:  # two small answers, so nobody waits long
            if constraint not in self._answers:
                of_all = [answer for answer in self._answers.values() if answer in _OF_ALL]
                self._answers[constraint] = of_all[0] if of_all else self._read(constraint)
            return self._answers[constraint]

    def _read(self, constraint: str) -> bool | str:
        try:
            return enforced(self._ask(constraint))
        except SDK_ERRORS as error:
            return explain(error, permission="orgpolicy.policy.get").code
        except SHAPE_ERRORS:
            return UNEXPECTED


def enforced(policy: Mapping[str, Any]) -> bool | str:
    """Of a boolean constraint's effective policy. One that nobody set has a rule that does not enforce it, or none.

    https://cloud.google.com/resource-manager/docs/reference/orgpolicy/rest/v2/organizations.policies#PolicyRule
    """
    spec = policy.get("spec", {})
    rules = spec.get("rules", []) if isinstance(spec, Mapping) else None
    if not isinstance(rules, list) or not all(isinstance(rule, Mapping) for rule in rules):
        return "unexpected_answer"
    # By tags of the resource, which are not read.
    if any(rule.get("condition") for rule in rules):
        return "depends_on_tags"
    told = [rule.get("enforce", False) for rule in rules]
    return True in told if all(isinstance(one, bool) for one in told) else "unexpected_answer"
