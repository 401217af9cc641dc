"""What Azure's error codes mean, in words. Data only: no SDK, no Django."""

from __future__ import annotations

from types import MappingProxyType

from cloudaccounts.provider_kit.error_messages import ErrorMessage

_TRY_AGAIN = "Try again; if it stays so, the operator must check this server's network and proxy."
_MAKE_ANEW = "In Azure, open the app registration, Certificates & secrets, and make a new client secret."

TENANT_UNKNOWN = ErrorMessage(
    "tenant_not_found",
    "There is no tenant with this ID in this cloud of Azure.",
    "Copy the Tenant ID from the overview page of Microsoft Entra ID, and check the cloud in step 2.",
)
_APP_UNKNOWN = ErrorMessage(
    "app_not_in_tenant",
    "This tenant does not know the app: the client ID is wrong, or it belongs to another tenant.",
    "Copy the Application (client) ID and the Directory (tenant) ID from the same app registration. An app of another "
    "tenant must first be given an enterprise application in this one.",
)
_APP_DISABLED = ErrorMessage(
    "app_disabled",
    "The app is switched off in this tenant.",
    "In Azure, open Enterprise applications, the app, Properties, and enable sign-in; or remove the block.",
)
_SECRET_WRONG = ErrorMessage(
    "client_secret_wrong",
    "The app exists, but this is not one of its client secrets.",
    "Copy the column Value of the secret, not the Secret ID. Azure shows it only once: a lost one must be made anew.",
)
_SECRET_EXPIRED = ErrorMessage("client_secret_expired", "This client secret has expired.", _MAKE_ANEW)
_NO_CREDENTIAL = ErrorMessage(
    "credential_missing", "Azure got no secret, certificate or token with the request.", "Enter the credential again."
)
CERTIFICATE_UNKNOWN = ErrorMessage(
    "certificate_unknown",
    "The app exists, but this certificate is not registered with it.",
    "Upload the public part of the certificate in the app registration, Certificates & secrets, and compare the "
    "thumbprint. A certificate registered less than a minute ago may need a moment.",
)
CERTIFICATE_EXPIRED = ErrorMessage(
    "certificate_expired",
    "This certificate has expired.",
    "Make a new certificate and register its public part with the app in Azure.",
)
_ASSERTION_TIME = ErrorMessage(
    "clock_skew",
    "Azure refused the signed request because of its time: the clock of this server is wrong, or the token that it "
    "presents has expired.",
    "The operator must set this server's clock (for example by NTP) and see that its token file is renewed.",
)
_ASSERTION_INVALID = ErrorMessage(
    "assertion_invalid",
    "Azure does not accept the signature of the token that this server presents.",
    "The operator must check that the issuer of this server's token publishes its keys where Azure can read them.",
)
_FEDERATION_MISSING = ErrorMessage(
    "federated_credential_missing",
    "The app has no federated credential for this server: none names this server's issuer and subject.",
    "Add one to the app registration with one of the set-up guides, letter by letter; case counts. One added less than "
    "a minute ago may need a moment.",
)
_FEDERATION_ISSUER = ErrorMessage(
    "federated_issuer_mismatch",
    "The app has a federated credential, but for another issuer than this server's.",
    "Make the issuer of the federated credential exactly the one in the set-up guide; a slash at its end counts.",
)
_FEDERATION_AUDIENCE = ErrorMessage(
    "federated_audience_mismatch",
    "The audience of this server's token is not the one that the app's federated credential names.",
    "Make the audience the one in the set-up guide; the operator must have this server's token issued for it.",
)
_FEDERATION_SUBJECT = ErrorMessage(
    "federated_subject_mismatch",
    "The app has a federated credential, but for another subject than this server's.",
    "Make the subject of the federated credential exactly the one in the set-up guide; case counts.",
)
_ISSUER_UNREACHABLE = ErrorMessage(
    "federated_issuer_unreachable",
    "Azure could not read the keys of the issuer of this server's token.",
    "The operator must see that the issuer's /.well-known/openid-configuration can be read from the internet.",
)
_CONDITIONAL_ACCESS = ErrorMessage(
    "conditional_access",
    "A Conditional Access policy of the tenant keeps the app out.",
    "An administrator of the tenant must allow this server's network, or leave the app out of the policy.",
)
_TENANT_BLOCKED = ErrorMessage(
    "tenant_blocked",
    "The tenant is blocked, deleted or does not allow access from here.",
    "An administrator of the tenant must look at its state in Microsoft Entra ID.",
)
_OTHER_CLOUD = ErrorMessage(
    "tenant_in_other_cloud",
    "The tenant lives in another cloud of Azure.",
    "Choose that cloud (public, US Government or China) in step 2.",
)
_RESOURCE_MISSING = ErrorMessage(
    "resource_manager_missing",
    "The tenant does not know Azure Resource Manager, or has switched it off for apps.",
    "An administrator of the tenant must enable the enterprise application “Windows Azure Service Management API”.",
)
SIGN_IN_REFUSED = ErrorMessage(
    "sign_in_refused",
    "Microsoft Entra ID refused the sign-in for a reason that is not known here.",
    "Look the error id up at https://login.microsoftonline.com/error, or in the app's sign-in logs in Azure.",
)
THROTTLED = ErrorMessage(
    "throttled",
    "Azure is limiting the rate of requests.",
    "Wait a minute and try again; other tools may be using up the limit of the subscription or the app.",
    permanent=False,
)
UNAVAILABLE = ErrorMessage(
    "azure_unavailable", "Azure answered with a failure of its own.", "Try again in a few minutes.", permanent=False
)

