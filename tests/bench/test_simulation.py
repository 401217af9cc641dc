"""The simulation says what it is believed for: enough keeps up, half does not."""

from __future__ import annotations

import pytest

from cloudaccounts.health import provider_round, state_machine
from tests.bench import simulation
from tests.bench.simulation import needed, simulate, workers


@pytest.mark.parametrize("accounts", [2_000, 12_000])
def test_what_it_says_is_needed_keeps_up_and_half_does_not(accounts: int) -> None:
    enough = simulate(accounts, at_once=needed(accounts), processes=workers(accounts))
    assert enough.late_p95 < 30
    assert enough.rate == pytest.approx(accounts / simulation.INTERVAL, rel=0.05)
    half = simulate(accounts, at_once=max(1, needed(accounts) // 2), processes=workers(accounts))
    assert half.late_p95 > 4 * max(1.0, enough.late_p95) or needed(accounts) < 3


def test_one_process_does_no_more_than_its_processor_can() -> None:
    slow = simulate(100_000, at_once=64, processes=1, rounds=0.3)
    assert slow.rate <= simulation.A_PROCESS * 1.05


def test_it_assumes_what_the_product_does() -> None:
    assert simulation.JITTER == state_machine.JITTER
    assert simulation.MOST_OF_A_PROCESS == provider_round.MOST_OF_A_PROCESS
