"""The report of a validation, as providers fill it."""

from cloudaccounts.report import CloudValidationResult, Plan, ValidationProgress

__all__ = ["CloudValidationResult", "Plan", "ValidationProgress"]
