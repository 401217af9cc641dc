"""Findings: evaluating assets by the providers' checks, and what becomes of a check that fails."""
