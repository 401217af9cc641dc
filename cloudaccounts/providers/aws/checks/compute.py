"""Machines, disks, functions and clusters."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from cloudaccounts.contract.inventory import Asset
from cloudaccounts.contract.rules import Evaluation, Severity, Verdict
from cloudaccounts.provider_kit.posture import (
    UnknownFactError,
    expect,
    failed,
    not_applicable,
    observed,
    optional,
    passed,
    required,
    unknown,
)
from cloudaccounts.provider_kit.reach import verdicts
from cloudaccounts.provider_kit.reach.addresses import Reach, networks
from cloudaccounts.providers.aws.checks import policies
from cloudaccounts.providers.aws.checks.results import aws_docs, check, security_hub, texts
from cloudaccounts.providers.aws.checks.support import KUBERNETES, RUNTIMES, evaluate_support
from cloudaccounts.providers.aws.policy.access import openings
from cloudaccounts.providers.aws.policy.document import parse_resource_policy

_INSTANCE, _FUNCTION = "aws.ec2.instance", "aws.lambda.function"
_WORST_FIRST = (Verdict.FAIL, Verdict.UNKNOWN, Verdict.PASS)
# Such instances stay listed for about an hour, and nothing can be changed on them.
_GONE = {"terminated", "shutting-down"}


def _imds(asset: Asset) -> Evaluation:
    if required(asset, "state", str) in _GONE:
        return not_applicable("The instance is being ended.")
    if optional(asset, "metadata_endpoint", str) == "disabled":
        return passed("The metadata service is switched off.")
    tokens = required(asset, "metadata_tokens", str)
    # "optional" means that both versions are answered (EC2 API reference, InstanceMetadataOptionsResponse).
    if tokens not in ("required", "optional"):
        raise UnknownFactError(f"What the metadata service asks for is not known here: {tokens}.")
    return expect(
        tokens == "required",
        "The metadata service also answers requests without a token (IMDSv1).",
        "Only IMDSv2 is answered.",
    )


def _volume(asset: Asset) -> Evaluation:
    return expect(required(asset, "encrypted", bool), "The volume is not encrypted.", "The volume is encrypted.")


def _default_encryption(asset: Asset) -> Evaluation:
    return expect(
        required(asset, "ebs_encryption_by_default", bool),
        "New volumes in this region are not encrypted unless somebody asks for it.",
        "New volumes in this region are encrypted.",
    )


def _snapshot_public(asset: Asset) -> Evaluation:
    """A region that blocks all sharing leaves the snapshot's permissions as they are, and lets nobody use them.

    https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_EnableSnapshotBlockPublicAccess.html
    """
    if not required(asset, "public", bool):
        return passed("The snapshot is not shared with everybody.")
    state = required(asset, "snapshot_sharing", str)
    if state == "block-all-sharing":
        return passed("It is shared with everybody, and the region's settings keep everybody out.")
    if state not in ("block-new-sharing", "unblocked"):
        raise UnknownFactError(f"Whether the region keeps everybody out is not known here: {state}.")
    return failed("Every AWS account can copy this snapshot.")


def _snapshot_encrypted(asset: Asset) -> Evaluation:
    return expect(required(asset, "encrypted", bool), "The snapshot is not encrypted.", "The snapshot is encrypted.")


def _image_public(asset: Asset) -> Evaluation:
    public = required(asset, "public", bool)
    return expect(not public, "Every AWS account can start this image.", "The image is not shared with everybody.")


def _function_public(asset: Asset) -> Evaluation:
    """By the function's own policy and by those of its aliases, each of which can be called by itself."""
    own = policies.evaluate_access(asset, through_services=True)
    if own.verdict is Verdict.FAIL:
        return own
    aliases = sorted(required(asset, "alias_policies", dict).items())
    evaluations = [own, *(_alias_public(alias, document) for alias, document in aliases)]
    # An alias can be open where the function is not: its policy counts for calls to the alias.
    worst = min(evaluations, key=lambda evaluation: _WORST_FIRST.index(evaluation.verdict))
    if worst.verdict is not Verdict.PASS:
        return worst
    # A version may have a policy of its own, too: https://docs.aws.amazon.com/lambda/latest/api/API_AddPermission.html
    return replace(worst, reason=f"{worst.reason} Policies of single versions are not read.")


def _alias_public(alias: str, document: Any) -> Evaluation:
    try:
        ways_in = openings(policies.understood(parse_resource_policy, document), through_services=True)
    except UnknownFactError as error:
        return unknown(f"Alias {alias}: {error}")
    return policies.evaluate_openings(ways_in, policies.NAMES_ONLY, whose=f"The policy of alias {alias}")


