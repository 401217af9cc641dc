"""Imports in the browser: the rows of an uploaded file as a job, first as a dry run and then for good.

The rows lie encrypted in `jobs.documents` between the two, so that a person gives the file once.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from cloudaccounts.accounts.details import find_provider
from cloudaccounts.audit.actor import Actor
from cloudaccounts.contract.errors import ProviderError
from cloudaccounts.errors import InputError
from cloudaccounts.group_scope import from_text
from cloudaccounts.imports.parser import OPTIONAL, REQUIRED, YAML_LIMIT, BadRow, FileRefusedError, Row, read_content
from cloudaccounts.imports.runner import import_row
from cloudaccounts.jobs.documents import OPTION, document_of, keep_document
from cloudaccounts.jobs.handlers import Outcome, handles
from cloudaccounts.jobs.requests import start_job
from cloudaccounts.models import Job, JobItem
from cloudaccounts.models.job import ItemState
from teams.roles import Right
from teams.scope import Scope

IMPORT = "accounts.import"
LARGEST = YAML_LIMIT  # bytes of an upload
MOST_ROWS = 2000
SHOWN_CAUSES = 20


@dataclass(frozen=True, slots=True)
class CauseGroup:
    """Rows that failed for the same reason."""

    cause: str
    remedy: str
    count: int
    labels: list[str]  # the first of them


def start_import(scope: Scope, *, actor: Actor, name: str, content: bytes) -> Job:
    """A dry run over the rows of an uploaded file. Raises `FileRefusedError`, and what `start_job` raises."""
    rows = []
    for row in read_content(name, content):
        rows.append(row)
        if len(rows) > MOST_ROWS:
            raise FileRefusedError(f"More than {MOST_ROWS:,} rows are not imported at once.", "Split the file.")
    if not rows:
        raise FileRefusedError("There is no row in the file.", "Begin with the template.")
    kept = keep_document(scope.owner, {"rows": {str(row.line): _to_dict(row) for row in rows}})
    items = [(str(row.line), _label(row)) for row in rows]
    return _start(scope, actor, items, kept, dry_run=True)


def import_for_good(job: Job, *, scope: Scope, actor: Actor) -> Job:
    """Imports the rows that the dry run found fit. Raises `InputError` where there is none."""
    document_of(job)  # refused here where it is not kept any more, and not row by row
    fit = JobItem.objects.filter(job=job.pk, state=ItemState.DONE).order_by("position")
    items = list(fit.values_list("subject", "label"))
    if not items:
        raise InputError({"rows": "No row of this file can be imported."})
    return _start(scope, actor, items, str(job.options[OPTION]), dry_run=False)


def is_dry_run(job: Job) -> bool:
    return bool(job.options.get("dry_run"))


def causes_of(job: Job) -> list[CauseGroup]:
    """Failures by cause, the most frequent first. The items of an import are at most `MOST_ROWS`."""
    groups: dict[tuple[str, str], list[str]] = {}
    failed = JobItem.objects.filter(job=job.pk, state=ItemState.FAILED).order_by("position")
    for cause, remedy, label in failed.values_list("cause", "remedy", "label"):
        groups.setdefault((cause, remedy), []).append(label)
    listed = [CauseGroup(cause, remedy, len(labels), labels[:5]) for (cause, remedy), labels in groups.items()]
    return sorted(listed, key=lambda group: -group.count)[:SHOWN_CAUSES]


def template(kind: str) -> str:
    """An empty file to begin with, as CSV or YAML. Its row is an example that a dry run refuses."""
    names = [*REQUIRED, *OPTIONAL[:1], "group", "credentials.role_arn"]
    example = {
        "provider": "aws or azure or gcp", "account_id": "111122223333", "name": "payments",
        "environment": "production",
        "auth_method": "cross_account_role", "regions": "all", "group": "",
        "credentials.role_arn": "arn:aws:iam::111122223333:role/cloud-accounts-reader",
    }  # fmt: skip
    if kind == "csv":
        return f"{','.join(names)}\n{','.join(example[name] for name in names)}\n"
    plain = "\n  ".join(f'{name}: "{example[name]}"' for name in names if "." not in name)
    return f"accounts:\n- {plain}\n  credentials:\n    role_arn: {example['credentials.role_arn']}\n"


@handles(IMPORT, takes=Right.OPERATE)
def _import(job: Job, item: JobItem) -> Outcome:
    """Repeatable: what an earlier try connected is there already."""
    row = _from_dict(int(item.subject), document_of(job)["rows"][item.subject])
    if isinstance(row, BadRow):
        return Outcome.failed(ProviderError("import_row_invalid", row.reason))
    scope = from_text(job.owner, job.limited_to)
    result = import_row(row, scope, Actor.from_dict(job.actor), dry_run=is_dry_run(job), counted=True)
    if result.state == "exists":
        return Outcome.skipped("Connected already.")
    if result.state == "refused":
        return Outcome.failed(ProviderError("import_row_refused", result.reason, result.remedy))
    return Outcome()


def _start(scope: Scope, actor: Actor, items: Iterable[tuple[str, str]], document: str, *, dry_run: bool) -> Job:
    title = "Dry run of an import" if dry_run else "Import accounts"
    return start_job(
        scope=scope, actor=actor, kind=IMPORT, title=title, items=items, options={OPTION: document, "dry_run": dry_run}
    )


def _label(row: Row | BadRow) -> str:
    """What may be shown of a row before anything of it was found right: its line, and an id of the provider's form."""
    if isinstance(row, BadRow):
        return f"line {row.line}"
    try:
        provider = find_provider(row.values["provider"].lower())
        return f"line {row.line}: {provider.short_label} {provider.clean_account_id(row.values['account_id'])}"
    except ProviderError:
        return f"line {row.line}"


def _to_dict(row: Row | BadRow) -> dict[str, Any]:
    if isinstance(row, BadRow):
        return {"reason": row.reason}
    return {"values": row.values, "regions": list(row.regions), "credentials": row.credentials}


def _from_dict(line: int, data: dict[str, Any]) -> Row | BadRow:
    if "reason" in data:
        return BadRow(line, data["reason"])
    return Row(line, data["values"], tuple(data["regions"]), data["credentials"])
