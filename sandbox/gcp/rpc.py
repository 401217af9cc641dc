"""Resource Manager and Cloud Asset over gRPC, with the messages of Google's own client packages.

Those packages are loaded when the first client comes: they take a second, which the other clouds should not wait for.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from sandbox.emulator import Address
from sandbox.gcp.directory import Project
from sandbox.gcp.errors import GoogleError, denied
from sandbox.gcp.layer import Call, Gone, Layer
from sandbox.gcp.messages import page_of, policy_message, project_message

if TYPE_CHECKING:
    import grpc

HOSTS = ("cloudresourcemanager.googleapis.com", "cloudasset.googleapis.com")
THREADS = 32
# No wildcards: testIamPermissions refuses them.
_PERMISSION = re.compile(r"[a-zA-Z]+(?:\.[a-zA-Z]+)+")


class RpcServer:
    """Starts with its first client; speaks TLS as both hosts."""

    def __init__(self, layer: Layer, certificate: Callable[..., tuple[bytes, bytes]]) -> None:
        self._layer = layer
        self._certificate = certificate
        self._lock = threading.Lock()
        self._address: Address | None = None
        self._server: grpc.Server | None = None

    def address(self) -> Address:
        with self._lock:
            if self._address is None:
                self._address = self._start()
            return self._address

    def _start(self) -> Address:
        import grpc

        key, chain = self._certificate(*HOSTS)
        # Pages of 1,000 assets are longer than gRPC's usual 4 MB; without reuseport no other process gets our port.
        options = [("grpc.max_send_message_length", -1), ("grpc.so_reuseport", 0)]
        self._server = server = grpc.server(ThreadPoolExecutor(THREADS, "gcp-rpc"), options=options)
        server.add_generic_rpc_handlers(handlers(self._layer))
        port = server.add_secure_port("127.0.0.1:0", grpc.ssl_server_credentials([(key, chain)]))
        server.start()
        return "127.0.0.1", port


def handlers(layer: Layer) -> tuple[Any, ...]:
    import grpc
    from google.cloud import asset_v1, resourcemanager_v3
    from google.iam.v1 import iam_policy_pb2, policy_pb2

    from sandbox.gcp import tree

    def method(host: str, name: str, work: Any, request: Any, response: Any, subject: Any) -> Any:
        def serve(message: Any, context: Any) -> Any:
            call = Call(host, host.split(".")[0], name, **subject(message))
            metadata = dict(context.invocation_metadata())
            try:
                return layer.run(call, lambda: work(layer, call, message, metadata.get("authorization", "")))
            except GoogleError as error:
                _abort(context, error)
            except Gone:
                context.abort(grpc.StatusCode.UNAVAILABLE, "Socket closed")

        # Plain protobuf messages and proto-plus ones name the same two functions differently.
        read = getattr(request, "deserialize", None) or request.FromString
        write = getattr(response, "serialize", None) or response.SerializeToString
        return grpc.unary_unary_rpc_method_handler(serve, request_deserializer=read, response_serializer=write)

    manager, assets = HOSTS
    return (
        grpc.method_handlers_generic_handler(
            "google.cloud.resourcemanager.v3.Projects",
            {
                "GetProject": method(
                    manager,
                    "GetProject",
                    _get_project,
                    resourcemanager_v3.GetProjectRequest,
                    resourcemanager_v3.Project,
                    lambda message: _about("resourcemanager.projects.get", message.name),
                ),
                "SearchProjects": method(
                    manager,
                    "SearchProjects",
                    _search_projects,
                    resourcemanager_v3.SearchProjectsRequest,
                    resourcemanager_v3.SearchProjectsResponse,
                    lambda message: _about("resourcemanager.projects.get", "", [message.query]),
                ),
                "ListProjects": method(
                    manager,
                    "ListProjects",
                    tree.list_projects,
                    resourcemanager_v3.ListProjectsRequest,
                    resourcemanager_v3.ListProjectsResponse,
                    lambda message: _about("resourcemanager.projects.list", "", [message.parent]),
                ),
                "GetIamPolicy": method(
                    manager,
                    "GetIamPolicy",
                    _get_policy,
                    iam_policy_pb2.GetIamPolicyRequest,
                    policy_pb2.Policy,
                    lambda message: _about("resourcemanager.projects.getIamPolicy", message.resource),
                ),
                "TestIamPermissions": method(
                    manager,
                    "TestIamPermissions",
                    _test_permissions,
                    iam_policy_pb2.TestIamPermissionsRequest,
                    iam_policy_pb2.TestIamPermissionsResponse,
                    lambda message: _about("", message.resource),
                ),
            },
        ),
        *tree.handlers(lambda *arguments: method(manager, *arguments)),
        grpc.method_handlers_generic_handler(
            "google.cloud.asset.v1.AssetService",
            {
                "ListAssets": method(
                    assets,
                    "ListAssets",
                    _list_assets,
                    asset_v1.ListAssetsRequest,
                    asset_v1.ListAssetsResponse,
                    lambda message: _about("cloudasset.assets.listResource", message.parent, message.asset_types),
                ),
                "SearchAllIamPolicies": method(
                    assets,
                    "SearchAllIamPolicies",
                    _search_policies,
                    asset_v1.SearchAllIamPoliciesRequest,
                    asset_v1.SearchAllIamPoliciesResponse,
                    lambda message: _about("cloudasset.assets.searchAllIamPolicies", message.scope),
                ),
            },
        ),
    )


def _about(permission: str, name: str, resources: Sequence[str] = ()) -> dict[str, str]:
    return {
        "permission": permission,
        "account": name.removeprefix("projects/"),
        "resource": ",".join(resources) or name,
    }


def _abort(context: Any, error: GoogleError) -> None:
    """The status with its details, as Google's front ends send them."""
    from google.protobuf import any_pb2
    from google.rpc import code_pb2, error_details_pb2, status_pb2
    from grpc_status import rpc_status

    status = status_pb2.Status(code=code_pb2.Code.Value(error.status), message=error.message)
    if error.reason:
        info = error_details_pb2.ErrorInfo(reason=error.reason, domain=error.domain, metadata=error.metadata)
        detail = any_pb2.Any()
        detail.Pack(info)
        status.details.append(detail)
    context.abort_with_status(rpc_status.to_status(status))


