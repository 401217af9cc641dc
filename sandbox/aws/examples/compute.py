"""Functions, clusters, registries, disks, networks, load balancers, certificates, zones and distributions."""

import json

from sandbox.aws.examples.site import Site


def lambda_functions(site: Site) -> None:
    functions = site.client("lambda")
    role = f"arn:{site.account.partition}:iam::{site.account.id}:role/service-role/etl-lambda"
    for name, runtime in (
        ("ingest-events", "python3.13"),
        ("thumbnailer", "nodejs14.x"),
        ("partner-report", "python3.13"),
    ):
        functions.create_function(
            FunctionName=name, Runtime=runtime, Role=role, Handler="main.handler", Code={"ZipFile": b"nothing"}
        )
    # Names its source account, so that nobody else's bucket may call it.
    functions.add_permission(
        FunctionName="ingest-events",
        StatementId="from-the-bucket",
        Action="lambda:InvokeFunction",
        Principal="s3.amazonaws.com",
        SourceAccount=site.account.id,
    )
    functions.add_permission(
        FunctionName="thumbnailer", StatementId="open", Action="lambda:InvokeFunction", Principal="*"
    )
    version = functions.publish_version(FunctionName="partner-report")["Version"]
    functions.create_alias(FunctionName="partner-report", Name="live", FunctionVersion=version)
    # On the alias alone: the function's own policy is closed, and a rule that reads only that would pass it.
    functions.add_permission(
        FunctionName="partner-report",
        Qualifier="live",
        StatementId="open",
        Action="lambda:InvokeFunction",
        Principal="*",
    )


def eks(site: Site) -> None:
    eks = site.client("eks")
    role = f"arn:{site.account.partition}:iam::{site.account.id}:role/service/airflow-worker"
    closed = {"endpointPublicAccess": False, "endpointPrivateAccess": True, "subnetIds": ["subnet-1"]}
    open_ = {"endpointPublicAccess": True, "publicAccessCidrs": ["0.0.0.0/0"], "subnetIds": ["subnet-1"]}
    key = {"resources": ["secrets"], "provider": {"keyArn": site.arn("kms", "alias/data-lake")}}
    eks.create_cluster(
        name="analytics", version="1.35", roleArn=role, resourcesVpcConfig=closed, encryptionConfig=[key]
    )
    eks.create_cluster(name="playground", version="1.30", roleArn=role, resourcesVpcConfig=open_)


def ecs(site: Site) -> None:
    site.client("ecs").create_cluster(clusterName="batch")


def ecr(site: Site) -> None:
    ecr = site.client("ecr")
    ecr.create_repository(
        repositoryName="ingest", imageTagMutability="IMMUTABLE", imageScanningConfiguration={"scanOnPush": True}
    )
    ecr.create_repository(repositoryName="old-tools")
    statement = {"Sid": "Open", "Effect": "Allow", "Principal": "*", "Action": "ecr:BatchGetImage"}
    text = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    ecr.set_repository_policy(repositoryName="old-tools", policyText=text)


def disks(site: Site) -> None:
    ec2 = site.client("ec2")
    ec2.enable_ebs_encryption_by_default()
    volumes = ec2.describe_volumes()["Volumes"]
    whole = next(volume["VolumeId"] for volume in volumes if volume["Encrypted"])
    plain = next(volume["VolumeId"] for volume in volumes if not volume["Encrypted"])
    ec2.create_snapshot(VolumeId=whole, Description="before the upgrade")
    shared = ec2.create_snapshot(VolumeId=plain, Description="for the agency")["SnapshotId"]
    ec2.modify_snapshot_attribute(
        SnapshotId=shared, Attribute="createVolumePermission", OperationType="add", GroupNames=["all"]
    )
    instance = ec2.describe_instances()["Reservations"][0]["Instances"][0]["InstanceId"]
    ec2.create_image(InstanceId=instance, Name="airflow-base")
    # Shared with everybody, as images for a workshop are, and forgotten.
    published = ec2.create_image(InstanceId=instance, Name="workshop-2023")["ImageId"]
    ec2.modify_image_attribute(ImageId=published, LaunchPermission={"Add": [{"Group": "all"}]})


def network(site: Site) -> None:
    """The company's own network is logged; the default one, which nobody looked at, is not."""
    ec2 = site.client("ec2")
    vpc = next(vpc["VpcId"] for vpc in ec2.describe_vpcs()["Vpcs"] if not vpc["IsDefault"])
    bucket = f"arn:{site.account.partition}:s3:::data-platform-raw-events"
    ec2.create_flow_logs(
        ResourceIds=[vpc], ResourceType="VPC", TrafficType="ALL", LogDestinationType="s3", LogDestination=bucket
    )


