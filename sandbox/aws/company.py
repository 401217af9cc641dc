"""The believable small company: accounts, people, roles, buckets and machines, well and badly configured.

Ages are in days at the sandbox's first start; they grow from then on.
"""

from dataclasses import dataclass, field
from typing import Any

OWN_ACCOUNT = "999900001111"
DATA_PLATFORM = "111122223333"
PAYMENTS = "444455556666"
LEGACY = "777788889999"
GOVERNMENT = "222233334444"
CHINA = "555566667777"

READER_ROLE = "cloud-accounts-reader"
AUDIT_POLICIES = ("SecurityAudit", "job-function/ViewOnlyAccess")


def allow(*actions: str, resource: str = "*") -> dict[str, Any]:
    return {"Effect": "Allow", "Action": list(actions), "Resource": resource}


def deny(*actions: str) -> dict[str, Any]:
    return {"Effect": "Deny", "Action": list(actions), "Resource": "*"}


@dataclass(frozen=True)
class Key:
    """Ages in days; `idle` is how long ago the key was last used (None: never)."""

    age: int = 20
    active: bool = True
    idle: int | None = 1


@dataclass(frozen=True)
class Person:
    """An IAM user. `managed` are AWS managed policies by path and name; `inline` are statements."""

    name: str
    path: str = "/"
    managed: tuple[str, ...] = ()
    inline: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    keys: tuple[Key, ...] = ()
    console: bool = False
    mfa: bool = False
    age: int = 200
    group: str | None = None


@dataclass(frozen=True)
class MachineRole:
    """A role that a service or account may take on."""

    name: str
    trusted: dict[str, str]
    path: str = "/"
    managed: tuple[str, ...] = ()


@dataclass(frozen=True)
class OwnPolicy:
    """A customer-managed policy, and the users that it is attached to."""

    name: str
    statements: tuple[dict[str, Any], ...]
    attached_to: tuple[str, ...] = ()


@dataclass(frozen=True)
class Bucket:
    name: str
    region: str
    tags: dict[str, str] = field(default_factory=dict)
    kms: bool = False
    versioned: bool = False
    public: bool = False
    blocked: bool = True
    tls_only: bool = False
    logs_to: str = ""


@dataclass(frozen=True)
class Machine:
    name: str
    type: str = "t3.medium"
    tags: dict[str, str] = field(default_factory=dict)
    group: str = "web"
    imds_v2: bool = True
    stopped: bool = False


@dataclass(frozen=True)
class Place:
    """What one account runs in one region. Groups map a name to (port, source range) pairs.

    A source may be the name of one of the prefix lists as well.
    """

    region: str
    cidr: str
    groups: dict[str, tuple[tuple[int, str], ...]]
    machines: tuple[Machine, ...] = ()
    volumes: tuple[tuple[str, int, bool], ...] = ()  # name, GiB, encrypted
    prefix_lists: tuple[tuple[str, tuple[str, ...]], ...] = ()  # name, networks


@dataclass(frozen=True)
class Customer:
    id: str
    name: str
    partition: str = "aws"
    regions: tuple[str, ...] = ()
    root_key: bool = False
    root_mfa: bool = True
    password_policy: dict[str, Any] | None = None
    people: tuple[Person, ...] = ()
    roles: tuple[MachineRole, ...] = ()
    policies: tuple[OwnPolicy, ...] = ()
    buckets: tuple[Bucket, ...] = ()
    places: tuple[Place, ...] = ()


AUDITOR = Person("cloud-accounts-auditor", "/service/", AUDIT_POLICIES, keys=(Key(20),), age=20)

STRICT_PASSWORDS = {
    "allow_change_password": True,
    "hard_expiry": 0,
    "max_password_age": 90,
    "minimum_password_length": 14,
    "password_reuse_prevention": 24,
    "require_lowercase_characters": True,
    "require_numbers": True,
    "require_symbols": True,
    "require_uppercase_characters": True,
}
LAX_PASSWORDS = {
    **STRICT_PASSWORDS,
    "max_password_age": 0,
    "minimum_password_length": 8,
    "password_reuse_prevention": 0,
    "require_symbols": False,
}

