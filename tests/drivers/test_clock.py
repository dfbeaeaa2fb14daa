"""Time goes on as it was when the process started, whatever is done to the machine's clock."""

from datetime import datetime, timedelta

from tests.incident.facts import T0
from tui.drivers.clock import SystemClock


class Machine:
    """A machine whose clocks are set by hand."""

    def __init__(self) -> None:
        self.wall = T0
        self.passed = 0.0

    def advance(self, seconds: float) -> None:
        self.wall += timedelta(seconds=seconds)
        self.passed += seconds

    def clock(self) -> SystemClock:
        return SystemClock(lambda: self.wall, lambda: self.passed)


def test_a_clock_that_is_set_back_moves_no_deadline_and_is_told_of() -> None:
    machine = Machine()
    clock = machine.clock()
    machine.advance(60)
    machine.wall -= timedelta(hours=1)
    machine.advance(20)
    assert clock.now() - T0 == timedelta(seconds=80)
    assert clock.stepped() == timedelta(hours=-1)
    assert machine.clock().now() == T0 + timedelta(seconds=80) - timedelta(hours=1), (
        "the next process takes it as it is"
    )


def test_the_drift_of_a_clock_is_no_step() -> None:
    machine = Machine()
    clock = machine.clock()
    machine.advance(3600)
    machine.wall += timedelta(seconds=1)
    assert clock.stepped() == timedelta(0)


def test_the_machines_own_clocks_are_near_each_other() -> None:
    clock = SystemClock()
    assert abs(clock.now() - datetime.now(clock.now().tzinfo)) < timedelta(seconds=2)
    assert clock.stepped() == timedelta(0)
