from __future__ import annotations

import re

from playwright.sync_api import expect

from tests.journeys.person import Person
from tests.stack import wait_for


def test_a_worker_that_is_down_is_told_and_work_goes_on_once_it_is_back(person: Person) -> None:
    scenario = person.scenario("Everything granted")
    person.to_authentication(scenario, "journey-worker-down")
    stack = person.stack
    stack.freeze()  # else the supervisor would start another within a second
    try:
        stack.kill("worker@")
        person.give_keys(scenario["fields"])
        expect(person.page.get_by_text(re.compile("worker", re.I)).first).to_be_visible(timeout=40_000)
        person.check_accessibility()
    finally:
        stack.thaw()
    person.wait_for_verdict()
    expect(person.check("identity")).to_have_attribute("data-state", "passed")
    assert "was killed by SIGKILL; starting it again" in stack.output()


def test_a_scan_whose_worker_is_killed_is_finished_by_the_next(person: Person) -> None:
    scenario = person.scenario("Everything granted")
    person.to_authentication(scenario, "journey-killed-scan")
    person.give_keys(scenario["fields"])
    person.wait_for_verdict()
    control = person.stack.control
    control.fault("delay", service="ec2", seconds=3)
    person.finish()
    person.sees("running")
    person.stack.kill("scanner@")
    control.clear_faults()
    wait_for(lambda: person.stack.pids("scanner@"), seconds=20, what="a new scanner")
    expect(person.page.get_by_text("completed").first).to_be_visible(timeout=110_000)
    person.sees_assets("EC2 instance")