_EC2 = {"Service": "ec2.amazonaws.com"}
_LAMBDA = {"Service": "lambda.amazonaws.com"}
_ANYWHERE = "0.0.0.0/0"

_DATA_PLATFORM = Customer(
    id=DATA_PLATFORM,
    name="data-platform",
    regions=("eu-south-1",),
    password_policy=STRICT_PASSWORDS,
    people=(
        AUDITOR,
        Person("ana.lopez", "/people/", ("PowerUserAccess",), console=True, mfa=True, group="engineers"),
        # A password and no second factor.
        Person("tom.berg", "/people/", ("job-function/ViewOnlyAccess",), console=True, group="engineers", age=420),
        # Two keys: one that nobody has used for half a year, and its successor.
        Person("airflow-loader", "/service/", ("AmazonS3FullAccess",), keys=(Key(412, idle=190), Key(35)), age=730),
    ),
    roles=(
        MachineRole("airflow-worker", _EC2, "/service/", ("AmazonS3FullAccess",)),
        MachineRole("etl-lambda", _LAMBDA, "/service-role/", ("service-role/AWSLambdaBasicExecutionRole",)),
        # An administrator's role that people assume, as an account needs one: a finding of low severity
        # (docs/decisions/0014-aws-policies-by-value.md).
        MachineRole("break-glass", {"AWS": DATA_PLATFORM}, "/admin/", ("AdministratorAccess",)),
        MachineRole("support", {"AWS": DATA_PLATFORM}, "/people/", ("AWSSupportAccess",)),
    ),
    policies=(
        OwnPolicy("read-raw-events", (allow("s3:GetObject", resource="arn:aws:s3:::data-platform-raw-events/*"),)),
        # By a policy of the customer's own, which no name gives away.
        OwnPolicy("everything-for-now", (allow("*"),), ("tom.berg",)),
    ),
    buckets=(
        Bucket(
            "data-platform-raw-events",
            "us-east-1",
            {"team": "data", "env": "prod"},
            kms=True,
            versioned=True,
            tls_only=True,
            logs_to="data-platform-curated",
        ),
        Bucket("data-platform-curated", "us-east-1", {"team": "data", "env": "prod"}, versioned=True),
        Bucket("data-platform-eu-exports", "eu-west-1", {"team": "data", "env": "prod"}, blocked=False),
        Bucket("data-platform-public-docs", "us-west-2", {"team": "docs"}, public=True, blocked=False),
    ),
    places=(
        Place(
            "us-east-1",
            "10.20.0.0/16",
            {
                "web": ((443, _ANYWHERE),),
                "bastion": ((22, _ANYWHERE),),
                "warehouse": ((5439, "10.20.0.0/16"),),
                "operators": ((22, "offices"),),
            },
            (
                Machine("airflow-1", "m6i.large", {"team": "data", "env": "prod"}),
                Machine("airflow-2", "m6i.large", {"team": "data", "env": "prod"}),
                Machine("bastion", "t3.micro", {"env": "prod"}, "bastion", imds_v2=False),
            ),
            (("airflow-scratch", 200, True), ("forgotten-restore", 500, False)),
            prefix_lists=(("offices", ("198.51.100.0/24", "203.0.113.0/24")),),
        ),
        Place(
            "eu-west-1",
            "10.21.0.0/16",
            {"web": ((443, _ANYWHERE),)},
            (Machine("exporter", "t3.small", {"team": "data"}),),
            (("exporter-data", 80, True),),
        ),
    ),
)

