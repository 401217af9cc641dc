"""How a second engine's results stand to our own evaluations."""

from __future__ import annotations

import random
from dataclasses import replace
from uuid import UUID, uuid4

import pytest

from cloudaccounts import registry
from cloudaccounts.contract.engines import EnginePair
from cloudaccounts.contract.rules import Severity, Verdict
from scans.engines.matching import Evaluated, Matched, Pairs, match
from scans.engines.output import Result

ONE, TWO = "arn:aws:s3:::one", "arn:aws:s3:::two"
ASSET = UUID(int=1)
PAIRS = Pairs(
    [
        EnginePair("our_tls", ("tls",)),
        EnginePair("our_unused", ("key_unused", "password_unused"), by="name"),
        EnginePair("our_trail", ("trail",), by="account"),
        EnginePair("our_snapshot", ("snapshot",), also=("our_cluster_snapshot",)),
    ]
)


def theirs(check: str, verdict: str, resource: str = ONE) -> Result:
    return Result(check, verdict, resource, "one", "us-east-1", "s3", Severity.HIGH, check, "", "")


def ours(check: str, verdict: Verdict, resource: str = ONE, asset: UUID = ASSET) -> Evaluated:
    return Evaluated(check, resource, "us-east-1", asset, verdict)


def matched(results: list[Result], evaluated: list[Evaluated]) -> tuple[list[Matched], int]:
    return match(PAIRS.collect(results), PAIRS, evaluated)


def relations(results: list[Result], evaluated: list[Evaluated]) -> list[tuple[str, str, str, str]]:
    rows, _ = matched(results, evaluated)
    return [(one.result.check_id, one.result.verdict, one.relation.value, one.ours) for one in rows]


def test_both_found_it() -> None:
    rows, agreed = matched([theirs("tls", "fail")], [ours("our_tls", Verdict.FAIL)])
    assert [(row.relation, row.rule, row.asset) for row in rows] == [("both", "our_tls", ASSET)]
    assert agreed == 1


@pytest.mark.parametrize("verdict", [Verdict.PASS, Verdict.UNKNOWN, Verdict.NOT_APPLICABLE])
def test_ours_does_not_fail_where_theirs_does(verdict: Verdict) -> None:
    assert relations([theirs("tls", "fail")], [ours("our_tls", verdict)]) == [("tls", "fail", "differs", verdict)]


def test_theirs_passes_what_ours_fails() -> None:
    assert relations([theirs("tls", "pass")], [ours("our_tls", Verdict.FAIL)]) == [("tls", "pass", "differs", "fail")]


def test_a_pass_is_worth_a_row_only_where_the_two_differ() -> None:
    rows, agreed = matched([theirs("tls", "pass"), theirs("more", "pass")], [ours("our_tls", Verdict.PASS)])
    assert (rows, agreed) == ([], 1)


def test_alone_without_a_check_of_ours_or_without_an_asset() -> None:
    results = [theirs("more", "fail"), theirs("tls", "fail", TWO)]
    assert relations(results, [ours("our_tls", Verdict.FAIL)]) == [
        ("more", "fail", "only", ""), ("tls", "fail", "only", ""),
    ]  # fmt: skip


def test_of_several_of_theirs_one_that_fails_decides() -> None:
    results = [theirs("key_unused", "pass", "arn:user/a/jo"), theirs("password_unused", "fail", "arn:user/jo")]
    for order in (results, results[::-1]):
        evaluated = [ours("our_unused", Verdict.FAIL, "arn:other/jo")]
        assert relations(order, evaluated) == [("password_unused", "fail", "both", "fail")]


def test_of_an_account_the_worst_of_ours_counts() -> None:
    good, bad = uuid4(), uuid4()
    evaluated = [ours("our_trail", Verdict.PASS, "x", good), ours("our_trail", Verdict.FAIL, "y", bad)]
    rows, _ = matched([theirs("trail", "fail", "arn:trail")], evaluated)
    assert [(row.relation, row.asset) for row in rows] == [("both", bad)]


def test_a_further_check_of_ours_answers_too() -> None:
    rows, _ = matched([theirs("snapshot", "fail")], [ours("our_cluster_snapshot", Verdict.FAIL)])
    assert [(row.relation, row.rule) for row in rows] == [("both", "our_cluster_snapshot")]


def test_nothing_is_counted_twice_whatever_the_order() -> None:
    """Each failure of theirs is one row, of one relation; the order of either side changes nothing."""
    rng = random.Random(4)  # noqa: S311 # no secret
    results = [
        theirs(rng.choice(["tls", "key_unused", "trail", "more"]), rng.choice(["pass", "fail"]), f"arn:{n % 9}")
        for n in range(60)
    ]
    evaluated = [ours(check, rng.choice(list(Verdict)), f"arn:{n}") for n in range(9) for check in sorted(PAIRS.rules)]
    first = sorted(map(str, relations(results, evaluated)))
    assert len([row for row in relations(results, evaluated) if row[1] == "fail"]) == sum(
        result.verdict == "fail" for result in results
    )
    for _ in range(20):
        rng.shuffle(evaluated)
        assert sorted(map(str, relations(results, evaluated))) == first


