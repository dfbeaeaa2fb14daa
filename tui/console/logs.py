"""The logs that are followed: of the service at the cursor, and of every service with an open incident."""

from collections.abc import Callable, Container, Sequence

from tui.console.ports import Screen
from tui.drivers.log_spool import LogSpool
from tui.engine.monitor.log_follower import LogFollower
from tui.engine.monitor.merged_log import MergedLogs
from tui.engine.service_monitor import ServiceMonitor

MOST = 8
"""logs that are shown as one: each is a stream of its own on its host"""


class Logs:
    """One console's logs, by service."""

    def __init__(self, screen: Screen, board: ServiceMonitor, open_ones: Callable[[], Container[str]]) -> None:
        self._screen = screen
        self._board = board
        self._open_ones = open_ones
        """says which services have an open incident now"""
        self._followers: dict[str, LogFollower] = {}
        self._containers: dict[str, frozenset[str]] = {}
        self._several: tuple[str, ...] = ()
        self._merged: LogFollower | None = None

    def together(self, names: Sequence[str]) -> tuple[LogFollower, tuple[str, ...]]:
        """The logs of these services as one, and those that it shows: the first of many."""
        wanted = tuple(sorted(names[:MOST]))  # another order of the table is not another log
        if self._merged is None or wanted != self._several:
            self.single()
            followers = {name: self._follower(name) for name in wanted}
            self._several = wanted
            self._merged = LogFollower(lambda lines: MergedLogs(followers), self._board.engine.clock)
            self._merged.start()
        self._end_all_but(wanted)
        for name in wanted:
            self._attach_to_what_runs(name, self._followers[name])
        return self._merged, wanted

    def single(self) -> None:
        """One log at a time again; those that nobody needs end with the next `of`."""
        merged, self._merged, self._several = self._merged, None, ()
        if merged is not None:
            self._screen.begin_work(merged.stop)

    def of(self, name: str) -> LogFollower:
        """The service's log, followed from now on. Others end, unless an incident is open on them."""
        follower = self._follower(name)
        self._end_all_but((name,))
        self._attach_to_what_runs(name, follower)
        return follower

    async def stop(self) -> None:
        """End every stream."""
        for follower in (*self._followers.values(), *filter(None, (self._merged,))):
            await follower.stop()

    def _follower(self, name: str) -> LogFollower:
        """The follower of a service's log, begun where there is none."""
        if name not in self._followers:
            engine = self._board.engine
            service = engine.service(name)
            spool = LogSpool(service.name, engine.clock.now())
            follower = LogFollower(
                lambda lines: engine.logs(service, lines), engine.clock, spool=spool, spooled=spool.raw
            )
            follower.start()
            self._followers[name] = follower
        return self._followers[name]

    def _end_all_but(self, needed: Container[str]) -> None:
        """End the logs of other services, unless an incident is open on them."""
        open_ones = self._open_ones()
        for other in [n for n in self._followers if n not in needed and n not in open_ones]:
            self._screen.begin_work(self._followers.pop(other).stop)

    def _attach_to_what_runs(self, name: str, follower: LogFollower) -> None:
        """A log belongs to containers: when others run, it is attached to anew."""
        listing = self._board.status(name).listing
        if listing is None:
            return
        now = frozenset(c.id for c in listing.current.containers if c.running)
        before = self._containers.get(name)
        self._containers[name] = now
        if before is not None and now and before != now:
            gone, come = ", ".join(sorted(before - now)), ", ".join(sorted(now - before))
            words = f"container replaced: {gone or 'none'} by {come or 'none'}"
            self._screen.begin_work(lambda: follower.attach_again(words))
