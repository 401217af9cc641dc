"""A simulated Azure on the wire: the real SDK speaks TLS to it through the proxy, as in production."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

from cloudaccounts.contract.identity import Credentials, Target
from cloudaccounts.contract.inventory import Asset
from cloudaccounts.contract.report import CheckResult, CloudValidationResult, ValidationProgress
from cloudaccounts.providers.azure.inventory import AzureSession, open_session
from cloudaccounts.providers.azure.provider import PROVIDER
from sandbox.control import Control
from sandbox.rig import Rig

EXTERNAL_ID = "ca-8f1c2a7e-64b0-4d5f-9a53-0f6e1b7d2c90"
OTHERS_ID = "ca-0c6f3d1b-77aa-4f0e-8b1e-2f5d9a4c6e11"
TAG = "cloud-accounts-external-id"
UNKNOWN = "0f0f0f0f-1111-4222-8333-444444444444"
REGIONS = ("westeurope", "northeurope")


@pytest.fixture(scope="session")
def rig(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rig]:
    with Rig(tmp_path_factory.mktemp("sandbox")) as started:
        yield started


@dataclass
class Cloud:
    """One test's view of the simulated Azure. ``places`` are the subscriptions' ids by name."""

    rig: Rig
    control: Control
    places: dict[str, str]

    def app(self, place: str = "data-platform", **more: Any) -> Credentials:
        """A new app's secret; by default with Reader and Security Reader in the subscription."""
        made = self.control.put_app(self.places[place], f"app-{secrets.token_hex(4)}", **more)
        return Credentials("client_secret", made)

    def federated(self, place: str = "legacy-reporting", **federation: str) -> Credentials:
        made = self.control.put_app(self.places[place], f"app-{secrets.token_hex(4)}", federated=federation)
        return Credentials("federated", {name: made[name] for name in ("tenant_id", "client_id")})

    def scenario(self, title: str) -> tuple[Credentials, str]:
        found = self.rig.scenario(title, "azure")
        return Credentials(found["method"], found["fields"]), found["account_id"]

    def validate(self, credentials: Credentials, place: str = "data-platform", **target: Any) -> CloudValidationResult:
        return PROVIDER.validate(credentials, self.target(place, **target), ValidationProgress())

    def target(self, place: str = "data-platform", **fields: Any) -> Target:
        given: Mapping[str, Any] = {
            "account_id": self.places.get(place, place),
            "partition": "public",
            "regions": REGIONS,
            "external_id": EXTERNAL_ID,
            "timeout": 5.0,
            "deadline": 30.0,
        }
        return Target(**{**given, **fields})

    def scan(self, credentials: Credentials, place: str = "data-platform", **target: Any) -> list[Asset]:
        aim = self.target(place, **target)
        session = PROVIDER.open_session(credentials, aim)
        try:
            return [asset for unit in session.units(aim.regions) for asset in session.collect(unit)]
        finally:
            session.close()

    def calls(self, *actions: str) -> list[dict[str, Any]]:
        return [call for call in self.control.calls("azure") if call["action"] in actions]

    def hosts(self) -> set[str]:
        return {item["host"] for item in self.control.hosts()}


def changed(credentials: Credentials, **values: str) -> Credentials:
    return Credentials(credentials.method, {**credentials.values, **values})


def check(report: CloudValidationResult, name: str) -> CheckResult:
    return next(check for check in report.checks if check.name == name)


@dataclass(frozen=True)
class Pem:
    public: str
    key: str

    @property
    def both(self) -> str:
        return self.key + self.public


def make_pem(*, days: int = 100, since: int = 10, bits: int = 2048, password: str = "", key: Any = None) -> Pem:
    """A self-signed certificate that began ``since`` days ago and ends in ``days``."""
    key = key or rsa.generate_private_key(public_exponent=65537, key_size=bits)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "tests")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=since))
        .not_valid_after(now + timedelta(days=days))
        .sign(key, hashes.SHA256())
    )
    encryption: Any = serialization.NoEncryption()
    if password:
        encryption = serialization.BestAvailableEncryption(password.encode())
    pkcs8 = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, encryption)
    return Pem(certificate.public_bytes(serialization.Encoding.PEM).decode(), pkcs8.decode())


@pytest.fixture(scope="session")
def pem() -> Pem:
    return make_pem()


@pytest.fixture
def cloud(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> Iterator[Cloud]:
    for name, value in rig.env.items():
        monkeypatch.setenv(name, value)
    rig.control.clear_faults()
    rig.control.clear_journal()
    yield Cloud(rig, rig.control, {one["name"]: one["id"] for one in rig.control.subscriptions()})
    rig.control.clear_faults()


@pytest.fixture
def token_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cloud: Cloud) -> Path:
    """A file of the test's own for this server's token, named as the operator would; it holds a good one."""
    path = tmp_path / "token"
    path.write_text(cloud.control.server_token())
    monkeypatch.setenv("AZURE_FEDERATED_TOKEN_FILE", str(path))
    return path


@pytest.fixture
def session(cloud: Cloud) -> Iterator[AzureSession]:
    credentials, account = cloud.scenario("Everything granted")
    opened = open_session(credentials, cloud.target(account))
    yield opened
    opened.close()


METHODS = ("client_secret", "certificate", "federated")


@pytest.fixture(params=METHODS)
def good(request: pytest.FixtureRequest, cloud: Cloud, pem: Pem) -> Credentials:
    """A credential of each method that may read data-platform."""
    if request.param == "federated":
        cloud.control.put_tag(cloud.places["data-platform"], TAG, cloud.target().external_id)
        return cloud.federated("data-platform")
    made = cloud.app(certificate_pem=pem.public)
    if request.param == "client_secret":
        return changed(made, expires_on="2099-01-31")
    ids = {name: made[name] for name in ("tenant_id", "client_id")}
    return Credentials("certificate", {**ids, "certificate_pem": pem.both})


def named(assets: list[Asset], name: str) -> Asset:
    return next(asset for asset in assets if asset.name == name)
