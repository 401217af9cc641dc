"""Credentials for people to use, one per situation that the product tells apart."""

import json

from sandbox.emulator import Scenario
from sandbox.gcp import company
from sandbox.gcp.directory import Directory

REGIONS = {company.SHOP: ["us-east1"], company.MEDIA: ["us-east1"]}


def scenarios(directory: Directory) -> list[Scenario]:
    """In the order in which a newcomer should meet them."""

    reader = company.READER_NAME
    shop = directory.project(company.SHOP)
    parked = _key(directory, company.DATA, reader, "Project marked for deletion", "Refused until it is restored.")
    parked |= {"account_id": company.PARKED, "name": company.PARKED, "refused": True}
    nobody = _key(directory, company.DATA, "nobody", "No permission at all", "A valid key of an account without roles.")
    disabled = _key(
        directory, company.DATA, "former-contractor", "Disabled key", "Google answers as for a deleted one."
    )
    legacy = _key(
        directory, company.LEGACY, reader, "API not enabled", "Cloud Asset was never enabled in this project."
    )
    for entry in (nobody, disabled, legacy):  # of a project that is never connected: no duplicate is refused first
        entry |= {"account_id": company.LEGACY, "name": company.LEGACY, "refused": True}
    return [
        _key(directory, company.DATA, reader, "Everything granted", "A reader with all roles of the guide."),
        _labelled(
            company.RESEARCH,
            "Impersonation",
            "impersonation",
            {"service_account_email": _email(company.RESEARCH, reader)},
        ),
        _labelled(
            company.SHOP,
            "Workload identity",
            "workload_identity",
            {"audience": company.pool_audience(shop), "service_account_email": _email(company.SHOP, reader)},
        ),
        _key(
            directory,
            company.MEDIA,
            "partial-auditor",
            "Some permissions denied",
            "May not read who may do what. It connects, with gaps.",
        ),
        nobody,
        disabled,
        _key(
            directory,
            company.HUB,
            company.ORGANIZATION_NAME,
            "Organization",
            "Reads all projects of the organization: connect it, then open Organizations.",
        ),
        legacy,
        parked,
    ]


def _labelled(project_id: str, title: str, method: str, fields: dict[str, str]) -> Scenario:
    """This server's own identity goes in, so the customer names the owner first."""
    note = "The project does not carry your label yet: play the customer who sets it."
    scenario = _scenario(project_id, title, method, fields, note)
    scenario["customer_step"] = f"make label PROJECT={project_id} EXTERNAL_ID={{external_id}}"
    return scenario


def _email(project_id: str, name: str) -> str:
    return f"{name}@{project_id}.iam.gserviceaccount.com"


def _key(directory: Directory, project_id: str, name: str, title: str, note: str) -> Scenario:
    keys = list(directory.account(_email(project_id, name)).keys.values())
    # One line, so that it can be copied whole from a terminal.
    fields = {"service_account_json": json.dumps(json.loads(directory.key_file(keys[-1])))} if keys else {}
    return _scenario(project_id, title, "service_account_key", fields, note)


def _scenario(project_id: str, title: str, method: str, fields: dict[str, str], note: str) -> Scenario:
    return {
        "cloud": "gcp",
        "title": title,
        "account_id": project_id,
        "partition": "gcp",
        "name": project_id,
        "environment": "dev" if project_id == company.RESEARCH else "production",
        "regions": REGIONS.get(project_id, ["europe-west1", "us-central1"]),
        "method": method,
        "fields": fields,
        "note": note,
        "refused": False,
        "customer_step": "",
        "afterwards": "",
    }