def gateways(site: Site) -> None:
    """The way to the internet: the bastion has an address of its own, and its subnet a route outside."""
    ec2 = site.client("ec2")
    vpc = next(vpc["VpcId"] for vpc in ec2.describe_vpcs()["Vpcs"] if not vpc["IsDefault"])
    gateway = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
    filters = [{"Name": "vpc-id", "Values": [vpc]}]
    main = ec2.describe_route_tables(Filters=filters)["RouteTables"][0]["RouteTableId"]
    ec2.create_route(RouteTableId=main, DestinationCidrBlock="0.0.0.0/0", GatewayId=gateway)
    bastion = [{"Name": "tag:Name", "Values": ["bastion"]}]
    (reservation,) = ec2.describe_instances(Filters=bastion)["Reservations"]
    address = ec2.allocate_address(Domain="vpc")["AllocationId"]
    ec2.associate_address(AllocationId=address, InstanceId=reservation["Instances"][0]["InstanceId"])


def elb(site: Site) -> None:
    ec2 = site.client("ec2")
    vpc = next(vpc["VpcId"] for vpc in ec2.describe_vpcs()["Vpcs"] if not vpc["IsDefault"])
    first, *_ = ec2.describe_subnets(Filters=[{"Name": "vpc-id", "Values": [vpc]}])["Subnets"]
    balancers = site.client("elbv2")
    made = balancers.create_load_balancer(Name="public-web", Subnets=[first["SubnetId"]], Type="network")
    logs = {"Key": "access_logs.s3.enabled", "Value": "false"}
    balancers.modify_load_balancer_attributes(
        LoadBalancerArn=made["LoadBalancers"][0]["LoadBalancerArn"], Attributes=[logs]
    )
    _applications(site)


def _applications(site: Site) -> None:
    """One that redirects to today's TLS and logs, one that nobody has looked at for years."""
    balancers, ec2 = site.client("elbv2"), site.client("ec2")
    default = next(vpc["VpcId"] for vpc in ec2.describe_vpcs()["Vpcs"] if vpc["IsDefault"])
    subnets = ec2.describe_subnets(Filters=[{"Name": "vpc-id", "Values": [default]}])["Subnets"][:2]
    certificate = site.client("acm").request_certificate(DomainName="shop.example.com")["CertificateArn"]
    redirect = {"Protocol": "HTTPS", "Port": "443", "StatusCode": "HTTP_301"}
    to_https = {"Type": "redirect", "RedirectConfig": redirect}
    for name, policy, plain in (
        ("shop", "ELBSecurityPolicy-TLS13-1-2-2021-06", to_https),
        ("old-shop", "ELBSecurityPolicy-2016-08", None),
    ):
        places = [subnet["SubnetId"] for subnet in subnets]
        made = balancers.create_load_balancer(Name=name, Subnets=places, Scheme="internet-facing")
        arn = made["LoadBalancers"][0]["LoadBalancerArn"]
        target = balancers.create_target_group(Name=name, Protocol="HTTP", Port=80, VpcId=default)
        forward = {"Type": "forward", "TargetGroupArn": target["TargetGroups"][0]["TargetGroupArn"]}
        balancers.create_listener(
            LoadBalancerArn=arn,
            Protocol="HTTPS",
            Port=443,
            SslPolicy=policy,
            Certificates=[{"CertificateArn": certificate}],
            DefaultActions=[forward],
        )
        balancers.create_listener(LoadBalancerArn=arn, Protocol="HTTP", Port=80, DefaultActions=[plain or forward])
        logs = {"Key": "access_logs.s3.enabled", "Value": "true" if plain else "false"}
        balancers.modify_load_balancer_attributes(LoadBalancerArn=arn, Attributes=[logs])


def acm(site: Site) -> None:
    site.client("acm").request_certificate(DomainName="data.example.com", ValidationMethod="DNS")


def route53(site: Site) -> None:
    site.client("route53").create_hosted_zone(Name="data.example.com", CallerReference="sandbox")


def cloudfront(site: Site) -> None:
    cloudfront = site.client("cloudfront")
    for name, protocol in (("docs", "redirect-to-https"), ("downloads", "allow-all")):
        origin = {"Id": "s3", "DomainName": f"{name}.s3.amazonaws.com", "S3OriginConfig": {"OriginAccessIdentity": ""}}
        cloudfront.create_distribution(
            DistributionConfig={
                "CallerReference": name,
                "Comment": name,
                "Enabled": True,
                "Origins": {"Quantity": 1, "Items": [origin]},
                "DefaultCacheBehavior": {
                    "TargetOriginId": "s3",
                    "ViewerProtocolPolicy": protocol,
                    "ForwardedValues": {"QueryString": False, "Cookies": {"Forward": "none"}},
                    "MinTTL": 0,
                },
            }
        )


def cloudformation(site: Site) -> None:
    handle = {"Type": "AWS::CloudFormation::WaitConditionHandle"}
    template = json.dumps({"Resources": {"Handle": handle}})
    site.client("cloudformation").create_stack(StackName="pipeline", TemplateBody=template)
