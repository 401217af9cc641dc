"""Credentials for people to paste, one per situation that the product tells apart."""

import json

from sandbox.emulator import Scenario
from sandbox.gcp import company
from sandbox.gcp.directory import Directory


def scenarios(directory: Directory) -> list[Scenario]:
    """In the order in which a newcomer should meet them."""

    def label(project_id: str) -> str:
        return (
            "The project must carry your external ID as a label. Play its administrator: "
            f"make label PROJECT={project_id} EXTERNAL_ID=…"
        )

    reader = company.READER_NAME
    shop = directory.project(company.SHOP)
    return [
        _key(directory, company.DATA, reader, "Everything granted", "A reader with all four roles."),
        _scenario(
            company.DATA,
            "Impersonation",
            "impersonation",
            {"service_account_email": _email(company.DATA, reader)},
            label(company.DATA),
        ),
        _scenario(
            company.SHOP,
            "Workload identity",
            "workload_identity",
            {"audience": company.pool_audience(shop), "service_account_email": _email(company.SHOP, reader)},
            label(company.SHOP),
        ),
        _key(directory, company.SHOP, "partial-auditor", "Some permissions denied", "May not read who may do what."),
        _key(directory, company.DATA, "nobody", "No permission at all", "A valid key of an account without any role."),
        _key(directory, company.DATA, "former-contractor", "Disabled key", "Google answers as for a deleted one."),
        _key(
            directory,
            company.DATA,
            company.ORGANIZATION_NAME,
            "Organization",
            "Reads all projects of the organization: connect it, then open Organizations.",
        ),
        _key(directory, company.LEGACY, reader, "API not enabled", "Cloud Asset was never enabled in this project."),
        {
            **_key(directory, company.DATA, reader, "Project marked for deletion", "Must be refused until restored."),
            "account_id": company.PARKED,
        },
    ]


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
        "method": method,
        "fields": fields,
        "note": f"{project_id}: {note}",
    }
