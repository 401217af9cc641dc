"""What policies give to everybody on the internet."""

from __future__ import annotations

from cloudaccounts.contract.inventory import Asset
from cloudaccounts.contract.rules import Evaluation, PostureCheck, Severity
from cloudaccounts.provider_kit.posture import Rule, abridge, expect, known, posture_check, texts
from cloudaccounts.providers.gcp.checks.narrowed import minding_conditions
from cloudaccounts.providers.gcp.checks.references import cite


def evaluate_public(asset: Asset) -> Evaluation:
    # Unknown where the policies could not be searched: an empty list would read as "nothing is given".
    known(asset, "public_roles")
    roles = texts(asset, "public_roles")
    return expect(not roles, f"Everybody on the internet holds {abridge(roles)}.", "Nothing is given to everybody.")


def publication(
    identifier: str, title: str, severity: Severity, kind: str, command: str, evaluate: Rule
) -> PostureCheck:
    service = kind.split(".")[1]
    return posture_check(
        identifier,
        title,
        severity,
        service,
        kind,
        why="allUsers is everybody on the internet, and allAuthenticatedUsers everybody with a Google account: both "
        "need no leaked password and no break-in.",
        console="Open the resource, Permissions: remove allUsers and allAuthenticatedUsers.",
        command=command,
        references=cite("iam/docs/overview#all-users"),
    )(minding_conditions(evaluate))


key_public = publication(
    "gcp_kms_key_public",
    "Key can be used by everybody",
    Severity.CRITICAL,
    "gcp.cloudkms.crypto_key",
    "gcloud kms keys remove-iam-policy-binding <key> --keyring=<ring> --location=<location> --member=allUsers "
    "--role=<role>",
    evaluate_public,
)
topic_public = publication(
    "gcp_pubsub_topic_public",
    "Topic is open to everybody",
    Severity.HIGH,
    "gcp.pubsub.topic",
    "gcloud pubsub topics remove-iam-policy-binding <topic> --member=allUsers --role=<role>",
    evaluate_public,
)
secret_public = publication(
    "gcp_secret_public",
    "Secret can be read by everybody",
    Severity.CRITICAL,
    "gcp.secretmanager.secret",
    "gcloud secrets remove-iam-policy-binding <secret> --member=allUsers --role=<role>",
    evaluate_public,
)


table_public = publication(
    "gcp_bigquery_table_public",
    "Table is public",
    Severity.CRITICAL,
    "gcp.bigquery.table",
    "bq remove-iam-policy-binding --member=allAuthenticatedUsers --role=<role> <project>:<dataset>.<table>",
    evaluate_public,
)

repository_public = publication(
    "gcp_artifact_repository_public",
    "Repository can be read by everybody",
    Severity.HIGH,
    "gcp.artifactregistry.repository",
    "gcloud artifacts repositories remove-iam-policy-binding <repository> --location=<location> --member=allUsers "
    "--role=<role>",
    evaluate_public,
)
subscription_public = publication(
    "gcp_pubsub_subscription_public",
    "Subscription is open to everybody",
    Severity.HIGH,
    "gcp.pubsub.subscription",
    "gcloud pubsub subscriptions remove-iam-policy-binding <subscription> --member=allUsers --role=<role>",
    evaluate_public,
)
image_public = publication(
    "gcp_image_public",
    "Image is shared with everybody",
    Severity.HIGH,
    "gcp.compute.image",
    "gcloud compute images remove-iam-policy-binding <image> --member=allAuthenticatedUsers --role=<role>",
    evaluate_public,
)
snapshot_public = publication(
    "gcp_snapshot_public",
    "Snapshot is shared with everybody",
    Severity.HIGH,
    "gcp.compute.snapshot",
    "gcloud compute snapshots remove-iam-policy-binding <snapshot-name> --member=allAuthenticatedUsers --role=<role>",
    evaluate_public,
)
account_public = publication(
    "gcp_service_account_public",
    "Everybody may act as the service account",
    Severity.CRITICAL,
    "gcp.iam.service_account",
    "gcloud iam service-accounts remove-iam-policy-binding <account> --member=allAuthenticatedUsers --role=<role>",
    evaluate_public,
)

CHECKS = (
    key_public,
    topic_public,
    secret_public,
    table_public,
    repository_public,
    subscription_public,
    image_public,
    snapshot_public,
    account_public,
)
