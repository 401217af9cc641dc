"""Builds the company's accounts in moto, with the same ids at every start."""

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sandbox.aws import clouds, company, holdings, organization_tree, people, standalone
from sandbox.aws.company import Bucket, Customer, Machine, Place
from sandbox.aws.identities import Account, Identities
from sandbox.aws.inprocess import Workshop
from sandbox.aws.state import State

SERVER_USER = "cloud-accounts-server"
ORGANIZATION_USER = "cloud-accounts-organization"
BUCKET_AGE = timedelta(days=400)
MACHINE_AGE = timedelta(days=120)


def build(identities: Identities, state: State, workshop: Workshop) -> None:
    """Makes every account of the company, and the product's own with the server's identity."""
    own = identities.add(Account(company.OWN_ACCOUNT, "cloud-accounts"))
    assume = {"assume-customer-roles": [company.allow("sts:AssumeRole")]}
    people.put_user(own, state, SERVER_USER, path="/service/", inline=assume)
    people.put_keys(own, state, SERVER_USER, [company.Key(10)])
    for customer in (*company.CUSTOMERS, *standalone.CUSTOMERS):
        account = Account(customer.id, customer.name, customer.partition, frozenset(customer.regions))
        build_customer(identities.add(account), customer, identities, state, workshop)
    _build_organization(identities, state)


def build_customer(
    account: Account, customer: Customer, identities: Identities, state: State, workshop: Workshop
) -> None:
    """What one account holds."""
    _build_account(account, customer, identities, state)
    for bucket in customer.buckets:
        _build_bucket(account, bucket, workshop, state)
    for place in customer.places:
        _build_place(account, place, workshop, state)
        if place.region == holdings.REGION:
            holdings.build_eagerly(account, workshop, state)


def _build_organization(identities: Identities, state: State) -> None:
    """The management account and a delegated administrator, each with a user who may list and enter the members."""
    own = {customer.id: customer.name for customer in company.CUSTOMERS if customer.partition == "aws"}
    identities.organization = organization_tree.company(own)
    roles = f"arn:aws:iam::*:role/{company.READER_ROLE}"
    inline = {
        "organization": [
            company.allow("organizations:Describe*", "organizations:List*"),
            company.allow("sts:AssumeRole", resource=roles),
        ]
    }
    for account_id in (organization_tree.MANAGEMENT, organization_tree.DELEGATED):
        name = identities.organization.members[account_id].name
        account = identities.add(Account(account_id, name))
        people.put_user(
            account, state, ORGANIZATION_USER, path="/service/", managed=company.AUDIT_POLICIES, inline=inline
        )
        people.put_keys(account, state, ORGANIZATION_USER, [company.Key(15)])


def _build_account(account: Account, customer: Customer, identities: Identities, state: State) -> None:
    iam = account.iam
    # Past the API, by moto's own objects: some of this has no call (a root key), and calls would cost a second.
    iam.account_aliases.append(customer.name)
    iam.account_summary._account_mfa_enabled = int(customer.root_mfa)
    if customer.root_key:
        iam.account_summary._account_access_keys_present = 1
        key_id, secret = state.access_key(account.id, "root", 0)
        identities.root_keys[key_id] = (secret, account)
    if customer.password_policy is not None:
        iam.update_account_password_policy(**customer.password_policy)
    for group in sorted({person.group for person in customer.people if person.group}):
        with clouds.reproducible(state.seed, account.id, "group", group):
            iam.create_group(group).create_date = _naive(state.born - timedelta(days=900))
    for person in customer.people:
        _build_person(account, person, state)
    for policy in customer.policies:
        with clouds.reproducible(state.seed, account.id, "policy", policy.name):
            created = iam.create_policy("", "/", people.document(policy.statements), policy.name, [])
        created.create_date = created.update_date = _naive(state.born - timedelta(days=200))
        for user in policy.attached_to:
            iam.attach_user_policy(created.arn, user)
    for role in customer.roles:
        people.put_role(
            account,
            state,
            role.name,
            trust=people.trust_policy(role.trusted),
            path=role.path,
            managed=role.managed,
            born=state.born - timedelta(days=300),
        )


def _build_person(account: Account, person: company.Person, state: State) -> None:
    iam = account.iam
    born = state.born - timedelta(days=person.age)
    people.put_user(
        account, state, person.name, path=person.path, managed=person.managed, inline=person.inline, born=born
    )
    people.put_keys(account, state, person.name, person.keys)
    user = iam.users[person.name]
    if person.group:
        iam.add_user_to_group(person.group, person.name)
    if person.console:
        user.password = "never-used-in-the-sandbox"
        # moto's own annotation says None alone; its responses serialize a datetime.
        user.password_last_used = _naive(state.born - timedelta(days=3))  # type: ignore[assignment]
    if person.mfa:
        serial = account.arn(f"mfa/{person.name}")
        iam.enable_mfa_device(person.name, serial, "123456", "654321")


def _naive(moment: datetime) -> datetime:
    return moment.replace(tzinfo=None)


def _tags(tags: dict[str, str]) -> list[dict[str, str]]:
    return [{"Key": key, "Value": value} for key, value in tags.items()]


