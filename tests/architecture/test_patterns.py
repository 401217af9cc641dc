"""No regular expression of this product takes long, whatever it is given: strangers write what they read."""

from __future__ import annotations

import re
import time
from importlib import import_module
from pathlib import Path

import pytest

from config.env import ROOT

APPS = ("cloudaccounts", "config", "scans", "teams", "wizard")
LENGTH = 20_000
SHORT, LONG = 5_000, 20_000
MOST = 2.0  # seconds of this process for one pattern and one text; what is quadratic takes many more
PIECES = (
    "a", "A", "0", " ", "\n", "\t", "-", ".", "/", ":", "@", "=", "_", "~", "%", "\\", "\"", "'", "é", "\0", "{", "(",
    "ab", "a ", "a.", "a-", "a/", "a:", "a@", "0.", "::", "//", "://", "a=b,", "-----BEGIN ", "eyJ", "gAAAA", "AKIA",
    "arn:", "secret=", "password: ", "bearer ", "projects/a/", "/subscriptions/", "${a}", "<a>", "&lt;", "1.2.3.4:",
)  # fmt: skip


def _patterns() -> list[tuple[str, re.Pattern[str]]]:
    found: dict[tuple[str, int], tuple[str, re.Pattern[str]]] = {}
    for app in APPS:
        for path in sorted((ROOT / app).rglob("*.py")):
            if (
                "re." not in (text := path.read_text())
                or "import re" not in text
                or "migrations" in path.parts
                or "." in path.stem
            ):
                continue
            module = import_module(".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"))
            for name, value in vars(module).items():
                values = value if isinstance(value, list | tuple) else [value]
                for item in values:
                    if isinstance(item, re.Pattern) and isinstance(item.pattern, str):
                        place = f"{Path(str(module.__file__)).relative_to(ROOT)}:{name}"
                        found.setdefault((item.pattern, item.flags), (place, item))
    return list(found.values())


@pytest.fixture(scope="module")
def patterns() -> list[tuple[str, re.Pattern[str]]]:
    return _patterns()


def test_there_are_such_patterns(patterns: list[tuple[str, re.Pattern[str]]]) -> None:
    assert len(patterns) > 60


@pytest.mark.parametrize("end", ["", "!"])
def test_no_pattern_takes_long(patterns: list[tuple[str, re.Pattern[str]]], end: str) -> None:
    slow = []
    for piece in PIECES:
        text = (piece * LENGTH)[:LENGTH] + end
        for place, pattern in patterns:
            began = time.process_time()
            pattern.match(text)
            pattern.fullmatch(text)
            if time.process_time() - began > MOST:
                slow.append((place, piece))
    assert slow == []