def _runtime(asset: Asset) -> Evaluation:
    # Container images bring their own runtime: Lambda has none to name.
    runtime = optional(asset, "runtime", str)
    if not runtime:
        return not_applicable("The function brings its own image.")
    return evaluate_support(asset, RUNTIMES, runtime, runtime)


def _eks_endpoint(asset: Asset) -> Evaluation:
    if not required(asset, "public_endpoint", bool):
        return passed("The cluster's API is reachable from within its network only.")
    cidrs = required(asset, "public_cidrs", list)
    return verdicts.evaluation(
        networks(cidrs).reach if cidrs else Reach.UNCLEAR,  # open to no address at all is not among what AWS offers
        "The cluster's API is reachable from the whole internet.",
        "The cluster's API is open to named addresses only.",
        "The networks that may reach the cluster's API have a form that is not known here.",
    )


def _eks_secrets(asset: Asset) -> Evaluation:
    return expect(
        required(asset, "secrets_encrypted", bool),
        "Secrets are not encrypted with a key of the account.",
        "Secrets are encrypted with a key of the account.",
    )


def _eks_version(asset: Asset) -> Evaluation:
    required(asset, "logs", list)  # read by the same call: says why, where the version is missing
    version = observed(asset, "version")
    if not isinstance(version, str) or not version:
        raise UnknownFactError("The version was not told.")
    return evaluate_support(asset, KUBERNETES, version, f"Kubernetes {version}")


def _ecr_scan(asset: Asset) -> Evaluation:
    """The registry's rules come first. With basic scanning, the repository's own setting counts where none fits.

    https://docs.aws.amazon.com/AmazonECR/latest/userguide/image-scanning.html
    """
    registry = required(asset, "registry_scanning", dict)
    kind, frequencies = registry.get("type"), texts(registry.get("frequencies"))
    # The registry's rules first: where they scan, it does not matter what the repository says.
    if set(frequencies) & {"SCAN_ON_PUSH", "CONTINUOUS_SCAN"}:
        return passed("Images are scanned when they are pushed, by the registry's rules.")
    if kind not in ("BASIC", "ENHANCED") or set(frequencies) - {"MANUAL"}:
        raise UnknownFactError("The registry's scanning has a form that is not known here.")
    if kind == "ENHANCED":
        return failed("No rule of the registry's enhanced scanning is about this repository.")
    return expect(
        required(asset, "scan_on_push", bool),
        "Neither the repository nor the registry asks for scans on push.",
        "Images are scanned when they are pushed.",
    )


