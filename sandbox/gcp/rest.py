"""The REST hosts, as Google's discovery documents describe them: tokens, Service Usage, IAM, Logging, policies."""

import base64
import json
import re
from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import parse_qs
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from sandbox.gcp import audit, own_keys, tokens
from sandbox.gcp.errors import GoogleError, OAuthError, service_disabled
from sandbox.gcp.layer import Call, Gone, Layer
from sandbox.gcp.messages import page_of
from sandbox.wire import DisconnectError, reason

_ACCOUNT = "v1/projects/{projectsId}/serviceAccounts/{serviceAccountsId}"
# Method, path as the discovery documents' flatPath has it, and the call's names there: a test holds them against those.
ROUTES: dict[str, tuple[tuple[str, str, str], ...]] = {
    "oauth2.googleapis.com": (("POST", "token", "token"),),
    "sts.googleapis.com": (("POST", "v1/token", "token"),),
    "iamcredentials.googleapis.com": (
        (
            "POST",
            "v1/projects/{projectsId}/serviceAccounts/{serviceAccountsId}:generateAccessToken",
            "generateAccessToken",
        ),
    ),
    "serviceusage.googleapis.com": (("GET", "v1/{v1Id}/{v1Id1}/services:batchGet", "services.batchGet"),),
    "iam.googleapis.com": (
        ("GET", f"{_ACCOUNT}/keys", "projects.serviceAccounts.keys.list"),
        ("POST", f"{_ACCOUNT}/keys:upload", "projects.serviceAccounts.keys.upload"),
        ("GET", f"{_ACCOUNT}/keys/{{keysId}}", "projects.serviceAccounts.keys.get"),
        ("POST", f"{_ACCOUNT}/keys/{{keysId}}:disable", "projects.serviceAccounts.keys.disable"),
        ("DELETE", f"{_ACCOUNT}/keys/{{keysId}}", "projects.serviceAccounts.keys.delete"),
        ("POST", f"{_ACCOUNT}:testIamPermissions", "projects.serviceAccounts.testIamPermissions"),
    ),
    "monitoring.googleapis.com": (("GET", "v3/projects/{projectsId}/timeSeries", "projects.timeSeries.list"),),
    "logging.googleapis.com": (
        ("POST", "v2/entries:list", "entries.list"),
        ("GET", "v2/folders/{foldersId}/sinks", "folders.sinks.list"),
        ("GET", "v2/organizations/{organizationsId}/sinks", "organizations.sinks.list"),
    ),
    "compute.googleapis.com": (
        (
            "GET",
            "compute/v1/projects/{project}/global/networks/{network}/getEffectiveFirewalls",
            "networks.getEffectiveFirewalls",
        ),
    ),
    "essentialcontacts.googleapis.com": (
        ("GET", "v1/projects/{projectsId}/contacts:compute", "projects.contacts.compute"),
    ),
    "admin.googleapis.com": (("GET", "admin/directory/v1/users", "users.list"),),
    "orgpolicy.googleapis.com": (
        (
            "GET",
            "v2/projects/{projectsId}/policies/{policiesId}:getEffectivePolicy",
            "projects.policies.getEffectivePolicy",
        ),
    ),
}
# Of services.batchGet: https://cloud.google.com/service-usage/docs/reference/rest/v1/services/batchGet
MAX_NAMES = 30
PEOPLE_SCOPE = "https://www.googleapis.com/auth/admin.directory.user.readonly"

Handler = Callable[["_Request"], dict[str, Any]]


class _Request:
    def __init__(self, layer: Layer, call: Call, environ: WSGIEnvironment, named: dict[str, str]) -> None:
        self.layer = layer
        self.directory = layer.directory
        self.call = call
        self.named = named
        self.authorization = str(environ.get("HTTP_AUTHORIZATION", ""))
        self.quota_project = str(environ.get("HTTP_X_GOOG_USER_PROJECT", ""))
        self.query = parse_qs(str(environ.get("QUERY_STRING", "")))
        self.body: bytes = environ["wsgi.input"].read()

    def form(self) -> dict[str, str]:
        return {name: values[-1] for name, values in parse_qs(self.body.decode()).items()}


def _pattern(path: str) -> re.Pattern[str]:
    parts = re.split(r"\{(\w+)\}", path)
    return re.compile("/" + "".join(re.escape(p) if i % 2 == 0 else f"(?P<{p}>[^/:]+)" for i, p in enumerate(parts)))


