"""What a second engine wrote, as results: by an allow-list of fields, each of its type and bounded. Pure.

The file is the engine's, and what stands in it are names and texts of a customer's resources: a stranger's input. It is
read object by object, so that memory holds one, and one that is wrong costs itself. Shape: OCSF's Detection Finding
(https://schema.ocsf.io/1.5.0/classes/detection_finding), an array that has its closing bracket when it is complete.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cloudaccounts.contract.rules import Severity
from cloudaccounts.storable import clean_identifier, short_text

MOST_OBJECT = 512 * 1024  # characters of one result; those of the sandbox have 50,000 at most
MOST_RESULTS = 200_000
_READ = 256 * 1024
_SEPARATORS = " \t\r\n,"
_CHECK_ID = re.compile(r"[a-z0-9][a-z0-9_]{1,119}")
# OCSF's captions: https://schema.ocsf.io/1.5.0/classes/detection_finding (severity_id). Ours has no level below low.
_SEVERITIES = {
    "Critical": Severity.CRITICAL, "Fatal": Severity.CRITICAL, "High": Severity.HIGH, "Medium": Severity.MEDIUM,
    "Low": Severity.LOW, "Informational": Severity.LOW,
}  # fmt: skip
_VERDICTS = {"PASS": "pass", "FAIL": "fail"}


@dataclass(frozen=True, slots=True)
class Result:
    """One check's verdict on one resource. ``verdict`` is pass or fail; all texts are storable and bounded."""

    check_id: str
    verdict: str
    resource: str
    name: str
    region: str
    service: str
    severity: Severity
    title: str
    reason: str
    remediation: str


@dataclass(slots=True)
class Tally:
    """How the file was. ``complete`` is False where it ends early or holds more than is read."""

    complete: bool = False
    read: int = 0
    malformed: int = 0
    foreign: int = 0  # about another account
    undecided: int = 0  # that a person has to look at (MANUAL)


def read_results(path: Path, account_id: str, tally: Tally) -> Iterator[Result]:
    """Results about this account; what was left out, and why, is counted in ``tally``. Raises OSError."""
    for item in _objects(path, tally):
        tally.read += 1
        if tally.read > MOST_RESULTS:
            tally.complete = False
            return
        if (result := _result(item, account_id, tally)) is not None:
            yield result


def _result(item: Any, account_id: str, tally: Tally) -> Result | None:
    code, account = _text(item, "status_code"), _text(item, "cloud", "account", "uid")
    if account.lower() != account_id.lower():
        # An engine that signed in to something else, or a file of another run: never shown as this account's.
        tally.foreign += 1
        return None
    if code == "MANUAL":
        tally.undecided += 1
        return None
    resources = item.get("resources")
    resource = resources[0] if isinstance(resources, list) and resources else None
    check_id, uid = _text(item, "metadata", "event_code"), _text(resource, "uid")
    severity = _SEVERITIES.get(_text(item, "severity"))
    if code not in _VERDICTS or not uid or severity is None or not _CHECK_ID.fullmatch(check_id):
        tally.malformed += 1
        return None
    return Result(
        check_id=check_id,
        verdict=_VERDICTS[code],
        resource=clean_identifier(uid, 2048),
        name=short_text(_text(resource, "name") or uid.rsplit("/", 1)[-1], 300),
        region=short_text(_text(resource, "region"), 60),
        service=short_text(_text(resource, "group", "name"), 40),
        severity=severity,
        title=short_text(_text(item, "finding_info", "title") or check_id, 200),
        reason=short_text(_text(item, "status_detail"), 1000),
        remediation=short_text(_text(item, "remediation", "desc"), 1000),
    )


def _text(item: Any, *path: str) -> str:
    """The text at this path; empty where there is none, or something else."""
    for name in path:
        item = item.get(name) if isinstance(item, Mapping) else None
    return item.strip() if isinstance(item, str) else ""


def _objects(path: Path, tally: Tally) -> Iterator[Any]:
    """The items of the array in the file, one at a time. Sets ``tally.complete`` at its end."""
    decoder, buffer, at = json.JSONDecoder(), "", 0
    with path.open(encoding="utf-8", errors="replace") as file:
        if not file.read(1).startswith("["):
            return
        while True:
            at = _skip(buffer, at)
            if buffer.startswith("]", at):
                tally.complete = not (buffer[at + 1 :] + file.read(_READ)).strip()
                return
            try:
                item, at = decoder.raw_decode(buffer, at)
            except (ValueError, RecursionError):
                # Half of an object, mostly: the rest follows. What cannot be read with all that one may have ends the
                # file, since nobody can say where the next object begins.
                buffer, at = buffer[at:], 0
                more = "" if len(buffer) > MOST_OBJECT else file.read(_READ)
                if not more:
                    tally.malformed += bool(buffer)
                    return
                buffer += more
            else:
                if isinstance(item, dict):
                    yield item
                else:
                    tally.malformed += 1


def _skip(text: str, at: int) -> int:
    # By an index: cutting the text off at each of many small items would copy it as often.
    while at < len(text) and text[at] in _SEPARATORS:
        at += 1
    return at
