"""`import_accounts`: what a file may hold, what becomes of each line, and that nothing secret is ever told."""

from __future__ import annotations

import io
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cloudaccounts.imports.parser import BadRow, FileRefusedError, Row, read_file
from cloudaccounts.models import CloudAccount, CloudCredential
from scans.models import ScanRun
from tests.conftest import ALL_DATABASES
from tests.toycloud.provider import State

pytestmark = pytest.mark.django_db(databases=ALL_DATABASES, transaction=True)
HEAD = "provider,account_id,name,environment,regions,auth_method,credentials.token\n"
GOOD = "toy,aaaaaa,first,dev,left right,token,let-me-in\n"
SECRET = "do-not-tell-anybody"


class Told:
    def __init__(self, code: int, text: str) -> None:
        self.code, self.text = code, text
        self.lines = text.splitlines()


Import = Callable[..., Told]


@pytest.fixture
def run(tmp_path: Path, alice: User, toycloud: State) -> Import:
    def run(content: str | bytes, *arguments: str, name: str = "accounts.csv", owner: str = "alice") -> Told:
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        out = io.StringIO()
        try:
            call_command("import_accounts", str(path), "--owner", owner, *arguments, stdout=out, stderr=out)
        except CommandError as error:
            return Told(error.returncode, f"{out.getvalue()}\n{error}")
        return Told(0, out.getvalue())

    return run


def test_rows_become_proven_accounts_with_a_first_scan(run: Import, alice: User) -> None:
    told = run(HEAD + GOOD + "toy,bbbbbb,second,production,left,token,let-me-in\n")
    assert told.code == 0, told.text
    account = CloudAccount.objects.get(account_id="aaaaaa")
    assert (account.owner, account.name, account.environment, account.regions, account.status) == (
        str(alice.pk), "first", "dev", ["left", "right"], "active",
    )  # fmt: skip
    assert CloudCredential.objects.filter(account=account).exists()
    assert ScanRun.objects.filter(account=account.pk).exists()
    assert told.lines[0].split() == ["line", "2", "added", "toy", "aaaaaa", "first"]
    assert told.lines[-1] == "2 added"


@pytest.mark.parametrize(
    ("head", "cell"),
    [(HEAD, "all"), (HEAD, ""), (HEAD.replace("regions,", ""), None)],
    ids=["all", "empty", "no column"],
)
def test_all_regions_are_the_default(run: Import, head: str, cell: str | None) -> None:
    cells = ["toy", "aaaaaa", "first", "dev", *([] if cell is None else [cell]), "token", "let-me-in"]
    told = run(head + ",".join(cells) + "\n")
    assert told.code == 0, told.text
    account = CloudAccount.objects.get()
    assert (account.all_regions, account.regions) == (True, ["left", "right"])


def test_all_stands_alone(run: Import) -> None:
    told = run(HEAD + GOOD.replace("left right", "all left"))
    assert told.code == 1
    assert "“all” alone" in told.text


def test_running_it_again_changes_nothing(run: Import) -> None:
    run(HEAD + GOOD)
    before = list(CloudAccount.objects.values())
    told = run(HEAD + GOOD.replace("first", "renamed"))
    assert (told.code, told.lines[-1]) == (0, "1 connected already")
    assert list(CloudAccount.objects.values()) == before


def test_a_dry_run_proves_and_stores_nothing(run: Import) -> None:
    told = run(HEAD + GOOD + GOOD.replace("let-me-in", SECRET).replace("aaaaaa", "bbbbbb"), "--dry-run")
    assert told.code == 1
    assert "1 would be added, 1 refused" in told.text
    assert "The toy cloud does not know this token." in told.text
    assert not CloudAccount.objects.exists()
    assert not CloudCredential.objects.exists()


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (f"toy,NOT-A-BOX,x,dev,left,token,{SECRET}", "account_id: A toy box has six letters."),
        (f"moon,aaaaaa,x,dev,left,token,{SECRET}", "provider: Choose one of the providers offered."),
        (f"toy,aaaaaa,x,space,left,token,{SECRET}", "environment: Choose production, staging or dev."),
        (f"toy,aaaaaa,x,dev,nowhere,token,{SECRET}", "regions: One of these regions does not exist"),
        (f"toy,aaaaaa,,dev,left,token,{SECRET}", "name: Give the account a name"),
        (f"toy,aaaaaa,x,dev,left,magic,{SECRET}", "auth_method: Choose one of the methods offered."),
        (f"toy,aaaaaa,x,dev,left,,{SECRET}", "auth_method"),
        (f"toy,aaaaaa,x,dev,left,token,{SECRET}", "The toy cloud does not know this token."),
        (f"toy,aaaaaa,x,dev,left,token,{SECRET},one,two", "There are 9 cells, and 7 columns."),
        (f"toy,aaaaaa,x\x00y,dev,left,token,{SECRET}", "There is a NUL character in name."),
        (f"toy,aaaaaa,{'x' * 121},dev,left,token,{SECRET}", "name: The name is too long"),
        (f"toy,aaaaaa,{'x' * 20_001},dev,left,token,{SECRET}", "The value of name is far too long."),
        ("toy", "account_id"),
    ],
)
def test_a_bad_row_is_told_by_line_and_reason_and_the_others_go_on(run: Import, line: str, reason: str) -> None:
    told = run(
        HEAD + "toy,cccccc,before,dev,left,token,let-me-in\n" + line + "\ntoy,dddddd,after,dev,left,token,let-me-in"
    )
    assert told.code == 1
    assert told.lines[1].startswith("line     3  refused")
    assert reason in told.lines[1]
    assert SECRET not in told.text
    assert set(CloudAccount.objects.values_list("account_id", flat=True)) == {"cccccc", "dddddd"}


