"""Bulk onboarding from a file: rows that are read one by one, each proven and stored by itself."""

from cloudaccounts.services.importing.reading import BadRow, FileRefusedError, Row, read_file
from cloudaccounts.services.importing.rows import Result, import_rows

__all__ = ["BadRow", "FileRefusedError", "Result", "Row", "import_rows", "read_file"]