# By the number behind "AADSTS". 700027 is in `errors`: its message decides between two cases.
# https://learn.microsoft.com/entra/identity-platform/reference-error-codes
AADSTS: MappingProxyType[str, ErrorMessage] = MappingProxyType(
    {
        "90002": TENANT_UNKNOWN,
        "900023": TENANT_UNKNOWN,
        "900021": TENANT_UNKNOWN,
        "90038": _OTHER_CLOUD,
        "900382": _OTHER_CLOUD,
        "900432": _OTHER_CLOUD,
        "700016": _APP_UNKNOWN,
        "70001": _APP_UNKNOWN,
        "7000229": _APP_UNKNOWN,
        "50194": _APP_UNKNOWN,
        "7000112": _APP_DISABLED,
        "50057": _APP_DISABLED,
        "50105": _APP_DISABLED,
        "7000215": _SECRET_WRONG,
        "70002": _SECRET_WRONG,
        "7000222": _SECRET_EXPIRED,
        "7000216": _NO_CREDENTIAL,
        "7000218": _NO_CREDENTIAL,
        "700023": CERTIFICATE_UNKNOWN,
        "7000214": CERTIFICATE_EXPIRED,
        "50012": CERTIFICATE_UNKNOWN,
        "700024": _ASSERTION_TIME,
        "500133": _ASSERTION_TIME,
        "50013": _ASSERTION_INVALID,
        "50027": _ASSERTION_INVALID,
        "5002730": _ASSERTION_INVALID,
        "700021": _ASSERTION_INVALID,
        "70021": _FEDERATION_MISSING,
        "70025": _FEDERATION_MISSING,
        "700211": _FEDERATION_ISSUER,
        "700212": _FEDERATION_AUDIENCE,
        "700213": _FEDERATION_SUBJECT,
        "50166": _ISSUER_UNREACHABLE,
        "501661": _ISSUER_UNREACHABLE,
        "90061": _ISSUER_UNREACHABLE,
        "53003": _CONDITIONAL_ACCESS,
        "530034": _CONDITIONAL_ACCESS,
        "53000": _CONDITIONAL_ACCESS,
        "500011": _RESOURCE_MISSING,
        "500014": _RESOURCE_MISSING,
        "500021": _TENANT_BLOCKED,
        "5000224": _TENANT_BLOCKED,
        "5000225": _TENANT_BLOCKED,
        "90033": UNAVAILABLE,
        "90020": UNAVAILABLE,
        "50196": THROTTLED,
        "90055": THROTTLED,
    }
)

DENIED = ErrorMessage(
    "permission_denied",
    "Azure knows the app and denies it this action.",
    "Give the app the role Reader in the subscription. A role given a few minutes ago may need a moment.",
)
DENIED_BY_ASSIGNMENT = ErrorMessage(
    "denied_by_assignment",
    "A deny assignment in the subscription keeps the app out, whatever roles it has.",
    "Look under Access control (IAM), Deny assignments: whoever made it (a managed app, a deployment stack) must "
    "except the app.",
)
# Not permanent: the token was issued a moment ago, and a new one may be accepted.
TOKEN_REFUSED = ErrorMessage(
    "token_refused",
    "Azure Resource Manager did not accept the app's token.",
    "Check again in a minute; if it stays so, the app may have been blocked in the tenant.",
    permanent=False,
)
NOT_FOUND = ErrorMessage(
    "not_found", "Azure does not find what was asked for.", "It may have been deleted: check again."
)
# Apart from NOT_FOUND, since this one is no failure: a resource that is gone is left out of the inventory.
GONE = ErrorMessage(
    "resource_gone",
    "Azure listed the resource and a moment later knows it no more.",
    "Nothing needs to be done: the next scan lists what is there then.",
)
_OTHER_TENANT = ErrorMessage(
    "subscription_in_other_tenant",
    "The subscription belongs to another tenant than the one you signed in to.",
    "Use the ID of the subscription's own tenant, and an app in it; or check the subscription ID.",
)
_SUBSCRIPTION_UNKNOWN = ErrorMessage(
    "subscription_not_found",
    "Azure finds no such subscription, or the app has no role in it; it gives one answer for both.",
    "Check the subscription ID and the cloud, and give the app the role Reader in the subscription.",
)
_NOT_REGISTERED = ErrorMessage(
    "provider_not_registered",
    "The resource provider is not registered in the subscription.",
    "Register it under Resource providers, or with az provider register --namespace NAME.",
)
_API_VERSION = ErrorMessage(
    "api_version_unknown",
    "Azure knows the resource, but not in the version of its interface that was asked for.",
    "Update this product; until then the resource is told without its details.",
)
_DISABLED = ErrorMessage(
    "subscription_disabled",
    "The subscription is disabled.",
    "Its owner must reactivate it: usually a payment is open.",
)
_POLICY = ErrorMessage(
    "denied_by_policy",
    "An Azure Policy of the subscription refuses the request.",
    "Ask whoever looks after the policies of the subscription.",
)

