"""What the roles contain, as far as the sandbox checks it.

Source: https://cloud.google.com/iam/docs/roles-permissions, as collected on 2026-08-22 by
https://github.com/iann0036/iam-dataset/tree/main/gcp/roles. Small roles are whole; of the large ones, which have
hundreds of permissions, those stand here that a call of the product could need.
"""

_BROWSER = frozenset(
    {
        *("resourcemanager.projects.get", "resourcemanager.projects.getIamPolicy", "resourcemanager.projects.list"),
        *("resourcemanager.folders.get", "resourcemanager.folders.list", "resourcemanager.organizations.get"),
    }
)
_USAGE = frozenset(
    {
        *("serviceusage.services.get", "serviceusage.services.list", "serviceusage.services.use"),
        *("serviceusage.consumerpolicy.analyze", "serviceusage.consumerpolicy.get", "serviceusage.effectivepolicy.get"),
        *("serviceusage.effectivemcppolicy.get", "serviceusage.mcppolicy.get", "serviceusage.groups.list"),
        *("serviceusage.groups.listExpandedMembers", "serviceusage.groups.listMembers", "serviceusage.operations.get"),
        *("serviceusage.contentsecuritypolicy.get", "serviceusage.quotas.get", "serviceusage.values.test"),
        "monitoring.timeSeries.list",
    }
)
_ASSETS = frozenset(  # of 567, all of them about metadata
    {
        *("cloudasset.assets.listResource", "cloudasset.assets.listIamPolicy", "cloudasset.assets.listOrgPolicy"),
        *("cloudasset.assets.searchAllIamPolicies", "cloudasset.assets.searchAllResources"),
    }
)
_LOGS = frozenset(
    {
        *("logging.logEntries.list", "logging.logs.list", "logging.logServices.list", "logging.logServiceIndexes.list"),
        *("logging.sinks.get", "logging.sinks.list", "logging.logMetrics.get", "logging.logMetrics.list"),
        *("logging.buckets.get", "logging.buckets.list", "logging.views.get", "logging.views.list"),
        *("logging.exclusions.get", "logging.exclusions.list", "logging.links.get", "logging.links.list"),
        *("logging.locations.get", "logging.locations.list", "logging.logScopes.get", "logging.logScopes.list"),
        *("logging.operations.get", "logging.operations.list", "logging.usage.get", "logging.queries.usePrivate"),
        *("logging.queries.getShared", "logging.queries.listShared", "observability.scopes.get"),
        "resourcemanager.projects.get",
    }
)
_NETWORKS = frozenset(  # of 340, all of them about networks, and none that changes one
    {
        *("compute.networks.get", "compute.networks.list", "compute.networks.getEffectiveFirewalls"),
        *("compute.networks.getRegionEffectiveFirewalls", "compute.firewalls.get", "compute.firewalls.list"),
    }
)
_CONTACTS = frozenset({"essentialcontacts.contacts.get", "essentialcontacts.contacts.list"})
_SERVICE_ACCOUNTS = frozenset(
    {
        *("iam.serviceAccounts.get", "iam.serviceAccounts.list", "iam.serviceAccounts.getIamPolicy"),
        *("iam.serviceAccountKeys.get", "iam.serviceAccountKeys.list"),
        *("iam.serviceAccounts.listEffectiveTags", "iam.serviceAccounts.listTagBindings"),
        *("resourcemanager.projects.get", "resourcemanager.projects.list"),
    }
)
_VIEWER = frozenset(  # of 6,064
    {
        *("resourcemanager.projects.get", "logging.logEntries.list", "serviceusage.services.get"),
        *("serviceusage.services.list", "iam.serviceAccounts.list", "iam.serviceAccountKeys.list"),
    }
)

ROLES: dict[str, frozenset[str]] = {
    "roles/resourcemanager.organizationViewer": frozenset({"resourcemanager.organizations.get"}),
    "roles/browser": _BROWSER,
    "roles/viewer": _VIEWER,
    "roles/cloudasset.viewer": _ASSETS,
    "roles/compute.networkViewer": _NETWORKS,
    "roles/essentialcontacts.viewer": _CONTACTS,
    "roles/logging.viewer": _LOGS,
    "roles/serviceusage.serviceUsageConsumer": _USAGE,
    "roles/iam.serviceAccountViewer": _SERVICE_ACCOUNTS,
    "roles/editor": _VIEWER | _USAGE,
    "roles/owner": _VIEWER | _BROWSER | _USAGE | _ASSETS | _LOGS | _SERVICE_ACCOUNTS | _CONTACTS | _NETWORKS,
    "roles/iam.serviceAccountTokenCreator": frozenset({"iam.serviceAccounts.getAccessToken"}),
    "roles/iam.workloadIdentityUser": frozenset({"iam.serviceAccounts.getAccessToken"}),
    "roles/orgpolicy.policyViewer": frozenset({"orgpolicy.policy.get"}),
    # Of hundreds: what a company may grant above its projects, so that audit logs of folders are read as well.
    "roles/iam.securityReviewer": frozenset(
        {"resourcemanager.folders.getIamPolicy", "resourcemanager.organizations.getIamPolicy"}
    ),
    # No call of the product rests on these, so what they contain does not matter here.
    "roles/storage.objectAdmin": frozenset(),
    "roles/storage.objectViewer": frozenset(),
    "roles/cloudsql.client": frozenset(),
    "roles/run.invoker": frozenset(),
}
# What the guides give, with a key: without one, the last is left out.
READER = (
    "roles/browser",
    "roles/cloudasset.viewer",
    "roles/compute.networkViewer",
    "roles/essentialcontacts.viewer",
    "roles/logging.viewer",
    "roles/serviceusage.serviceUsageConsumer",
    "roles/iam.serviceAccountViewer",
)
