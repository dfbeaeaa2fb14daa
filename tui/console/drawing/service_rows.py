"""The service table as rows: in which order, under which headings, in which columns. Columns never move by themselves.

Pure: services as they are in, rows out. Each row knows its service, so that a cursor is a service and never a place.
"""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from rich.cells import cell_len

from tui.console.drawing import labels, rows, tables
from tui.console.drawing.palette import Palette
from tui.console.drawing.rows import Piece, Row
from tui.model.health import Health
from tui.model.incident import Incident

if TYPE_CHECKING:
    from tui.engine.service_monitor import ServiceStatus

MANY = 12
"""services from which on the trouble comes first by itself: what is down must not lie below the fold"""
ORDERS = ("listed", "trouble", "name")
"""as services.yaml orders them; what is wrong first; by name"""
RELEASE = 15
"""cells of a release, its age among them; where there is room as many more as an age takes"""
_AGE = len(" 12m")
GROUPS = ("none", "host", "owner")
_GRAVITY = (Health.DOWN, Health.UNREACHABLE, Health.DEGRADED, Health.UNKNOWN, Health.STALE, Health.OK)


class TableRow(NamedTuple):
    """One row of the table."""

    service: str | None
    """None: a heading"""
    draw: Callable[[], Row]
    """for those that can be seen: a row costs a look through a quarter of an hour of answers"""


class Arrangement(NamedTuple):
    """The table as the person wants it."""

    order: str = ""
    """one of ORDERS; empty: as it comes, which is trouble first where there are many"""
    group: str = "none"

    def ordered_by(self, count: int) -> str:
        """The order for so many services."""
        return self.order or ("trouble" if count > MANY else "listed")


def fits(status: "ServiceStatus", words: str) -> bool:
    """True where every word is found in one of the service's names: its own, title, app, host, owner."""
    service = status.service
    names = f"{service.name} {service.title} {service.app} {service.host} {service.owner or ''}".lower()
    return all(word in names for word in words.lower().split())


def arranged(
    statuses: "Sequence[ServiceStatus]", incidents: dict[str, Incident], wanted: Arrangement
) -> "list[tuple[str, list[ServiceStatus]]]":
    """The services in their order, by group; the heading is empty where nothing is grouped."""

    def gravity(status: "ServiceStatus") -> tuple[int, bool]:
        incident = incidents.get(status.service.name)
        return (_GRAVITY.index(status.health), incident is None or not incident.open)

    order, every = wanted.ordered_by(len(statuses)), list(statuses)
    if order == "name":
        every.sort(key=lambda s: s.service.name)
    elif order == "trouble":
        every.sort(key=gravity)
    if wanted.group == "none":
        return [("", every)]
    groups: dict[str, list[ServiceStatus]] = {}
    for status in every:
        name = status.service.host if wanted.group == "host" else status.service.owner or "no owner named"
        groups.setdefault(name, []).append(status)
    names = list(groups) if order == "trouble" else sorted(groups)
    return [(f"{wanted.group} {name}" if wanted.group == "host" else name, groups[name]) for name in names]


def table(
    groups: "Sequence[tuple[str, Sequence[ServiceStatus]]]",
    incidents: dict[str, Incident],
    *,
    selected: str | None,
    now: datetime,
    cells: int,
    palette: Palette,
) -> tuple[Row, list[TableRow]]:
    """The table's head, and a row for each service and heading."""
    every = [status for _, statuses in groups for status in statuses]
    columns = _Columns.of(every, cells)
    found: list[TableRow] = []
    for heading, statuses in groups:
        if heading:
            found.append(TableRow(None, partial(_heading, heading, statuses, palette)))
        for status in statuses:
            name = status.service.name
            draw = partial(_row, status, incidents.get(name), columns, name == selected, now, palette)
            found.append(TableRow(name, draw))
    return columns.head(), found


