"""What a team may give as a framework, and what strangers may try."""

from __future__ import annotations

import time
from contextlib import suppress

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cloudaccounts.contract.errors import ProviderError
from cloudaccounts.errors import InputError
from cloudaccounts.imports.parser import FileRefusedError
from scans.compliance.own.example import EXAMPLE
from scans.compliance.own.reading import read_own, stored
from scans.compliance.own.schema import CONTROLS, LARGEST, RULES, SECTIONS
from tests.scans.compliance.own.conftest import OWN

pytestmark = pytest.mark.usefixtures("toycloud")
SECONDS = 5  # of CPU; the slowest of these takes a fifth of it


def test_a_framework_is_read_with_its_texts_as_they_stand() -> None:
    framework = read_own(OWN)
    assert (framework.slug, framework.version, framework.source) == ("own_shelf_1.0", "1.0", "")
    assert [control.id for control in framework.controls] == ["1.10", "1.2"]
    assert stored(framework.model_dump_json()) == framework


def test_the_example_is_one() -> None:
    assert read_own(EXAMPLE).slug == "own_baseline_1.0"


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        ("own_shelf_1.0", "cis_aws_5.0", "line 1: own_, then small letters"),
        ("own_shelf_1.0", "own_../x", "line 1: own_, then small letters"),
        ("provider: toy", "provider: nowhere", "line 5: Choose one of"),
        ("provider: toy", "provider: aws", "another cloud"),
        ("[toy_box_closed]", "[toy_box_opened]", "line 9: There is no check of this id."),
        ("[toy_box_closed]", "[toy_box_closed, toy_box_closed]", "names a rule twice"),
        ("rules: [toy_box_closed]", "partial: Half of it", "is partial without a rule"),
        ('id: "1.2"', "id: 1.10", "stands there twice"),
        ('id: "1.2"', "id: 2.2", "is in no section"),
        ('id: "1.2"', "id: ../../etc", "line 10: Letters, digits"),
        ("assessment: manual", "assessment: perhaps", "line 10: Choose one of automated, manual."),
        ("assessment: manual", "assessment: manual, owner: me", "There is no such field"),
        ("title: Our shelf\n", "", "“title” is missing"),
        ("title: Our shelf", "title: Our\\x1b", None),
        ("title: Our shelf", 'title: "Our \\e[2J shelf"', "no page shows"),
        ("title: Our shelf", 'title: "Our \\u202eflehs"', "no page shows"),
        ("title: Our shelf", f"title: {'x' * 121}", "too long"),
        ("provider: toy", "source: javascript:alert(1)", "begins with https://"),
        ("provider: toy", 'source: "https://x/\\"onclick=1"', "begins with https://"),
        ("title: Our shelf", "title: Our shelf\ntitle: Yours", "given twice"),
        ("- {id: 1, title: Boxes}", "Boxes", "Give a list"),
    ],
)
def test_what_is_wrong_is_told_with_its_line(before: str, after: str, told: str | None) -> None:
    assert before in OWN
    if told is None:  # a backslash in a plain text is one
        assert read_own(OWN.replace(before, after, 1)).title == "Our\\x1b"
        return
    with pytest.raises(ProviderError) as caught:
        read_own(OWN.replace(before, after, 1))
    assert told in caught.value.cause


def many(name: str, number: int) -> str:
    lines = OWN.splitlines()
    if name == "controls":
        lines += [f"  - {{id: 1.x{count}, title: More, assessment: manual}}" for count in range(number)]
    elif name == "sections":
        lines[7:7] = [f"  - {{id: s{count}, title: More}}" for count in range(number)]
    else:
        lines[8] = lines[8].replace("toy_box_closed", ", ".join(f"r{count}" for count in range(number)))
    return "\n".join(lines)


@pytest.mark.parametrize(("name", "most"), [("controls", CONTROLS), ("sections", SECTIONS), ("rules", RULES)])
def test_there_are_only_so_many_of_anything(name: str, most: int) -> None:
    with pytest.raises(InputError, match=f"too many: {most} at most"):
        read_own(many(name, most + 1))
    if name != "rules":
        assert len(getattr(read_own(many(name, most - 2)), name)) >= most - 1


BOMBS = {
    "aliases": "a: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]\n",
    "laughs": "".join(f"k{n}: &k{n} [{', '.join([f'*k{n - 1}'] * 9)}]\n" if n else "k0: &k0 [lol]\n" for n in range(9)),
    "merges": "a: &a {x: 1}\nb: {<<: *a}\n",
    "itself": "&a [*a]",
    "objects": "slug: !!python/object/apply:os.system [id]\n",
    "names": "slug: !!python/name:os.system\n",
    "binary": "slug: !!binary aGVsbG8=\n",
    "tags": "%TAG ! tag:example.com,2000:\n---\nslug: !thing x\n",
    "deep lists": "[" * 50_000,
    "deep lists that end": "[" * 20_000 + "]" * 20_000,
    "deep mappings": "{a: " * 20_000,
    "deep blocks": "\n".join(" " * n + "a:" for n in range(400)),
    "keys": "? " * 40_000,
    "dashes": "- " * 40_000,
    "long key": "a" * 90_000 + ": x",
    "quotes": "'" + "''" * 40_000,
    "documents": "---\na: 1\n" * 9_000,
    "comments": "#" * 90_000,
    "names twice": "a: 1\n" * 15_000,
    "list of names": "? [a, b]\n: x\n",
    "no text": "slug: \"\\0\"\n",
    "a word": "hello",
    "nothing": "",
    "null": "~",
    "not UTF-8": "",
}  # fmt: skip


@pytest.mark.parametrize("name", BOMBS)
def test_hostile_yaml_is_refused_soon_and_in_words(name: str) -> None:
    content = b"slug: \xff\xfe\xfa" if name == "not UTF-8" else BOMBS[name].encode()
    began = time.process_time()
    with pytest.raises((InputError, FileRefusedError)) as caught:
        read_own(content)
    assert time.process_time() - began < SECONDS
    assert caught.value.cause
    assert "python" not in caught.value.cause.lower()


def test_what_is_too_long_is_not_parsed() -> None:
    with pytest.raises(InputError, match="too long: 100 KB"):
        read_own("a: 1\n" * LARGEST)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(max_size=300))
def test_any_text_is_read_or_refused(text: str) -> None:
    """After a beginning that is right: most texts are no YAML at all."""
    for content in (text, OWN + text, OWN.replace("Boxes are shut", text)):
        with suppress(InputError, FileRefusedError):
            assert read_own(content.encode(errors="surrogatepass")).slug == "own_shelf_1.0"
