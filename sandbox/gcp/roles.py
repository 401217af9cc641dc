"""What the roles contain, as far as the sandbox checks it. Source: https://cloud.google.com/iam/docs/roles-permissions."""

_BROWSER = frozenset(
    {
        *("resourcemanager.projects.get", "resourcemanager.projects.list", "resourcemanager.organizations.get"),
        *("resourcemanager.folders.get", "resourcemanager.folders.list"),
    }
)
_USAGE = frozenset({"serviceusage.services.get", "serviceusage.services.list", "serviceusage.services.use"})
_ASSETS = frozenset(
    {
        "cloudasset.assets.listResource",
        "cloudasset.assets.searchAllIamPolicies",
        "cloudasset.assets.searchAllResources",
    }
)
_LOGS = frozenset({"logging.logEntries.list"})
_REVIEWER = _BROWSER | {
    "resourcemanager.projects.getIamPolicy",
    "iam.serviceAccounts.list",
    "iam.serviceAccountKeys.list",
    "serviceusage.services.list",
}

ROLES: dict[str, frozenset[str]] = {
    "roles/browser": _BROWSER,
    "roles/viewer": _BROWSER | _LOGS | {"serviceusage.services.get", "serviceusage.services.list"},
    "roles/iam.securityReviewer": _REVIEWER,
    "roles/cloudasset.viewer": _ASSETS,
    "roles/serviceusage.serviceUsageConsumer": _USAGE,
    "roles/editor": _BROWSER | _USAGE | _LOGS,
    "roles/owner": _BROWSER | _USAGE | _ASSETS | _REVIEWER | _LOGS,
    "roles/iam.serviceAccountTokenCreator": frozenset({"iam.serviceAccounts.getAccessToken"}),
    "roles/iam.workloadIdentityUser": frozenset({"iam.serviceAccounts.getAccessToken"}),
    "roles/orgpolicy.policyViewer": frozenset({"orgpolicy.policy.get"}),
    "roles/storage.objectAdmin": frozenset(),
    "roles/storage.objectViewer": frozenset(),
    "roles/cloudsql.client": frozenset(),
    "roles/run.invoker": frozenset(),
}
READER = (
    "roles/viewer",
    "roles/iam.securityReviewer",
    "roles/cloudasset.viewer",
    "roles/serviceusage.serviceUsageConsumer",
)
