"""Lines of `logs APP`: Dokku's prefix apart from the app's own text."""

import re
from datetime import datetime

from tui.model.value import Value

_PREFIX = re.compile(
    r"(?P<at>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z) app\[(?P<process>[^\]]{1,64})\]: ?(?P<text>.*)"
)


class LogLine(Value):
    """One line of an app's log. Without Dokku's prefix neither time nor process is known."""

    text: str
    at: datetime | None = None
    process: str | None = None


def read_line(text: str) -> LogLine:
    """The parts of a line that `lines.Framer` gave."""
    found = _PREFIX.fullmatch(text)
    if found is None:
        return LogLine(text=text)
    at = datetime.fromisoformat(re.sub(r"(\.\d{6})\d+", r"\1", found["at"]))
    return LogLine(text=found["text"], at=at, process=found["process"])
