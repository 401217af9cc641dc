"""Which IAM action and resource an operation is checked against.

Source: the Service Authorization Reference,
https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
"""

from urllib.parse import unquote

from sandbox.aws.call import Call
from sandbox.aws.identities import Account
from sandbox.aws.policy import UNKNOWN_RESOURCE

# Endpoint prefixes whose IAM prefix is another.
_PREFIXES = {
    "s3-control": "s3",
    "monitoring": "cloudwatch",
    "tagging": "tag",
    "email": "ses",
    "api.ecr": "ecr",
    "api.sagemaker": "sagemaker",
    "streams.dynamodb": "dynamodb",
}

# S3's operations that are not checked under their own name.
_S3 = {
    "ListBuckets": "ListAllMyBuckets",
    "HeadBucket": "ListBucket",
    "ListObjects": "ListBucket",
    "ListObjectsV2": "ListBucket",
    "ListObjectVersions": "ListBucketVersions",
    "ListMultipartUploads": "ListBucketMultipartUploads",
    "HeadObject": "GetObject",
    "GetBucketAccelerateConfiguration": "GetAccelerateConfiguration",
    "GetBucketCors": "GetBucketCORS",
    "GetBucketEncryption": "GetEncryptionConfiguration",
    "GetBucketLifecycle": "GetLifecycleConfiguration",
    "GetBucketLifecycleConfiguration": "GetLifecycleConfiguration",
    "GetBucketNotificationConfiguration": "GetBucketNotification",
    "GetBucketReplication": "GetReplicationConfiguration",
    "GetObjectLockConfiguration": "GetBucketObjectLockConfiguration",
    "GetPublicAccessBlock": "GetBucketPublicAccessBlock",
    "PutBucketEncryption": "PutEncryptionConfiguration",
    "PutPublicAccessBlock": "PutBucketPublicAccessBlock",
    "ListBucketAnalyticsConfigurations": "GetAnalyticsConfiguration",
    "ListBucketInventoryConfigurations": "GetInventoryConfiguration",
    "ListBucketMetricsConfigurations": "GetMetricsConfiguration",
}
_S3_CONTROL = {
    "GetPublicAccessBlock": "GetAccountPublicAccessBlock",
    "PutPublicAccessBlock": "PutAccountPublicAccessBlock",
}

# Operations that every identity may call, whatever its policies say (AWS's own documentation of each).
ALWAYS_ALLOWED = frozenset({"sts:GetCallerIdentity", "sts:GetSessionToken"})

_API_GATEWAY_VERBS = {"GET", "POST", "PUT", "PATCH", "DELETE"}


def iam_action(call: Call) -> str:
    """The action as a policy names it, such as `s3:ListAllMyBuckets`."""
    # API Gateway's actions are the HTTP verbs:
    # https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonapigatewaymanagement.html
    if call.service == "apigateway" and call.method in _API_GATEWAY_VERBS:
        return f"apigateway:{call.method}"
    names = {"s3": _S3, "s3-control": _S3_CONTROL}.get(call.service, {})
    return f"{_PREFIXES.get(call.service, call.service)}:{names.get(call.action, call.action)}"


def resource_arn(call: Call, account: Account) -> str:
    """The ARN that the policy's Resource is compared with; UNKNOWN_RESOURCE where the sandbox does not know it."""
    if call.service == "s3":
        bucket, key = call.bucket_and_key
        return f"arn:{account.partition}:s3:::{bucket}{'/' + key if key else ''}" if bucket else "*"
    if call.service == "iam":
        return _iam_resource(call, account)
    if call.service == "sts":
        return call.form.get("RoleArn", "*")
    # Nearly all of EC2's Describe operations know no resource-level permissions: only a statement about `*` allows
    # them.
    if call.service == "ec2" and call.action.startswith("Describe"):
        return "*"
    return UNKNOWN_RESOURCE


# The parameters by which operations name the one resource that they are about.
_NAMING = (
    *("RoleArn", "UserName", "KeyId", "QueueUrl", "TopicArn", "SecretId", "repositoryName", "TableName"),
    *("DBSnapshotIdentifier", "DBClusterSnapshotIdentifier", "PrefixListId", "TrailName", "Name", "LoadBalancerArn"),
)


def named_resource(call: Call) -> str:
    """What the call is about, as it names it: a fault can be narrowed to it. Empty for lists."""
    given = {**call.json, **call.form}
    for name in _NAMING:
        if isinstance(value := given.get(name), str):
            return value
    # REST services name it in the path: /detector/ID, /clusters/NAME, /2015-03-31/functions/NAME/policy.
    return unquote(call.path.strip("/")) if call.protocol in ("rest-json", "xml") else ""


def _iam_resource(call: Call, account: Account) -> str:
    if arn := call.form.get("PolicyArn") or call.form.get("PolicySourceArn"):
        return arn
    if name := call.form.get("RoleName"):
        role = next((role for role in account.iam.roles.values() if role.name == name), None)
        return str(role.arn) if role else account.arn(f"role/{name}")
    if name := call.form.get("UserName"):
        user = account.iam.users.get(name)
        return str(user.arn) if user else account.arn(f"user/{name}")
    if name := call.form.get("GroupName"):
        return account.arn(f"group/{name}")
    return "*"