@pytest.mark.parametrize("column", ["cloud", "partition", "credentials.cloud"])
@pytest.mark.parametrize("name", ["shelf", "Shelf"])
def test_the_partition_is_named_as_in_the_api(run: Import, column: str, name: str) -> None:
    told = run(f"{HEAD.strip()},{column}\n{GOOD.strip()},{name}\n")
    assert told.code == 0, told.text
    assert CloudAccount.objects.get().partition == "shelf"


def test_two_different_clouds_in_one_row_are_refused(run: Import) -> None:
    for columns in ("cloud,partition", "partition,credentials.cloud"):
        told = run(f"{HEAD.strip()},{columns}\n{GOOD.strip()},shelf,attic\n")
        assert told.code == 1
        assert told.lines[0].split()[:3] == ["line", "2", "refused"]
    assert not CloudAccount.objects.exists()


def test_a_credential_is_read_by_the_forms_of_its_method(run: Import) -> None:
    told = run(HEAD.replace("token\n", "token,credentials.secret\n") + GOOD.strip() + f",{SECRET}\n")
    assert told.code == 1
    assert "The method token takes token, and nothing else." in told.text.replace("\n", " ")
    assert SECRET not in told.text


def test_line_numbers_count_the_lines_of_the_file(run: Import) -> None:
    told = run(HEAD + '\n\ntoy,aaaaaa,"a name\nin two lines",dev,left,token,let-me-in\ntoy,x,y,dev,left,token,z\n')
    assert [line.split()[1] for line in told.lines[:2]] == ["4", "6"]
    assert CloudAccount.objects.get().name == "a name in two lines"


def test_the_same_account_twice_is_one(run: Import) -> None:
    told = run(HEAD + GOOD * 5)
    assert (told.code, told.lines[-1]) == (0, "1 added, 4 connected already")


def test_formulas_stay_texts_and_direction_marks_go(run: Import) -> None:
    formula = "toy,aaaaaa,=cmd|' /C calc'!A0,dev,left,token,let-me-in\n"
    run(HEAD + formula + "toy,bbbbbb,a\u202eb\x1b[31m,dev,left,token,let-me-in\n")
    names = dict(CloudAccount.objects.values_list("account_id", "name"))
    assert names == {"aaaaaa": "=cmd|' /C calc'!A0", "bbbbbb": "a b [31m"}


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "The file is empty."),
        (SECRET + ",b\n", "Column 1 has a name that is not known."),
        (HEAD.replace("name", "provider") + GOOD, "Column 3 has the name of an earlier one."),
        ("provider,account_id\n", "These columns are missing: name, environment, auth_method."),
        (HEAD + GOOD + 'toy,"bbbbbb,x' + "x" * 200_000, "Line 3: This is not CSV from here on"),
        (HEAD + GOOD + '"unending' + f"\n{SECRET}" * 20_000, "Line 3: This is not CSV from here on"),
    ],
)
def test_a_file_that_is_no_such_table_is_refused(run: Import, content: str, said: str) -> None:
    told = run(content)
    assert told.code == 2
    assert said in told.text
    assert SECRET not in told.text


def test_what_stands_before_a_broken_line_is_done_and_told(run: Import) -> None:
    told = run(HEAD + GOOD + '"broken')
    assert told.code == 2
    assert "line     2  added" in told.text


def test_bytes_that_are_not_utf_8_refuse_their_row_alone(run: Import) -> None:
    told = run(HEAD.encode() + b"toy,aaaaaa,caf\xe9,dev,left,token,let-me-in\n" + GOOD.encode())
    assert "The value of name is not UTF-8." in told.text
    assert CloudAccount.objects.get().name == "first"


def test_a_byte_order_mark_is_fine(run: Import) -> None:
    assert run(b"\xef\xbb\xbf" + HEAD.encode() + GOOD.encode()).code == 0


@pytest.mark.parametrize("separator", [";", "\t"])
@pytest.mark.parametrize("named", [False, True])
def test_spreadsheets_of_other_languages_write_other_separators(run: Import, separator: str, named: bool) -> None:
    table = (HEAD + GOOD).replace(",", separator)
    content = f"sep={separator}\r\n{table}" if named else f"\n{table}"
    told = run(content)
    assert told.code == 0, told.text
    assert told.lines[0].split()[:2] == ["line", "3"]
    assert CloudAccount.objects.get().regions == ["left", "right"]


