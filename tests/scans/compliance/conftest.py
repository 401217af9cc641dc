from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from scans.compliance import catalogue

TOY = """
slug: toy_1.0
title: Toy benchmark
short: Toy 1.0
version: "1.0"
provider: toy
source: https://toys.example/benchmark
sections:
  - {id: "1", title: Boxes}
  - {id: "2", title: Toys}
controls:
  - {id: "1.1", title: Boxes are shut, assessment: automated, level: 1, rules: [toy_box_closed]}
  - {id: "1.2", title: Labels everywhere, assessment: automated, rules: [toy_box_labelled], all_regions: true}
  - {id: "1.3", title: Boxes stand dry, assessment: manual, note: Look under the shelf.}
  - {id: "2.1", title: Toys do not cut, assessment: automated, rules: [toy_blunt]}
  - {id: "2.2", title: Toys are painted, assessment: automated}
"""


def forget() -> None:
    for cached in (catalogue.frameworks, catalogue.citations):
        cached.cache_clear()


@pytest.fixture
def toy_framework(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The toy benchmark is the only one."""
    (tmp_path / "toy_1.0.yaml").write_text(TOY)
    monkeypatch.setattr(catalogue, "FOLDER", tmp_path)
    forget()
    yield
    monkeypatch.undo()
    forget()
