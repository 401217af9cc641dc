"""Keys, secrets and repositories that strangers may use: by the policy of the resource itself."""

from __future__ import annotations

from cloudaccounts.contract.inventory import Asset
from cloudaccounts.contract.rules import Evaluation, Severity
from cloudaccounts.provider_kit.posture import UnknownFactError, not_applicable, optional, required
from cloudaccounts.providers.aws.checks import policies
from cloudaccounts.providers.aws.checks.results import aws_docs, check, security_hub

# What a service does with a key for whoever has it do so; that many look at a key opens nothing:
# https://docs.aws.amazon.com/IAM/latest/UserGuide/confused-deputy.html
_USE_OF_A_KEY = ("kms:decrypt", "kms:encrypt", "kms:generatedatakey", "kms:creategrant", "kms:sign")


def _key_public(asset: Asset) -> Evaluation:
    if required(asset, "state", str) == "PendingDeletion":
        return not_applicable("The key is waiting for its deletion.")
    # Every key has a policy, so None cannot mean that there is none.
    if optional(asset, "policy", dict) is None:
        raise UnknownFactError("Policy was not told: every key has one.")
    return policies.evaluate_access(asset, to_use=_USE_OF_A_KEY)


CHECKS = (
    check(
        "kms_key_public",
        "Key can be used by strangers",
        Severity.HIGH,
        "aws.kms.key",
        _key_public,
        why="What a key protects is only as closed as the key: who may decrypt with it needs nothing but the data.",
        console="KMS, Customer managed keys, the key, Key policy, Edit: name the accounts and roles, or add a "
        "condition such as kms:CallerAccount.",
        command="aws kms put-key-policy --key-id <key> --policy-name default --policy file://policy.json",
        references=(
            security_hub("KMS.5"),
            aws_docs("Key policies", "https://docs.aws.amazon.com/kms/latest/developerguide/key-policies.html"),
        ),
    ),
    check(
        "secretsmanager_secret_public",
        "Secret can be read by strangers",
        Severity.CRITICAL,
        "aws.secretsmanager.secret",
        policies.evaluate_access,
        why="A secret that everybody may ask for opens what it was kept for.",
        console="Secrets Manager, the secret, Overview, Resource permissions, Edit permissions: name who needs it, and "
        "choose Block public access.",
        command="aws secretsmanager put-resource-policy --secret-id <secret> --block-public-policy --resource-policy "
        "file://policy.json",
        references=(
            aws_docs(
                "Resource-based policies",
                "https://docs.aws.amazon.com/secretsmanager/latest/userguide/auth-and-access_resource-policies.html",
            ),
        ),
    ),
    check(
        "ecr_repository_public",
        "Repository is open to strangers",
        Severity.HIGH,
        "aws.ecr.repository",
        policies.evaluate_access,
        why="Images carry source code and configuration; who may push to a repository runs his own in your clusters.",
        console="ECR, Private registry, Repositories, the repository, Permissions, Edit policy JSON: name "
        "the accounts.",
        command="aws ecr set-repository-policy --repository-name <repository> --policy-text file://policy.json",
        references=(
            aws_docs(
                "Private repository policies",
                "https://docs.aws.amazon.com/AmazonECR/latest/userguide/repository-policies.html",
            ),
        ),
    ),
)
