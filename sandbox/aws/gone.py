"""How services say that the one resource that was asked for does not exist, for the fault switch `gone`.

Codes: the operations' errors in botocore's models.
"""

from sandbox.aws.call import Call
from sandbox.aws.errors import AwsError

# By service; for those that name each kind differently, by operation.
_CODES = {
    "kms": "NotFoundException",
    "guardduty": "BadRequestException",
    "DescribeDBSnapshotAttributes": "DBSnapshotNotFound",
    "DescribeDBClusterSnapshotAttributes": "DBClusterSnapshotNotFoundFault",
    "sqs": "QueueDoesNotExist",
    "sns": "NotFound",
    "api.ecr": "RepositoryNotFoundException",
    "DescribeContinuousBackups": "TableNotFoundException",
    "cloudtrail": "TrailNotFoundException",
    "iam": "NoSuchEntity",
    "s3": "NoSuchBucket",
    "elasticloadbalancing": "LoadBalancerNotFound",
    "DescribeRules": "ListenerNotFound",
}
_STATUS_404 = {"sns", "iam", "s3", "eks", "lambda"}


def error(call: Call) -> AwsError:
    code = _CODES.get(call.action) or _CODES.get(call.service, "ResourceNotFoundException")
    return AwsError(code, "It does not exist.", 404 if call.service in _STATUS_404 else 400)
