"""The services themselves, one real HTTP port per app, and the nginx in front of them with its access log.

Every answer of a container carries `X-Release`, the version of what its image holds (the text of the VERSION
file, such as v1.4.0, or the short commit), and `X-Commit`, the commit that content was first built from. Going
back to a kept release therefore shows the old version again, not the commit that was pushed. A 502 is nginx's
own and carries neither.

Pretended users ask for a few pages a second (`traffic` says how many); what becomes of it is in the access log, in
the format of stock Dokku unless a test wants another one, or none.
"""

import functools
import json
from collections import deque
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from math import ceil

from tui.sandbox import clock
from tui.sandbox.answers import BAD_GATEWAY, USER_PATHS, answer, page_status, tick_lines
from tui.sandbox.containers import ContainerLine, DockerContainer, Log
from tui.sandbox.http import HttpServer, Request, Response
from tui.sandbox.images import Content
from tui.sandbox.machine import App, Machine

USERS = ("203.0.113.17", "203.0.113.80", "198.51.100.4", "198.51.100.201")
BROWSER = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
USER_REQUESTS_A_SECOND = 3
FORMATS = ("combined", "json", "strange", "off")
"""of an access log: nginx's own, a usual JSON one (documented, not recorded), one that nobody reads, none"""
BEATS_A_SECOND = 10
BEAT = 1 / BEATS_A_SECOND


class Sites:
    """The apps' HTTP ports, their access logs and their pretended users."""

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        self._servers: dict[str, HttpServer] = {}
        self.access_logs: dict[str, Log] = {}
        self.traffic: dict[str, int] = {}
        """requests of users a second, by app, where it is not the usual number"""
        self.formats: dict[str, str] = {}
        """of access logs, by app, where it is not nginx's own"""
        self.recent: deque[tuple[str, int]] = deque(maxlen=1000)

    async def open(self, app: App, port: int = 0) -> None:
        """Opens the app's port, once; a destroyed app's port stays and answers 502."""
        if app.name not in self._servers:

            async def respond(request: Request, name: str = app.name) -> Response:
                return await self._respond(name, request)

            server = HttpServer(respond)
            await server.listen(port)
            self._servers[app.name] = server
            self.access_logs.setdefault(app.name, Log())
        app.port = self._servers[app.name].port

    async def close(self) -> None:
        """Closes the apps' ports."""
        for server in self._servers.values():
            await server.close()

    async def _respond(self, name: str, request: Request) -> Response:
        app = self._machine.apps.get(name)
        if app is not None and app.answered_by:
            # nginx takes another site, and writes that site's log
            app = self._machine.apps.get(app.answered_by, app)
            name = app.name
        container = self._pick(app) if app is not None else None
        agent = request.headers.get("user-agent", "-")
        if app is None or container is None:
            self._log(name, "127.0.0.1", f"{request.method} {request.target}", 502, len(BAD_GATEWAY), agent)
            return Response(
                status=502, body=BAD_GATEWAY.encode(), headers={"Server": "nginx", "Content-Type": "text/html"}
            )
        container.requests += 1
        uptime = int(self._machine.now() - container.started)
        content = container.content
        given = answer(app.name, content, request.path, container.requests, container.short_id, uptime)
        if given.hangs:
            await clock.sleep(60)
        if content.behaviour.latency_ms:
            await clock.sleep(content.behaviour.latency_ms / 1000)
        self._log(name, "127.0.0.1", f"{request.method} {request.target}", given.status, len(given.body), agent)
        self.recent.append((name, given.status))
        container.log.append(f'{request.method} {request.target} {given.status} agent="{agent}"')
        headers = {
            "Server": "nginx",
            "Date": clock.utc().strftime("%a, %d %b %Y %H:%M:%S GMT"),
            "Content-Type": given.kind,
            "X-Release": content.version,
            "X-Commit": content.commit,
        }
        return Response(status=given.status, body=given.body.encode(), headers=headers)

    def _pick(self, app: App) -> DockerContainer | None:
        return min(self._machine.serving(app), key=lambda one: one.requests, default=None)

    def _log(self, app: str, address: str, request: str, status: int, size: int, agent: str, now: float = 0.0) -> None:
        form = self.formats.get(app, "combined")
        if form != "off":
            self.access_logs[app].append(_line(form, address, request, status, size, agent, now or clock.now()))

    def rotate(self, app: str) -> None:
        """logrotate strikes: the file is a new one, and whoever follows its name goes on."""
        self.access_logs[app].lines.clear()

    def tell_past(self, app: App, minutes: int = 5) -> None:
        """An access log that reaches a few minutes back, and the requests counted that it tells of."""
        container, now, serving = self._pick(app), clock.now(), self._machine.serving(app)
        if container is None:
            return
        seconds = range(min(minutes * 60, ceil(now - container.started) - 1), 0, -1)
        rate, form = self.traffic.get(app.name, USER_REQUESTS_A_SECOND), self.formats.get(app.name, "combined")
        counts = [one.requests for one in serving]
        contents = [one.content for one in serving]
        at = clock.now_ns()

        def told() -> Iterator[ContainerLine]:
            for second in seconds:
                for asked in _asked(rate, contents, counts, now - second):
                    yield ContainerLine(at, _line(form, *asked, BROWSER, now - second))

        for one, count in zip(serving, _shared(len(seconds) * rate, counts), strict=True):
            one.requests = count
        self.access_logs[app.name].begin(told if form != "off" else tuple)

    async def live(self) -> None:
        """Print what every container prints by itself, and a few requests of pretended users a second."""
        beat, began = 0, clock.now()
        while True:
            quick = any(c.content.behaviour.log_rate > BEATS_A_SECOND for c in self._machine.containers.values())
            beat += 1 if quick else BEATS_A_SECOND - beat % BEATS_A_SECOND
            await clock.sleep(max(0.0, began + beat * BEAT - clock.now()))  # what came late is caught up with
            whole_second = beat % BEATS_A_SECOND == 0
            for container in list(self._machine.containers.values()):
                talkative = container.content.behaviour.log_rate > BEATS_A_SECOND
                if container.running and (whole_second or talkative):
                    speak(container, BEAT if talkative else 1.0)
            if whole_second:
                for app in self._machine.apps.values():
                    if app.name in self._servers and app.deployed:
                        self.second_of_users(app)

    def second_of_users(self, app: App) -> None:
        """The requests that pretended users make in a second, on the access log."""
        self._users(app, self._machine.serving(app), clock.now())

    def _users(self, app: App, serving: Sequence[DockerContainer], now: float) -> None:
        rate, counts = self.traffic.get(app.name, USER_REQUESTS_A_SECOND), [one.requests for one in serving]
        for asked in _asked(rate, [one.content for one in serving], counts, now):
            self._log(app.name, *asked, BROWSER, now)
        for one, count in zip(serving, counts, strict=True):
            one.requests = count