def _build_bucket(account: Account, bucket: Bucket, workshop: Workshop, state: State) -> None:
    s3: Any = workshop.client("s3", account.id, bucket.region)
    name = bucket.name
    place: dict[str, Any] = {}
    # S3 refuses us-east-1 as a location: there the field has to be left out.
    if bucket.region != "us-east-1":
        place = {"CreateBucketConfiguration": {"LocationConstraint": bucket.region}}
    s3.create_bucket(Bucket=name, **place)
    if bucket.tags:
        s3.put_bucket_tagging(Bucket=name, Tagging={"TagSet": _tags(bucket.tags)})
    algorithm = "aws:kms" if bucket.kms else "AES256"
    rule = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": algorithm}, "BucketKeyEnabled": bucket.kms}
    s3.put_bucket_encryption(Bucket=name, ServerSideEncryptionConfiguration={"Rules": [rule]})
    if bucket.versioned:
        s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
    if bucket.blocked:
        names = ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")
        s3.put_public_access_block(Bucket=name, PublicAccessBlockConfiguration=dict.fromkeys(names, True))
    if statements := _bucket_statements(f"arn:{account.partition}:s3:::{name}", bucket):
        s3.put_bucket_policy(Bucket=name, Policy=json.dumps({"Version": "2012-10-17", "Statement": statements}))
    if bucket.logs_to:
        logging = {"TargetBucket": bucket.logs_to, "TargetPrefix": "access/"}
        # Past the API, which would ask for a target bucket that lets the log service write.
        clouds.bucket(account.id, account.partition, name).logging = logging
    clouds.bucket(account.id, account.partition, name).creation_date = _naive(state.born - BUCKET_AGE)


def _bucket_statements(arn: str, bucket: Bucket) -> list[dict[str, Any]]:
    everybody: dict[str, Any] = {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": f"{arn}/*"}
    plain: dict[str, Any] = {
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": [arn, f"{arn}/*"],
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }
    return ([everybody] if bucket.public else []) + ([plain] if bucket.tls_only else [])


def _build_place(account: Account, place: Place, workshop: Workshop, state: State) -> None:
    """One region's network, security groups, machines and volumes."""
    backend = clouds.settle(state.seed, "ec2", account.id, place.region)
    ec2: Any = workshop.client("ec2", account.id, place.region)
    with clouds.reproducible(state.seed, account.id, "place", place.region):
        vpc = ec2.create_vpc(CidrBlock=place.cidr)["Vpc"]["VpcId"]
        zone = f"{place.region}a"
        block = place.cidr.replace("0.0/16", "1.0/24")
        subnet = ec2.create_subnet(VpcId=vpc, CidrBlock=block, AvailabilityZone=zone)["Subnet"]["SubnetId"]
        ec2.create_tags(Resources=[vpc, subnet], Tags=_tags({"Name": account.name}))
        lists = {name: _build_prefix_list(ec2, name, networks) for name, networks in place.prefix_lists}
        groups = {name: _build_group(ec2, vpc, name, rules, lists) for name, rules in place.groups.items()}
        for machine in place.machines:
            _build_machine(ec2, machine, subnet, groups[machine.group])
        for name, size, encrypted in place.volumes:
            volume = ec2.create_volume(AvailabilityZone=zone, Size=size, VolumeType="gp3", Encrypted=encrypted)
            ec2.create_tags(Resources=[volume["VolumeId"]], Tags=_tags({"Name": name}))
    _date_back(backend, _naive(state.born - MACHINE_AGE))


def _date_back(backend: Any, moment: datetime) -> None:
    """moto dates everything at its making, which would be a new date at each start."""
    for instance in backend.all_instances():
        instance.launch_time = moment
        for device in instance.block_device_mapping.values():
            device.attach_time = moment
        for interface in instance.nics.values():
            interface.attach_time = moment
    for volume in backend.volumes.values():
        volume.create_time = moment
        if volume.attachment is not None:
            volume.attachment.attach_time = moment


def _build_prefix_list(ec2: Any, name: str, networks: tuple[str, ...]) -> str:
    entries = [{"Cidr": network} for network in networks]
    made = ec2.create_managed_prefix_list(
        PrefixListName=name, Entries=entries, MaxEntries=20, AddressFamily="IPv4", ClientToken=name
    )
    return str(made["PrefixList"]["PrefixListId"])


def _build_group(ec2: Any, vpc: str, name: str, rules: tuple[tuple[int, str], ...], lists: Mapping[str, str]) -> str:
    group = ec2.create_security_group(GroupName=name, Description=f"{name} servers", VpcId=vpc)["GroupId"]
    for port, source in rules:
        permission: dict[str, Any] = {"IpProtocol": "tcp", "FromPort": port, "ToPort": port}
        if source in lists:
            permission["PrefixListIds"] = [{"PrefixListId": lists[source]}]
        else:
            permission["IpRanges"] = [{"CidrIp": source}]
        ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[permission])
    return str(group)


def _build_machine(ec2: Any, machine: Machine, subnet: str, group: str) -> None:
    answer = ec2.run_instances(
        # Any id will do: moto is told not to load its images.
        ImageId="ami-0c02fb55956c7d316",
        InstanceType=machine.type,
        MinCount=1,
        MaxCount=1,
        ClientToken=machine.name,
        SubnetId=subnet,
        SecurityGroupIds=[group],
        MetadataOptions={"HttpTokens": "required" if machine.imds_v2 else "optional"},
        TagSpecifications=[{"ResourceType": "instance", "Tags": _tags({"Name": machine.name, **machine.tags})}],
    )
    if machine.stopped:
        ec2.stop_instances(InstanceIds=[answer["Instances"][0]["InstanceId"]])
