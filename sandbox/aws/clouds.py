"""moto, loaded the way the sandbox needs it: its settings are read when its modules are imported."""

import json
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from operator import attrgetter
from typing import Any

# A developer's own AWS configuration must not reach the simulation: boto3 clients of the seed would use it.
os.environ.pop("AWS_PROFILE", None)
os.environ.pop("AWS_ENDPOINT_URL", None)
os.environ.update(
    AWS_CONFIG_FILE=os.devnull,
    AWS_SHARED_CREDENTIALS_FILE=os.devnull,
    MOTO_IAM_LOAD_MANAGED_POLICIES="true",
    MOTO_EC2_LOAD_DEFAULT_AMIS="false",
    MOTO_S3_ALLOW_CROSSACCOUNT_ACCESS="false",
    MOTO_DISABLE_GLOBAL_CORS="true",
    MOTO_ACM_VALIDATION_WAIT="0",  # else a certificate changes by itself after a minute, between two scans
    S3_IGNORE_SUBDOMAIN_BUCKETNAME="true",  # the layer in front hands every bucket over in the path
)

from botocore import session as botocore_session
from botocore.loaders import JSONFileLoader, Loader, create_loader
from moto.backends import get_backend
from moto.iam import models as iam_models
from moto.iam.models import AccessKey, AccessKeyLastUsed, IAMBackend, Role, iam_backends
from moto.moto_api._internal import mock_random
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app

__all__ = [
    "AccessKey",
    "AccessKeyLastUsed",
    "IAMBackend",
    "Role",
    "application",
    "backend",
    "bucket",
    "iam",
    "mock_random",
    "reproducible",
    "settle",
]

# moto carries 1,582 AWS managed policies and copies them for each account (0.1 s and 5 MB apiece): these suffice.
MANAGED_POLICIES = frozenset(
    {
        "AdministratorAccess",
        "AmazonEC2FullAccess",
        "AmazonEC2ReadOnlyAccess",
        "AmazonRDSFullAccess",
        "AmazonS3FullAccess",
        "AmazonS3ReadOnlyAccess",
        "AmazonSSMManagedInstanceCore",
        "AWSLambdaBasicExecutionRole",
        "AWSOrganizationsReadOnlyAccess",
        "AWSSupportAccess",
        "Billing",
        "CloudWatchAgentServerPolicy",
        "IAMFullAccess",
        "IAMReadOnlyAccess",
        "IAMUserChangePassword",
        "PowerUserAccess",
        "ReadOnlyAccess",
        "SecurityAudit",
        "ViewOnlyAccess",
    }
)


def _keep_managed_policies() -> None:
    name = "aws_managed_policies_data"
    every = json.loads(getattr(iam_models, name))
    setattr(iam_models, name, json.dumps({policy: every[policy] for policy in sorted(MANAGED_POLICIES & every.keys())}))


_keep_managed_policies()


class _ReadOnce(JSONFileLoader):
    """Descriptions of services, which each session would parse anew: EC2's takes 0.15 s, and moto and the seed read it
    six times.

    What is read is shared, and nobody writes to it. Not the whole loader: each session adds a folder to its own.
    """

    @cache  # noqa: B019 - there is one instance, as long as the process
    def load_file(self, file_path: str) -> Any:
        return super().load_file(file_path)


_FILES = _ReadOnce()


def _loader(search_path_string: str | None = None) -> Loader:
    loader = create_loader(search_path_string)
    loader.file_loader = _FILES
    return loader


botocore_session.create_loader = _loader


class _AccountSummary(iam_models.AccountSummary):
    """moto's GetAccountSummary leaves out whether the root user has a password."""

    root_password = True

    @property
    def summary_map(self) -> dict[str, Any]:
        return {**super().summary_map, "AccountPasswordPresent": int(self.root_password)}


iam_models.AccountSummary = _AccountSummary  # type: ignore[misc]


def _complete_policies() -> None:
    """moto's GetAccountAuthorizationDetails leaves a customer-managed policy's name, id and versions out."""
    for name, source in {"policy_name": "name", "policy_id": "id", "policy_version_list": "versions"}.items():
        setattr(iam_models.ManagedPolicy, name, property(attrgetter(source)))


_complete_policies()


class _Dispatcher(DomainDispatcherApplication):
    """moto's way from a host to a service, remembered, and with a word for services that it does not have."""

    def __init__(self) -> None:
        super().__init__(create_backend_app)
        self._found: dict[str, Any] = {}

    def get_backend_for_host(self, host: str | None) -> Any:
        if host is None:
            return None
        if host not in self._found:
            self._found[host] = super().get_backend_for_host(host)
        if self._found[host] is None:
            raise NotImplementedError(f"moto has nothing for {host}")
        return self._found[host]


application = _Dispatcher()

_settled: dict[tuple[str, str, str], Any] = {}
# moto's random source is one for the whole process, so seeding it for one thing must keep all others waiting.
_settling = threading.RLock()


def iam(account_id: str, partition: str) -> IAMBackend:
    return iam_backends[account_id][partition]


@contextmanager
def reproducible(*parts: str) -> Iterator[None]:
    """Makes moto's random ids depend on these parts alone while it lasts, so that a restart gives the same ones."""
    with _settling:
        mock_random.seed(":".join(parts))
        try:
            yield
        finally:
            mock_random.seed()


def backend(service: str, account_id: str, region: str) -> Any:
    """A service's backend of one account and region (or partition), or None where moto has no such."""
    try:
        # moto types the names as a literal of all services; a host name may be none of them.
        return get_backend(service)[account_id][region]  # type: ignore[call-overload]
    except (AttributeError, ImportError, KeyError, ValueError):
        return None


def settle(seed: str, service: str, account_id: str, region: str) -> Any:
    """A service's backend of one account and region, or None where moto has no such.

    moto makes default networks and the like when a backend is first touched, from one global random source: in whatever
    order regions are asked for, a restart must give the same ids.
    """
    place = (service, account_id, region)
    if place not in _settled:
        with reproducible(seed, *place):
            _settled[place] = backend(service, account_id, region)
    return _settled[place]


def bucket(account_id: str, partition: str, name: str) -> Any:
    """moto's record of a bucket, or None where the account has no such."""
    return get_backend("s3")[account_id][partition].buckets.get(name)
