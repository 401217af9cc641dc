"""API keys, functions and services that run for everybody."""

from __future__ import annotations

import re

from cloudaccounts.contract.inventory import Asset
from cloudaccounts.contract.rules import Evaluation, PostureCheck, Severity, Threshold
from cloudaccounts.provider_kit.posture import (
    UnknownFactError,
    abridge,
    days_since,
    expect,
    failed,
    flag,
    known,
    mapping,
    mappings,
    not_applicable,
    passed,
    posture_check,
    text,
    texts,
    unknown,
    value,
)
from cloudaccounts.provider_kit.reach.addresses import Reach, networks
from cloudaccounts.provider_kit.reach.verdicts import evaluation
from cloudaccounts.provider_kit.thresholds import limit
from cloudaccounts.providers.gcp.checks.narrowed import minding_conditions
from cloudaccounts.providers.gcp.checks.references import cite

_KEY = "gcp.apikeys.key"
_ALL_APIS = "cloudapis.googleapis.com"
KEY_AGE = Threshold("gcp_api_key_age", "Age of a Google Cloud API key", default=90, least=1, most=365)
_SITE = re.compile(r"^[a-z*]*://")  # the scheme before a site, which may be any
# No caller's address (RFC 1122, 3.2.1.3 and RFC 4291, 2.5.2), but how "any" is written.
_ANY_ADDRESS = frozenset({"0.0.0.0", "::", "::0"})  # noqa: S104 # nosec B104 # compared, not listened on
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
    services = [target.get("service") for target in mappings(asset, "restrictions.apiTargets")]
    # One name that stands for all of Google Cloud's APIs restricts nothing:
    # https://cloud.google.com/security-command-center/docs/concepts-vulnerabilities-findings#api-key-findings
    if _ALL_APIS in services:
        return failed("It is restricted to Google Cloud's APIs as a whole.")
    return expect(bool(services), "It is restricted to no APIs.", "It is restricted to named APIs.")


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
    # A restriction that restricts nothing has to fail, whatever its kind.
    sites = texts(asset, "restrictions.browserKeyRestrictions.allowedReferrers")
    if any(site and not _SITE.sub("", site).strip("*/.: ") for site in sites):
        return failed("Its list of sites has one that is every site.")
    if any(_is_whole_ending(site) for site in sites):
        return failed("Its list of sites has one that is every site of an ending, such as .com.")
    allowed = value(asset, "restrictions.serverKeyRestrictions.allowedIps")
    if isinstance(allowed, list) and any(address in _ANY_ADDRESS for address in allowed):
        return failed("Its list of addresses has the one that stands for any.")
    return evaluation(
        # None: the key is restricted by sites or apps, and not by addresses.
        Reach.CLOSED if allowed is None else networks(allowed).reach,
        "The addresses that may use it are as many as the internet's.",
        "Its users are named.",
        "An address that may use it has a form that is not known here.",
    )


def _is_whole_ending(site: str) -> bool:
    """``*.com``: with a wildcard for the rest, an ending with no dot in it is one that anybody registers names under.

    https://cloud.google.com/docs/authentication/api-keys#adding-application-restrictions and
    https://www.iana.org/domains/root/db
    """
    host = _SITE.sub("", site.strip().lower()).partition("/")[0].partition(":")[0]
    ending = host.lstrip("*.")
    return host.startswith("*") and bool(ending) and "." not in ending


@posture_check(
    "gcp_api_key_age",
    "API key is older than 90 days",
    Severity.LOW,
    "apikeys",
    _KEY,
    why="A key never expires, and nobody knows who copied it. Changing it every 90 days makes the copies worthless.",
    console="APIs & Services, Credentials, choose the key, Rotate key; put the new one in place, then delete the old.",
    command="gcloud services api-keys create --display-name=<new-name>\ngcloud services api-keys delete <key>",
    references=cite("docs/authentication/api-keys#securing"),
    time_dependent=True,
    expected={"createTime": "at most 90 days ago"},
    thresholds=(KEY_AGE,),
)
def key_age(asset: Asset) -> Evaluation:
    if text(asset, "deleteTime"):
        return not_applicable("This key was deleted.")
    days = days_since(asset, known(asset, "createTime"))
    return expect(days <= limit(KEY_AGE), f"It was made {days} days ago.", f"It was made {days} days ago.")


