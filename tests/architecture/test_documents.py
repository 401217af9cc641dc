"""README and docs/operations.md tell only what there is: commands, their flags, settings, targets, metrics, files."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from django.core.management import get_commands, load_command_class

import config.metrics
from cloudaccounts import registry
from cloudaccounts.providers.aws.inventory import SERVICES
from config.env import ROOT

README, OPERATIONS = ROOT / "README.md", ROOT / "docs" / "operations.md"
TEXTS = {path.name: path.read_text() for path in (README, OPERATIONS)}
EVERYTHING = "\n".join(TEXTS.values())
# Read by the clouds' SDKs and their HTTP libraries, not by us.
OF_LIBRARIES = {
    "AWS_ACCESS_KEY_ID", "AWS_CA_BUNDLE", "GOOGLE_APPLICATION_CREDENTIALS", "GRPC_DEFAULT_SSL_ROOTS_FILE_PATH",
    "HTTPS_PROXY", "REQUESTS_CA_BUNDLE",
}  # fmt: skip
STAND_IN = "NAME_FILE"  # for any secret's name
# Set by `manage.py up` for the processes that it starts, and by nobody else.
OF_UP = {"CLOUD_ACCOUNTS_SANDBOX", "CLOUD_ACCOUNTS_PLAIN_HTTP"}


def read_by_settings() -> Iterator[tuple[str, object]]:
    """Names that config/settings.py asks the environment for, with their defaults where those stand there."""
    for node in ast.walk(ast.parse((ROOT / "config" / "settings.py").read_text())):
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
            continue
        if isinstance(node.func.value, ast.Name) and node.func.value.id == "env":
            values = [argument.value if isinstance(argument, ast.Constant) else None for argument in node.args]
            yield str(values[0]), values[1] if len(values) > 1 else None


SETTINGS = dict(read_by_settings())


@cache
def read_elsewhere() -> set[str]:
    """Names that the providers, the tests and the containers ask for."""
    sources = [*(ROOT / "cloudaccounts" / "providers").rglob("*.py"), ROOT / "tests" / "environment.py"]
    constants = {
        str(node.value)
        for path in [*sources, *(ROOT / "tests" / "mongodb").glob("*.py")]
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    return constants | set(re.findall(r"\$\{(\w+)", (ROOT / "compose.yaml").read_text()))


NAMES = sorted(set(re.findall(r"\b[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+\b", EVERYTHING)) - {STAND_IN})
COMMANDS = sorted(set(re.findall(r"manage\.py ([a-z_]+)", EVERYTHING)))
ROWS = [line for line in EVERYTHING.splitlines() if line.startswith("| `manage.py ")]


@pytest.mark.parametrize("name", NAMES)
def test_a_setting_that_is_named_is_read(name: str) -> None:
    assert name in SETTINGS.keys() | read_elsewhere() | OF_LIBRARIES


@pytest.mark.parametrize("name", sorted(SETTINGS.keys() - OF_UP))
def test_a_setting_that_is_read_is_named_in_the_operators_text(name: str) -> None:
    assert re.search(rf"\b{name}\b", TEXTS["operations.md"])


@pytest.mark.parametrize(("name", "default"), re.findall(r"`([A-Z_]+)` \((\d+)", TEXTS["operations.md"]))
def test_a_default_is_what_it_is(name: str, default: str) -> None:
    assert SETTINGS[name] == int(default)


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_that_is_named_is_there(name: str) -> None:
    assert name in get_commands()


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[2:40])
def test_a_command_of_the_list_has_the_flags_that_are_told(row: str) -> None:
    """A row may name several commands; the flags are the first one's."""
    named = re.findall(r"`(?:manage\.py ([a-z]+(?:_[a-z]+)*)|([a-z]+(?:_[a-z]+)+))\b", row)
    first, *others = [with_word or alone for with_word, alone in named]
    assert {first, *others} <= get_commands().keys()
    command = load_command_class(get_commands()[first], first)
    known = {flag for action in command.create_parser("manage.py", first)._actions for flag in action.option_strings}
    assert set(re.findall(r"--[a-z-]+", row)) <= known


def test_the_numbers_of_checks_and_services_are_what_they_are() -> None:
    (checks,) = re.findall(r"(\d+) checks for AWS, (\d+) for Azure, (\d+) for Google Cloud", TEXTS["README.md"])
    assert list(map(int, checks)) == [len(registry.get(key).posture_checks()) for key in ("aws", "azure", "gcp")]
    assert re.findall(r"(\d+) services on AWS", TEXTS["README.md"]) == [str(len(SERVICES))]