def application(layer: Layer, host: str) -> WSGIApplication:
    routes = [(method, _pattern(path), action) for method, path, action in ROUTES[host]]

    def answer(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        status, body = _answer(layer, host, routes, environ)
        start_response(reason(status), [("Content-Type", "application/json; charset=UTF-8")])
        return [body]

    return answer


def _answer(
    layer: Layer, host: str, routes: list[tuple[str, re.Pattern[str], str]], environ: WSGIEnvironment
) -> tuple[int, bytes]:
    for method, pattern, action in routes:
        match = pattern.fullmatch(str(environ["PATH_INFO"]))
        if match and environ["REQUEST_METHOD"] == method:
            call = Call(host, host.split(".")[0], action)
            request = _Request(layer, call, environ, match.groupdict())
            _describe(request)
            try:
                return 200, json.dumps(layer.run(call, lambda: _HANDLERS[host](request))).encode()  # noqa: B023
            except (GoogleError, OAuthError) as error:
                return error.http, error.body()
            except Gone:
                raise DisconnectError from None
    return 404, GoogleError("NOT_FOUND", "Method not found.").body()


def _describe(request: _Request) -> None:
    """Fills in what the journal records and what faults are narrowed by."""
    call, named = request.call, request.named
    if call.service == "oauth2":
        call.key = tokens.key_id(request.form().get("assertion", ""))
    elif call.service == "sts":
        call.resource = request.form().get("audience", "")
    elif call.service == "iamcredentials":
        call.resource, call.permission = named["serviceAccountsId"], "iam.serviceAccounts.getAccessToken"
    elif call.service == "serviceusage":
        call.account, call.permission = named["v1Id1"], "serviceusage.services.get"
    elif call.service == "logging" and call.action.endswith("sinks.list"):
        call.resource, call.permission = _place_of(request), "logging.sinks.list"
    elif call.service == "logging":
        call.account, call.permission = _project_of(request), "logging.logEntries.list"
    elif call.service == "compute":
        call.account, call.permission = named["project"], "compute.networks.getEffectiveFirewalls"
        call.resource = named["network"]
    elif call.service == "essentialcontacts":
        call.account, call.permission = named["projectsId"], "essentialcontacts.contacts.list"
    elif call.service == "orgpolicy":
        call.account, call.permission = named["projectsId"], "orgpolicy.policy.get"
        call.resource = named["policiesId"]
    elif call.service == "admin":
        call.resource, call.permission = request.query.get("customer", [""])[-1], "admin.directory.users.list"
    elif call.service == "monitoring":
        call.account, call.permission = named["projectsId"], "monitoring.timeSeries.list"
    else:
        call.account, call.permission = named["projectsId"], own_keys.permission_of(call.action)
        call.resource = named["serviceAccountsId"]


def _place_of(request: _Request) -> str:
    """folders/NUMBER or organizations/NUMBER."""
    ((name, number),) = request.named.items()
    return f"{name.removesuffix('Id')}/{number}"


def _project_of(request: _Request) -> str:
    try:
        return str(json.loads(request.body)["resourceNames"][0]).removeprefix("projects/")
    except (ValueError, LookupError, TypeError):
        return ""


def _oauth2(request: _Request) -> dict[str, Any]:
    return tokens.grant(request.directory, request.form())


def _sts(request: _Request) -> dict[str, Any]:
    return tokens.exchange(request.directory, request.form())


def _impersonation(request: _Request) -> dict[str, Any]:
    member = request.layer.member(request.call, request.authorization)
    try:
        body = json.loads(request.body)
    except ValueError:
        raise GoogleError("INVALID_ARGUMENT", "Invalid JSON payload received.") from None
    return tokens.impersonate(request.directory, member, request.named["serviceAccountsId"], body)


def _services(request: _Request) -> dict[str, Any]:
    """Names the project by number, whether the request named it by id or by number, as Service Usage does."""
    member, _ = request.layer.caller(request.call, request.authorization)
    parent = f"{request.named['v1Id']}/{request.named['v1Id1']}"
    names = request.query.get("names", [])
    if len(names) > MAX_NAMES or any(not name.startswith(f"{parent}/services/") for name in names):
        raise GoogleError("INVALID_ARGUMENT", "Request contains an invalid argument.")
    project = request.directory.require(member, request.call.permission, request.named["v1Id1"])
    services = []
    for name in names:
        api = name.rsplit("/", 1)[1]
        state = "ENABLED" if api in project.apis else "DISABLED"
        own = f"projects/{project.number}"
        services.append({"name": f"{own}/services/{api}", "parent": own, "config": {"name": api}, "state": state})
    return {"services": services}


def _iam(request: _Request) -> dict[str, Any]:
    member, _ = request.layer.caller(request.call, request.authorization)
    return own_keys.answer(
        request.directory, request.layer.journal, request.call.action, request.named, member, request.body,
        request.query,
    )  # fmt: skip


def _time_series(request: _Request) -> dict[str, Any]:
    member, _ = request.layer.caller(request.call, request.authorization)
    project = request.directory.require(member, request.call.permission, request.named["projectsId"])
    start = request.query.get("interval.startTime", [""])[-1]
    return own_keys.series(project, request.directory, request.query.get("filter", [""])[-1], start)


def _entries(request: _Request) -> dict[str, Any]:
    """Pages of at most 1,000. The parameter `fields` is ignored: an answer may hold more than was asked for."""
    member, _ = request.layer.caller(request.call, request.authorization)
    project = request.directory.require(member, request.call.permission, request.call.account)
    question = json.loads(request.body)
    entries = audit.selected(project, str(question.get("filter", "")))
    size = min(int(question.get("pageSize", 50)), 1000)
    start = int(base64.b64decode(question["pageToken"])) if question.get("pageToken") else 0
    # Without entries the field is left out, and clients have to take that for an empty list.
    answer: dict[str, Any] = {"entries": entries[start : start + size]} if entries else {}
    if start + size < len(entries):
        answer["nextPageToken"] = base64.b64encode(str(start + size).encode()).decode()
    return answer


def _sinks(request: _Request) -> dict[str, Any]:
    """Of a folder or the organization, in pages of one; an empty list is left out."""
    member, _ = request.layer.caller(request.call, request.authorization)
    place = request.directory.require_place(member, request.call.permission, request.call.resource)
    page, following = page_of(place.sinks, 1, request.query.get("pageToken", [""])[-1])
    return {"sinks": page, "nextPageToken": following} if following else {"sinks": page} if page else {}


def _effective_policy(request: _Request) -> dict[str, Any]:
    """The effective policy of a constraint. One that nobody set is not enforced."""
    member, _ = request.layer.caller(request.call, request.authorization)
    project = request.directory.require(member, request.call.permission, request.named["projectsId"])
    constraint = request.named["policiesId"]
    enforced = project.policies.get(constraint, False)
    return {
        "name": f"projects/{project.number}/policies/{constraint}",
        "spec": {"rules": [{"enforce": enforced}]},
    }


def _effective_firewalls(request: _Request) -> dict[str, Any]:
    """Counted against the project that the caller names, where the API has to be on. `fields` is ignored."""
    member = request.layer.member(request.call, request.authorization)
    # Compute Engine may be off in the project that the credential lives in, so the product names the scanned one in
    # `x-goog-user-project` (docs/decisions/0020).
    consumer = request.directory.require(member, "serviceusage.services.use", request.quota_project)
    if "compute.googleapis.com" not in consumer.apis:
        raise service_disabled("compute.googleapis.com", consumer.id, consumer.number)
    project = request.directory.require(member, request.call.permission, request.call.account)
    name = f"/global/networks/{request.named['network']}"
    if not any(listed["name"].endswith(name) for listed in project.assets):
        raise GoogleError("NOT_FOUND", f"The resource 'projects/{project.id}{name}' was not found")
    own = [listed for listed in project.assets if listed["assetType"].endswith("/Firewall")]
    rules = [listed["resource"]["data"] for listed in own if listed["resource"]["data"]["network"].endswith(name)]
    return {"firewalls": rules, "firewallPolicys": project.firewall_policies}


def _contacts(request: _Request) -> dict[str, Any]:
    """Those of the categories that were asked for, inherited ones included; pages of two, so that tests see paging."""
    member, _ = request.layer.caller(request.call, request.authorization)
    project = request.directory.require(member, request.call.permission, request.call.account)
    asked = {"ALL", *request.query.get("notificationCategories", [])}
    contacts = [contact for contact in project.contacts if asked & {*contact["notificationCategorySubscriptions"]}]
    page, following = page_of(contacts, 2, request.query.get("pageToken", [""])[-1])
    return {"contacts": page, "nextPageToken": following} if following else {"contacts": page} if page else {}


def _people(request: _Request) -> dict[str, Any]:
    """Everybody of a customer, in pages of two, for a service account with an administrator's role.

    `my_customer` is of the caller, and a service account is nobody's member: it has to name the customer.
    """
    member, _ = request.layer.caller(request.call, request.authorization)
    if PEOPLE_SCOPE not in request.directory.scopes_of(request.authorization.removeprefix("Bearer ")):
        raise GoogleError(
            "PERMISSION_DENIED", "Request had insufficient authentication scopes.", "ACCESS_TOKEN_SCOPE_INSUFFICIENT"
        )
    places = request.directory.places.values()
    place = next((place for place in places if place.customer and place.customer == request.call.resource), None)
    if place is None:
        raise GoogleError("INVALID_ARGUMENT", "Invalid Input: Bad request for customer")
    if member.removeprefix("serviceAccount:") not in place.readers:
        raise GoogleError("PERMISSION_DENIED", "Not Authorized to access this resource/api")
    page, following = page_of(place.people, 2, request.query.get("pageToken", [""])[-1])
    answer: dict[str, Any] = {"kind": "admin#directory#users", "users": page} if page else {}
    return {**answer, "nextPageToken": following} if following else answer


_HANDLERS: dict[str, Handler] = {
    "oauth2.googleapis.com": _oauth2,
    "sts.googleapis.com": _sts,
    "iamcredentials.googleapis.com": _impersonation,
    "serviceusage.googleapis.com": _services,
    "iam.googleapis.com": _iam,
    "monitoring.googleapis.com": _time_series,
    "logging.googleapis.com": lambda request: (_entries if request.call.action == "entries.list" else _sinks)(request),
    "compute.googleapis.com": _effective_firewalls,
    "essentialcontacts.googleapis.com": _contacts,
    "orgpolicy.googleapis.com": _effective_policy,
    "admin.googleapis.com": _people,
}
