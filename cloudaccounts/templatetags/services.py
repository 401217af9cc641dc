"""Services of the clouds as people call them. Filters, exports and the API keep the words of the readings."""

from __future__ import annotations

from django import template

register = template.Library()

# Only those that capital letters alone do not make of the word.
_NAMES = {
    "access-analyzer": "Access Analyzer", "accessanalyzer": "Access Analyzer", "account": "Account settings",
    "acm": "ACM", "apigateway": "API Gateway", "apigatewayv2": "API Gateway", "app": "Container Apps",
    "artifactregistry": "Artifact Registry", "authorization": "Role assignments", "bigquery": "BigQuery",
    "cloudformation": "CloudFormation", "cloudfront": "CloudFront", "cloudfunctions": "Cloud Functions",
    "cloudidentity": "Cloud Identity", "cloudkms": "Cloud KMS", "cloudresourcemanager": "Resource Manager",
    "cloudtrail": "CloudTrail", "cloudwatch": "CloudWatch", "config": "AWS Config",
    "containerregistry": "Container Registry", "containerservice": "Kubernetes Service", "cosmosdb": "Cosmos DB",
    "credential-report": "Credential report", "dbformysql": "MySQL", "dbforpostgresql": "PostgreSQL",
    "directory": "Entra ID", "documentdb": "Cosmos DB", "dns": "DNS", "dynamodb": "DynamoDB", "ebs": "EBS",
    "ec2": "EC2", "ecr": "ECR", "ecs": "ECS", "efs": "EFS", "eks": "EKS", "elasticache": "ElastiCache",
    "elb": "Load balancing", "elbv2": "Load balancing", "emr": "EMR", "gke": "GKE", "guardduty": "GuardDuty",
    "iam": "IAM", "iam-policy": "IAM policy", "keyvault": "Key Vault", "kms": "KMS",
    "machinelearningservices": "Machine Learning", "mysql": "MySQL", "opensearch": "OpenSearch",
    "org-policy": "Organization policy", "postgresql": "PostgreSQL", "pubsub": "Pub/Sub", "rds": "RDS",
    "redshift": "Redshift", "route53": "Route 53", "run": "Cloud Run", "s3": "S3", "sagemaker": "SageMaker",
    "secretmanager": "Secret Manager", "secretsmanager": "Secrets Manager", "securityhub": "Security Hub",
    "serviceusage": "Service Usage", "sns": "SNS", "sql": "SQL", "sqladmin": "Cloud SQL", "sqs": "SQS",
    "ssm": "Systems Manager", "vpc": "VPC", "waf": "WAF", "web": "App Service", "workspaces": "WorkSpaces",
}  # fmt: skip


@register.filter
def service(word: str) -> str:
    """``ec2`` is EC2, ``keyvault`` is Key Vault; one that is not known here begins with a capital letter."""
    if (name := _NAMES.get(word)) is not None:
        return name
    return word[:1].upper() + word[1:].replace("-", " ").replace("_", " ")


# Types whose words do not follow from their id: those that stand for a whole region or account, and those whose
# service's name says less than the thing's.
_TYPES = {
    "aws.accessanalyzer.region": "Access Analyzer of a region", "aws.account.region": "Settings of a region",
    "aws.account.unused_service": "Unused service", "aws.cloudtrail.account": "CloudTrail of an account",
    "aws.apigateway.rest_api": "API Gateway REST API", "aws.config.recorder": "AWS Config recorder",
    "aws.ec2.vpc": "VPC", "aws.elbv2.load_balancer": "Load balancer", "aws.guardduty.region": "GuardDuty of a region",
    "aws.iam.account": "IAM of an account", "aws.iam.credentials": "Credentials of a user",
    "aws.logs.log_group": "Log group", "aws.s3.account": "S3 of an account", "aws.secretsmanager.secret": "Secret",
    "aws.securityhub.region": "Security Hub of a region", "azure.monitoring.defender": "Defender for Cloud",
    "azure.mysql.flexible_server": "MySQL server", "azure.postgresql.flexible_server": "PostgreSQL server",
    "azure.web.site": "App Service app", "azure.keyvault.vault": "Key vault", "azure.compute.disk": "Managed disk",
    "gcp.apikeys.key": "API key", "gcp.cloudfunctions.cloud_function": "Cloud Function",
    "gcp.cloudfunctions.function": "Cloud Function", "gcp.cloudresourcemanager.project": "Project",
    "gcp.compute.firewall": "Firewall rule", "gcp.container.cluster": "GKE cluster",
    "gcp.dns.managed_zone": "DNS zone", "gcp.dns.policy": "DNS policy", "gcp.secretmanager.secret": "Secret",
    "gcp.run.service": "Cloud Run service", "gcp.serviceusage.service": "Enabled service",
    "gcp.storage.bucket": "Storage bucket",
}  # fmt: skip
# Services that name a shelf of things, which say themselves what they are: "Virtual machine", "Subnetwork".
_SHELVES = {
    "authorization", "cloudresourcemanager", "compute", "containers", "entra", "keyvault", "logging", "monitoring",
    "network", "resources", "storage",
}  # fmt: skip
# A thing's word that means nothing alone.
_BARE = {
    "account", "application", "cluster", "disk", "image", "instance", "network", "project", "region", "snapshot",
    "tenant",
}  # fmt: skip
_CAPITALS = {"acl": "ACL", "api": "API", "https": "HTTPS", "ip": "IP", "ssl": "SSL", "vpc": "VPC"}


@register.filter
def resource_type(word: str) -> str:
    """``aws.s3.bucket`` is an S3 bucket. Filters, exports and the API keep the id."""
    if (name := _TYPES.get(word)) is not None:
        return name
    _, _, rest = word.partition(".")
    of_service, _, thing = rest.partition(".")
    if not thing:
        return service(word)
    words = " ".join(_CAPITALS.get(part, part) for part in thing.split("_"))
    if of_service == thing or (of_service in _SHELVES and thing not in _BARE):
        return words[:1].upper() + words[1:]
    return f"{service(of_service)} {words}"
