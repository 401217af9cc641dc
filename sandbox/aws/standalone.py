"""Accounts outside the organization: one for each way of signing in that the company's own accounts do not show."""

from sandbox.aws.company import (
    AUDIT_POLICIES,
    AUDITOR,
    LAX_PASSWORDS,
    STRICT_PASSWORDS,
    Bucket,
    Customer,
    Key,
    Machine,
    Person,
    Place,
    allow,
    deny,
)

STOREFRONT = "666600001111"
RESEARCH = "666600002222"
MOBILE = "666600003333"

# What the newer parts of the inventory read, in a policy written by hand.
_READS = (
    *("access-analyzer:List*", "securityhub:Describe*", "ecr:Get*"),
    *("acm:List*", "cloudformation:Describe*", "cloudfront:List*", "cloudtrail:Describe*", "cloudtrail:Get*"),
    *("cloudtrail:List*", "cloudtrail:LookupEvents", "config:Describe*", "dynamodb:Describe*", "dynamodb:List*"),
    *("ecr:Describe*", "ecs:Describe*", "ecs:List*", "eks:Describe*", "eks:List*", "elasticfilesystem:Describe*"),
    *("elasticloadbalancing:Describe*", "guardduty:Get*", "guardduty:List*", "kms:Describe*", "kms:Get*", "kms:List*"),
    *("lambda:GetPolicy", "lambda:List*", "logs:Describe*", "rds:Describe*", "route53:List*", "secretsmanager:List*"),
    *("sns:Get*", "sns:List*", "sqs:Get*", "sqs:List*"),
)

_STOREFRONT = Customer(
    id=STOREFRONT,
    name="storefront-prod",
    password_policy=LAX_PASSWORDS,
    people=(
        Person(
            "partial-auditor",
            "/service/",
            AUDIT_POLICIES,
            {
                "no-card-data": [
                    deny(
                        "s3:GetBucketPolicy",
                        "s3:GetBucketPolicyStatus",
                        "s3:GetEncryptionConfiguration",
                        "s3:GetBucketTagging",
                        "ec2:DescribeVolumes",
                        "ec2:DescribeSecurityGroups",
                    )
                ]
            },
            (Key(75),),
            age=75,
        ),
    ),
    buckets=(
        Bucket("storefront-prod-orders", "eu-west-1", {"team": "shop", "pci": "yes"}, kms=True, versioned=True),
        Bucket("storefront-prod-images", "us-east-1", {"team": "shop"}, versioned=True),
    ),
    places=(
        Place(
            "eu-west-1",
            "10.50.0.0/16",
            {"web": ((443, "0.0.0.0/0"),), "database": ((5432, "10.50.0.0/16"),)},
            (
                Machine("storefront-1", "c6i.large", {"team": "shop"}),
                Machine("storefront-db", "r6i.large", {"team": "shop", "pci": "yes"}, "database"),
            ),
            (("storefront-db-data", 200, True),),
        ),
    ),
)

_RESEARCH = Customer(
    id=RESEARCH,
    name="research",
    regions=("eu-south-1",),
    people=(
        Person(
            "inventory-without-simulation",
            "/service/",
            inline={
                "read-inventory": [
                    allow("iam:Get*", "iam:List*", "iam:GenerateCredentialReport", "s3:Get*", "s3:List*"),
                    allow("ec2:Describe*", "ec2:Get*", "account:*Region*", *_READS),
                    # An explicit deny: the validation has to fall back on live reads, and must not take this for
                    # missing permissions.
                    deny("iam:SimulatePrincipalPolicy"),
                ]
            },
            keys=(Key(66),),
            age=66,
        ),
    ),
    buckets=(Bucket("research-notebooks", "eu-west-1", {"team": "research"}, versioned=True),),
)

_MOBILE = Customer(
    id=MOBILE,
    name="mobile-backend",
    password_policy=STRICT_PASSWORDS,
    people=(AUDITOR,),
    buckets=(Bucket("mobile-backend-uploads", "eu-west-1", {"team": "mobile"}, kms=True),),
)

CUSTOMERS = (_STOREFRONT, _RESEARCH, _MOBILE)
