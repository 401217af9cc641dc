"""Parts of the answers of several gRPC services: a project as a message, and pages of a list."""

from __future__ import annotations

import base64
from typing import Any, TypeVar

from sandbox.gcp.directory import Project
from sandbox.gcp.errors import GoogleError

T = TypeVar("T")


def project_message(project: Project) -> Any:
    from google.cloud.resourcemanager_v3 import Project as Message

    return Message(
        name=f"projects/{project.number}",
        parent=project.parent,
        project_id=project.id,
        display_name=project.name,
        state=getattr(Message.State, project.state),
        create_time=project.created,
        labels=project.labels,
    )


def policy_message(bindings: dict[str, set[str]], audit_configs: list[dict[str, Any]]) -> Any:
    """With the configuration of audit logs, which Cloud Asset's searches leave out."""
    from google.iam.v1 import policy_pb2

    answer = policy_pb2.Policy(version=1, etag=b"BwX")
    for role, members in sorted(bindings.items()):
        if members:
            answer.bindings.add(role=role, members=sorted(members))
    for config in audit_configs:
        audit_config = answer.audit_configs.add(service=config["service"])
        for kind in config["types"]:
            log_type = policy_pb2.AuditLogConfig.LogType.Value(kind)
            audit_config.audit_log_configs.add(log_type=log_type, exempted_members=config.get("exempted", ()))
    return answer


def page_of(items: list[T], size: int, token: str) -> tuple[list[T], str]:
    try:
        start = int(base64.b64decode(token, validate=True)) if token else 0
    except ValueError:
        raise GoogleError("INVALID_ARGUMENT", "The page token is invalid.") from None
    end = start + size
    # Opaque, as Google's: a client that reads or makes tokens itself would fail here.
    return items[start:end], base64.b64encode(str(end).encode()).decode() if end < len(items) else ""
