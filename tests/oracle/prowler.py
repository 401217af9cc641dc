"""What Prowler says of the simulated account, in its own virtual environment."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from sandbox.rig import Rig
from tests.oracle.verdicts import Opinion

VERSION = "5.46.0"
FILE = "out.ocsf.json"
# Of the services that this product reads.
SERVICES: Mapping[str, tuple[str, ...]] = {"aws": (
    "account", "acm", "accessanalyzer", "cloudfront", "cloudtrail", "config", "dynamodb", "ec2", "ecr", "efs", "eks",
    "elbv2",
    "guardduty", "iam", "kms", "awslambda", "rds", "s3", "secretsmanager", "securityhub", "sns", "sqs", "vpc",
), "azure": (
    "aks", "app", "appinsights", "databricks", "defender", "keyvault", "monitor", "mysql", "network", "postgresql",
    "sqlserver", "storage", "vm",
)}  # fmt: skip


def install(folder: Path) -> Path:
    """The command, installed where it is not there yet: 2.3 GB, some minutes. Never into the project's environment."""
    command = folder / "bin" / "prowler"
    if not command.exists():
        subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
        pip = [str(folder / "bin" / "python"), "-m", "pip", "install", "--quiet", f"prowler=={VERSION}"]
        subprocess.run(pip, check=True)
    return command


def run(command: Path, rig: Rig, account: Mapping[str, Any], regions: Sequence[str], cloud: str, folder: Path) -> str:
    """Writes its findings as `FILE` into the folder and answers with its log.

    A call that the simulated cloud lacks makes findings vanish silently, and the log is all that tells of it.
    """
    folder.mkdir(parents=True, exist_ok=True)
    (folder / FILE).unlink(missing_ok=True)
    environment = {**rig.env, "PATH": f"{command.parent}:/usr/bin:/bin", "HOME": str(folder)}
    way_in, signed_in = _way_in(cloud, account, regions)
    arguments = [
        str(command), cloud, *way_in, "--services", *SERVICES[cloud], "-M", "json-ocsf", "-o", str(folder),
        "-F", "out", "-b", "-z", "--no-color", "--log-level", "ERROR",
    ]  # fmt: skip
    environment |= signed_in
    done = subprocess.run(arguments, env=environment, capture_output=True, text=True, check=False, cwd=folder)
    if not (folder / FILE).exists():
        raise RuntimeError(f"Prowler wrote no findings:\n{done.stdout[-2000:]}\n{done.stderr[-2000:]}")
    return done.stdout + done.stderr


def _way_in(cloud: str, account: Mapping[str, Any], regions: Sequence[str]) -> tuple[list[str], dict[str, str]]:
    fields = account["fields"]
    if cloud == "azure":
        names = {"AZURE_TENANT_ID": "tenant_id", "AZURE_CLIENT_ID": "client_id", "AZURE_CLIENT_SECRET": "client_secret"}
        arguments = ["--sp-env-auth", "--subscription-id", account["account_id"]]
        return arguments, {name: fields[field] for name, field in names.items()}
    return ["--region", *regions, "--aws-retries-max-attempts", "1"], {
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_ACCESS_KEY_ID": fields["access_key_id"],
        "AWS_SECRET_ACCESS_KEY": fields["secret_access_key"],
        "AWS_DEFAULT_REGION": regions[0],
    }


def read(path: Path) -> list[Opinion]:
    """Findings of OCSF as opinions. MANUAL is no verdict and is left out."""
    rows: list[dict[str, Any]] = json.loads(path.read_text())
    verdicts = {"PASS": "pass", "FAIL": "fail"}
    return [
        Opinion(
            check=row["metadata"]["event_code"],
            resource=row["resources"][0]["uid"],
            region=row["resources"][0].get("region") or "",
            verdict=verdicts[row["status_code"]],
            reason=row.get("status_detail") or "",
        )
        for row in rows
        if row["status_code"] in verdicts
    ]
