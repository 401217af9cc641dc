"""App Service."""

from __future__ import annotations

from cloudaccounts.contract.inventory import Asset
from cloudaccounts.contract.rules import Evaluation, Severity
from cloudaccounts.provider_kit.posture import (
    UnknownFactError,
    expect,
    flag,
    known,
    not_applicable,
    posture_check,
    text,
)
from cloudaccounts.provider_kit.reach.verdicts import evaluation
from cloudaccounts.providers.azure.checks import firewalls, restrictions
from cloudaccounts.providers.azure.checks.references import cite
from cloudaccounts.providers.azure.checks.values import also_for, facts, is_one_of, modern_tls, new_value, supported

_SITE = "azure.web.site"
_RUNTIMES = facts("runtimes")


@posture_check(
    "azure_web_https_only",
    "Web app answers without encryption",
    Severity.HIGH,
    "web",
    _SITE,
    why="Over plain HTTP, everybody on the way reads sessions and passwords, and can change the pages.",
    console="Open the app, Configuration, General settings, set HTTPS Only to On.",
    command="az webapp update --resource-group <group> --name <app> --https-only true",
    references=cite("app-service/configure-ssl-bindings#enforce-https"),
)
def https_only(asset: Asset) -> Evaluation:
    return expect(flag(asset, "https_only", default=None), "Plain HTTP is answered.", "Plain HTTP is redirected.")


@posture_check(
    "azure_web_minimum_tls",
    "Web app accepts old TLS",
    Severity.MEDIUM,
    "web",
    _SITE,
    why="TLS 1.0 and 1.1 have known weaknesses; clients that still use them can be listened to.",
    console="Open the app, Configuration, General settings, set Minimum Inbound TLS Version to 1.2.",
    command="az webapp config set --resource-group <group> --name <app> --min-tls-version 1.2",
    references=cite("app-service/overview-tls"),
)
def minimum_tls(asset: Asset) -> Evaluation:
    return modern_tls(asset, "config.minimum_tls")


@posture_check(
    "azure_web_ftp",
    "Web app takes files over plain FTP",
    Severity.MEDIUM,
    "web",
    _SITE,
    why="FTP sends the password of deployments in plain text: whoever hears it replaces the app.",
    console="Open the app, Configuration, General settings, set FTP state to Disabled or FTPS only.",
    command="az webapp config set --resource-group <group> --name <app> --ftps-state Disabled",
    references=cite("app-service/deploy-ftp#enforce-ftps"),
)
def ftp(asset: Asset) -> Evaluation:
    good = is_one_of(asset, "config.ftps_state", good=("Disabled", "FtpsOnly"), bad=("AllAllowed",))
    state = text(asset, "config.ftps_state")
    return expect(good, f"FTP state: {state}.", f"FTP state: {state}.")


@posture_check(
    "azure_web_remote_debugging",
    "Web app can be debugged from outside",
    Severity.MEDIUM,
    "web",
    _SITE,
    why="Remote debugging opens further ports into the running app. It is meant for an hour's search for an error.",
    console="Open the app, Configuration, General settings, set Remote debugging to Off.",
    command="az webapp config set --resource-group <group> --name <app> --remote-debugging-enabled false",
    references=cite("app-service/configure-common"),
)
def remote_debugging(asset: Asset) -> Evaluation:
    on = flag(asset, "config.remote_debugging", default=None)
    return expect(not on, "Remote debugging is on.", "Remote debugging is off.")


# As App Service and Azure Functions write them: https://learn.microsoft.com/azure/app-service/language-support-policy
_LANGUAGES = {
    "python": "python",
    "node": "node",
    "php": "php",
    "powershell": "powershell",
    "dotnet": "dotnet",
    "dotnetcore": "dotnet",
    "dotnet-isolated": "dotnet",
}
_CONTAINERS = ("docker", "compose", "kube", "sitecontainers")


@posture_check(
    "azure_web_runtime",
    "Web app runs on a runtime that is no longer supported",
    Severity.MEDIUM,
    "web",
    _SITE,
    why="Flaws that are found in an old runtime stay open: nobody makes updates for it any more.",
    console="Open the app, Configuration, General settings, choose a newer version, after a test in a slot.",
    command="az webapp config set --resource-group <group> --name <app> --linux-fx-version <runtime>",
    references=cite("app-service/language-support-policy"),
    time_dependent=True,
)
def runtime(asset: Asset) -> Evaluation:
    known(asset, "config")
    stack = text(asset, "config.linux_runtime")
    if not stack and (worker := text(asset, "function_runtime")):
        # https://learn.microsoft.com/azure/azure-functions/functions-app-settings#flex-consumption-plan-deprecations
        stack = f"{worker}|{text(asset, 'function_version')}"
    if not stack:
        # On Windows, only .NET of today is told for sure: v4.0 is also what apps in other languages have.
        framework = text(asset, "config.net_framework").lower().removeprefix("v")
        if not framework or framework.startswith(("2.", "4.")):
            raise UnknownFactError("Which runtime it uses on Windows stands in settings that are not read.")
        stack = f"dotnet|{framework}"
    language, _, version = stack.partition("|")
    if language.lower() in _CONTAINERS:
        return not_applicable("It runs in a container, which brings a runtime of its own.")
    name = _LANGUAGES.get(language.lower())
    if name is None or not version:
        raise new_value("config.linux_runtime", stack)
    version = version.lower().removesuffix("-lts")
    # Both are supported by major version, .NET only from 5 on: each .NET Core before it had an end of its own.
    major = version.split(".")[0]
    if name == "node" or (name == "dotnet" and major not in ("1", "2", "3")):
        version = major
    return supported(asset, _RUNTIMES, f"{name} {version}", f"{language} {version}")


@posture_check(
    "azure_web_deployment_open",
    "Web app's deployment site is reachable from every network",
    Severity.LOW,
    "web",
    _SITE,
    why="The site beside the app (scm) takes new code and shows files and settings. A leaked password of deployments "
    "is tried there from everywhere.",
    console="Open the app, Networking, Public network access, Advanced tool site, set the unmatched rule to Deny and "
    "allow your own networks.",
    command="az webapp config access-restriction set --resource-group <group> --name <app> --scm-default-action Deny",
    references=cite("app-service/app-service-ip-restrictions"),
)
def deployment_open(asset: Asset) -> Evaluation:
    by_switch = firewalls.public_network(asset)
    if by_switch is not None:
        return by_switch
    known(asset, "config")
    # Whether the app's own rules hold for the deployment site as well. Not told means that it is not known which
    # rules hold.
    shared = flag(asset, "config.deployment_uses_main", default=None)
    return evaluation(
        restrictions.reach_of(asset, "restrictions" if shared else "deployment_restrictions", shared=shared),
        "Its rules let every network in.",
        "Only named networks reach it.",
        "From where it is reached cannot be told: a rule names addresses that Azure keeps, or has a form that is not "
        "known here.",
    )


_OF_APPS = (https_only, minimum_tls, ftp, remote_debugging, runtime, deployment_open)
# Slots are reachable as the app is, by names that anybody can guess, and are looked after less.
_OF_SLOTS = tuple(
    also_for(
        check,
        "azure.web.slot",
        identifier=("azure_web_", "azure_web_slot_"),
        title=check.title.replace("Web app", "Slot of a web app"),
        command=f"{check.command} --slot <slot>",
    )
    for check in _OF_APPS
)
CHECKS = (*_OF_APPS, *_OF_SLOTS)