_PAYMENTS = Customer(
    id=PAYMENTS,
    name="payments-prod",
    password_policy=LAX_PASSWORDS,
    people=(
        Person("release-bot", "/service/", ("AmazonEC2FullAccess",), keys=(Key(95),), age=500),
        Person("ines.costa", "/people/", ("AdministratorAccess",), console=True, age=610),
        Person("nobody", "/service/", keys=(Key(5, idle=None),), age=5),
    ),
    roles=(MachineRole("payments-api", _EC2, "/service/", ("AmazonSSMManagedInstanceCore",)),),
    buckets=(
        Bucket("payments-prod-settlements", "eu-west-1", {"team": "payments", "pci": "yes"}, kms=True, versioned=True),
        Bucket("payments-prod-receipts", "eu-west-1", {"team": "payments"}, versioned=True),
        Bucket("payments-prod-tmp", "us-east-1"),
    ),
    places=(
        Place(
            "eu-west-1",
            "10.30.0.0/16",
            {"web": ((443, _ANYWHERE),), "database": ((5432, "10.30.0.0/16"),)},
            (
                Machine("payments-api-1", "c6i.xlarge", {"team": "payments", "pci": "yes"}),
                Machine("payments-api-2", "c6i.xlarge", {"team": "payments", "pci": "yes"}),
                Machine("payments-db", "r6i.xlarge", {"team": "payments", "pci": "yes"}, "database"),
            ),
            (("payments-db-data", 400, True),),
        ),
    ),
)

_LEGACY = Customer(
    id=LEGACY,
    name="legacy-reporting",
    root_key=True,
    root_mfa=False,
    people=(
        Person("admin", managed=("AdministratorAccess",), keys=(Key(1460),), console=True, age=1800),
        Person("reports", managed=("ReadOnlyAccess",), keys=(Key(840),), age=1500),
        Person("former-contractor", managed=AUDIT_POLICIES, keys=(Key(300, active=False, idle=280),), age=700),
        # No policy: GetCallerIdentity answers all the same, which is why a validation must not end with it.
        Person("nobody", "/service/", keys=(Key(5, idle=None),), age=5),
        # No administrator, and one call from being one: what it starts may have any role.
        Person(
            "deployer", "/service/", inline={"deploy": [allow("iam:PassRole", "ec2:RunInstances")]}, keys=(Key(30),)
        ),
    ),
    # Anybody may assume it, and it may do everything.
    roles=(MachineRole("reporting-everything", {"AWS": "*"}, managed=("AdministratorAccess",)),),
    buckets=(
        Bucket("legacy-reporting-dumps", "us-east-1", public=True, blocked=False),
        Bucket("legacy-reporting-logs", "us-west-2", blocked=False),
    ),
    places=(
        Place(
            "us-west-2",
            "172.16.0.0/16",
            {
                "web": ((80, _ANYWHERE),),
                "everything": ((22, _ANYWHERE), (3389, _ANYWHERE)),
                "halves": ((22, "0.0.0.0/1"), (22, "128.0.0.0/1")),  # together the whole internet
            },
            (
                Machine("report-server", "m4.large", group="everything", imds_v2=False),
                Machine("report-server-old", "m4.large", group="everything", imds_v2=False, stopped=True),
            ),
            (("dumps", 1000, False),),
        ),
    ),
)

_GOVERNMENT = Customer(
    id=GOVERNMENT,
    name="public-sector",
    partition="aws-us-gov",
    password_policy=STRICT_PASSWORDS,
    people=(AUDITOR,),
    buckets=(Bucket("public-sector-records", "us-gov-west-1", {"env": "prod"}, kms=True, versioned=True),),
    places=(Place("us-gov-west-1", "10.40.0.0/16", {"web": ((443, _ANYWHERE),)}, (Machine("records-1"),)),),
)

_CHINA = Customer(
    id=CHINA,
    name="beijing-web",
    partition="aws-cn",
    people=(AUDITOR,),
    buckets=(Bucket("beijing-web-assets", "cn-north-1", {"env": "prod"}),),
)

CUSTOMERS = (_DATA_PLATFORM, _PAYMENTS, _LEGACY, _GOVERNMENT, _CHINA)
