"""A project of Google Cloud from its stored key to what both engines say, with a child that stands in for Prowler.

No run of Prowler itself: no simulation serves the twenty APIs that it asks. Rows are shaped as Prowler 5.46 fills them
in for Google Cloud: the project's id as the account, ``resource_id`` of the resource, its location as the region.
"""

from __future__ import annotations

import json
from contextlib import closing
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from django.conf import LazySettings

from cloudaccounts import registry
from cloudaccounts.contract.identity import Credentials, Target
from cloudaccounts.contract.rules import Verdict
from sandbox.rig import Rig
from scans.engines.child import run_child
from scans.engines.folders import base, private_folder
from scans.engines.matching import Evaluated, Pairs, match
from scans.engines.output import Tally, read_results
from scans.engines.prowler import RESULTS, command_line
from tests.scans.engines.programs import program

NOBODY = UUID(int=0)
BUCKET = "cloudstorage_bucket_public_access"


def google(project: str, check: str, verdict: str, uid: str, **changes: Any) -> dict[str, Any]:
    return {
        "metadata": {"event_code": check, "version": "1.5.0"},
        "status_code": verdict,
        "status_detail": f"{uid} is {verdict}.",
        "severity": "High",
        "finding_info": {"title": f"Title of {check}"},
        "resources": [{"uid": uid, "name": uid, "region": "eu", "group": {"name": check.partition("_")[0]}}],
        "remediation": {"desc": "Close it."},
        "cloud": {"account": {"uid": project, "type": "GCP Account"}, "provider": "gcp"},
    } | changes


def test_a_projects_results_meet_ours_and_the_key_is_gone(
    tmp_path: Path, settings: LazySettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.DATA_DIR = tmp_path / "data"
    provider, tally = registry.get("gcp"), Tally()
    pairs = Pairs(provider.engine_pairs("prowler"))
    with Rig(tmp_path / "sandbox") as rig:
        for name, value in rig.env.items():
            monkeypatch.setenv(name, value)
        scenario = rig.scenario("Everything granted", "gcp")
        project = scenario["account_id"]
        target = Target(account_id=project, partition="gcp", regions=("europe-west1",), external_id="")
        cleaned = provider.clean_credentials(
            scenario["method"], scenario["fields"], account_id=project, partition="gcp"
        )
        credentials = Credentials(scenario["method"], cleaned.values)
        with closing(provider.open_session(credentials, target)) as session:
            assets = [asset for unit in session.units(target.regions) for asset in session.collect(unit)]
        access = provider.engine_access("prowler", credentials, target, target.regions)
    rules = {check.id: check for check in provider.posture_checks()}
    own = [
        Evaluated(rule.id, asset.native_id, asset.region, NOBODY, rule.evaluate(asset).verdict)
        for rule in rules.values()
        for asset in assets
        if asset.type == rule.asset_type and rule.id == "gcp_storage_public"
    ]
    public = {row.native_id.rsplit("/", 1)[-1]: row.verdict for row in own}
    assert {Verdict.PASS, Verdict.FAIL} <= set(public.values())
    theirs = [google(project, BUCKET, verdict.name, name) for name, verdict in public.items()
              if verdict in {Verdict.PASS, Verdict.FAIL}]  # fmt: skip
    theirs += [
        google(project, "iam_audit_logs_enabled", "FAIL", project),
        google("another-project", BUCKET, "FAIL", "strange"),
        google("another-project", BUCKET, "FAIL", "numbers", cloud={"account": {"uid": 4711}}),
    ]
    (tmp_path / "rows.json").write_text(json.dumps(theirs))
    command = program(tmp_path, f"""
        import json, os, shutil, sys
        path = os.environ["GOOGLE_APPLICATION_CREDENTIALS"]
        key = json.load(open(path))
        assert key["type"] == "service_account" and key["project_id"], key.keys()
        assert not any(key["private_key"][40:80] in text for text in sys.argv)
        seen = [oct(os.stat(path).st_mode & 0o777), path, os.environ["GOOGLE_CLOUD_PROJECT"], *sys.argv[1:4]]
        open({str(tmp_path / "seen.json")!r}, "w").write(json.dumps(seen))
        folder = sys.argv[sys.argv.index("-o") + 1]
        shutil.copy({str(tmp_path / "rows.json")!r}, folder + "/out.ocsf.json")
    """)  # fmt: skip
    with private_folder() as folder:
        ended = run_child(command_line(str(command), access, folder), access, folder, seconds=60, goes_on=lambda: True)
        assert ended.code == 0, ended.said
        collected = pairs.collect(read_results(folder / RESULTS, project, tally))
    mode, path, named, *arguments = json.loads((tmp_path / "seen.json").read_text())
    assert (mode, named, arguments) == ("0o600", project, ["gcp", "--project-ids", project])
    assert not Path(path).exists()
    assert list(base().iterdir()) == []
    assert (tally.complete, tally.foreign, tally.malformed) == (True, 2, 0)
    rows, agreed = match(collected, pairs, own)
    # Where both pass nothing is kept, and where both fail one row says so: never two.
    failing = sum(verdict == Verdict.FAIL for verdict in public.values())
    relations = [row.relation.value for row in rows]
    assert (relations.count("both"), relations.count("differs")) == (failing, 0)
    assert agreed == len(theirs) - 3
    assert {row.result.resource for row in rows if row.relation == "only"} == {project}
