"""Statements of our own are compiled for the database that they are sent to, which need not be like the default one."""

from __future__ import annotations

import ast

from config.env import ROOT
from tests.architecture.test_open_cursors import APPS


def test_none_is_compiled_for_the_default_database() -> None:
    """`Query.sql_with_params` always is: what SQLite takes for an id or a time is not what PostgreSQL takes."""
    files = (path for app in APPS for path in sorted((ROOT / app).rglob("*.py")))
    found = [
        str(path.relative_to(ROOT))
        for path in files
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Attribute) and node.attr == "sql_with_params"
    ]
    assert not found, "query.get_compiler(rows.db).as_sql()"