def _asked(
    rate: int, contents: Sequence[Content], counts: list[int], now: float
) -> Iterator[tuple[str, str, int, int]]:
    """Address, request, status and bytes of what users ask for in a second, each of the container that was asked least;
    `counts` goes on."""
    for number in range(rate):
        status = 502
        if counts:
            chosen = _ask_least(counts)
            status = page_status(contents[chosen], counts[chosen])
        path = USER_PATHS[int(now * 7 + number) % len(USER_PATHS)]
        yield USERS[int(now + number) % len(USERS)], f"GET {path}", status, 154 if status == 502 else 73


def _shared(requests: int, counts: Sequence[int]) -> list[int]:
    """How often each was asked, after so many requests more that each went to the one that was asked least."""
    if len(counts) == 1:
        return [counts[0] + requests]
    shared = list(counts)
    for _ in range(requests if shared else 0):
        _ask_least(shared)
    return shared


def _ask_least(counts: list[int]) -> int:
    """Count a request of the container that was asked least; returns which that is."""
    chosen = counts.index(min(counts))
    counts[chosen] += 1
    return chosen


def _line(form: str, address: str, request: str, status: int, size: int, agent: str, now: float) -> str:
    """A line of an access log of that format."""
    asked = f"{request} HTTP/1.1"
    if form == "json":
        told = {
            "time_iso8601": datetime.fromtimestamp(now, UTC).strftime("%Y-%m-%dT%H:%M:%S+00:00"),
            "remote_addr": address,
            "request": asked,
            "status": str(status),
            "body_bytes_sent": str(size),
            "request_time": "0.012",
            "http_user_agent": agent,
        }
        return json.dumps(told, separators=(",", ":"))
    if form == "strange":
        return f"{address}|{now:.0f}|{asked}|{'fail' if status >= 500 else 'pass'}|{size}"
    return f'{address} - - [{_stamp(int(now))}] "{asked}" {status} {size} "-" "{agent}"'


@functools.lru_cache(maxsize=1024)  # the past of all apps is told in the same seconds
def _stamp(second: int) -> str:
    return datetime.fromtimestamp(second, UTC).strftime("%d/%b/%Y:%H:%M:%S +0000")


def speak(container: DockerContainer, seconds: float) -> None:
    """Adds to a container's log what it prints in so many seconds."""
    for _ in range(_ticks(container.content, seconds)):
        container.ticks += 1
        for text in _said(container.runs, container.content, container.start.script, container.ticks):
            container.log.append(text)


def spoke(container: DockerContainer, seconds: int, now: float, first: Sequence[ContainerLine]) -> None:
    """As if it had printed these first, and then for so many seconds up to `now`, in seconds since the epoch."""
    runs, content, script, begun = container.runs, container.content, container.start.script, container.ticks
    each = _ticks(content, 1.0)

    def told() -> Iterator[ContainerLine]:
        yield from first
        for second in range(seconds):
            at = int((now - seconds + second) * 1e9)
            for number in range(each):
                for text in _said(runs, content, script, begun + second * each + number + 1):
                    yield ContainerLine(at + number * 1_000_000, text)

    container.ticks += seconds * each
    container.log.begin(told)


def _ticks(content: Content, seconds: float) -> int:
    return max(1, int(content.behaviour.log_rate * seconds))


def _said(runs: str, content: Content, script: tuple[str, ...] | None, tick: int) -> tuple[str, ...]:
    return () if script is not None else tick_lines(runs, content, tick)