def test_more_than_is_kept_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("scans.engines.matching.MOST_FAILURES", 2)
    collected = PAIRS.collect([theirs("more", "fail", f"arn:{n}") for n in range(3)])
    assert (len(collected.failures), collected.cut) == (2, True)


@pytest.mark.parametrize("provider", ["aws", "azure", "gcp"])
def test_the_tables_name_checks_of_ours_and_none_of_theirs_twice(provider: str) -> None:
    spec = registry.get(provider)
    pairs = spec.engine_pairs("prowler")
    known = {check.id for check in spec.posture_checks()}
    assert {check for pair in pairs for check in (pair.ours, *pair.also)} <= known
    every = [check for pair in pairs for check in pair.theirs]
    assert len(every) == len(set(every))
    assert len(pairs) > 60, "a table of each cloud"
    assert {pair.by for pair in pairs} <= {"resource", "path", "name", "label", "region", "account"}


def test_azures_ids_meet_whatever_their_case() -> None:
    pairs = Pairs(registry.get("azure").engine_pairs("prowler"))
    group = "/subscriptions/11111111-2222-4333-8444-555555555555/resourceGroups/Web/providers/Microsoft.Network/"
    theirs_of_it = theirs("network_rdp_internet_access_restricted", "fail", f"{group}networkSecurityGroups/Front")
    own = Evaluated(
        "azure_nsg_rdp_open", f"{group}networkSecurityGroups/Front".lower(), "westeurope", ASSET, Verdict.PASS
    )
    rows, _ = match(pairs.collect([theirs_of_it]), pairs, [own])
    assert [(row.relation, row.rule, row.ours) for row in rows] == [("differs", "azure_nsg_rdp_open", "pass")]
    other = Evaluated(own.check_id, own.native_id + "-2", "westeurope", ASSET, Verdict.FAIL)
    rows, _ = match(pairs.collect([theirs_of_it]), pairs, [other])
    assert [row.relation for row in rows] == ["only"]


@pytest.mark.parametrize(
    ("check", "rule", "below"),
    [
        (
            "storage_ensure_file_shares_soft_delete_is_enabled",
            "azure_storage_share_soft_delete",
            "fileServices/default",
        ),
        ("storage_smb_protocol_version_is_latest", "azure_storage_smb_version", "fileServices/default"),
        ("mysql_flexible_server_minimum_tls_version_12", "azure_mysql_minimum_tls", "configurations/tls_version"),
        ("mysql_flexible_server_ssl_connection_enabled", "azure_mysql_ssl", "configurations/require_secure_transport"),
    ],
)
def test_a_part_of_a_resource_meets_the_whole(check: str, rule: str, below: str) -> None:
    pairs = Pairs(registry.get("azure").engine_pairs("prowler"))
    owner = "/subscriptions/s/resourceGroups/Web/providers/Microsoft.X/things/One"
    for uid in (f"{owner}/{below}", owner):
        own = Evaluated(rule, owner.lower(), "westeurope", ASSET, Verdict.FAIL)
        rows, agreed = match(pairs.collect([theirs(check, "fail", uid)]), pairs, [own])
        assert ([(row.relation, row.rule) for row in rows], agreed) == ([("both", rule)], 1)


@pytest.mark.parametrize(
    ("check", "uid", "name", "rule", "native_id"),
    [
        # The number of a machine says nothing to anybody else: its name does.
        ("compute_instance_public_ip", "4711", "shop-1", "gcp_vm_public_address",
         "//compute.googleapis.com/projects/p/zones/europe-west1-b/instances/shop-1"),
        ("kms_key_rotation_max_90_days", "projects/p/locations/eu/keyRings/r/cryptoKeys/k", "k", "gcp_kms_rotation",
         "//cloudkms.googleapis.com/projects/p/locations/eu/keyRings/r/cryptoKeys/k"),
        ("apikeys_key_rotated_in_90_days", "1f-2e", "For the page", "gcp_api_key_age",
         "//apikeys.googleapis.com/projects/12/locations/global/keys/1f-2e"),
        ("iam_sa_user_managed_key_rotate_90_days", "abc123", "a@p.example", "gcp_service_account_key_age",
         "//iam.googleapis.com/projects/p/serviceAccounts/1/keys/abc123"),
        ("cloudfunction_function_not_publicly_accessible", "export", "export", "gcp_function_v1_public",
         "//cloudfunctions.googleapis.com/projects/p/locations/eu/functions/export"),
    ],
)  # fmt: skip
def test_googles_resources_meet_by_what_both_call_them(
    check: str, uid: str, name: str, rule: str, native_id: str
) -> None:
    pairs = Pairs(registry.get("gcp").engine_pairs("prowler"))
    result = replace(theirs(check, "fail", uid), name=name)
    rows, agreed = match(pairs.collect([result]), pairs, [Evaluated(rule, native_id, "eu", ASSET, Verdict.FAIL)])
    assert ([(row.relation, row.rule) for row in rows], agreed) == ([("both", rule)], 1)
