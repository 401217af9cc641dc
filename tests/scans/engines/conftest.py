from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.conf import LazySettings

from cloudaccounts.audit.actor import SYSTEM
from cloudaccounts.models import CloudAccount
from scans.engines.choices import choose_for_team
from tests.scans.engines.programs import program

Says = Callable[..., None]


def result(check: str, verdict: str, resource: str, **changes: Any) -> dict[str, Any]:
    """A row of Prowler's json-ocsf about a toy box."""
    return {
        "metadata": {"event_code": check},
        "status_code": verdict,
        "status_detail": f"{resource} is {verdict}.",
        "severity": "High",
        "finding_info": {"title": f"Title of {check}"},
        "resources": [{"uid": resource, "name": resource[-5:], "region": "left", "group": {"name": "boxes"}}],
        "remediation": {"desc": "Close it."},
        "cloud": {"account": {"uid": "abcdef"}},
    } | changes


@pytest.fixture
def says(tmp_path: Path, settings: LazySettings, toybox: CloudAccount) -> Says:
    """Installs a second engine that writes these rows, and switches it on for the team of the toy box."""
    settings.DATA_DIR = tmp_path / "data"
    settings.PROWLER_COMMAND = str(tmp_path / "prowler")
    choose_for_team(toybox.owner, enabled=True, actor=SYSTEM)

    def install(*rows: Any, then: str = "", text: str | None = None) -> None:
        (tmp_path / "rows.json").write_text(json.dumps(list(rows)) if text is None else text)
        body = f"""
            import shutil, sys, os, time
            folder = sys.argv[sys.argv.index("-o") + 1]
            with open({str(tmp_path / "seen.txt")!r}, "a") as file:
                print(*sys.argv[1:], os.environ["TOY_TOKEN"], open(os.environ["TOY_KEY_FILE"]).read(), file=file)
            shutil.copy({str(tmp_path / "rows.json")!r}, folder + "/out.ocsf.json")
            {then}
        """
        program(tmp_path, body)

    install()
    return install