def _project(layer: Layer, call: Call, authorization: str, name: str) -> tuple[str, Project]:
    member, _ = layer.caller(call, authorization)
    if not re.fullmatch(r"projects/[a-z0-9-]+", name):
        raise GoogleError("INVALID_ARGUMENT", "field [name] has issue [not a project]")
    return member, layer.directory.require(member, call.permission, name.removeprefix("projects/"))


def _get_project(layer: Layer, call: Call, request: Any, authorization: str) -> Any:
    return project_message(_project(layer, call, authorization, request.name)[1])


def _search_projects(layer: Layer, call: Call, request: Any, authorization: str) -> Any:
    """The projects that the caller may see. Nobody is denied: who sees none gets an empty list, as from Google."""
    from google.cloud.resourcemanager_v3 import SearchProjectsResponse

    member, _ = layer.caller(call, authorization)
    # Refused rather than ignored: a query that nothing evaluates would answer too much.
    if request.query not in ("", "state:ACTIVE"):
        raise GoogleError("UNIMPLEMENTED", "The sandbox knows no such query.")
    visible = [
        project
        for project in layer.directory.projects.values()
        if call.permission in layer.directory.permissions(project, member)
        and (not request.query or project.state == "ACTIVE")
    ]
    page, following = page_of(visible, request.page_size or 100, request.page_token)
    return SearchProjectsResponse(projects=[project_message(project) for project in page], next_page_token=following)


def _get_policy(layer: Layer, call: Call, request: Any, authorization: str) -> Any:
    _, project = _project(layer, call, authorization, request.resource)
    return policy_message(project.bindings, project.audit_configs)


def _test_permissions(layer: Layer, call: Call, request: Any, authorization: str) -> Any:
    """Which of these permissions the caller has. Google refuses wildcards, malformed names and unknown projects."""
    from google.iam.v1 import iam_policy_pb2

    member, _ = layer.caller(call, authorization)
    if any(not _PERMISSION.fullmatch(name) for name in request.permissions):
        raise GoogleError("INVALID_ARGUMENT", "Permission is not valid for this resource.")
    try:
        project = layer.directory.project(request.resource.removeprefix("projects/"))
    except LookupError:
        raise denied("resourcemanager.projects.get", request.resource) from None
    permissions = layer.directory.permissions(project, member)

    def denied_by_fault(name: str) -> bool:
        """A permission that a switch denies is not granted here either, so that the answer agrees with what works."""
        return layer.faults.take(["deny"], {**call.subject(), "permission": name, "action": ""}) is not None

    granted = [name for name in request.permissions if name in permissions and not denied_by_fault(name)]
    return iam_policy_pb2.TestIamPermissionsResponse(permissions=granted)


def _list_assets(layer: Layer, call: Call, request: Any, authorization: str) -> Any:
    from google.cloud import asset_v1
    from google.protobuf.json_format import ParseDict

    _, project = _project(layer, call, authorization, request.parent)
    # The limit of ListAssets: https://cloud.google.com/asset-inventory/docs/reference/rest/v1/assets/list
    if request.page_size > 1000:
        raise GoogleError("INVALID_ARGUMENT", "page_size must be at most 1000.")
    patterns = [re.compile(kind) for kind in request.asset_types]
    listed = [
        asset
        for asset in _assets(layer, project)
        if not patterns or any(p.fullmatch(asset["assetType"]) for p in patterns)
    ]
    page, following = page_of(listed, request.page_size or 100, request.page_token)
    answer = asset_v1.ListAssetsResponse(next_page_token=following)
    for asset in page:
        # Without RESOURCE an asset is its name, type and ancestors: asking for less gives less.
        content = asset if request.content_type == asset_v1.ContentType.RESOURCE else {**asset, "resource": {}}
        ParseDict(content, asset_v1.ListAssetsResponse.pb(answer).assets.add())
    return answer


def _assets(layer: Layer, project: Project) -> list[dict[str, Any]]:
    from sandbox.gcp.assets import directory_assets

    return [*directory_assets(layer.directory, project), *project.assets]


def _search_policies(layer: Layer, call: Call, request: Any, authorization: str) -> Any:
    from google.cloud import asset_v1
    from google.protobuf.json_format import ParseDict

    from sandbox.gcp.assets import iam_policies

    _, project = _project(layer, call, authorization, request.scope)
    # The limit of this search is another one than ListAssets has:
    # https://cloud.google.com/asset-inventory/docs/reference/rest/v1/TopLevel/searchAllIamPolicies
    if request.page_size > 500:
        raise GoogleError("INVALID_ARGUMENT", "page_size must be at most 500.")
    page, following = page_of(iam_policies(layer.directory, project), request.page_size or 50, request.page_token)
    answer = asset_v1.SearchAllIamPoliciesResponse(next_page_token=following)
    for policy in page:
        ParseDict(policy, asset_v1.SearchAllIamPoliciesResponse.pb(answer).results.add())
    return answer
