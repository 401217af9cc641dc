"""What the control API can do to the simulated AWS Organization."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from sandbox.aws import company, people
from sandbox.aws.identities import Account, Identities, find_role
from sandbox.aws.organization_tree import FIRST_MEMBER, MANAGEMENT
from sandbox.aws.state import State
from sandbox.emulator import Command

# As many accounts a unit, so that a grown organization has both many units and long lists.
PER_UNIT = 500


class OrganizationCommands:
    """Changes are noted with their arguments and made again after a restart."""

    def __init__(self, identities: Identities, state: State) -> None:
        self._identities = identities
        self._state = state
        self._changing: dict[str, Command] = {
            "open_members": self.open_members,
            "put_member": self.put_member,
            "remove_member": self.remove_member,
            "grow_organization": self.grow_organization,
        }

    def by_name(self) -> Mapping[str, Command]:
        return {"members": self.members, **{name: self._remembering(name) for name in self._changing}}

    def restore(self) -> None:
        for name, arguments in self._state.organization:
            self._changing[name](**arguments)

    def _remembering(self, name: str) -> Command:
        def run(**arguments: Any) -> Any:
            result = self._changing[name](**arguments)
            # Repeating the last command changes nothing, so it is stored once: the journeys open the members each time.
            if [name, arguments] not in self._state.organization[-1:]:
                self._state.organization.append([name, arguments])
                self._state.save()
            return result

        return run

    def members(self) -> list[dict[str, Any]]:
        return [asdict(member) for member in self._identities.organization.members.values()]

    def open_members(self, external_id: str, broken: bool = False) -> list[str]:
        # With `broken`, the first three members are what an administrator gets wrong: no role, another external ID, a
        # role without permissions.
        tree = self._identities.organization
        trust = {"AWS": f"arn:aws:iam::{MANAGEMENT}:root"}
        for place, member in enumerate(tree.generated()):
            if member.state != "ACTIVE":
                continue
            account = self._identities.accounts.get(member.id)
            if account is None:
                account = self._identities.add(Account(member.id, member.name))
            if broken and place == 0:
                if role := find_role(account, company.READER_ROLE):
                    del account.iam.roles[role.id]
                continue
            wrong, powerless = broken and place == 1, broken and place == 2
            people.put_role(
                account,
                self._state,
                company.READER_ROLE,
                trust=people.trust_policy(trust, "ca-somebody-elses" if wrong else external_id),
                managed=() if powerless else company.AUDIT_POLICIES,
            )
        return [member.id for member in tree.generated()]

    def put_member(self, account_id: str, name: str, parent: str, state: str = "ACTIVE") -> None:
        self._identities.organization.put(account_id, name, parent, state)

    def remove_member(self, account_id: str) -> None:
        self._identities.organization.members.pop(account_id, None)

    def grow_organization(self, n: int) -> None:
        tree = self._identities.organization
        for number in range(n):
            unit = f"ou-lark-grown{number // PER_UNIT:04}"
            tree.units.setdefault(unit, (f"Grown {number // PER_UNIT}", "ou-lark-workload"))
            tree.put(str(FIRST_MEMBER + 10_000 + number), f"grown-{number:05}", unit)
