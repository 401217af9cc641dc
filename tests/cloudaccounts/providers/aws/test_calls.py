"""How many calls a scan makes, held against the fewest that AWS's API allows; and of what its clients are made."""

from __future__ import annotations

import ast
import os
import ssl
import threading
from copy import copy
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
import trustme
from botocore import xform_name
from botocore.awsrequest import AWSRequest
from botocore.exceptions import SSLError
from botocore.handlers import BUILTIN_HANDLERS
from botocore.hooks import EventAliaser, HierarchicalEmitter
from botocore.httpsession import get_cert_path
from botocore.loaders import Loader
from botocore.model import ServiceModel
from botocore.session import Session
from botocore.utils import hyphenize_service_id

from cloudaccounts.contract.errors import ProviderError
from cloudaccounts.contract.inventory import ScanUnit
from cloudaccounts.providers.aws import lean_model
from cloudaccounts.providers.aws.client import LOADER
from cloudaccounts.providers.aws.inventory import SERVICES, AwsSession
from cloudaccounts.providers.aws.permissions import PERMISSIONS
from cloudaccounts.providers.aws.provider import PROVIDER
from cloudaccounts.providers.aws.regions import always_enabled
from cloudaccounts.providers.aws.sdk_parts import Aliaser, Senders, handlers_of
from tests.bench.minimum import BEFORE, LISTS, ONCE_WHERE, ONE_BY_ONE, fewest_calls
from tests.cloudaccounts.providers.aws.conftest import Cloud, make_target

WHOLE = Loader(extra_search_paths=[Loader.BUILTIN_DATA_PATH], include_default_search_paths=False)
PACKAGE = Path(lean_model.__file__).parent
PLATFORM = "111122223333"
# Counted as if it were asked: it would list tags that this product reads bucket by bucket.
NOT_ASKED = {"resourcegroupstaggingapi.GetResources"}


def model(service: str) -> ServiceModel:
    return ServiceModel(WHOLE.load_service_model(service, "service-2"), service)


def test_a_scan_of_all_regions_makes_at_most_a_third_more_calls_than_it_needs(cloud: Cloud) -> None:
    regions = always_enabled("aws")
    session = PROVIDER.open_session(
        cloud.scenario("Everything granted"), make_target(account_id=PLATFORM, regions=regions)
    )
    assert isinstance(session, AwsSession)
    cloud.control.clear_journal()
    units = session.units(regions)
    assets = [asset for unit in units for asset in session.collect(unit)]
    session.close()
    made = len(cloud.control.calls("aws")) + len(BEFORE)
    assert len(units) > 300
    assert made <= 1.3 * fewest_calls(units, assets)
    assert made >= fewest_calls(units, assets)  # else the fewest were counted wrongly


def test_a_bucket_is_asked_nothing_that_is_known(cloud: Cloud) -> None:
    session = PROVIDER.open_session(cloud.scenario("Everything granted"), make_target(account_id=PLATFORM))
    cloud.control.clear_journal()
    buckets = [asset for asset in session.collect(ScanUnit("s3", "global")) if asset.type == "aws.s3.bucket"]
    session.close()
    asked = [(call["action"], call["resource"]) for call in cloud.control.calls("aws")]
    assert "GetBucketLocation" not in {action for action, _ in asked}  # the list names the region
    for bucket in buckets:
        has_policy = bucket.properties["policy"] is not None
        assert (("GetBucketPolicyStatus", bucket.name) in asked) == has_policy
        assert has_policy or bucket.properties["policy_is_public"] is False
        has_lists = bucket.properties["ownership"] != "BucketOwnerEnforced"
        assert (("GetBucketAcl", bucket.name) in asked) == has_lists
    assert {bucket.properties["policy"] is None for bucket in buckets} == {True, False}


def test_the_fewest_calls_are_of_every_reading_and_of_no_other_operation() -> None:
    listed = {call for permission in PERMISSIONS for call in permission.calls}
    counted = {call for calls in LISTS.values() for call in calls}
    counted |= {call for table in (ONE_BY_ONE, ONCE_WHERE) for calls in table.values() for call in calls}
    assert set(LISTS) == set(SERVICES)
    assert counted - NOT_ASKED <= listed


@pytest.mark.parametrize("call", sorted({call for calls in ONE_BY_ONE.values() for call in calls}))
def test_what_is_asked_one_by_one_takes_one_resource(call: str) -> None:
    """By botocore's model: whatever the input requires is a single text, and no list of resources takes its place."""
    service, _, operation = call.partition(".")
    shape = model(service).operation_model(operation).input_shape
    assert shape is not None
    required = [shape.members[name].type_name for name in shape.required_members]
    assert set(required) <= {"string"}
    lists = {name for name, member in shape.members.items() if member.type_name == "list"}
    # Attributes' names, filters, tokens, and ARNs of listeners and rules, which are known only after this very call.
    assert lists <= {"AttributeNames", "Filters", "GrantTokens", "ListenerArns", "RuleArns"}


@pytest.mark.parametrize("service", sorted(lean_model.OPERATIONS))
def test_a_lean_model_says_of_its_operations_what_the_whole_one_says(service: str) -> None:
    lean, whole = ServiceModel(LOADER.load_service_model(service, "service-2"), service), model(service)
    assert set(lean.operation_names) == lean_model.OPERATIONS[service] <= set(whole.operation_names)
    assert [shape.name for shape in lean.error_shapes] == [shape.name for shape in whole.error_shapes]
    for name in lean.operation_names:
        ours, theirs = lean.operation_model(name), whole.operation_model(name)
        for part in ("input_shape", "output_shape"):
            assert _described(getattr(ours, part)) == _described(getattr(theirs, part))


