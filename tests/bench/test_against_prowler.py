"""Where the other scanner is looked for, and what is said where it is nowhere."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.bench import against_prowler, scans
from tests.bench.against_prowler import MISSING, MORE, first_scans
from tests.oracle import prowler


class NoCloud:
    """Counts its calls as a sandbox does, and has none."""

    def __getattr__(self, name: str) -> Any:
        return lambda *arguments, **settings: [] if name == "calls" else {"account_id": "1"}

    @property
    def control(self) -> NoCloud:
        return self


class Account:
    def delete(self) -> None: ...


@pytest.fixture
def scanned(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[str]:
    """The account is scanned in no time; answers which command was run as Prowler."""
    ran: list[str] = []
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("PROWLER_COMMAND", raising=False)
    monkeypatch.setattr(scans, "onboarded", lambda scenario: Account())
    monkeypatch.setattr(scans, "scan", lambda account, scan_type: 1.5)
    monkeypatch.setattr(against_prowler, "grow", lambda rig: None)
    monkeypatch.setattr(prowler, "run", lambda command, *rest: ran.append(str(command)))
    return ran


def test_without_prowler_each_row_says_that_it_was_skipped(scanned: list[str]) -> None:
    rows = list(first_scans(NoCloud()))  # type: ignore[arg-type]
    assert len(rows) == 4
    assert {row.note for row in rows} == {MISSING}
    assert MISSING.startswith("SKIPPED")
    assert {(row.reference, row.aim) for row in rows} == {(0.0, "")}
    assert scanned == []


def test_with_prowler_it_is_asked_about_both_accounts(
    scanned: list[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    command = tmp_path / "prowler"
    command.touch()
    monkeypatch.setenv("PROWLER_COMMAND", f"{command} --quiet")
    rows = list(first_scans(NoCloud()))  # type: ignore[arg-type]
    assert scanned == [str(command.resolve())] * 2
    assert {row.note for row in rows} == {""}
    assert all(row.aim for row in rows)


def test_the_larger_account_has_as_many_as_it_says() -> None:
    assert sum(MORE.values()) == 282
