"""Policies that AWS writes, for where the inventory does not hold what they say.

Each has a page in https://docs.aws.amazon.com/aws-managed-policy/latest/reference/. AWS changes them, so a document
that the account itself told comes first, and a name that stands nowhere here is unknown.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

OF_AWS = ":iam::aws:policy/"  # in the ARN, in front of the path and name, of each policy that AWS manages

# What matters of those by which somebody is an administrator, or can become one: full access by its very purpose.
_TELLING: Mapping[str, Any] = MappingProxyType(
    {
        "AdministratorAccess": {"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}},
        "IAMFullAccess": {"Statement": {"Effect": "Allow", "Action": "iam:*", "Resource": "*"}},
        # https://docs.aws.amazon.com/aws-managed-policy/latest/reference/PowerUserAccess.html
        "PowerUserAccess": {
            "Statement": {
                "Effect": "Allow",
                "NotAction": ["iam:*", "organizations:*", "account:*"],
                "Resource": "*",
            }
        },
        "AmazonEC2FullAccess": {"Statement": {"Effect": "Allow", "Action": "ec2:*", "Resource": "*"}},
        "AWSLambda_FullAccess": {
            "Statement": [
                {"Effect": "Allow", "Action": "lambda:*", "Resource": "*"},
                {
                    "Effect": "Allow",
                    "Action": "iam:PassRole",
                    "Resource": "*",
                    "Condition": {"StringEquals": {"iam:PassedToService": "lambda.amazonaws.com"}},
                },
            ]
        },
    }
)
# Those whose page names none of the actions by which somebody gives himself more, passes a role, or starts what runs
# under one, and nothing that AWS could add to their purpose (reading, one service's data, an agent's own calls) is one.
_HARMLESS = frozenset(
    {
        *("ReadOnlyAccess", "SecurityAudit", "job-function/ViewOnlyAccess", "job-function/SupportUser"),
        *("job-function/Billing", "AWSBillingReadOnlyAccess", "AWSSupportAccess", "AWSOrganizationsReadOnlyAccess"),
        *("IAMReadOnlyAccess", "IAMUserChangePassword", "IAMUserSSHKeys"),
        *("AmazonS3FullAccess", "AmazonS3ReadOnlyAccess", "AmazonSQSFullAccess", "AmazonSQSReadOnlyAccess"),
        *("AmazonSNSFullAccess", "AmazonSNSReadOnlyAccess", "AmazonDynamoDBReadOnlyAccess", "AmazonRDSReadOnlyAccess"),
        *("AmazonEC2ReadOnlyAccess", "AmazonVPCReadOnlyAccess", "AmazonSSMReadOnlyAccess", "AWSLambda_ReadOnlyAccess"),
        *("CloudWatchReadOnlyAccess", "CloudWatchLogsFullAccess", "CloudWatchLogsReadOnlyAccess"),
        *("CloudWatchAgentServerPolicy", "AWSXRayDaemonWriteAccess", "AWSXrayWriteOnlyAccess"),
        *("AmazonSSMManagedInstanceCore", "AmazonEC2ContainerRegistryReadOnly", "AmazonEC2ContainerRegistryPullOnly"),
        *("AmazonEC2ContainerRegistryPowerUser", "AmazonEKSClusterPolicy", "AmazonEKSWorkerNodePolicy"),
        *("AmazonEKSWorkerNodeMinimalPolicy", "AmazonEKS_CNI_Policy", "AmazonEKSVPCResourceController"),
        *("service-role/AWSLambdaBasicExecutionRole", "service-role/AWSLambdaVPCAccessExecutionRole"),
        *("service-role/AWSLambdaSQSQueueExecutionRole", "service-role/AWSLambdaDynamoDBExecutionRole"),
        *("service-role/AWSLambdaKinesisExecutionRole", "service-role/AmazonECSTaskExecutionRolePolicy"),
        *("service-role/AmazonEC2ContainerServiceforEC2Role", "service-role/AmazonEBSCSIDriverPolicy"),
        *("service-role/AmazonEFSCSIDriverPolicy", "service-role/AmazonRDSEnhancedMonitoringRole"),
        *("service-role/AmazonAPIGatewayPushToCloudWatchLogs", "service-role/AWS_ConfigRole"),
    }
)


def documented(arn: str) -> Any:
    """What the policy says of administrators and ways to become one, by AWS's reference; None for an unknown one."""
    name = arn.rpartition(OF_AWS)[2]
    return {"Statement": []} if name in _HARMLESS else _TELLING.get(name)
