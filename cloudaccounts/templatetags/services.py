"""Services of the clouds as people call them. Filters, exports and the API keep the words of the readings."""

from __future__ import annotations

from django import template

register = template.Library()

# Only those that capital letters alone do not make of the word.
_NAMES = {
    "access-analyzer": "Access Analyzer", "accessanalyzer": "Access Analyzer", "account": "Account settings",
    "acm": "ACM", "apigateway": "API Gateway", "apigatewayv2": "API Gateway", "app": "Container Apps",
    "artifactregistry": "Artifact Registry", "authorization": "Role assignments", "bigquery": "BigQuery",
    "cloudfront": "CloudFront", "cloudfunctions": "Cloud Functions", "cloudidentity": "Cloud Identity",
    "cloudkms": "Cloud KMS", "cloudresourcemanager": "Resource Manager", "cloudtrail": "CloudTrail",
    "cloudwatch": "CloudWatch", "config": "AWS Config", "containerregistry": "Container Registry",
    "containerservice": "Kubernetes Service", "cosmosdb": "Cosmos DB", "credential-report": "Credential report",
    "dbformysql": "MySQL", "dbforpostgresql": "PostgreSQL", "directory": "Entra ID", "documentdb": "Cosmos DB",
    "dynamodb": "DynamoDB", "ebs": "EBS", "ec2": "EC2", "ecr": "ECR", "ecs": "ECS", "efs": "EFS", "eks": "EKS",
    "elasticache": "ElastiCache", "elb": "Load balancing", "elbv2": "Load balancing", "emr": "EMR", "gke": "GKE",
    "guardduty": "GuardDuty", "iam": "IAM", "iam-policy": "IAM policy", "keyvault": "Key Vault", "kms": "KMS",
    "machinelearningservices": "Machine Learning", "mysql": "MySQL", "opensearch": "OpenSearch",
    "org-policy": "Organization policy",
    "postgresql": "PostgreSQL", "pubsub": "Pub/Sub", "rds": "RDS", "redshift": "Redshift", "route53": "Route 53",
    "run": "Cloud Run", "s3": "S3", "sagemaker": "SageMaker", "secretmanager": "Secret Manager",
    "secretsmanager": "Secrets Manager", "securityhub": "Security Hub", "serviceusage": "Service Usage", "sns": "SNS",
    "sql": "SQL", "sqladmin": "Cloud SQL", "sqs": "SQS", "ssm": "Systems Manager", "vpc": "VPC", "waf": "WAF",
    "web": "App Service", "workspaces": "WorkSpaces",
}  # fmt: skip


@register.filter
def service(word: str) -> str:
    """``ec2`` is EC2, ``keyvault`` is Key Vault; one that is not known here begins with a capital letter."""
    if (name := _NAMES.get(word)) is not None:
        return name
    return word[:1].upper() + word[1:].replace("-", " ").replace("_", " ")