def test_the_list_names_every_command_of_ours() -> None:
    ours = {name for name, app in get_commands().items() if app in {"cloudaccounts", "wizard", "scans", "teams"}}
    assert len(ours) > 5
    assert not {name for name in ours if not re.search(rf"\b{name}\b", TEXTS["README.md"])}


@pytest.mark.parametrize("target", sorted(set(re.findall(r"(?:^|`)make ([a-z]+)", EVERYTHING, re.MULTILINE))))
def test_a_target_of_make_is_there(target: str) -> None:
    assert re.search(rf"^{target}:", (ROOT / "Makefile").read_text(), re.MULTILINE)


@pytest.mark.parametrize("name", sorted(set(re.findall(r"\bcloud_accounts_\w+", EVERYTHING))))
def test_a_metric_to_alert_on_is_measured(name: str) -> None:
    written = Path(str(config.metrics.__file__)).read_text() + (ROOT / "cloudaccounts" / "metrics.py").read_text()
    assert f'"{name.removesuffix("_total")}"' in written


@pytest.mark.parametrize(
    ("page", "link"),
    [
        (path, link)
        for path in (README, OPERATIONS)
        for link in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", path.read_text())
    ],
    ids=str,
)
def test_a_link_leads_to_a_file(page: Path, link: str) -> None:
    assert (page.parent / link).exists()


# Pages whose every path must be there; <key>, <topic> and the like stand for any name.
GUIDES = (ROOT / "docs" / "architecture.md", ROOT / "CONTRIBUTING.md", README)
TOP = "cloudaccounts|config|docs|sandbox|scans|static|teams|templates|tests|wizard"
PATHS = sorted(
    {
        (guide.name, path)
        for guide in GUIDES
        for path in re.findall(rf"`((?:(?:{TOP})/[\w/.<>-]*|[\w-]+\.(?:py|md|toml|yaml)))`", guide.read_text())
    }
)


@pytest.mark.parametrize(("guide", "path"), PATHS)
def test_a_path_that_a_guide_names_is_there(guide: str, path: str) -> None:
    pattern = re.sub(r"<\w+>", "*", path).rstrip("/")
    tops = [ROOT] if "/" in pattern else [ROOT / top for top in TOP.split("|")]
    files = (file for top in tops for file in (top.glob(pattern) if "/" in pattern else top.rglob(pattern)))
    assert (ROOT / pattern).is_file() or any(files), f"{guide}: {path}"


def test_guides_name_paths() -> None:
    assert {guide for guide, _ in PATHS} == {guide.name for guide in GUIDES}
    assert len(PATHS) > 60


DECISIONS = sorted(path.name for path in (ROOT / "docs" / "decisions").glob("0*.md"))
CITED = re.compile(r"decisions/(\d{4}[\w-]*)")


def test_each_decision_has_a_number_of_its_own() -> None:
    numbers = [name[:4] for name in DECISIONS]
    assert len(set(numbers)) == len(numbers)
    titles = {name: (ROOT / "docs" / "decisions" / name).read_text().split(":")[0] for name in DECISIONS}
    assert titles == {name: f"# {name[:4]}" for name in DECISIONS}


def test_the_list_of_decisions_has_each_under_its_title() -> None:
    folder = ROOT / "docs" / "decisions"
    titles = {name: (folder / name).read_text().split("\n")[0].removeprefix("# ") for name in DECISIONS}
    lines = [line for line in (folder / "README.md").read_text().split("\n") if line.startswith("- ")]
    assert lines == [f"- [{name[:4]}]({name}){title[4:]}" for name, title in titles.items()]


def test_a_decision_that_code_or_a_page_names_is_there() -> None:
    files = [
        path for top in TOP.split("|") for kind in ("py", "md", "html") for path in (ROOT / top).rglob(f"*.{kind}")
    ]
    cited = {name for path in [*files, *GUIDES] for name in CITED.findall(path.read_text())}
    assert len(cited) > 10
    assert {name for name in cited if not any(known.startswith(name) for known in DECISIONS)} == set()


def test_there_is_something_to_look_at() -> None:
    assert len(NAMES) > 30
    assert len(COMMANDS) > 10
    assert len(ROWS) > 5
