"""API keys, functions and services that run for everybody."""

from __future__ import annotations

from cloudaccounts.contract.inventory import Asset
from cloudaccounts.contract.rules import Evaluation, PostureCheck, Severity
from cloudaccounts.provider_kit.posture import (
    abridge,
    expect,
    failed,
    known,
    mapping,
    mappings,
    not_applicable,
    posture_check,
    text,
    texts,
    value,
)
from cloudaccounts.provider_kit.reach.addresses import Reach, networks
from cloudaccounts.provider_kit.reach.verdicts import evaluation
from cloudaccounts.providers.gcp.checks.references import cite

_KEY = "gcp.apikeys.key"
_CLIENTS = ("browserKeyRestrictions", "serverKeyRestrictions", "androidKeyRestrictions", "iosKeyRestrictions")


@posture_check(
    "gcp_api_key_apis",
    "API key opens every API",
    Severity.MEDIUM,
    "apikeys",
    _KEY,
    why="An API key stands in pages and apps for everybody to read. Without a list of APIs it also opens those that "
    "somebody enables later.",
    console="APIs & Services, Credentials, choose the key, API restrictions: Restrict key, and choose the APIs.",
    command="gcloud services api-keys update <key> --api-target=service=<api>",
    references=cite("docs/authentication/api-keys#securing"),
)
def key_apis(asset: Asset) -> Evaluation:
    if text(asset, "deleteTime"):
        return not_applicable("This key was deleted.")
    named = bool(mappings(asset, "restrictions.apiTargets"))
    return expect(named, "It is restricted to no APIs.", "It is restricted to named APIs.")


@posture_check(
    "gcp_api_key_clients",
    "API key works from anywhere",
    Severity.MEDIUM,
    "apikeys",
    _KEY,
    why="A key that is copied out of a page or an app can be used by anybody, on your bill, unless it names the sites, "
    "addresses or apps that may.",
    console="APIs & Services, Credentials, choose the key, Application restrictions: name the sites or apps.",
    command="gcloud services api-keys update <key> --allowed-referrers=<site>",
    references=cite("docs/authentication/api-keys#securing"),
)
def key_clients(asset: Asset) -> Evaluation:
    if text(asset, "deleteTime"):
        return not_applicable("This key was deleted.")
    restrictions = mapping(asset, "restrictions")
    if not any(restrictions.get(name) for name in _CLIENTS):
        return failed("It is restricted to no sites, addresses or apps.")
    allowed = value(asset, "restrictions.serverKeyRestrictions.allowedIps")
    return evaluation(
        Reach.CLOSED if allowed is None else networks(allowed).reach,
        "The addresses that may use it are as many as the internet's.",
        "Its users are named.",
        "An address that may use it has a form that is not known here.",
    )


def _callable(kind: str, label: str, identifier: str, page: str, command: str) -> PostureCheck:
    def evaluate(asset: Asset) -> Evaluation:
        known(asset, "public_roles")
        roles = texts(asset, "public_roles")
        return expect(not roles, f"Everybody holds {abridge(roles)}.", "Only named members may call it.")

    return posture_check(
        identifier,
        f"{label} can be called by everybody",
        Severity.MEDIUM,
        kind.split(".")[1],
        kind,
        why="Anybody on the internet may call it, without signing in. For a website that is meant; for the inside of a "
        "system it is an open door.",
        console="Open it, Permissions (or Security): remove allUsers, and let callers sign in.",
        command=command,
        references=cite(page),
    )(evaluate)


function_public = _callable(
    "gcp.cloudfunctions.function",
    "Function",
    "gcp_function_public",
    "functions/docs/securing/managing-access-iam",
    "gcloud functions remove-invoker-policy-binding <function> --region=<region> --member=allUsers",
)
service_public = _callable(
    "gcp.run.service",
    "Service",
    "gcp_run_public",
    "run/docs/authenticating/public",
    "gcloud run services remove-iam-policy-binding <service> --region=<region> --member=allUsers "
    "--role=roles/run.invoker",
)

CHECKS = (key_apis, key_clients, function_public, service_public)
