"""Support by the day of observation, from files with source and date."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from cloudaccounts.contract.inventory import OBSERVED, Asset
from cloudaccounts.provider_kit.dated_facts import FRESH_DAYS, DatedFacts, Support, day_of, load
from cloudaccounts.provider_kit.posture import UnknownFactError

SOURCE = "https://docs.example.com/runtimes"
READ = date(2026, 11, 30)
GOOD: dict[str, Any] = {
    "about": "runtimes",
    "source": SOURCE,
    "read": READ.isoformat(),
    "entries": {
        "old": {"ends": "2025-12-15", "source": "https://docs.example.com/old"},
        "new": {"ends": None},
        "coming": {"ends": "2027-06-30"},
        "only-a-name": {"protocol": "TLSv1"},
    },
}


def written(path: Path, **changes: Any) -> Path:
    file = path / "runtimes.json"
    file.write_text(json.dumps({**GOOD, **changes}), encoding="utf-8")
    return file


@pytest.fixture
def facts(tmp_path: Path) -> DatedFacts:
    return load(written(tmp_path))


@pytest.mark.parametrize(
    ("name", "day", "support"),
    [
        ("old", date(2025, 12, 14), Support.SUPPORTED),
        ("old", date(2025, 12, 15), Support.ENDED),
        ("old", date(2099, 1, 1), Support.ENDED),
        ("coming", date(2027, 6, 29), Support.SUPPORTED),
        ("coming", date(2027, 6, 30), Support.ENDED),
        ("new", READ, Support.SUPPORTED),
        ("new", READ - timedelta(days=900), Support.SUPPORTED),
        ("new", READ + timedelta(days=FRESH_DAYS), Support.SUPPORTED),
        ("new", READ + timedelta(days=FRESH_DAYS + 1), Support.UNKNOWN),
        ("only-a-name", READ, Support.UNKNOWN),
        ("never heard of", READ, Support.UNKNOWN),
        ("", READ, Support.UNKNOWN),
    ],
)
def test_support_is_told_by_the_day(facts: DatedFacts, name: str, day: date, support: Support) -> None:
    assert facts.support(name, day) is support


def test_each_entry_has_a_source_and_facts_of_its_own(facts: DatedFacts) -> None:
    assert facts.entries["old"].source == "https://docs.example.com/old"
    assert facts.entries["new"].source == SOURCE
    assert facts.detail("only-a-name", "protocol") == "TLSv1"
    assert facts.detail("only-a-name", "other") is None
    assert facts.detail("never heard of", "protocol") is None
    assert facts.ends("old") == date(2025, 12, 15)
    assert facts.ends("new") is None
    assert facts.ends("never heard of") is None


@pytest.mark.parametrize(
    "changes",
    [
        {"source": "http://docs.example.com"},
        {"source": None},
        {"read": "yesterday"},
        {"entries": {"old": {"ends": "15.12.2025"}}},
        {"entries": {"old": {"ends": 2025}}},
        {"entries": {"old": {"ends": None, "source": "a book"}}},
        {"entries": ["old"]},
        {"entries": {"old": "2025-12-15"}},
    ],
)
def test_a_file_with_a_mistake_is_refused(tmp_path: Path, changes: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"runtimes\.json is no file of dated facts"):
        load(written(tmp_path, **changes))


def test_the_day_is_that_of_the_observation() -> None:
    def asset(**seen: Any) -> Asset:
        return Asset("t", "s", "r", "id", "n", {}, {OBSERVED: seen})

    assert day_of(asset(at="2026-11-25T23:59:59+00:00")) == date(2026, 11, 25)
    with pytest.raises(UnknownFactError):
        day_of(asset())
    with pytest.raises(UnknownFactError):
        day_of(asset(at="soon"))


FILES = sorted((Path(load.__code__.co_filename).parents[1] / "providers").glob("*/facts/*.json"))


def test_three_clouds_have_files() -> None:
    assert {path.parts[-3] for path in FILES} >= {"aws", "azure", "gcp"}


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parts[-3]}-{path.stem}")
def test_each_file_says_which_copy_of_its_source_was_read(path: Path) -> None:
    facts, content = load(path), json.loads(path.read_text(encoding="utf-8"))
    assert facts.entries
    assert facts.read <= datetime.now(UTC).date()
    assert len(content["copy"]) > 30
    assert content.get("through", facts.source).startswith("https://")
    known = {"about", "source", "through", "copy", "read", "entries"}
    assert set(content) <= known  # a misspelt name would be lost
