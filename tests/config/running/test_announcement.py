from __future__ import annotations

import io

import pytest

from config.running.announcement import MOST_LINES, announce
from config.running.output import Output

ADDRESS = "http://127.0.0.1:8000"


def told(
    *, width: int = 80, password: str | None = "Zs9_Zs9-Zs9_Zs9a", sandbox: bool = True, ready: bool = True
) -> str:
    screen = io.StringIO()
    announce(Output(file=screen, width=width), address=ADDRESS, password=password, sandbox=sandbox, ready=ready)
    return screen.getvalue()


def test_it_says_where_and_who_and_where_the_credentials_are() -> None:
    text = told()
    for said in (ADDRESS, "admin", "Zs9_Zs9-Zs9_Zs9a  (shown this once)", f"{ADDRESS}/sandbox/", "Ctrl-C"):
        assert said in text


def test_a_second_start_names_the_password_of_the_first() -> None:
    text = told(password=None)
    assert "the password of the first start" in text
    assert "shown this once" not in text


def test_without_simulated_clouds_there_are_none_to_speak_of() -> None:
    assert "/sandbox/" not in told(sandbox=False)


def test_what_does_not_answer_yet_is_said_in_the_box() -> None:
    assert f"Not everything answers yet: {ADDRESS}/readyz" in told(ready=False)


@pytest.mark.parametrize("ready", [True, False])
@pytest.mark.parametrize("password", ["Zs9_Zs9-Zs9_Zs9a", None])
@pytest.mark.parametrize("width", [60, 80, 200])
def test_it_is_no_longer_than_twelve_lines(width: int, password: str | None, ready: bool) -> None:
    lines = told(width=width, password=password, ready=ready).splitlines()
    assert len(lines) <= MOST_LINES == 12
    assert all(len(line) <= width for line in lines)
