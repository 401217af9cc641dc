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
    composed: bool = False  # a customer chooses of which claims the value is made: one without an owner is anybody's
    guests: str = ""  # who gets in without signing in, by a token whose amr says so; completes "lets … in"

    def names_somebody(self, value: str, *, wildcards: bool) -> Answer:
        """Whether the claim's value leaves out the provider's other customers."""
        if has_variable(value) or not value:
            return Answer.UNSURE
        if not wildcards or not is_wild(value):
            return Answer.UNSURE if self.composed and not _OWNED.search(value) else Answer.YES
        start = fixed_start(value)
        if self.owner and re.match(self.owner, start):
            return Answer.YES
        # A subject may be composed of other claims, which nobody here knows; with none of them fixed it is anybody's.
        whole_claims = start.count(":") - bool(re.match("repo:|project_path:|organization:|owner:", start))
        return Answer.UNSURE if self.owner and whole_claims > 0 else Answer.NO


# The subject of GitHub's tokens: https://docs.github.com/en/actions/reference/security/oidc
_GITHUB = r"repo:[^/:]+/|(?:repository|repository_owner|repository_id|repository_owner_id|enterprise_id):[^:]+:"
# With customized claims, anybody's repository has a subject such as "environment:prod" or "pull_request", and the owner
# may stand behind other claims. A colon within a claim's value is written %3A.
_OWNED = re.compile(
    r"(?:^|:)(?:repo:[^/:]+/|(?:repository|repository_owner|repository_id|repository_owner_id|enterprise_id):[^:]+)"
)
_ORGANIZATION = r"organization:[^:]+:"
# Who asks an identity pool that has guests, gets a token of theirs, and a pool's ID stands in each app that uses it:
# https://docs.aws.amazon.com/cognito/latest/developerguide/identity-pools.html
_COGNITO = SharedProvider(
    "any Cognito identity pool", ("aud", "sub"), guests="whoever asks the Cognito identity pool without signing in"
)

SHARED: Mapping[str, SharedProvider] = MappingProxyType(
    {
        "token.actions.githubusercontent.com": SharedProvider(
            "any GitHub repository", ("sub",), _GITHUB, composed=True
        ),
        "vstoken.actions.githubusercontent.com": SharedProvider(
            "any GitHub repository", ("sub",), _GITHUB, composed=True
        ),
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
        # In China and GovCloud it goes by other names:
        # https://docs.aws.amazon.com/cognito/latest/developerguide/role-trust-and-permissions.html
        # and https://docs.aws.amazon.com/govcloud-us/latest/UserGuide/govcloud-cog.html
        "cognito-identity.amazonaws.com": _COGNITO,
        "cognito-identity-us-gov.amazonaws.com": _COGNITO,
        "cognito-identity.cn-north-1.amazonaws.com.cn": _COGNITO,
        "accounts.google.com": SharedProvider("any Google user", ("aud", "sub", "oaud")),
        "graph.facebook.com": SharedProvider("any Facebook user", ("app_id", "id")),
        "www.amazon.com": SharedProvider("any Amazon user", ("app_id", "user_id")),
    }
)
# Issuers that are one customer's by their own address: a cluster, a directory, an enterprise.
_OF_ONE_CUSTOMER = re.compile(
    # https://docs.aws.amazon.com/eks/latest/userguide/associate-service-account-role.html
    r"oidc\.eks\.[a-z0-9-]+\.(?:amazonaws\.com|amazonaws\.com\.cn|api\.aws)/id/.+"
    # https://docs.aws.amazon.com/cognito/latest/developerguide/amazon-cognito-user-pools-using-tokens-verifying-a-jwt.html
    r"|cognito-idp\.[a-z0-9-]+\.amazonaws\.com(?:\.cn)?/.+"
    # https://learn.microsoft.com/en-us/entra/identity-platform/access-token-claims-reference
    r"|login\.microsoftonline\.com/[0-9a-f-]{36}(?:/.*)?|sts\.windows\.net/[0-9a-f-]{36}/?"
    # https://developer.okta.com/docs/concepts/auth-servers/ and https://auth0.com/docs/get-started/applications
    r"|[a-z0-9-]+\.okta(?:preview|-emea)?\.com(?:/.*)?|[a-z0-9-]+(?:\.[a-z]+)?\.auth0\.com/?"
    # https://docs.github.com/en/actions/reference/security/oidc
    r"|token\.actions\.githubusercontent\.com/.+"
)


def is_of_one_customer(name: str) -> bool:
    """Whether all that the issuer signs in is one customer's, whatever the tokens say."""
    return _OF_ONE_CUSTOMER.fullmatch(name) is not None


# Said by every token of the provider, or chosen by whoever asks for it.
SAYS_NOTHING = frozenset({"aud", "amr", "iss"})
