from __future__ import annotations

import pytest

from cloudaccounts.jobs.queries import by_cause, first_sentence

ARN = "arn:aws:iam::{}:role/reader"


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("It failed. Try again.", "It failed."),
        ("sts.amazonaws.com did not answer. Look.", "sts.amazonaws.com did not answer."),
        ("Version 1. 2 is old", "Version 1. 2 is old"),
        ("", ""),
    ],
)
def test_the_first_sentence(text: str, first: str) -> None:
    assert first_sentence(text) == first


def test_a_cause_of_several_names_none_of_them_and_what_they_share() -> None:
    rows = [
        ("denied", f"AWS refused {ARN.format(f'11112222333{n}')}. It trusts 999988887777.", "Mend.", f"box {n}", str(n))
        for n in range(5)
    ]
    (cause,) = by_cause(rows)
    assert (cause.title, cause.rest) == ("AWS refused arn:aws:iam::…:role/reader.", "It trusts 999988887777.")
    assert (cause.number, cause.names, cause.others, cause.example) == (5, ["box 0", "box 1", "box 2"], 2, "0")


def test_a_cause_of_one_names_it() -> None:
    (cause,) = by_cause([("denied", f"AWS refused {ARN.format('111122223333')}.", "", "box", "1")])
    assert cause.title == "AWS refused arn:aws:iam::111122223333:role/reader."


def test_one_without_words_failed() -> None:
    assert by_cause([("x", "", "", "box", "1")])[0].title == "It failed."
