"""A second opinion: the sandbox's AWS account, evaluated by this product and by Prowler. See docs/oracle.md."""
