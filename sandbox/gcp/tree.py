"""Folders and the organization over gRPC, and the projects in them. Loaded with the first client (see `rpc`)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import grpc
from google.cloud import resourcemanager_v3
from google.iam.v1 import iam_policy_pb2, policy_pb2

from sandbox.gcp.directory import Place
from sandbox.gcp.errors import GoogleError
from sandbox.gcp.layer import Call, Layer
from sandbox.gcp.messages import page_of, policy_message, project_message

MAX_PAGE = 8  # items, whatever the client asks for: Google may give fewer, and small pages let tests see paging


def handlers(method: Callable[..., Any]) -> tuple[Any, ...]:
    service = "google.cloud.resourcemanager.v3."
    return (
        grpc.method_handlers_generic_handler(
            f"{service}Folders",
            {
                "GetFolder": method(
                    "GetFolder",
                    _get_folder,
                    resourcemanager_v3.GetFolderRequest,
                    resourcemanager_v3.Folder,
                    lambda message: _about("resourcemanager.folders.get", message.name),
                ),
                "ListFolders": method(
                    "ListFolders",
                    _list_folders,
                    resourcemanager_v3.ListFoldersRequest,
                    resourcemanager_v3.ListFoldersResponse,
                    lambda message: _about("resourcemanager.folders.list", message.parent),
                ),
                "GetIamPolicy": _policy(method, "resourcemanager.folders.getIamPolicy"),
            },
        ),
        grpc.method_handlers_generic_handler(
            f"{service}Organizations",
            {
                "SearchOrganizations": method(
                    "SearchOrganizations",
                    _search_organizations,
                    resourcemanager_v3.SearchOrganizationsRequest,
                    resourcemanager_v3.SearchOrganizationsResponse,
                    lambda message: _about("", ""),
                ),
                "GetOrganization": method(
                    "GetOrganization",
                    _get_organization,
                    resourcemanager_v3.GetOrganizationRequest,
                    resourcemanager_v3.Organization,
                    lambda message: _about("resourcemanager.organizations.get", message.name),
                ),
                "GetIamPolicy": _policy(method, "resourcemanager.organizations.getIamPolicy"),
            },
        ),
    )


def _policy(method: Callable[..., Any], permission: str) -> Any:
    return method(
        "GetIamPolicy",
        _get_policy,
        iam_policy_pb2.GetIamPolicyRequest,
        policy_pb2.Policy,
        lambda message: _about(permission, message.resource),
    )


def _get_policy(layer: Layer, call: Call, request: Any, authorization: str) -> Any:
    place = _place(layer, call, authorization, request.resource)
    return policy_message(place.bindings, place.audit_configs)


def list_projects(layer: Layer, call: Call, request: Any, authorization: str) -> Any:
    """The second page is empty and has a token, as Google may send it: clients must go on."""
    _place(layer, call, authorization, request.parent)
    projects = [
        project
        for project in layer.directory.projects.values()
        if project.parent == request.parent and (request.show_deleted or project.state == "ACTIVE")
    ]
    if request.page_token.startswith("empty:"):
        return resourcemanager_v3.ListProjectsResponse(next_page_token=request.page_token.removeprefix("empty:"))
    page, following = page_of(projects, min(request.page_size or MAX_PAGE, MAX_PAGE), request.page_token)
    # Behind the first page alone: once is enough to see whether a client stops at an empty page.
    if following and not request.page_token:
        following = f"empty:{following}"
    return resourcemanager_v3.ListProjectsResponse(
        projects=[project_message(project) for project in page], next_page_token=following
    )


def _list_folders(layer: Layer, call: Call, request: Any, authorization: str) -> Any:
    _place(layer, call, authorization, request.parent)
    folders = [folder for folder in layer.directory.places.values() if folder.parent == request.parent]
    page, following = page_of(folders, min(request.page_size or MAX_PAGE, MAX_PAGE), request.page_token)
    return resourcemanager_v3.ListFoldersResponse(
        folders=[_folder(folder) for folder in page], next_page_token=following
    )


def _get_folder(layer: Layer, call: Call, request: Any, authorization: str) -> Any:
    return _folder(_place(layer, call, authorization, request.name))


def _get_organization(layer: Layer, call: Call, request: Any, authorization: str) -> Any:
    organization = _place(layer, call, authorization, request.name)
    state = resourcemanager_v3.Organization.State.ACTIVE
    return resourcemanager_v3.Organization(name=organization.name, display_name=organization.display_name, state=state)


def _search_organizations(layer: Layer, call: Call, request: Any, authorization: str) -> Any:
    """Those that the caller may get: none is no error."""
    member, _ = layer.caller(call, authorization)
    directory, needed = layer.directory, "resourcemanager.organizations.get"
    visible = [
        resourcemanager_v3.Organization(
            name=place.name, display_name=place.display_name, directory_customer_id=place.customer,
            state=resourcemanager_v3.Organization.State.ACTIVE,
        )
        for place in directory.places.values()
        if place.name.startswith("organizations/") and needed in directory.permissions_above(place.name, member)
    ]  # fmt: skip
    return resourcemanager_v3.SearchOrganizationsResponse(organizations=visible)


def _place(layer: Layer, call: Call, authorization: str, name: str) -> Place:
    member, _ = layer.caller(call, authorization)
    if not name.startswith(("folders/", "organizations/")):
        raise GoogleError("INVALID_ARGUMENT", "field [parent] has issue [not a folder or organization]")
    # On the place itself: a role on a project opens no list of the folder above it.
    return layer.directory.require_place(member, call.permission, name)


def _folder(folder: Place) -> Any:
    state = resourcemanager_v3.Folder.State.ACTIVE
    return resourcemanager_v3.Folder(
        name=folder.name, parent=folder.parent, display_name=folder.display_name, state=state
    )


def _about(permission: str, name: str) -> dict[str, str]:
    return {"permission": permission, "account": "", "resource": name}