CHECKS = (
    check(
        "ec2_instance_imdsv2",
        "Instance answers IMDSv1",
        Severity.HIGH,
        _INSTANCE,
        _imds,
        why="With IMDSv1, a web application that fetches a wrong address hands out the instance's credentials.",
        console="EC2, Instances, the instance, Actions, Instance settings, Modify instance metadata options: IMDSv2 "
        "required.",
        command="aws ec2 modify-instance-metadata-options --instance-id <instance> --http-tokens required",
        references=(security_hub("EC2.8"),),
    ),
    check(
        "ec2_volume_encrypted",
        "Volume is not encrypted",
        Severity.MEDIUM,
        "aws.ec2.volume",
        _volume,
        why="Encryption keeps copies of a disk unreadable for whoever lacks the key.",
        console="EC2, Volumes: make a snapshot, copy it with encryption, make a volume of the copy and swap it in.",
        command="aws ec2 copy-snapshot --source-region <region> --source-snapshot-id <snapshot> --encrypted",
        references=(
            aws_docs("EBS encryption", "https://docs.aws.amazon.com/ebs/latest/userguide/ebs-encryption.html"),
        ),
    ),
    check(
        "ec2_ebs_default_encryption",
        "New volumes are not encrypted by default",
        Severity.MEDIUM,
        "aws.account.region",
        _default_encryption,
        why="A default needs no memory: nobody has to think of encryption when a volume is made.",
        console="EC2, Settings, Data protection and security, EBS encryption, Manage: Enable. In each region.",
        command="aws ec2 enable-ebs-encryption-by-default --region <region>",
        references=(security_hub("EC2.7"),),
        every_region=True,
    ),
    check(
        "ec2_snapshot_public",
        "Disk snapshot is shared with everybody",
        Severity.CRITICAL,
        "aws.ec2.snapshot",
        _snapshot_public,
        why="Public snapshots are searched for keys and customers' data as soon as they appear.",
        console="EC2, Snapshots, the snapshot, Actions, Modify permissions: Private.",
        command="aws ec2 modify-snapshot-attribute --snapshot-id <snapshot> --attribute createVolumePermission "
        "--operation-type remove --group-names all",
        references=(
            aws_docs(
                "Share a snapshot",
                "https://docs.aws.amazon.com/ebs/latest/userguide/ebs-modifying-snapshot-permissions.html",
            ),
        ),
    ),
    check(
        "ec2_snapshot_encrypted",
        "Disk snapshot is not encrypted",
        Severity.LOW,
        "aws.ec2.snapshot",
        _snapshot_encrypted,
        why="An unencrypted snapshot can be shared by one click; an encrypted one needs the key as well.",
        console="EC2, Snapshots, the snapshot, Actions, Copy snapshot: Encrypt; then delete the old one.",
        command="aws ec2 copy-snapshot --source-region <region> --source-snapshot-id <snapshot> --encrypted",
        references=(
            aws_docs("EBS encryption", "https://docs.aws.amazon.com/ebs/latest/userguide/ebs-encryption.html"),
        ),
    ),
    check(
        "ec2_image_public",
        "Machine image is shared with everybody",
        Severity.HIGH,
        "aws.ec2.image",
        _image_public,
        why="Images carry what was on the machine: configuration, keys, source code.",
        console="EC2, AMIs, the image, Actions, Edit AMI permissions: Private.",
        command="aws ec2 modify-image-attribute --image-id <image> --launch-permission 'Remove=[{Group=all}]'",
        references=(
            aws_docs(
                "Block public access to images",
                "https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/block-public-access-to-amis.html",
            ),
        ),
    ),
    check(
        "lambda_function_public",
        "Function can be called by everybody",
        Severity.HIGH,
        _FUNCTION,
        _function_public,
        why="Whoever may call a function makes it work with its role's permissions, and at your cost.",
        console="Lambda, Functions, the function, Configuration, Permissions, Resource-based policy: delete the "
        "statement.",
        command="aws lambda remove-permission --function-name <function> --statement-id <statement>",
        references=(
            aws_docs(
                "Resource-based policies",
                "https://docs.aws.amazon.com/lambda/latest/dg/access-control-resource-based.html",
            ),
        ),
    ),
    check(
        "lambda_runtime_supported",
        "Function runs on a runtime without support",
        Severity.MEDIUM,
        _FUNCTION,
        _runtime,
        why="A runtime out of support keeps its known holes.",
        console="Lambda, Functions, the function, Code, Runtime settings, Edit.",
        command="aws lambda update-function-configuration --function-name <function> --runtime <runtime>",
        references=(aws_docs("Lambda runtimes", "https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtimes.html"),),
        time_dependent=True,
    ),
    check(
        "eks_endpoint_public",
        "Kubernetes API is open to the internet",
        Severity.HIGH,
        "aws.eks.cluster",
        _eks_endpoint,
        why="Who reaches the API can try stolen tokens and new holes on it.",
        console="EKS, Clusters, the cluster, Networking, Manage endpoint access: private, or name the addresses.",
        command="aws eks update-cluster-config --name <cluster> --resources-vpc-config "
        "endpointPublicAccess=false,endpointPrivateAccess=true",
        references=(security_hub("EKS.1"),),
    ),
    check(
        "eks_secrets_encrypted",
        "Kubernetes secrets are not encrypted with the account's key",
        Severity.MEDIUM,
        "aws.eks.cluster",
        _eks_secrets,
        why="With a key of your own you decide, and see, who reads the cluster's secrets.",
        console="EKS, Clusters, the cluster, Overview, Secrets encryption, Enable.",
        command="aws eks associate-encryption-config --cluster-name <cluster> --encryption-config "
        '\'[{"resources":["secrets"],"provider":{"keyArn":"<key>"}}]\'',
        references=(security_hub("EKS.3"),),
    ),
    check(
        "eks_version_supported",
        "Kubernetes version is past its standard support",
        Severity.MEDIUM,
        "aws.eks.cluster",
        _eks_version,
        why="Past its standard support a version costs several times as much, and after a year of that AWS upgrades "
        "the cluster on a day of its own choice.",
        console="EKS, Clusters, the cluster, Upgrade now: one minor version at a time, the control plane first.",
        command="aws eks update-cluster-version --name <cluster> --kubernetes-version <new>",
        references=(
            security_hub("EKS.2"),
            aws_docs("EKS versions", "https://docs.aws.amazon.com/eks/latest/userguide/kubernetes-versions.html"),
        ),
        time_dependent=True,
    ),
    check(
        "ecr_scan_on_push",
        "Container images are not scanned when pushed",
        Severity.LOW,
        "aws.ecr.repository",
        _ecr_scan,
        why="A scan tells of known holes before an image runs.",
        console="ECR, Private registry, Settings, Scanning, or the repository, Edit: Scan on push.",
        command="aws ecr put-image-scanning-configuration --repository-name <repository> "
        "--image-scanning-configuration scanOnPush=true",
        references=(security_hub("ECR.1"),),
    ),
)