# By Resource Manager's error code.
# https://learn.microsoft.com/azure/azure-resource-manager/troubleshooting/common-deployment-errors
ARM: MappingProxyType[str, ErrorMessage] = MappingProxyType(
    {
        "AuthorizationFailed": DENIED,
        "LinkedAuthorizationFailed": DENIED,
        "AccessDenied": DENIED,
        "Forbidden": DENIED,
        "DenyAssignmentAuthorizationFailed": DENIED_BY_ASSIGNMENT,
        "RequestDisallowedByPolicy": _POLICY,
        "InvalidAuthenticationToken": TOKEN_REFUSED,
        "ExpiredAuthenticationToken": TOKEN_REFUSED,
        "AuthenticationFailed": TOKEN_REFUSED,
        "AuthenticationFailedMissingToken": TOKEN_REFUSED,
        "InvalidAuthenticationTokenAudience": TOKEN_REFUSED,
        "InvalidAuthenticationTokenTenant": _OTHER_TENANT,
        "SubscriptionNotFound": _SUBSCRIPTION_UNKNOWN,
        "InvalidSubscriptionId": _SUBSCRIPTION_UNKNOWN,
        "ReadOnlyDisabledSubscription": _DISABLED,
        "DisabledSubscription": _DISABLED,
        "ResourceNotFound": GONE,
        "ParentResourceNotFound": GONE,
        "ResourceGroupNotFound": GONE,
        "NotFound": NOT_FOUND,
        "MissingSubscriptionRegistration": _NOT_REGISTERED,
        "SubscriptionNotRegistered": _NOT_REGISTERED,
        "InvalidResourceNamespace": _NOT_REGISTERED,
        "NoRegisteredProviderFound": _API_VERSION,
        "InvalidApiVersionParameter": _API_VERSION,
        "InvalidResourceType": _API_VERSION,
        "UnsupportedApiVersion": _API_VERSION,
        "TooManyRequests": THROTTLED,
        "SubscriptionRequestsThrottled": THROTTLED,
        "TenantRequestsThrottled": THROTTLED,
        # Azure Compute's code for its own rate limits.
        "OperationNotAllowed": THROTTLED,
        "ResourceRequestsThrottled": THROTTLED,
        "InternalServerError": UNAVAILABLE,
        "ServerError": UNAVAILABLE,
        "ServerTimeout": UNAVAILABLE,
        "ServiceUnavailable": UNAVAILABLE,
        "GatewayTimeout": UNAVAILABLE,
        "ServerBusy": UNAVAILABLE,
    }
)

PROXY = ErrorMessage(
    "proxy_refused",
    "The proxy between this server and the internet refused or failed to connect to Azure.",
    "The operator must allow the host names of Azure in the proxy (HTTPS_PROXY).",
    permanent=False,
)
# Permanent, unlike the other failures of the network: a certificate that is not trusted now will not be later.
TLS = ErrorMessage(
    "tls_failed",
    "The encrypted connection to Azure could not be verified: this server does not trust the certificate.",
    "If a company proxy opens TLS, the operator must point REQUESTS_CA_BUNDLE at its certificate authority.",
)
DNS = ErrorMessage(
    "network_dns",
    "The host name of Azure could not be resolved.",
    "The operator must check this server's DNS, or set HTTPS_PROXY where only a proxy may reach the internet.",
    permanent=False,
)
CONNECT_TIMEOUT = ErrorMessage("network_timeout", "Azure could not be reached in time.", _TRY_AGAIN, permanent=False)
READ_TIMEOUT = ErrorMessage(
    "azure_timeout", "Azure, or the proxy on the way to it, did not answer in time.", _TRY_AGAIN, permanent=False
)
BROKEN_OFF = ErrorMessage("network_broken", "The connection to Azure broke off.", _TRY_AGAIN, permanent=False)
UNREACHABLE = ErrorMessage(
    "network_unreachable", "Azure could not be reached from this server.", _TRY_AGAIN, permanent=False
)
UNEXPECTED = ErrorMessage(
    "azure_refused",
    "Azure refused the request for a reason that is not known here.",
    "Try again; if it stays so, look the error id up in the Azure documentation.",
)
