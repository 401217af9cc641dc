"""Organizations in a file: by the account that each is reached through, with options and rules."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cloudaccounts.accounts.details import ALL_REGIONS
from cloudaccounts.audit.actor import Actor
from cloudaccounts.declared.accounts import KEY as ACCOUNTS
from cloudaccounts.declared.accounts import REFERENCE, REGIONS, account_name, find_account
from cloudaccounts.declared.groups import KEY as GROUPS
from cloudaccounts.declared.sections import Entry, Known, Section, register
from cloudaccounts.errors import InputError
from cloudaccounts.models import AccountGroup, CloudAccount, Environment, Organization
from cloudaccounts.organizations.connections import connect_organization, remove_organization
from cloudaccounts.organizations.rules import MOST_GROUPS, MOST_RULES, read_rules, set_rules
from cloudaccounts.text import clean_name
from teams.names import name_order


class Organizations(Section):
    key, title, stage = "organizations", "organization", 30
    area = "organizations"
    refers = {ACCOUNTS: "", GROUPS: "rules"}
    makes = {ACCOUNTS: "rules"}  # whose members are onboarded by themselves
    schema = {
        "type": "object",
        "additionalProperties": False,
        "required": ["account"],
        "properties": {
            "account": REFERENCE,
            "options": {
                "type": "object",
                "additionalProperties": {"type": "string", "maxLength": 200},
                "description": "AWS: role_name. Azure and Google Cloud: root.",
            },
            "rules": {
                "type": "array",
                "maxItems": MOST_RULES,
                "items": {
                    "type": "object",
                    "additionalProperties": False,
                    "required": ["under", "environment"],
                    "properties": {
                        "under": {"type": "string", "minLength": 1, "maxLength": 200},
                        "environment": {"enum": list(Environment.values)},
                        "groups": {
                            "type": "array", "maxItems": MOST_GROUPS, "items": {"type": "string", "maxLength": 80},
                        },
                        "regions": REGIONS,
                        "auto": {"type": "boolean"},
                    },
                },
            },
        },
    }  # fmt: skip

    def name(self, entry: Entry) -> str:
        return account_name(entry["account"])

    def clean(self, entry: Entry, known: Known, present: Entry | None) -> Entry:
        name = self.name(entry)
        if not known.has(ACCOUNTS, name):
            raise InputError({"account": "This account is not connected, and the file makes none."})
        cleaned: Entry = {"account": name}
        if "options" in entry:
            # The form fills in what is usual: a file that leaves that out says the same.
            cleaned["options"] = {**(present or {}).get("options", {}), **entry["options"]}
        if "rules" in entry:
            cleaned["rules"] = [_rule(number, rule, known) for number, rule in enumerate(entry["rules"])]
        return cleaned

    def present(self, owner: str) -> Mapping[str, Entry]:
        rows = sorted(Organization.objects.filter(owner=owner).order_by("pk"), key=lambda row: name_order(row.name))
        accounts = CloudAccount.objects.only("provider", "account_id").in_bulk([row.connection for row in rows])
        groups = {str(key): name for key, name in AccountGroup.objects.filter(owner=owner).values_list("pk", "name")}
        return {
            (name := f"{accounts[row.connection].provider}/{accounts[row.connection].account_id}"): {
                "account": name,
                "options": row.options,
                "rules": [
                    {**rule, "groups": [groups[key] for key in rule["groups"] if key in groups]} for rule in row.rules
                ],
            }
            for row in rows
            if row.connection in accounts
        }

    def exported(self, owner: str, actor: Actor) -> list[Entry]:
        return [{k: v for k, v in entry.items() if v not in ([], {})} for entry in self.present(owner).values()]

    def create(self, owner: str, actor: Actor, entry: Entry) -> None:
        account = find_account(owner, entry["account"])
        row = Organization.objects.filter(owner=owner, connection=account.pk).first()
        if row is None or row.options != entry.get("options", row.options):
            row = connect_organization(account, actor=actor, options=entry.get("options", {}))
        if "rules" in entry:
            set_rules(row, actor=actor, rules=read_rules(row, entry["rules"]))

    def change(self, owner: str, actor: Actor, entry: Entry) -> None:
        self.create(owner, actor, entry)

    def delete(self, owner: str, actor: Actor, name: str) -> None:
        try:
            account = find_account(owner, name)
        except InputError:
            return
        row = Organization.objects.filter(owner=owner, connection=account.pk).first()
        if row is not None:
            remove_organization(row, actor=actor)


def _rule(number: int, rule: Entry, known: Known) -> dict[str, Any]:
    """Whole, as `organizations.rules` keeps it: what a rule leaves out has a meaning of its own."""
    groups = [clean_name(group) for group in rule.get("groups", ())]
    for place, group in enumerate(groups):
        if not known.has(GROUPS, group):
            message = "There is no such group, and the file makes none."
            raise InputError({f"rules[{number}].groups[{place}]": message})
    return {
        "under": rule["under"].strip(),
        "environment": rule["environment"],
        "groups": list(dict.fromkeys(groups)),
        "regions": rule.get("regions", ALL_REGIONS),
        "auto": rule.get("auto", False),
    }


register(Organizations())