def _described(shape: Any, seen: frozenset[str] = frozenset()) -> Any:
    if shape is None or shape.name in seen:
        return shape and shape.name
    inside = seen | {shape.name}
    members = getattr(shape, "members", None) or {}
    parts = {name: _described(member, inside) for name, member in members.items()}
    for part in ("member", "key", "value"):
        if hasattr(shape, part):
            parts[part] = _described(getattr(shape, part), inside)
    return shape.name, shape.type_name, repr(shape.serialization), parts


def test_every_operation_that_the_code_names_is_in_the_lean_models() -> None:
    """Else its client would not have it. Names are looked for among those of the services that a module opens."""
    names = {
        service: {xform_name(operation): operation for operation in model(service).operation_names}
        for service in lean_model.OPERATIONS
    }
    missing = set()
    for path in PACKAGE.rglob("*.py"):
        tree = ast.parse(path.read_text())
        words = {
            node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)
        }
        called = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)} | words
        for service in names.keys() & words:
            missing |= {
                (path.name, service, operation)
                for name, operation in names[service].items()
                if name in called and operation not in lean_model.OPERATIONS[service]
            }
    # S3 Control has the names of S3's operations, and is asked for one thing: the account's own block.
    assert not {each for each in missing if each[1] != "s3control"}


@pytest.mark.parametrize("service", sorted(lean_model.OPERATIONS))
def test_a_client_has_each_built_in_handler_that_concerns_it(service: str) -> None:
    everything: Any = HierarchicalEmitter()
    Session(event_hooks=everything)
    event_id = hyphenize_service_id(model(service).service_id)
    ours: Any = handlers_of(model(service).service_id)
    aliaser: Any = EventAliaser(HierarchicalEmitter())
    whats = {aliaser._alias_event_name(entry[0]).split(".")[0] for entry in BUILTIN_HANDLERS} - {"docs"}
    for what in whats:
        for event in (what, *(f"{what}.{event_id}.{name}" for name in lean_model.OPERATIONS[service])):
            assert list(ours._handlers.prefix_search(event)) == list(everything._handlers.prefix_search(event))


def test_what_one_client_adds_to_its_handlers_reaches_no_other() -> None:
    shared = handlers_of("EC2")
    one: Any = copy(Aliaser(shared))
    one.register("x-tests.ec2", lambda **_: "heard")
    assert shared.emit("x-tests.ec2.DescribeVpcs") == []
    assert [answer for _, answer in one.emit("x-tests.ec2.DescribeVpcs")] == ["heard"]


def test_hosts_that_are_left_out_of_the_proxy_are_asked_directly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.example:3128")
    monkeypatch.setenv("NO_PROXY", "s3.eu-west-1.amazonaws.com")
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.delenv("https_proxy", raising=False)
    senders: Any = Senders(None)
    assert senders._of("s3.eu-west-1.amazonaws.com") is senders._direct
    assert senders._of("ec2.eu-west-1.amazonaws.com") is senders._by_proxy
    assert senders._by_proxy._proxy_config.proxy_url_for("https://ec2.eu-west-1.amazonaws.com/") == (
        "http://proxy.example:3128"
    )


def test_certificates_are_read_once_and_again_when_the_bundle_was_renewed(tmp_path: Path) -> None:
    bundle = tmp_path / "ca.pem"
    bundle.write_text(Path(str(get_cert_path(True))).read_text())
    first = Senders(str(bundle))._direct._get_ssl_context()
    assert Senders(str(bundle))._direct._get_ssl_context() is first
    assert first.cert_store_stats()["x509_ca"] > 50
    text = bundle.read_text()
    bundle.write_text(text[: text.index("-----END CERTIFICATE-----")] + "-----END CERTIFICATE-----\n")
    os.utime(bundle, ns=(1, 1))
    assert Senders(str(bundle))._direct._get_ssl_context().cert_store_stats()["x509_ca"] == 1


class _Answers(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        pass


@pytest.mark.parametrize("name", ["localhost", "sts.amazonaws.com"])
def test_a_certificate_of_another_host_is_not_believed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """Also where whoever issued it is trusted."""
    for variable in ("HTTPS_PROXY", "https_proxy"):
        monkeypatch.delenv(variable, raising=False)
    ca = trustme.CA()
    ca.cert_pem.write_to_path(tmp_path / "ca.pem")
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    ca.issue_cert(name).configure_cert(context)
    server = HTTPServer(("127.0.0.1", 0), _Answers)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    senders = Senders(str(tmp_path / "ca.pem"))
    request = AWSRequest("GET", f"https://localhost:{server.server_address[1]}/").prepare()
    try:
        if name == "localhost":
            assert senders.answer(request).status_code == 200
        else:
            with pytest.raises(SSLError, match="match"):
                senders.answer(request)
    finally:
        senders.close()
        server.shutdown()
        server.server_close()


def test_a_cloud_with_an_unknown_certificate_is_not_believed(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_CA_BUNDLE", raising=False)
    monkeypatch.delenv("REQUESTS_CA_BUNDLE", raising=False)
    cloud.control.clear_journal()
    with pytest.raises(ProviderError) as caught:
        PROVIDER.open_session(cloud.scenario("Everything granted"), make_target(account_id=PLATFORM))
    assert caught.value.code == "tls_failed"
    assert cloud.control.calls("aws") == []