def _callable(
    kind: str, label: str, identifier: str, page: str, command: str, ingress: tuple[str, ...], service: str | None
) -> PostureCheck:
    """``ingress``: where the asset says from where it is reached; the first path that holds something counts.

    ``service`` is the property that holds the Cloud Run service which answers for it: empty where it is one itself,
    None where none does.
    """

    def evaluate(asset: Asset) -> Evaluation:
        known(asset, "public_roles")
        roles = texts(asset, "public_roles")
        if service and service in asset.properties:
            known(asset, service)  # None where the service that answers for it was not found
        # It lets callers in by rules of its own: https://cloud.google.com/run/docs/securing/identity-aware-proxy-cloud-run
        if _is_on(asset, service, *_PROXIED):
            return unknown("Identity-Aware Proxy stands before it, and whom that lets in is not read.")
        # In place of the policy, whatever that says.
        if not roles and not _is_on(asset, service, *_UNCHECKED):
            return passed("Only named members may call it.")
        reached = next((_at(asset, path) for path in ingress if _at(asset, path)), "")
        if reached in _INSIDE:
            return passed("Everybody may call it, and it is reached from inside of your networks only.")
        if reached in _BALANCED:
            return unknown(
                "Everybody may call it, from inside or by a load balancer: whether one leads to it is not known."
            )
        if reached not in _EVERYWHERE:
            return unknown("From where it is reached has a form that is not known here.")
        return failed(f"Everybody holds {abridge(roles)}." if roles else "Who calls it is not checked at all.")

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
    )(minding_conditions(evaluate))


# https://cloud.google.com/functions/docs/networking/network-settings#ingress_settings and
# https://cloud.google.com/run/docs/securing/ingress
_INSIDE = ("ALLOW_INTERNAL_ONLY", "internal", "INGRESS_TRAFFIC_INTERNAL_ONLY", "INGRESS_TRAFFIC_NONE")
_BALANCED = (
    *("ALLOW_INTERNAL_AND_GCLB", "internal-and-cloud-load-balancing", "INGRESS_TRAFFIC_INTERNAL_LOAD_BALANCER"),
)
_EVERYWHERE = ("", "ALLOW_ALL", "INGRESS_SETTINGS_UNSPECIFIED", "all", "INGRESS_TRAFFIC_ALL")


# Of a Cloud Run service, as its newer interface and its older one have it. Without the check of invokers everybody may
# call it, and no binding says so: https://cloud.google.com/run/docs/authenticating/public
_UNCHECKED = ("invokerIamDisabled", "run.googleapis.com/invoker-iam-disabled")
_PROXIED = ("iapEnabled", "run.googleapis.com/iap-enabled")


def _is_on(asset: Asset, service: str | None, name: str, annotation: str) -> bool:
    """Left out, both are off."""
    if service is None:
        return False
    within = f"{service}." if service else ""
    value = mapping(asset, f"{within}metadata.annotations").get(annotation)
    text_of_it = str(value).strip().lower() if value is not None else "false"
    if text_of_it not in ("true", "false"):
        raise UnknownFactError(f"{annotation} has a value that is not known here.")
    return text_of_it == "true" or flag(asset, f"{within}{name}")


def _at(asset: Asset, path: str) -> str:
    """As `text`, of a path whose last part may have dots: an annotation."""
    holder, _, name = path.partition(" ")
    return text(asset, holder) if not name else str(mapping(asset, holder).get(name) or "")


function_public = _callable(
    "gcp.cloudfunctions.function",
    "Function",
    "gcp_function_public",
    "functions/docs/securing/managing-access-iam",
    "gcloud functions remove-invoker-policy-binding <function> --region=<region> --member=allUsers",
    ("serviceConfig.ingressSettings",),
    "run_service",
)
function_v1_public = _callable(
    "gcp.cloudfunctions.cloud_function",
    "Function of the first generation",
    "gcp_function_v1_public",
    "functions/docs/securing/managing-access-iam",
    "gcloud functions remove-iam-policy-binding <function> --region=<region> --member=allUsers "
    "--role=roles/cloudfunctions.invoker",
    ("ingressSettings",),
    None,
)
service_public = _callable(
    "gcp.run.service",
    "Service",
    "gcp_run_public",
    "run/docs/authenticating/public",
    "gcloud run services remove-iam-policy-binding <service> --region=<region> --member=allUsers "
    "--role=roles/run.invoker\ngcloud run services update <service> --region=<region> --invoker-iam-check",
    ("ingress", "metadata.annotations run.googleapis.com/ingress"),
    "",
)

CHECKS = (key_apis, key_clients, key_age, function_public, function_v1_public, service_public)
