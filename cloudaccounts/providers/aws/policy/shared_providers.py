"""Identity providers that many customers share, and the claim that says which customer it was.

https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_providers_oidc_secure-by-default.html
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from cloudaccounts.providers.aws.policy.answers import Answer
from cloudaccounts.providers.aws.policy.patterns import fixed_start, has_variable, is_wild


@dataclass(frozen=True, slots=True)
class SharedProvider:
    who: str  # completes "lets … in": whom it lets in without a condition
    claims: tuple[str, ...]  # each of them says who, where its value is fixed
    owner: str = (
        ""  # the shape of a value's beginning that names one customer; where empty, the whole value must be fixed
    )

    def names_somebody(self, value: str, *, wildcards: bool) -> Answer:
        """Whether the claim's value leaves out the provider's other customers."""
        if has_variable(value) or not value:
            return Answer.UNSURE
        if not wildcards or not is_wild(value):
            return Answer.YES
        start = fixed_start(value)
        if self.owner and re.match(self.owner, start):
            return Answer.YES
        # A subject may be composed of other claims, which nobody here knows; with none of them fixed it is anybody's.
        whole_claims = start.count(":") - bool(re.match("repo:|project_path:|organization:|owner:", start))
        return Answer.UNSURE if self.owner and whole_claims > 0 else Answer.NO


# The subject of GitHub's tokens: https://docs.github.com/en/actions/reference/security/oidc
_GITHUB = r"repo:[^/:]+/|(?:repository|repository_owner|repository_id|repository_owner_id|enterprise_id):[^:]+:"
_ORGANIZATION = r"organization:[^:]+:"

SHARED: Mapping[str, SharedProvider] = MappingProxyType(
    {
        "token.actions.githubusercontent.com": SharedProvider("any GitHub repository", ("sub",), _GITHUB),
        "vstoken.actions.githubusercontent.com": SharedProvider("any GitHub repository", ("sub",), _GITHUB),
        "oidc-configuration.audit-log.githubusercontent.com": SharedProvider("any GitHub enterprise", ("sub",)),
        # https://docs.gitlab.com/ci/cloud_services/
        "gitlab.com": SharedProvider("any GitLab project", ("sub",), r"project_path:[^/:]+/"),
        "app.terraform.io": SharedProvider("any HCP Terraform organization", ("sub",), _ORGANIZATION),
        "agent.buildkite.com": SharedProvider("any Buildkite organization", ("sub",), _ORGANIZATION),
        "oidc.codefresh.io": SharedProvider("any Codefresh account", ("sub",), r"account:[^:]+:"),
        "scalr.io": SharedProvider("any Scalr account", ("sub",), r"account:[^:]+:"),
        "studio.datachain.ai/api": SharedProvider("any DVC Studio team", ("sub",)),
        "tokens.cloud.shisho.dev": SharedProvider("any Shisho Cloud organization", ("sub",)),
        "proidc.upbound.io": SharedProvider("any Upbound organization", ("sub",)),
        "api.pulumi.com/oidc": SharedProvider("any Pulumi organization", ("aud", "sub")),
        "oidc.vercel.com": SharedProvider("any Vercel team", ("aud", "sub")),
        "sandboxes.cloud": SharedProvider("any customer of sandboxes.cloud", ("aud",)),
        # https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_iam-condition-keys.html
        "cognito-identity.amazonaws.com": SharedProvider("any Cognito identity pool", ("aud", "sub")),
        "accounts.google.com": SharedProvider("any Google user", ("aud", "sub", "oaud")),
        "graph.facebook.com": SharedProvider("any Facebook user", ("app_id", "id")),
        "www.amazon.com": SharedProvider("any Amazon user", ("app_id", "user_id")),
    }
)
# Said by every token of the provider, or chosen by whoever asks for it.
SAYS_NOTHING = frozenset({"aud", "amr", "iss"})
