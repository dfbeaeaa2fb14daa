"""The command trail: reads come by the thousand, the few writes among them stay."""

from datetime import timedelta

from tests.incident.facts import T0
from tui.engine.hosts.trail import KEPT, Trail
from tui.model.trail import Sent


def sent(number: int, *, writes: bool = False) -> Sent:
    return Sent(at=T0 + timedelta(seconds=number), host="main", argv=("x", str(number)), writes=writes)


def test_reads_never_push_a_write_out() -> None:
    trail = Trail()
    for number in range(6):
        trail.append(sent(number, writes=True))
    for number in range(6, 6 + KEPT * 2):
        trail.append(sent(number))
    assert [one.argv[1] for one in trail if one.writes] == ["0", "1", "2", "3", "4", "5"]
    assert (trail.sent, trail.writes, len(trail)) == (6 + KEPT * 2, 6, 6 + KEPT)


def test_what_is_kept_is_in_the_order_in_which_it_was_sent() -> None:
    trail = Trail(kept=3)
    for number in range(9):
        trail.append(sent(number, writes=number % 3 == 0))
    assert [one.argv[1] for one in trail] == ["0", "3", "5", "6", "7", "8"]
