"""Health URLs against a real HTTP server that answers in every way there is."""

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.sshd import free_port
from tests.stage import HandClock
from tui.drivers.clock import SystemClock
from tui.drivers.health_http import HttpProbes
from tui.drivers.http_client import Web
from tui.model.health import ProbeOutcome
from tui.model.service import Expect, IdentitySpec

ANSWERS = {
    "/ready": (200, "application/json", b'{"status": "ready", "checks": {"db": {"up": true}}}'),
    "/sick": (503, "application/json", b'{"status": "not_ready"}'),
    "/other": (200, "application/json", b'{"status": "not_ready"}'),
    "/page": (200, "text/html; charset=utf-8", b"<html>hello</html>"),
    "/sly": (200, "text/plain", b"\n <!doctype html>"),
    "/pong": (200, "text/plain", b"pong\n"),
    "/moved": (302, "text/plain", b""),
    "/hostile": (500, "text/plain", b"\x1b]52;c;ZXZpbA==\x07\x1b[2J[/foo]"),
}
connections: list[int] = []


async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    connections.append(1)
    try:
        while line := await reader.readline():
            path = line.split()[1].decode()
            while await reader.readline() not in (b"\r\n", b""):
                pass
            if path == "/hang":
                await asyncio.sleep(30)
            status, kind, body = ANSWERS[path]
            head = f"HTTP/1.1 {status} X\r\nContent-Type: {kind}\r\nX-Release: v1.2.3\r\n"
            writer.write(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)
            await writer.drain()
    except (ConnectionError, asyncio.CancelledError):
        return
    finally:
        writer.close()


@pytest.fixture
async def base() -> AsyncIterator[str]:
    connections.clear()
    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    server.close()


@pytest.fixture
async def probes() -> AsyncIterator[HttpProbes]:
    made = HttpProbes(SystemClock())
    yield made
    await made.close()


READY = Expect(json=(("status", "ready"),))


@pytest.mark.parametrize(
    ("path", "expect", "outcome", "words"),
    [
        ("/ready", READY, ProbeOutcome.HEALTHY, ""),
        ("/ready", Expect(json=(("checks.db.up", "true"),)), ProbeOutcome.HEALTHY, ""),
        ("/pong", Expect(text="pong"), ProbeOutcome.HEALTHY, ""),
        ("/sick", READY, ProbeOutcome.UNHEALTHY, "HTTP 503, expected 200"),
        ("/other", READY, ProbeOutcome.UNHEALTHY, "status is 'not_ready', expected 'ready'"),
        ("/page", Expect(), ProbeOutcome.UNHEALTHY, "HTML"),
        ("/sly", Expect(), ProbeOutcome.UNHEALTHY, "HTML"),
        ("/pong", READY, ProbeOutcome.UNHEALTHY, "not JSON"),
        ("/pong", Expect(text="ping"), ProbeOutcome.UNHEALTHY, "expected 'ping'"),
        ("/moved", Expect(), ProbeOutcome.UNHEALTHY, "HTTP 302"),
    ],
)
async def test_answers(
    base: str, probes: HttpProbes, path: str, expect: Expect, outcome: ProbeOutcome, words: str
) -> None:
    seen = await probes.probe(base + path, expect)
    assert (seen.outcome, words in seen.detail) == (outcome, True), seen


async def test_no_answer_is_unreachable_not_unhealthy(base: str, probes: HttpProbes) -> None:
    assert (await probes.probe(f"{base}/hang", Expect(), timeout=0.2)).outcome is ProbeOutcome.UNREACHABLE
    nobody = await probes.probe(f"http://127.0.0.1:{free_port()}/", Expect())
    assert nobody.outcome is ProbeOutcome.UNREACHABLE
    assert (await probes.probe("http://[broken", Expect())).outcome is ProbeOutcome.UNREACHABLE


async def test_hostile_bodies_are_harmless(base: str, probes: HttpProbes) -> None:
    seen = await probes.probe(f"{base}/hostile", Expect())
    assert not any(ord(c) < 32 for c in seen.detail)


async def test_each_fresh_look_has_a_connection_of_its_own(base: str, probes: HttpProbes) -> None:
    for _ in range(3):
        await probes.probe(f"{base}/ready", READY, fresh=True)
    assert len(connections) == 3


async def test_what_the_service_says_it_is(base: str, probes: HttpProbes) -> None:
    assert await probes.identity(IdentitySpec(url=f"{base}/ready", header="X-Release")) == "v1.2.3"
    assert await probes.identity(IdentitySpec(url=f"{base}/ready", json="status")) == "ready"
    assert await probes.identity(IdentitySpec(url=f"{base}/ready", json="nothing.here")) is None


async def test_the_seconds_are_the_answers_own(base: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A `status` asks once, and what it imports for that took ten times as long as the answers it told."""
    clock, make = HandClock(), Web._make

    def long_made(*how: Any) -> Any:
        clock._passed += 3
        return make(*how)

    monkeypatch.setattr(Web, "_make", long_made)
    probes = HttpProbes(clock)
    first = await probes.probe(f"{base}/pong", Expect(text="pong"))
    await probes.close()
    assert (first.status, first.seconds, clock.monotonic()) == (200, 0.0, 3)


FIRST_QUESTION = """
import asyncio, sys
from tui.drivers.http_client import Web

async def answer(reader, writer):
    await reader.readuntil(b"\\r\\n\\r\\n")
    writer.write(b"HTTP/1.1 200 OK\\r\\nContent-Length: 2\\r\\n\\r\\nok")
    await writer.drain()
    writer.close()

async def main():
    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
    web = Web(keep=False)
    await web.ready(url)
    before = set(sys.modules)
    await web.send("GET", url, {}, largest=100)
    print(*sorted(set(sys.modules) - before))
    await web.close()
    server.close()

asyncio.run(main())
"""


def test_the_first_question_imports_nothing_while_its_answer_is_timed() -> None:
    """The library's way to the event loop was loaded then: four times the time of the answers that `status` told."""
    done = subprocess.run([sys.executable, "-c", FIRST_QUESTION], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []
