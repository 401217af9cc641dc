"""Lists of very many rows: what their databases are told, and which way they take."""

from __future__ import annotations

import pytest
from django.db import connections

from scans.assets.planner_statistics import NEW_ASSETS, renew_statistics
from scans.assets.queries import AssetFilter, assets
from scans.findings.filters import FindingFilter
from scans.findings.queries import findings
from scans.models import Asset, Finding
from teams.scope import Scope
from tests.conftest import ALL_DATABASES
from tests.environment import MONGODB
from tests.scans.conftest import Scan
from tests.toycloud.provider import State

pytestmark = pytest.mark.django_db(transaction=True, databases=ALL_DATABASES)


def is_sqlite() -> bool:
    return connections["cloud_security"].vendor == "sqlite"


def test_sqlite_is_told_about_assets_after_a_scan_that_brought_many() -> None:
    assert renew_statistics(NEW_ASSETS - 1) is False
    assert renew_statistics(NEW_ASSETS) is is_sqlite()
    if is_sqlite():
        with connections["cloud_security"].cursor() as cursor:
            cursor.execute("SELECT DISTINCT tbl FROM sqlite_stat1")
            assert cursor.fetchall() == ([("assets",)] if Asset.objects.exists() else [])


@pytest.mark.skipif(MONGODB, reason="It has no SQL to look at.")
def test_a_search_asks_for_what_it_hit_and_not_for_all_that_is_the_owners(scan: Scan, toycloud: State) -> None:
    toycloud.set_assets("boxes", "left", "web-001", "db-001", lid="open")
    scope = Scope(scan().owner)
    for rows in (assets(scope, AssetFilter(q="web-00")), findings(scope, FindingFilter(q="web-00"))):
        assert rows.count() == 1
        if is_sqlite():
            assert "sqlite_autoindex" in rows.explain()  # of the keys
        assert '"owner" =' not in str(rows.query)
    by_account = assets(scope, AssetFilter(q="toybox"))
    assert by_account.count() == 2
    assert '"owner" =' not in str(by_account.query)  # few: by their keys as well
    assert not assets(Scope("somebody else"), AssetFilter(q="web-00")).exists()


@pytest.mark.skipif(MONGODB, reason="It has no SQL to explain.")
def test_a_list_narrowed_by_service_and_region_is_counted_by_an_index_alone() -> None:
    if not is_sqlite():
        pytest.skip("Other planners decide by what is there.")
    filters = FindingFilter(severity=("medium",), service=("ec2",), region=("eu-west-1",))
    plan = findings(Scope("1"), filters).order_by().values("owner").explain()
    assert "USING COVERING INDEX" in plan
    assert Finding._meta.db_table in plan
