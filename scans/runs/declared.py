"""Schedules in a file of the registry: by account. What a file does not name is daily, as each account begins."""

from __future__ import annotations

from collections.abc import Mapping

from cloudaccounts.audit.actor import Actor
from cloudaccounts.declared.accounts import KEY as ACCOUNTS
from cloudaccounts.declared.accounts import REFERENCE, account_name, find_account
from cloudaccounts.declared.sections import Entry, Known, Section, register
from cloudaccounts.errors import InputError
from cloudaccounts.models import CloudAccount
from scans.models import ScanEvery, ScanSchedule
from scans.runs.cron import EXAMPLE, read_cron
from scans.runs.scheduling import set_schedule

DEFAULT = {"every": ScanEvery.DAILY.value, "cron": "", "services": [], "regions": []}


class Schedules(Section):
    key, title, stage = "schedules", "schedule", 40
    area = "scans"
    refers = {ACCOUNTS: ""}
    schema = {
        "type": "object",
        "additionalProperties": False,
        "required": ["account", "every"],
        "properties": {
            "account": REFERENCE,
            "every": {"enum": list(ScanEvery.values)},
            "cron": {"type": "string", "maxLength": 100, "description": f"With every: cron, in UTC: {EXAMPLE}"},
            "services": {"type": "array", "maxItems": 100, "items": {"type": "string", "maxLength": 40}},
            "regions": {"type": "array", "maxItems": 200, "items": {"type": "string", "maxLength": 60}},
        },
    }  # fmt: skip

    def name(self, entry: Entry) -> str:
        return account_name(entry["account"])

    def clean(self, entry: Entry, known: Known, present: Entry | None) -> Entry:
        name = self.name(entry)
        if not known.has(ACCOUNTS, name):
            raise InputError({"account": "This account is not connected, and the file makes none."})
        # A schedule is one thing: what it leaves out is what it begins with, and not what somebody chose before.
        cron = " ".join(entry.get("cron", "").split()) if entry["every"] == ScanEvery.CRON else ""
        if entry["every"] == ScanEvery.CRON:
            read_cron(cron)
        return {
            "account": name,
            "every": entry["every"],
            "cron": cron,
            "services": sorted(set(entry.get("services", ()))),
            "regions": sorted(set(entry.get("regions", ()))),
        }

    def present(self, owner: str) -> Mapping[str, Entry]:
        rows = {row.account: row for row in ScanSchedule.objects.filter(owner=owner)}
        accounts = CloudAccount.objects.of(owner).order_by("provider", "account_id")
        entries = {}
        for key, provider, number in accounts.values_list("pk", "provider", "account_id"):
            row, name = rows.get(key), f"{provider}/{number}"
            chosen = {field: getattr(row, field) for field in DEFAULT} if row else DEFAULT
            entries[name] = {"account": name, **chosen}
        return entries

    def prunable(self, entry: Entry) -> bool:
        return not _is_default(entry)

    def exported(self, owner: str, actor: Actor) -> list[Entry]:
        chosen = [entry for entry in self.present(owner).values() if not _is_default(entry)]
        return [{name: value for name, value in entry.items() if value} for entry in chosen]

    def create(self, owner: str, actor: Actor, entry: Entry) -> None:
        self.change(owner, actor, entry)

    def change(self, owner: str, actor: Actor, entry: Entry) -> None:
        account = find_account(owner, entry["account"])
        if self.present_of(account) != {**DEFAULT, **{name: entry[name] for name in DEFAULT}}:
            set_schedule(account, actor=actor, **{name: entry[name] for name in DEFAULT})

    def present_of(self, account: CloudAccount) -> Entry:
        row = ScanSchedule.objects.filter(account=account.pk).first()
        return {field: getattr(row, field) for field in DEFAULT} if row else dict(DEFAULT)

    def delete(self, owner: str, actor: Actor, name: str) -> None:
        """Back to daily: an account without a schedule would get that one anyhow."""
        try:
            account = find_account(owner, name)
        except InputError:
            return
        set_schedule(account, actor=actor, every=ScanEvery.DAILY)


def _is_default(entry: Entry) -> bool:
    return {name: value for name, value in entry.items() if name != "account"} == DEFAULT


register(Schedules())
