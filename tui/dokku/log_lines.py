"""Lines of `logs APP`: Dokku's prefix apart from the app's own text."""

import re
from datetime import datetime

from tui.dokku.framing import Line, Span
from tui.model import iso_time
from tui.model.value import Value

_PREFIX = re.compile(r"(?P<at>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z) app\[(?P<process>[^\]]{1,64})\]: ?", re.ASCII)


class LogLine(Value):
    """One line of an app's log. Without Dokku's prefix neither time nor process is known."""

    text: str
    at: datetime | None = None
    process: str | None = None
    spans: tuple[Span, ...] = ()
    """the app's own colours, as positions in `text`"""


def read_line(line: Line | str) -> LogLine:
    """The parts of a line that `framing.Framer` gave, or of its text alone."""
    text, spans = (line, ()) if isinstance(line, str) else (line.text, line.spans)
    found = _PREFIX.match(text)
    at = _time(found["at"]) if found else None
    if found is None or at is None:
        return LogLine(text=text, spans=spans)
    cut = found.end()
    own = (Span(start=max(0, s.start - cut), end=s.end - cut, style=s.style) for s in spans if s.end > cut)
    return LogLine(text=text[cut:], at=at, process=found["process"], spans=tuple(own))


def _time(text: str) -> datetime | None:
    """Nanoseconds cut to microseconds; None for a date that does not exist."""
    return iso_time.read(re.sub(r"(\.\d{6})\d+", r"\1", text))
