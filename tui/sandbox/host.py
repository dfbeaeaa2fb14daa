"""The host as a whole: the machine, its clock, its trouble, its web sites, and every command ever sent to it."""

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from tui.sandbox import clock, reboot
from tui.sandbox.armed_faults import Fault, Faults
from tui.sandbox.client import Canceled, Client, ClientGone
from tui.sandbox.deploy_lines import OutputLine
from tui.sandbox.machine import App, Machine
from tui.sandbox.pace import DURATIONS, RETIRE_EVERY, Pace
from tui.sandbox.recorded import Recorded, load
from tui.sandbox.stories import Story
from tui.sandbox.web import Sites


@dataclass(frozen=True, slots=True, kw_only=True)
class Push:
    """One ref of one git push, as it ended."""

    app: str
    ref: str
    old: str
    new: str
    status: str
    started: float
    ended: float


@dataclass(slots=True, kw_only=True, eq=False)
class Call:
    """One command while it runs."""

    host: "SandboxHost"
    client: Client
    number: int
    line: str
    started: float
    words: list[str] = field(default_factory=list)
    args: list[str] = field(default_factory=list)
    exit: int | None = None
    ended: float | None = None
    aborted: bool = False
    canceled: bool = False
    detached: bool = False
    powerless: bool = False  # the host restarted under it: nothing of it is put in order any more
    task: asyncio.Task[object] | None = None
    quiet: bool = False
    marked: bool = False  # 0.35.15 puts ESC[1G before its own lines of a build
    band: bool = False  # a push that asked for bands gets everything but its report on band 2
    merged: bool = False  # 0.38.27 sends everything a deploy says to stdout
    complaints: list[str] = field(default_factory=list)
    record: list[str] | None = None  # 0.38.27 keeps the output of every build
    slow: float = 1.0
    reached: list[str] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    sent: int = 0

    @property
    def name(self) -> str:
        """The command's name such as `apps:list`, or "" before the line was split."""
        return self.words[0] if self.words else ""

    def write(self, data: bytes, *, error: bool = False) -> None:
        """Raises ClientGone unless the call is detached, Canceled if somebody cancelled its deploy."""
        if self.canceled:
            raise Canceled
        if self.client.gone:
            if self.detached:
                return
            raise ClientGone
        if self.band:
            data, error = b"%04x\x02" % (len(data) + 5) + data, False
        self.client.send(data, error=error)
        self.sent += len(data)
        if self.faults:
            self.host.faults.sent(self)

    def out(self, text: str) -> None:
        """One line on stdout. Raises as `write` does."""
        self.keep(text)
        self.write(f"{text}\n".encode("utf-8", "surrogateescape"))

    def err(self, text: str) -> None:
        """One line on stderr. Raises as `write` does."""
        self.keep(text)
        self.write(f"{text}\n".encode("utf-8", "surrogateescape"), error=True)

    def keep(self, text: str) -> None:
        """Writes a line down in the record of the build, if there is one."""
        if self.record is not None:
            self.record.append(text)

    def raw(self, text: str) -> None:
        """Text on stdout as it is, without a line end. Raises as `write` does."""
        self.write(text.encode("utf-8", "surrogateescape"))

    def say(self, line: OutputLine) -> None:
        """A line of a deploy, on the stream and with the mark of this version. Raises ClientGone as `write` does."""
        if line.kind == "tool" and (self.complaints or " !     " in line.text):
            self.complaints.append(line.text)
        old = self.host.machine.old
        if line.kind == "step":
            self.out(("\x1b[1G" if old and self.marked else "") + line.text)
        elif line.kind == "tool" and (old or not self.merged):
            self.err(line.text)
        else:
            self.out(line.text)

    def say_all(self, lines: Iterable[OutputLine]) -> None:
        """Lines of a deploy, one after the other; what produces them goes on only as far as the client hears."""
        for line in lines:
            self.say(line)

    async def pause(self, seconds: float) -> None:
        """Waits so many recorded seconds at the host's pace, longer in a deploy that was told to be slow."""
        await self.host.pace.pause(seconds * self.slow)

    def phase(self, name: str) -> None:
        """Marks how far a deploy has come; faults wait for these names."""
        self.reached.append(name)
        self.host.faults.reached(self, name)
        if self.powerless:
            raise asyncio.CancelledError


class SandboxHost:
    """`plugins`: the host also has the runbook's commands (ps:rollback, tags:*), as some plugin would bring them."""

    def __init__(self, *, version: str, pace: Pace, plugins: bool = False) -> None:
        self.machine = Machine(version=version)
        self.pace = pace
        self.plugins = plugins
        self.durations = DURATIONS[version]
        self.recorded: Recorded = load(version)
        self.faults = Faults(self)
        self.calls: list[Call] = []
        self.pushes: list[Push] = []
        self.stories: dict[str, Story] = {}
        """apps that were made on request, with what a release of them is built from"""
        self.sites = Sites(self.machine)
        self.cut: Callable[[], None] = lambda: None
        """ends every connection; set by whoever listens"""
        self._tasks: set[asyncio.Task[None]] = set()

    def call(self, client: Client, line: str) -> Call:
        """The record of a command that starts now. It is kept for good: `GET /state` shows every one."""
        call = Call(host=self, client=client, number=len(self.calls) + 1, line=line, started=self.machine.now())
        self.calls.append(call)
        return call

    def running_calls(self) -> list[Call]:
        """The commands that have neither ended nor been killed, oldest first."""
        return [call for call in self.calls if call.exit is None and not call.aborted]

    async def restart(self, ids: str = "keep") -> None:
        """Every connection and command dies, and the apps start again as `reboot` says. Raises ValueError for other
        `ids` than it knows.
        """
        self.cut()
        reboot.check(ids)
        await self._die()
        reboot.come_back(self.machine, ids=ids)

    async def _die(self) -> None:
        """Killed where they wait, without a word: what each would have put in order stays as it is."""
        tasks: list[asyncio.Task[object]] = []
        for call in self.running_calls():
            call.powerless = True
            call.client.lost()
            if call.task is not None and call.task is not asyncio.current_task():
                call.task.cancel()
                tasks.append(call.task)
        await asyncio.gather(*tasks, return_exceptions=True)

    async def open_site(self, app: App) -> None:
        """Gives the app its port if it has none yet."""
        await self.sites.open(app)

    def later(self, seconds: float, action: Callable[[], object]) -> None:
        """Does something once, so many seconds of the host from now; never if the host closes first."""

        async def wait() -> None:
            await clock.sleep(seconds)
            action()

        self._start(wait())

    def start(self) -> None:
        """Begins the host's own life: the containers' seconds, and the timer of ps:retire."""
        self._start(self.sites.live())
        self._start(self._retire_timer())

    async def _retire_timer(self) -> None:
        # A floor keeps a host without pauses from spinning.
        every = max(self.pace.scaled(RETIRE_EVERY), 1.0)
        while True:
            await clock.sleep(every)
            self.machine.retire(None)

    async def close(self) -> None:
        """Ends what the host does by itself, disarms its faults and closes the ports of the apps."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self.faults.clear()
        await self.sites.close()

    def _start(self, coroutine: object) -> None:
        assert asyncio.iscoroutine(coroutine)
        task = asyncio.get_running_loop().create_task(coroutine)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
