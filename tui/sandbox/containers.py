"""Containers and their logs.

A log is a bounded ring with absolute line numbers; a reader that follows asks for everything after the last number
it has seen.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import islice
from typing import NamedTuple

from tui.sandbox import clock
from tui.sandbox.image_config import ImageConfig, Start
from tui.sandbox.images import Content
from tui.sandbox.process_environment import seen

KEPT_LINES = 20_000


class ContainerLine(NamedTuple):
    """One line that a container or nginx wrote, without its line end."""

    at: int  # nanoseconds since the epoch
    text: str


class Log:
    """The output of one container, newest lines kept."""

    def __init__(self) -> None:
        self._lines: deque[ContainerLine] = deque(maxlen=KEPT_LINES)
        self._written = 0
        self._past: Callable[[], Iterable[ContainerLine]] | None = None
        self._waiting: list[asyncio.Future[None]] = []

    def begin(self, past: Callable[[], Iterable[ContainerLine]]) -> None:
        """What was written before the first line: made when somebody reads, for few logs are ever read."""
        self._past = past

    @property
    def lines(self) -> deque[ContainerLine]:
        """The lines that are kept, oldest first."""
        self._tell_past()
        return self._lines

    @property
    def written(self) -> int:
        """How many lines were ever written."""
        self._tell_past()
        return self._written

    def _tell_past(self) -> None:
        if self._past is not None:
            told, self._past = list(self._past()), None
            self._lines = deque((*told, *self._lines), maxlen=KEPT_LINES)
            self._written += len(told)

    def append(self, text: str) -> None:
        """Adds a line, now; wakes who follows."""
        self._lines.append(ContainerLine(clock.now_ns(), text))
        self._written += 1
        self.wake()

    def wake(self) -> None:
        """Wakes who waits for a change now, and nobody who comes later."""
        if self._waiting:
            waiting, self._waiting = self._waiting, []
            for waits in waiting:
                if not waits.done():
                    waits.set_result(None)

    def last(self, count: int) -> list[ContainerLine]:
        """The newest lines, oldest first; all that are kept for 0."""
        return self._newest(count) if count else list(self.lines)

    def after(self, number: int) -> list[ContainerLine]:
        """The lines after the first `number` ever written, as far as they are still kept."""
        return self._newest(self.written - number)

    def _newest(self, count: int) -> list[ContainerLine]:
        newest = list(islice(reversed(self.lines), max(0, count)))
        newest.reverse()
        return newest

    async def changed(self) -> None:
        """Until the next line, or until the container ends."""
        waits: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append(waits)
        await waits


@dataclass(slots=True, kw_only=True, eq=False)
class DockerContainer:
    """One container as Docker knows it. Times are seconds since the epoch; `index` counts from 1."""

    id: str
    name: str
    app: str
    process: str
    index: int
    image_id: str
    image_ref: str
    content: Content
    labels: dict[str, str]
    env: tuple[str, ...]
    address: str
    created: float
    started: float
    status: str = "running"  # running, exited
    exit_code: int = 0
    finished: float = 0.0
    restarts: int = 0
    pid: int = 0
    oom_killed: bool = False
    looping: bool = False  # it does not stay up, and Docker starts it again and again
    requests: int = 0
    ticks: int = 0
    namespace: str = ""  # of a pod; "" for a container of Docker's
    secret: str = ""  # the name of the Secret that a pod's config comes from
    start: Start = field(default_factory=lambda: Start(path="/app/server", runs="web"))
    given: dict[str, str] = field(default_factory=dict)  # the environment that Docker gave it, over the image's own
    config: ImageConfig = field(default_factory=ImageConfig)
    log: Log = field(default_factory=Log)

    @property
    def running(self) -> bool:
        """True if its process lives."""
        return self.status == "running"

    @property
    def runs(self) -> str:
        """The process type whose code runs in it; "" if it has nothing to start."""
        return self.start.runs

    def sees(self) -> dict[str, str]:
        """The environment that its process finds."""
        return seen(self.config, self.given)

    @property
    def short_id(self) -> str:
        """The 12 digits that Docker prints."""
        return self.id[:12]

    @property
    def dyno(self) -> str:
        """Dokku's name of the process, such as `web.1`."""
        return f"{self.process}.{self.index}"

    def exit(self, code: int = 0) -> None:
        """Ends the process, unless it has ended before; who follows the log is woken."""
        if self.running:
            self.status = "exited"
            self.exit_code = code
            self.finished = clock.now()
            self.log.wake()


def timestamp(seconds: float) -> str:
    """RFC 3339 with nanoseconds, as Docker prints times; 0 is Docker's zero time."""
    if not seconds:
        return "0001-01-01T00:00:00Z"
    return nanotime(int(seconds * 1_000_000_000))


def nanotime(nanoseconds: int) -> str:
    """Nanoseconds since the epoch as RFC 3339 in UTC, with nine decimals."""
    whole, rest = divmod(nanoseconds, 1_000_000_000)
    return f"{datetime.fromtimestamp(whole, UTC):%Y-%m-%dT%H:%M:%S}.{rest:09d}Z"
