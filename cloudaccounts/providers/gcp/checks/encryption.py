"""Keys of your own for data at rest, where Google's would be used else."""

from __future__ import annotations

from cloudaccounts.contract.inventory import Asset
from cloudaccounts.contract.rules import Evaluation, Severity
from cloudaccounts.provider_kit.posture import expect, known, not_applicable, posture_check, text, unknown
from cloudaccounts.providers.gcp.checks.references import cite

_WHY = "Google encrypts everything. With a key in Cloud KMS you decide who may read it, see each use, and can end it."
_NO_DATA = ("VIEW", "EXTERNAL", "MATERIALIZED_VIEW")
_WITH_DATA = ("TABLE", "SNAPSHOT", "")


@posture_check(
    "gcp_bigquery_table_customer_key",
    "Table is not encrypted with a key of your own",
    Severity.LOW,
    "bigquery",
    "gcp.bigquery.table",
    why=_WHY,
    console="BigQuery: copy the table, with Encryption set to a Cloud KMS key, and delete the old one.",
    command="bq cp --destination_kms_key=<key> <project>:<dataset>.<table> <project>:<dataset>.<copy>",
    references=cite("bigquery/docs/customer-managed-encryption"),
    expected={"encryptionConfiguration.kmsKeyName": "a key in Cloud KMS"},
)
def table_key(asset: Asset) -> Evaluation:
    kind = text(asset, "type").upper()
    if kind in _NO_DATA:
        return not_applicable("It holds no data of its own: it shows those of other tables, or of files elsewhere.")
    if kind not in _WITH_DATA:
        return unknown("It is a table of a kind that is not known here.")
    own = bool(text(asset, "encryptionConfiguration.kmsKeyName"))
    return expect(own, "It is encrypted with Google's key.", "It is encrypted with a key of yours.")


@posture_check(
    "gcp_bigquery_dataset_customer_key",
    "New tables of the dataset get Google's key",
    Severity.LOW,
    "bigquery",
    "gcp.bigquery.dataset",
    why=f"{_WHY} A default key of the dataset makes sure that nobody forgets it.",
    console="BigQuery, choose the dataset, Edit details, Advanced options: Cloud KMS key.",
    command="bq update --default_kms_key=<key> <project>:<dataset>",
    references=cite("bigquery/docs/customer-managed-encryption"),
    expected={"defaultEncryptionConfiguration.kmsKeyName": "a key in Cloud KMS"},
)
def dataset_key(asset: Asset) -> Evaluation:
    # https://cloud.google.com/bigquery/docs/reference/rest/v2/datasets#Dataset
    kind = text(asset, "type").upper()
    if kind == "LINKED":
        return not_applicable("It is linked: its tables are another project's.")
    if kind.startswith(("EXTERNAL", "BIGLAKE_")):
        return not_applicable("Its tables lie elsewhere, and are encrypted there.")
    if kind not in ("", "DEFAULT", "PUBLIC"):
        return unknown("It is a dataset of a kind that is not known here.")
    own = bool(text(asset, "defaultEncryptionConfiguration.kmsKeyName"))
    return expect(own, "It has no default key.", "Its new tables get a key of yours.")


@posture_check(
    "gcp_dataproc_customer_key",
    "Dataproc cluster is not encrypted with a key of your own",
    Severity.LOW,
    "dataproc",
    "gcp.dataproc.cluster",
    why=_WHY,
    console="It is chosen when the cluster is made: make it anew with Manage security, Encryption, Cloud KMS key.",
    command="gcloud dataproc clusters create <cluster> --region=<region> --kms-key=<key>",
    references=cite("dataproc/docs/concepts/configuring-clusters/customer-managed-encryption"),
    expected={"config.encryptionConfig.gcePdKmsKeyName": "a key in Cloud KMS"},
)
def dataproc_key(asset: Asset) -> Evaluation:
    if known_virtual(asset):
        return not_applicable("It runs on a Kubernetes cluster, whose disks decide.")
    known(asset, "config")
    own = text(asset, "config.encryptionConfig.gcePdKmsKeyName") or text(asset, "config.encryptionConfig.kmsKey")
    return expect(bool(own), "Its disks have Google's key.", "Its disks have a key of yours.")


def known_virtual(asset: Asset) -> bool:
    """Dataproc on GKE has this in place of ``config``."""
    return bool(asset.properties.get("virtualClusterConfig"))


CHECKS = (table_key, dataset_key, dataproc_key)
