"""The fleet's accounts at AWS (see `sandbox.fleet`)."""

from typing import Any

from sandbox.aws import company, people, seed
from sandbox.aws.company import Bucket, Customer, Key, Machine, Person, Place
from sandbox.aws.identities import Account, Identities
from sandbox.aws.inprocess import Workshop
from sandbox.aws.state import State
from sandbox.fleet import Member, members

FIRST = 610_000_000_000  # account ids, far from the company's
_REGIONS = ("us-east-1", "eu-west-1", "eu-central-1")
# What a blind account's identity may not do: one of the reasons that audits meet.
_LOST = ("s3:GetBucketPolicy", "kms:*", "rds:Describe*", "iam:GetAccountAuthorizationDetails", "lambda:*")


def put_fleet(
    identities: Identities, state: State, workshop: Workshop, *, count: int, external_id: str
) -> list[dict[str, Any]]:
    """Makes the accounts that are not there yet; returns what connects each."""
    return [_put(member, identities, state, workshop, external_id) for member in members(count, "aws")]


def _put(member: Member, identities: Identities, state: State, workshop: Workshop, external_id: str) -> dict[str, Any]:
    account_id = str(FIRST + member.number)
    account = identities.accounts.get(account_id)
    if account is None:
        customer = _customer(member, account_id)
        account = identities.add(Account(account_id, member.name))
        seed.build_customer(account, customer, identities, state, workshop)
    denied = [company.deny(_LOST[member.number % len(_LOST)])] if member.blind else []
    inline = {"restrictions": denied} if denied else {}
    if member.by_key:
        key = people.keys_of(account, company.AUDITOR.name)[-1]
        credentials = {"access_key_id": key["id"], "secret_access_key": key["secret"]}
        method = "access_keys"
    else:
        trust = people.trust_policy({"AWS": f"arn:aws:iam::{company.OWN_ACCOUNT}:root"}, external_id)
        people.put_role(account, state, company.READER_ROLE, trust=trust, managed=company.AUDIT_POLICIES, inline=inline)
        credentials, method = {"role_arn": account.arn(f"role/{company.READER_ROLE}")}, "cross_account_role"
    return {
        "provider": "aws", "account_id": account_id, "name": member.name, "environment": member.environment,
        "regions": list(_regions(member)), "method": method, "credentials": credentials, "unit": member.unit,
    }  # fmt: skip


def _regions(member: Member) -> tuple[str, ...]:
    return _REGIONS[: 1 + member.number % 2]


def _customer(member: Member, account_id: str) -> Customer:
    draws, care = member.draws(), member.care
    regions = _regions(member)

    def kept() -> bool:
        return draws.random() < care

    tags = {"team": member.unit.lower(), "service": member.name.split("-")[-2], "env": member.environment}
    buckets = tuple(
        Bucket(
            f"{member.name}-{purpose}-{member.number}",
            draws.choice(regions),
            tags=tags,
            kms=kept(),
            versioned=kept(),
            public=not kept() and not kept(),
            blocked=kept(),
            tls_only=kept(),
        )
        for purpose in draws.sample(("assets", "logs", "exports", "backups", "uploads"), draws.randint(1, 4))
    )
    anywhere, inside = "0.0.0.0/0", "10.0.0.0/8"
    groups = {
        "web": ((443, anywhere), (22, inside if kept() else anywhere)),
        "data": ((5432, inside if kept() or kept() else anywhere),),
    }
    machines = tuple(
        Machine(f"{member.name}-{number}", tags=tags, group=draws.choice(("web", "data")), imds_v2=kept())
        for number in range(draws.randint(0, 3))
    )
    volumes = tuple((f"scratch-{number}", 50, kept()) for number in range(draws.randint(0, 2)))
    auditor = Person(
        company.AUDITOR.name, "/service/", company.AUDIT_POLICIES, keys=(Key(member.age),), age=member.age,
        inline={"restrictions": [company.deny(_LOST[member.number % len(_LOST)])]} if member.blind else {},
    )  # fmt: skip
    colleagues = tuple(
        Person(
            name,
            console=True,
            mfa=kept(),
            keys=(Key(draws.choice((10, 80, 200, 400))),) if not kept() else (),
            managed=("AdministratorAccess",) if not kept() and not kept() else (),
        )
        for name in draws.sample(("ana.lopez", "tom.berg", "ines.costa", "li.wei", "sam.okoro"), draws.randint(0, 3))
    )
    return Customer(
        account_id, member.name, root_mfa=kept() or kept(), root_key=not kept() and not kept(),
        password_policy=company.STRICT_PASSWORDS if kept() else company.LAX_PASSWORDS,
        people=(*((auditor,) if member.by_key else ()), *colleagues), buckets=buckets,
        places=(Place(regions[0], f"10.{member.number % 250}.0.0/16", groups, machines, volumes),),
    )  # fmt: skip
