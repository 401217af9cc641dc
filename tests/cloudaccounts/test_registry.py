"""Providers that a distribution brings along."""

from __future__ import annotations

from importlib.metadata import entry_points
from pathlib import Path

import pytest

from cloudaccounts import registry


def distribution(folder: Path, name: str, text: str) -> None:
    metadata = folder / f"{name}-1.0.dist-info"
    metadata.mkdir(parents=True)
    (metadata / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
    (metadata / "entry_points.txt").write_text(text)


def test_what_is_installed_is_found_as_the_library_finds_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One that lies in two folders counts once; groups whose names only begin or end so are others."""
    near, far = tmp_path / "near", tmp_path / "far"
    distribution(near, "moon", "[cloudaccounts.providers]\nmoon = moon.near:PROVIDER\nsun = sun:PROVIDER\n")
    distribution(far, "moon", "[cloudaccounts.providers]\nmoon = moon.far:PROVIDER\n")
    distribution(
        far, "mars", "[console_scripts]\nmars = mars:main\n\n[cloudaccounts.providers]\nmars = mars:PROVIDER\n"
    )
    distribution(far, "else", "[cloudaccounts.providers.more]\nno = no:PROVIDER\n")
    for folder in (far, near):
        monkeypatch.syspath_prepend(folder)
    found = sorted((entry.name, entry.value) for entry in registry._installed())
    assert found == [("mars", "mars:PROVIDER"), ("moon", "moon.near:PROVIDER"), ("sun", "sun:PROVIDER")]
    assert found == sorted((entry.name, entry.value) for entry in entry_points(group=registry.GROUP))