def test_a_spreadsheets_unicode_text_is_read(run: Import) -> None:
    told = run((HEAD + GOOD.replace("first", "Bücher")).replace(",", "\t").encode("utf-16"))
    assert told.code == 0, told.text
    assert CloudAccount.objects.get().name == "Bücher"


def test_a_cell_that_holds_the_separator_is_explained(run: Import) -> None:
    told = run((HEAD + GOOD).replace(",", ";").replace("left right", "left;right"))
    assert "Put a cell that holds ; in quotation marks; regions may be separated by spaces." in told.text
    assert run((HEAD + GOOD).replace(",", ";").replace("left right", '"left;right"')).code == 0


def test_a_separator_that_is_none_is_named(run: Import) -> None:
    told = run((HEAD + GOOD).replace(",", "|").replace("let-me-in", SECRET))
    assert told.code == 2
    assert "The columns are separated by none of comma, semicolon and tab." in told.text
    assert SECRET not in told.text


def test_files_joined_of_several_keep_their_marks_without_harm(run: Import) -> None:
    assert run("\ufeff\ufeff" + HEAD + "\ufeff" + GOOD).code == 0


YAML = """
accounts:
  - provider: toy
    account_id: aaaaaa
    name: "first"
    environment: dev
    regions: [left, right]
    auth_method: token
    credentials:
      token: let-me-in
  - {provider: toy, account_id: bbbbbb, name: second, environment: dev, regions: left, auth_method: token,
     credentials: {token: let-me-in}}
"""


def test_yaml_is_read_with_nested_credentials(run: Import) -> None:
    told = run(YAML, name="accounts.yaml")
    assert told.code == 0, told.text
    assert [line.split()[1] for line in told.lines[:2]] == ["3", "11"]
    assert CloudAccount.objects.get(account_id="aaaaaa").regions == ["left", "right"]


def test_numbers_keep_their_leading_zeros(tmp_path: Path) -> None:
    path = tmp_path / "x.yml"
    path.write_text(YAML.replace("aaaaaa", "012345670123").replace("first", "yes"))
    first = next(iter(read_file(path)))
    assert isinstance(first, Row)
    assert (first.values["account_id"], first.values["name"]) == ("012345670123", "yes")


BOMB = "a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"{chr(98 + n)}: &{chr(98 + n)} [{','.join(['*' + chr(97 + n)] * 9)}]\n" for n in range(9)
)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (BOMB, "Line 2: Anchors and aliases are not read."),
        ("- &a {b: *a}", "Line 1: Anchors and aliases are not read."),
        ("!!python/object/apply:os.system ['touch yaml-was-executed']", "Line 1: Tags (!…) are not read."),
        ("[" * 5000, "nested too deeply"),
        ("just a text", "The file must hold a list of accounts."),
        ("", "The file must hold a list of accounts."),
        (f"- provider: toy\n  {SECRET}: 1", "This field is not known."),
        (f"- provider: toy\n  name: [{SECRET}]", "The value of name is not a text."),
        (f"- provider: toy\n  credentials: {SECRET}", "credentials is not a mapping"),
        ("- provider: toy\n  provider: toy", "provider is given twice."),
        ("- provider: toy", "These fields are missing: account_id"),
        (f"- provider: toy\n -{SECRET}: :", "This is not YAML."),
        ("- a\x00b", "This is not YAML"),
        (b"\xff\xfe\x00", "not UTF-8"),
        ("# " + "x" * 5_000_000, "read up to 2 MB"),
    ],
)
def test_hostile_yaml_is_refused(
    run: Import, content: str | bytes, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    told = run(content, name="accounts.yaml")
    assert told.code in {1, 2}
    assert said in told.text
    assert SECRET not in told.text
    assert not CloudAccount.objects.exists()
    assert not Path("yaml-was-executed").exists()


@pytest.mark.parametrize("name", ["accounts.txt", "accounts"])
def test_other_files_are_refused(run: Import, name: str) -> None:
    assert run(HEAD + GOOD, name=name).code == 2


def test_an_unknown_owner_is_refused(run: Import) -> None:
    assert run(HEAD + GOOD, owner="nobody").code == 2


def test_a_missing_file_is_refused(alice: User, tmp_path: Path) -> None:
    with pytest.raises(CommandError) as caught:
        call_command("import_accounts", str(tmp_path / "none.csv"), "--owner", "alice")
    assert caught.value.returncode == 2


def test_a_long_file_is_read_in_a_stream(tmp_path: Path) -> None:
    path = tmp_path / "long.csv"
    path.write_text(HEAD + GOOD * 50_000)
    tracemalloc.start()
    count = sum(1 for _ in read_file(path))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert count == 50_000
    assert peak < 2_000_000


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    content=st.one_of(st.binary(max_size=400), st.text(max_size=400).map(str.encode)),
    kind=st.sampled_from(["csv", "yaml"]),
)
def test_no_file_is_a_defect(tmp_path: Path, content: bytes, kind: str) -> None:
    path = tmp_path / f"any.{kind}"
    path.write_bytes(HEAD.encode() + content if kind == "csv" else content)
    try:
        found = list(read_file(path))
    except FileRefusedError:
        return
    assert all(isinstance(one, Row | BadRow) for one in found)
