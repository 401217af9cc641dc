"""Benchmarks against the bare SDKs; `python -m tests.bench`."""

import tests.environment  # noqa: F401  # before anything reads Django's settings
