"""What people give `make role`, `tag`, `label` and `organization`: ids as pages, consoles and mails show them."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from sandbox import ids
from sandbox.rig import REPOSITORY

UUID = "0a1b2c3d-1111-2222-3333-444455556666"


@pytest.mark.parametrize(
    "given",
    ["444455556666", "4444-5555-6666", "4444 5555 6666", ' "4444-5555-6666" ', "'4444\u00a05555\u00a06666'"],
)
def test_an_aws_account_as_pages_show_it(given: str) -> None:
    assert ids.aws_account(given) == "444455556666"


@pytest.mark.parametrize("given", [UUID, UUID.upper(), f"{{{UUID}}}", f"/subscriptions/{UUID}", f"'{UUID}'"])
def test_an_azure_subscription_as_pages_show_it(given: str) -> None:
    assert ids.azure_subscription(given) == UUID


@pytest.mark.parametrize("given", ["meadowlark-shop-prod", "projects/meadowlark-shop-prod", '"Meadowlark-Shop-Prod" '])
def test_a_google_cloud_project_as_pages_show_it(given: str) -> None:
    assert ids.gcp_project(given) == "meadowlark-shop-prod"


@pytest.mark.parametrize(
    "given", ["", "4444-5555-666", "44445555666a", "٤٤٤٤٥٥٥٥٦٦٦٦", "payments-prod", "4444_5555_6666"]
)
def test_what_is_no_aws_account_is_refused_in_a_sentence(given: str) -> None:
    with pytest.raises(ValueError, match=r"is no AWS account id: it has twelve digits, such as 4444-5555-6666\."):
        ids.aws_account(given)


def test_names_are_no_ids() -> None:
    with pytest.raises(ValueError, match="a name is not enough"):
        ids.azure_subscription("data-platform")
    with pytest.raises(ValueError, match="6 to 30 small letters"):
        ids.gcp_project("Web shop")


@pytest.mark.parametrize("given", ["", "…", "ca-…", "two words"])
def test_a_placeholder_is_no_external_id(given: str) -> None:
    with pytest.raises(ValueError, match="copy the one that the product shows"):
        ids.external_id(given)


@pytest.mark.parametrize(
    ("target", "given", "said"),
    [
        ("role", ["ACCOUNT=4444 5555", "EXTERNAL_ID=ca-1"], "is no AWS account id"),
        ("tag", ["SUBSCRIPTION=payments", "EXTERNAL_ID=ca-1"], "is no Azure subscription id"),
        ("label", ['PROJECT="Web shop"', "EXTERNAL_ID=ca-1"], "is no Google Cloud project id"),
        ("organization", ["EXTERNAL_ID=ca-…"], "is no external ID"),
        ("role", ["ACCOUNT=4444-5555-6666"], "Say which: make role ACCOUNT=4444-5555-6666 EXTERNAL_ID=ca-…"),
    ],
)
def test_make_refuses_in_a_sentence(target: str, given: list[str], said: str, tmp_path: Path) -> None:
    """With `make` itself, since it is the one that hands over blanks and quotes. The environment is there already."""
    tools = tmp_path / ".venv"
    (tools / "bin").mkdir(parents=True)
    (tools / "bin" / "python").symlink_to(sys.executable)
    (tools / ".sandbox").touch()
    for name in ("sandbox", "config", "Makefile"):
        (tmp_path / name).symlink_to(REPOSITORY / name)
    command = ["make", "--old-file=.venv/.sandbox", target, *given]
    done = subprocess.run(
        command,
        cwd=tmp_path,
        env={**os.environ, "DATA_DIR": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode != 0
    assert said in done.stdout + done.stderr
    assert "Traceback" not in done.stderr