class _Columns(NamedTuple):
    cells: int
    name: int
    host: int
    release: int
    spark: int

    @classmethod
    def of(cls, statuses: "Sequence[ServiceStatus]", cells: int) -> "_Columns":
        """As wide as the longest of each, as far as there is room beside what is always there."""
        spark = 8 if cells >= 76 else 0
        spare = max(0, cells - 82)
        longest = max((cell_len(s.service.name) for s in statuses), default=12)
        release = RELEASE + min(spare, _AGE)
        spare -= release - RELEASE
        name = max(12, min(longest, 18 + spare // 2, cells - 33 - release - (9 if spark else 0)))
        hosts = {s.service.host for s in statuses}
        host = min(max(map(cell_len, hosts)), 16) if len(hosts) > 1 and spare >= 16 else 0
        spare -= max(0, name - 12) + (host + 1 if host else 0)
        return cls(cells, name, host, release, min(30, spark + max(0, spare - 24)) if spark else 0)

    def head(self) -> Row:
        host = f"{'HOST':<{self.host + 1}}" if self.host else ""
        text = f"   {'HEALTH':<10}{'SERVICE':<{self.name + 1}}{host}{'RELEASE, AGE':<{self.release + 1}}"
        text += f"{'HTTP':<5}{'TIME':>6} {'SEEN':>4} "
        text += f"{'LAST 15m':<{self.spark}} " if self.spark else ""
        return ((text, "dim"),)


def counts(statuses: "Sequence[ServiceStatus]", words: Iterable[Health], palette: Palette) -> list[Piece]:
    """The number of services for each of these words that any of them has."""
    found: list[Piece] = []
    for health in words:
        count = sum(s.health is health for s in statuses)
        if count:
            look, word = labels.LOOKS[health]
            found.append((f"  {palette.sign(look)} {count} {word}", look))
    return found


def _heading(words: str, statuses: "Sequence[ServiceStatus]", palette: Palette) -> Row:
    name = (f" {palette.sign('rule')} {rows.safe(words, 60)}  ", "bold")
    wrong = [health for health in _GRAVITY if health is not Health.OK]
    return (name, (f"{len(statuses)}", "dim"), *counts(statuses, wrong, palette))


def _row(
    status: "ServiceStatus", incident: Incident | None, columns: _Columns, here: bool, now: datetime, palette: Palette
) -> Row:
    look, word = labels.LOOKS[status.health]
    last = status.last
    pieces: list[Piece] = [
        (f" {palette.sign('cursor') if here else ' '} ", "focus"),
        (f"{palette.sign(look)} {word:<8}", look),
        (rows.fit_middle(status.service.name, columns.name) + " ", "bold" if here else ""),
    ]
    if columns.host:
        pieces.append((rows.fit_middle(status.service.host, columns.host) + " ", "dim"))
    pieces += [
        (rows.fit(labels.release_aged(status, now, columns.release), columns.release) + " ", ""),
        (f"{labels.http(last):<5}", "" if look == "ok" else look),
    ]
    measured: list[Piece] = [
        (f"{labels.response(last):>6} ", ""),
        (f"{labels.age(now - last.at) if last else '-':>4} ", "unknown" if look == "unknown" else "dim"),
    ]
    marked = [mark for mark, _ in labels.marks(status, incident, brief=True, now=now) if mark != labels.INCIDENT]
    if columns.spark or not marked:
        pieces += measured  # else marks take their place: that deploys are frozen matters more than a response time
    if columns.spark:
        pieces.extend(strip(status, now, columns.spark, palette))
        pieces.append((" ", ""))
    room = columns.cells - rows.width(tuple(pieces))
    marks = labels.marks(status, incident, now=now)
    if sum(cell_len(mark) + 1 for mark, _ in marks) > room + 1:  # nothing has to stand behind the last
        marks = labels.marks(status, incident, brief=True, now=now)
    for mark, style in marks:
        if cell_len(mark) > room:
            mark = rows.fit(mark, room).rstrip() if room >= 3 else ""
        if mark:
            pieces += [(mark, style), (" ", "")]
            room -= cell_len(mark) + 1
    if last is not None and last.detail and look != "ok" and room >= 16:
        pieces.append((rows.fit(rows.safe(last.detail, 60), room), "dim"))
    return tuple(pieces)


def strip(status: "ServiceStatus", now: datetime, cells: int, palette: Palette) -> list[Piece]:
    """The last quarter of an hour: the share of looks that were healthy, each cell in the colour of its own time."""
    found: list[Piece] = []
    for share in labels.shares(status.probes, now, cells, tables.SPAN):
        if share is None:
            piece = (palette.sign("dot"), "dim")
        else:
            piece = (palette.spark(share), "ok" if share == 1 else "down" if share < 0.5 else "warn")
        if found and found[-1][1] == piece[1]:
            found[-1] = (found[-1][0] + piece[0], piece[1])
        else:
            found.append(piece)
    return found
