"""An axis of time that columns share, for every chart of this program, on screens and in documents."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple


class Axis(NamedTuple):
    """The time that the columns share: `cells` of the same length from `begin` to `end`."""

    begin: datetime
    end: datetime
    cells: int

    def place(self, at: datetime) -> int | None:
        """The cell of that moment; None outside of the axis. The very end belongs to the last cell."""
        whole = (self.end - self.begin).total_seconds()
        passed = (at - self.begin).total_seconds()
        if not 0 <= passed <= whole or whole <= 0:
            return None
        return min(self.cells - 1, int(passed / whole * self.cells))


def scale(values: Sequence[float | None], limit: float) -> float:
    """The value at the top of a chart: the highest one, and never less than twice the limit."""
    return max([limit * 2, *(v for v in values if v is not None)], default=limit * 2) or 1.0
