"""A fixed twentieth of the fault matrix, so that every phase or fault is met somewhere; the rest is run by hand."""

from pathlib import Path

import pytest

from tests.matrix import cell
from tests.matrix.faults import FAULTS, needs
from tests.matrix.phases import PHASES

CELLS = (
    "record/kill", "freeze/ctrl-c-twice", "push-begun/port-closed", "built/host-restarted", "switched/closed-terminal",
    "done/disk-full", "mark/second-console", "verify/stderr-gone", "watch/clock", "unfreeze/term",
)  # fmt: skip


@pytest.mark.timeout(300)
@pytest.mark.parametrize("name", CELLS)
def test_a_cell_of_the_matrix_holds(tmp_path: Path, name: str) -> None:
    phase, fault = name.split("/")
    missing = needs(fault)
    assert missing is None, f"{missing} is not installed: it steps the clock of a process"
    verdict = cell.run(tmp_path, phase, fault)
    assert not verdict.wrong, verdict.told[-3000:]


def test_the_twentieth_is_one_and_names_cells_that_exist() -> None:
    every = {f"{phase}/{fault}" for phase in PHASES for fault in FAULTS}
    assert set(CELLS) <= every and len(CELLS) >= len(every) // 20 and len(every) == 13 * 15
