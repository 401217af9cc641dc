"""Commands and snippets are filled in so that no name from a cloud can become anything but one word of them."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess

import hcl2
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from cloudaccounts import registry
from cloudaccounts.contract.inventory import Asset
from cloudaccounts.contract.rules import PostureCheck, Severity
from cloudaccounts.provider_kit.remediation import (
    PLACEHOLDER,
    Scope,
    fill_command,
    fill_terraform,
    placeholders,
    remediation,
)
from cloudaccounts.providers.aws import remediation as aws
from cloudaccounts.providers.azure import remediation as azure
from cloudaccounts.providers.gcp import remediation as gcp

ACCOUNTS = {"aws": "111122223333", "azure": "6f2a8c1e-3b4d-4f5a-9c7e-1d2b3a4c5e6f", "gcp": "shop-prod-1"}
CHOSEN = {"aws": aws.CHOSEN, "azure": azure.CHOSEN, "gcp": gcp.CHOSEN}
PARTITIONS = {"aws": "aws", "azure": "public", "gcp": "gcp"}
CHECKS = [
    (spec.key, check) for spec in registry.all_providers() if spec.key in CHOSEN for check in spec.posture_checks()
]
IDS = [check.id for _, check in CHECKS]
NATIVE_IDS = {
    "aws": "arn:aws:x:eu-west-1:111122223333:kind/{name}",
    "azure": "/subscriptions/6f2a8c1e-3b4d-4f5a-9c7e-1d2b3a4c5e6f/resourcegroups/{name}/providers/microsoft.x/kinds/"
    "{name}/children/{name}",
    "gcp": "//x.googleapis.com/projects/shop-prod-1/locations/{name}/zones/{name}/keyRings/{name}/serviceAccounts/"
    "{name}/k/{name}",
}  # fmt: skip
HOSTILE = (
    "$(touch /tmp/x)", "`id`", "a; rm -rf ~", "a' b", 'a" b', "a\\", "a && b", "a|b", "<b>", "a > b", "!!", "*",
    "~root", "${HOME}", "%{ if true }", '"${file("/etc/passwd")}"', "# x", "{a,b}", "a b",
    "\N{CYRILLIC SMALL LETTER A}",
)  # fmt: skip
UNUSABLE = (
    "-rf",
    "--profile=evil",
    "a\nb",
    "a\x00b",
    "a\x1b[2Kb",
    "a\N{RIGHT-TO-LEFT OVERRIDE}b",
    "a\rb",
    "x" * 3000,
    "",
)


def asset_of(key: str, check: PostureCheck, name: str) -> Asset:
    return Asset(check.asset_type, "x", "eu-west-1", NATIVE_IDS[key].format(name=name), name)


def values_of(key: str, asset: Asset) -> dict[str, str]:
    if key == "aws":
        return dict(aws.values_of(asset, account_id=ACCOUNTS[key], partition="aws"))
    return dict((azure if key == "azure" else gcp).values_of(asset, account_id=ACCOUNTS[key]))


@pytest.mark.parametrize(("key", "check"), CHECKS, ids=IDS)
def test_each_template_has_known_placeholders_only(key: str, check: PostureCheck) -> None:
    """A new type's placeholder joins `RESOURCES` of its provider's `remediation`, what people choose joins `CHOSEN`."""
    known = set(values_of(key, asset_of(key, check, "web")))
    for template in (check.command, check.terraform):
        assert set(placeholders(template)) <= known | CHOSEN[key]


@pytest.mark.parametrize(("key", "check"), CHECKS, ids=IDS)
def test_each_template_is_safe_to_paste_as_it_is(key: str, check: PostureCheck) -> None:
    """Unquoted text means itself in bash and zsh alike; only ``;``, line ends and ``> file`` mean something."""
    bare = re.sub(r"'[^']*'|\"[^\"]*\"", "", PLACEHOLDER.sub("x", check.command))
    lines = [re.sub(r"(^|\s)# (?P<words>[\w .,'()-]*)$", "", line) for line in bare.splitlines()]
    assert not re.search(r"[*?\[\]{}()$`\\|&!~'\"<#]", "\n".join(lines)), lines
    assert all(re.fullmatch(r"[^>]*( > [\w.]+)?", line) for line in lines)
    # What the resource tells does not stand within quotes, where it could not be filled in.
    quoted = re.findall(r"'[^']*'|\"[^\"]*\"", check.command)
    known = values_of(key, asset_of(key, check, "web"))
    assert not [name for part in quoted for name in PLACEHOLDER.findall(part) if name in known.keys() - CHOSEN[key]]


@pytest.mark.parametrize(("key", "check"), CHECKS, ids=IDS)
def test_each_command_is_a_tool_of_its_cloud(key: str, check: PostureCheck) -> None:
    tools = {"aws": ("aws",), "azure": ("az",), "gcp": ("gcloud", "bq")}[key]
    for line in check.command.splitlines():
        assert line.startswith("# ") or line.split(" ")[0] in tools, line


@pytest.mark.parametrize(("key", "check"), [pair for pair in CHECKS if pair[1].terraform])
def test_each_snippet_is_terraform_however_the_resource_is_named(key: str, check: PostureCheck) -> None:
    for name in ("web", 'a"b${c}%{d}\\'):
        values = values_of(key, asset_of(key, check, name))
        parsed = hcl2.loads(fill_terraform(check.terraform, values))
        assert set(parsed) <= {"resource", "__comments__"}
        assert "resource" in parsed


def run(command: str) -> list[list[str]]:
    """What a shell would call: the words of each command. The tools are functions that print their words."""
    shell = "show() { printf '%s\\0' \"$@\"; printf '\\n\\0'; }\n"
    shell += "".join(f'{tool}() {{ show {tool} "$@"; }}\n' for tool in ("aws", "az", "gcloud", "bq"))
    result = subprocess.run(
        [shutil.which("bash") or "sh", "--noprofile", "--norc", "-r", "-c", shell + command],
        capture_output=True, check=True, timeout=60, env={"PATH": "/nowhere"},
    )  # fmt: skip
    assert result.stderr == b""
    calls: list[list[str]] = [[]]
    for word in result.stdout.decode().split("\0")[:-1]:
        if word == "\n":
            calls.append([])
        else:
            calls[-1].append(word)
    return calls[:-1]


def test_a_shell_takes_every_hostile_name_as_one_word() -> None:
    template = (
        'aws x --name <name>; az y --scope /s/<name>/t \'{"a":"<choice>"}\'  # <name>\ngcloud z --m=<name> <choice>'
    )
    names = [name for name in HOSTILE if "\n" not in name]
    calls = run("\n".join(fill_command(template, {"name": name}) for name in names))
    expected = [
        call
        for name in names
        for call in (
            ["aws", "x", "--name", name],
            ["az", "y", "--scope", f"/s/{name}/t", '{"a":"<choice>"}'],
            ["gcloud", "z", f"--m={name}", "<choice>"],
        )
    ]
    assert calls == expected


def test_every_command_of_ours_takes_a_hostile_name_as_one_word() -> None:
    """The same words as with a harmless name, in the same places."""
    hostile = "$(id);'\"`a` b"

    def filled(name: str) -> str:
        commands = []
        for key, check in CHECKS:
            asset = asset_of(key, check, name)
            spec = registry.get(key)
            commands.append(spec.remediate(check, asset, account_id=ACCOUNTS[key], partition=PARTITIONS[key]).cli)
        # Redirections would write files; what stands before them is looked at.
        return re.sub(r" > [\w.]+$", "", "\n".join(commands), flags=re.MULTILINE)

    harmless, attacked = run(filled("NAME")), run(filled(hostile))
    assert [[word.replace("NAME", hostile) for word in call] for call in harmless] == attacked
    assert len(harmless) >= len(CHECKS)


@settings(max_examples=80, deadline=None)
@given(st.text(st.characters(), max_size=40))
@example('"')
@example("${x}")
def test_whatever_the_name_shell_and_terraform_give_it_back(name: str) -> None:
    check = PostureCheck("x", "x", Severity.LOW, "x", "x", "", "", "aws x --n <n>", (), None, terraform="a = <n>\n")  # type: ignore[arg-type]
    filled = remediation(check, {"n": name})
    words = shlex.split(filled.cli)
    value = hcl2.loads(filled.terraform or "")["a"][1:-1]
    assert len(words) == 4
    if words[3] == name:
        assert name.isprintable()
        assert not name.startswith("-")
        restored = value.replace("$${", "${").replace("%%{", "%{")
        assert re.sub(r"\\(.)", r"\1", restored) == name
    else:
        assert (words[3], value) == ("<n>", "<n>")


@pytest.mark.parametrize("name", UNUSABLE)
def test_what_cannot_be_made_harmless_is_left_to_the_person(name: str) -> None:
    check = PostureCheck("x", "x", Severity.LOW, "x", "x", "", "", "aws x --n <n>", (), None)  # type: ignore[arg-type]
    assert remediation(check, {"n": name}).cli == "aws x --n '<n>'"
    assert remediation(check, {"n": name}).terraform is None


def test_the_scope_joins_each_command_that_does_not_name_it() -> None:
    def cli(template: str, scope: Scope) -> str:
        check = PostureCheck("x", "x", Severity.LOW, "x", "x", "", "", template, (), None)  # type: ignore[arg-type]
        return remediation(check, {"r": "eu-west-1"}, scope).cli

    front = Scope("aws", "--region <r>", re.compile("--region"))
    assert cli("aws a b; aws c --region x  # aws d", front) == ("aws --region eu-west-1 a b; aws c --region x  # aws d")
    back = Scope("az", "--subscription <r>", re.compile("--ids"), at_end=True)
    assert (
        cli("az a 'x; y'\naz b --ids 1 > f; bz c", back)
        == "az a 'x; y' --subscription eu-west-1\naz b --ids 1 > f; bz c"
    )
