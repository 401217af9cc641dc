"""Networks, machines, containers, functions and load balancers."""

from __future__ import annotations

from tests.cloudaccounts.providers.aws.checks.cases.accounts import Case
from tests.cloudaccounts.providers.aws.checks.examples import (
    BALANCER,
    CERTIFICATE,
    REACHED,
    ago,
    answer,
    entry,
    everybody,
    http,
    rule,
    seen,
)

CASES: dict[str, Case] = {
    "aws_ec2_ssh_open": ({"ingress": [rule(22, "10.0.0.0/8")]}, {"ingress": [rule(20, "0.0.0.0/0", to=30)]}, None),
    "aws_ec2_rdp_open": ({"ingress": [rule(443, "0.0.0.0/0")]}, {"ingress": [rule(3389, "::/0")]}, None),
    "aws_ec2_cifs_open": ({"ingress": [rule(443, "0.0.0.0/0")]}, {"ingress": [rule(445, "0.0.0.0/0")]}, None),
    "aws_ec2_network_acl_open": ({"ingress": [entry(100, "10.0.0.0/8")]}, {"ingress": [entry(100, "0.0.0.0/0")]}, None),
    "aws_ec2_instance_reachable": (
        REACHED | {"ingress": [rule(443, "0.0.0.0/0")]},
        REACHED,
        {"state": "terminated"},
    ),
    "aws_ec2_instance_role": (
        {"state": "running", "instance_profile": "arn:aws:iam::1:instance-profile/web"},
        {"state": "running", "instance_profile": None},
        {"state": "shutting-down"},
    ),
    "aws_ec2_snapshot_sharing_blocked": (
        {"snapshot_sharing": "block-all-sharing"},
        {"snapshot_sharing": "unblocked"},
        None,
    ),
    "aws_ec2_image_sharing_blocked": ({"image_sharing": "block-new-sharing"}, {"image_sharing": "unblocked"}, None),
    "aws_ec2_imdsv2_default": (
        {"metadata_defaults": {"HttpTokens": "required"}},
        {"metadata_defaults": {}},
        None,
    ),
    "aws_elbv2_tls_policy": (
        {"listeners": [{"protocol": "TLS", "policy": "p"}], "policies": {"p": ["TLSv1.2", "TLSv1.3"]}} | seen(),
        {"listeners": [{"protocol": "HTTPS", "policy": "p"}], "policies": {"p": ["TLSv1", "TLSv1.2"]}} | seen(),
        {"listeners": [{"protocol": "TCP"}]} | seen(),
    ),
    "aws_elbv2_plain_http": (
        BALANCER | {"listeners": [http(answer("redirect", "HTTPS"))]},
        BALANCER | {"listeners": [http(answer("forward"))]},
        BALANCER | {"scheme": "internal", "listeners": [http(answer("forward"))]},
    ),
    "aws_elbv2_access_logs": (
        {"type": "network", "access_logs": True},
        {"type": "application", "access_logs": False},
        {"type": "gateway", "access_logs": None},
    ),
    "aws_cloudfront_tls": (
        {"enabled": True, "own_certificate": True, "minimum_tls": "TLSv1.2_2021"} | seen(),
        {"enabled": True, "own_certificate": True, "minimum_tls": "TLSv1_2016"} | seen(),
        {"enabled": True, "own_certificate": False, "minimum_tls": "TLSv1"} | seen(),
    ),
    "aws_ec2_all_ports_open": (
        {"ingress": [rule(1, "0.0.0.0/0", to=1024)]},
        {"ingress": [rule(0, "0.0.0.0/0", protocol="-1")]},
        None,
    ),
    "aws_ec2_database_ports_open": (
        {"ingress": [rule(5432, "0.0.0.0/0", protocol="udp")]},
        {"ingress": [rule(5432, "0.0.0.0/0")]},
        None,
    ),
    "aws_ec2_default_security_group": (
        {"group_name": "default", "ingress": [], "egress": []},
        {"group_name": "default", "ingress": [], "egress": [rule(443, "0.0.0.0/0")]},
        {"group_name": "web", "ingress": [], "egress": []},
    ),
    "aws_ec2_vpc_flow_logs": (
        {"flow_logs": [{"traffic": "REJECT", "status": "ACTIVE", "delivery": "SUCCESS"}]},
        {"flow_logs": [{"traffic": "ACCEPT", "status": "ACTIVE", "delivery": "SUCCESS"}]},
        None,
    ),
    "aws_ec2_instance_imdsv2": (
        {"state": "running", "metadata_endpoint": "enabled", "metadata_tokens": "required"},
        {"state": "stopped", "metadata_endpoint": "enabled", "metadata_tokens": "optional"},
        {"state": "terminated"},
    ),
    "aws_ec2_volume_encrypted": ({"encrypted": True}, {"encrypted": False}, None),
    "aws_ec2_ebs_default_encryption": (
        {"ebs_encryption_by_default": True},
        {"ebs_encryption_by_default": False},
        None,
    ),
    "aws_ec2_snapshot_public": (
        {"public": True, "snapshot_sharing": "block-all-sharing"},
        {"public": True, "snapshot_sharing": "block-new-sharing"},
        None,
    ),
    "aws_ec2_snapshot_encrypted": ({"encrypted": True}, {"encrypted": False}, None),
    "aws_ec2_image_public": ({"public": False}, {"public": True}, None),
    "aws_lambda_function_public": (
        {"policy": None, "alias_policies": {}},
        {"policy": None, "alias_policies": {"live": everybody()}},
        None,
    ),
    "aws_lambda_runtime_supported": (
        {"runtime": "python3.13", **seen()},
        {"runtime": "python3.9", **seen()},
        {"runtime": None},
    ),
    "aws_eks_version_supported": ({"logs": [], **seen(version="1.35")}, {"logs": [], **seen(version="1.33")}, None),
    "aws_eks_endpoint_public": (
        {"public_endpoint": True, "public_cidrs": ["192.0.2.0/24"]},
        {"public_endpoint": True, "public_cidrs": ["0.0.0.0/0"]},
        None,
    ),
    "aws_eks_secrets_encrypted": ({"secrets_encrypted": True}, {"secrets_encrypted": False}, None),
    "aws_ecr_scan_on_push": (
        {"registry_scanning": {"type": "BASIC", "frequencies": []}, "scan_on_push": True},
        {"registry_scanning": {"type": "BASIC", "frequencies": []}, "scan_on_push": False},
        None,
    ),
    "aws_acm_certificate_expiry": (
        CERTIFICATE | {"expires_at": ago(-31)} | seen(),
        CERTIFICATE | {"expires_at": ago(-30)} | seen(),
        CERTIFICATE | {"in_use": False, "expires_at": ago(1)} | seen(),
    ),
    "aws_cloudfront_https": (
        {"enabled": True, "viewer_protocols": ["redirect-to-https"]},
        {"enabled": True, "viewer_protocols": ["allow-all", "https-only"]},
        {"enabled": False, "viewer_protocols": ["allow-all"]},
    ),
}
