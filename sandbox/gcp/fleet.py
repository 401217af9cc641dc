"""The fleet's projects at Google Cloud (see `sandbox.fleet`)."""

from typing import Any

from sandbox.fleet import Member, members
from sandbox.gcp import compute_resources as compute
from sandbox.gcp import resources
from sandbox.gcp.company import READER_NAME, add_project
from sandbox.gcp.directory import Directory
from sandbox.gcp.roles import READER

_REGION, _ZONE = "europe-west1", "europe-west1-b"


def put_fleet(directory: Directory, *, count: int) -> list[dict[str, Any]]:
    """Makes the projects that are not there yet; returns what connects each."""
    return [_put(member, directory) for member in members(count, "gcp")]


def _put(member: Member, directory: Directory) -> dict[str, Any]:
    project_id = f"fleet-{member.number}-{member.name}"[:30].rstrip("-")
    if project_id not in directory.projects:
        _build(member, directory, project_id)
    email = f"{READER_NAME}@{project_id}.iam.gserviceaccount.com"
    key = next(iter(directory.account(email).keys.values()))
    return {
        "provider": "gcp", "account_id": project_id, "name": member.name, "environment": member.environment,
        "regions": "all", "method": "service_account_key", "unit": member.unit,
        "credentials": {"service_account_json": directory.key_file(key)},
    }  # fmt: skip


def _build(member: Member, directory: Directory, project_id: str) -> None:
    draws, care = member.draws(), member.care

    def kept() -> bool:
        return draws.random() < care

    project = add_project(directory, project_id, member.name)
    project.labels = {"team": member.unit.lower(), "env": member.environment}
    # Without the role that lists policies and resources, little is seen.
    roles = [role for role in READER if not member.blind or ("logging" not in role and "networkViewer" not in role)]
    reader = directory.add_account(project_id, READER_NAME, roles, "Cloud Accounts reader")
    directory.add_key(reader.email, member.age)
    project.assets = [
        compute.network(project, "default"),
        compute.firewall(project, "ssh", "22", "10.0.0.0/8" if kept() else "0.0.0.0/0"),
        *(
            compute.instance(project, _ZONE, f"{member.name}-{number}", public=not kept(), secure=kept())
            for number in range(draws.randint(0, 3))
        ),
        *(
            resources.bucket(project, f"{project_id}-{purpose}", _REGION, closed=kept(), labels=project.labels)
            for purpose in draws.sample(("assets", "exports", "backups"), draws.randint(1, 3))
        ),
        resources.database(project, _REGION, "main", open_to_all=not kept() and not kept()),
    ]
