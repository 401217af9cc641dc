"""Until when Google supports a runtime or a version, by the files in ``facts``: by the day on which it was observed."""

from __future__ import annotations

import re
from pathlib import Path

from cloudaccounts.contract.inventory import Asset
from cloudaccounts.contract.rules import Evaluation, Fact, PostureCheck, Severity, Verdict
from cloudaccounts.provider_kit.dated_facts import DatedFacts, Support, day_of, load
from cloudaccounts.provider_kit.posture import failed, known, passed, posture_check, text, unknown
from cloudaccounts.providers.gcp.checks.references import cite

_FACTS = Path(__file__).parent.parent / "facts"
RUNTIMES = load(_FACTS / "function_runtimes.json")
DATABASES = load(_FACTS / "cloud_sql_versions.json")
KUBERNETES = load(_FACTS / "gke_versions.json")
PROTOCOLS = load(_FACTS / "tls_protocols.json")
PROFILES = load(_FACTS / "ssl_policy_profiles.json")
# MYSQL_8_0_36 is a minor version of MYSQL_8_0, SQLSERVER_2022_WEB an edition of 2022.
_DATABASE = re.compile(r"(MYSQL_\d+_\d+|POSTGRES_(?:9_\d+|\d+)|SQLSERVER_\d{4})(?:_.*)?")
_KUBERNETES = re.compile(r"(\d+\.\d+)(?:[.-].*)?")


def _evaluate(asset: Asset, facts: DatedFacts, name: str, path: str) -> Evaluation:
    day = day_of(asset)
    support, ends = facts.support(name, day), facts.ends(name)
    evidence = [Fact(path, name, "a version that Google supports")]
    if support is Support.UNKNOWN:
        return unknown(f"Until when {name} is supported is not known here.", evidence)
    if support is Support.ENDED:
        return failed(f"The support for {name} ended on {ends:%d %B %Y}.", evidence)
    return passed(f"{name} is supported until {ends:%d %B %Y}." if ends else f"No end of support for {name} is known.")


def _runtime(kind: str, identifier: str, path: str) -> PostureCheck:
    def evaluate(asset: Asset) -> Evaluation:
        return _evaluate(asset, RUNTIMES, str(known(asset, path)), path)

    return posture_check(
        identifier,
        "Function runs on what nobody maintains",
        Severity.MEDIUM,
        "cloudfunctions",
        kind,
        why="After its deprecation a runtime gets no support: a flaw in the language stays open in the function.",
        console="Cloud Run functions, choose the function, Edit, Code: choose a newer runtime, and deploy.",
        command="gcloud functions deploy <function> --region=<region> --runtime=<runtime>",
        references=cite("functions/docs/runtime-support"),
        time_dependent=True,
        expected={path: "a runtime that Google supports"},
    )(evaluate)


@posture_check(
    "gcp_sql_version",
    "Database's version is out of support",
    Severity.MEDIUM,
    "sqladmin",
    "gcp.sqladmin.instance",
    why="Its makers fix it no more. Cloud SQL's extended support costs, and fixes the worst flaws only.",
    console="SQL, choose the instance, Edit, Upgrade.",
    command="gcloud sql instances patch <instance> --database-version=<version>",
    references=cite("sql/docs/postgres/db-versions"),
    time_dependent=True,
)
def database_version(asset: Asset) -> Evaluation:
    version = str(known(asset, "databaseVersion"))
    match = _DATABASE.fullmatch(version)
    return _evaluate(asset, DATABASES, match[1] if match else version, "databaseVersion")


@posture_check(
    "gcp_gke_version",
    "Kubernetes version is out of support",
    Severity.MEDIUM,
    "container",
    "gcp.container.cluster",
    why="Flaws in Kubernetes are not fixed in old versions, and an upgrade over many of them is hard.",
    console="Kubernetes Engine, Clusters, choose the cluster, Upgrades: upgrade, and choose a release channel.",
    command="gcloud container clusters upgrade <cluster> --location=<location> --master --cluster-version=<version>",
    references=cite("kubernetes-engine/docs/release-schedule"),
    time_dependent=True,
)
def kubernetes_version(asset: Asset) -> Evaluation:
    version = str(known(asset, "currentMasterVersion"))
    match = _KUBERNETES.fullmatch(version)
    result = _evaluate(asset, KUBERNETES, match[1] if match else version, "currentMasterVersion")
    # https://cloud.google.com/kubernetes-engine/docs/concepts/release-channels: up to ten months more, for each version
    # of its own, which the file does not have.
    if result.verdict is not Verdict.FAIL or text(asset, "releaseChannel.channel").upper() != "EXTENDED":
        return result
    return unknown("It is in the Extended channel, and until when that supports its version is not known here.")


CHECKS = (
    _runtime("gcp.cloudfunctions.function", "gcp_function_runtime", "buildConfig.runtime"),
    _runtime("gcp.cloudfunctions.cloud_function", "gcp_function_v1_runtime", "runtime"),
    database_version,
    kubernetes_version,
)
