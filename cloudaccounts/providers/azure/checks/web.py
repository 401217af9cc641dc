"""App Service."""

from __future__ import annotations

from cloudaccounts.contract.inventory import Asset
from cloudaccounts.contract.rules import Evaluation, Severity
from cloudaccounts.provider_kit.posture import expect, flag, known, posture_check, text
from cloudaccounts.providers.azure.checks.references import cite

_SITE = "azure.web.site"


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
    return expect(flag(asset, "https_only"), "Plain HTTP is answered.", "Plain HTTP is redirected.")


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
    known(asset, "config")
    version = text(asset, "config.minimum_tls")
    good = version in ("1.2", "1.3")
    return expect(good, f"The minimum TLS version is {version or 'not set'}.", f"The minimum TLS version is {version}.")


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
    known(asset, "config")
    state = text(asset, "config.ftps_state")
    return expect(state in ("Disabled", "FtpsOnly"), f"FTP state: {state or 'not set'}.", f"FTP state: {state}.")


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
    known(asset, "config")
    return expect(not flag(asset, "config.remote_debugging"), "Remote debugging is on.", "Remote debugging is off.")


CHECKS = (https_only, minimum_tls, ftp, remote_debugging)
