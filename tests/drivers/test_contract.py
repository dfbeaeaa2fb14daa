"""Whatever the far side does, a driver ends in an answer or in a ConsoleError: every method, every fault."""

import asyncio
import contextlib
import gzip
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.sandbox.guest import Guest, visiting
from tui.drivers import health_http
from tui.drivers.clock import SystemClock
from tui.drivers.git import Git, between, client, history
from tui.drivers.health_http import HttpProbes
from tui.drivers.image_registry import HttpRegistry
from tui.drivers.ssh import SshHost, channel, login
from tui.drivers.ssh import host as driver
from tui.drivers.vendors.api import Api, Reply
from tui.model.errors import ConsoleError, LinkError
from tui.model.health import ProbeOutcome
from tui.model.host import Form
from tui.model.outcome import Overflowed
from tui.model.plan import PushSpec
from tui.model.push import NotSent, PushEnd, Reported, Unheard
from tui.model.service import Expect, Host, IdentitySpec
from tui.sandbox.pace import Pace
from tui.sandbox.sandbox_process import SandboxOptions, World

APP = "scenextras"
SMALL = 256 * 1024
"""bytes that are read at most here: the limits themselves are the same code with larger numbers"""


@pytest.fixture
async def guest(tmp_path: Path) -> AsyncIterator[Guest]:
    options = SandboxOptions(dokku="0.35.15", pace=Pace(factor=1 / 200), state=str(tmp_path / "state"))
    async with World(options) as world, visiting(world.about) as guest:
        yield guest


@pytest.fixture
async def host(guest: Guest, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[SshHost]:
    """The driver at the sandbox, with limits that a test can wait for."""
    limit(monkeypatch, 1.0)
    monkeypatch.setattr(driver, "LARGEST", SMALL)
    about = guest.about
    made = SshHost(
        Host(
            name="h",
            ssh=f"dokku@{about['ssh']}",
            identity_file=about["identity_file"],
            known_hosts=about["known_hosts"],
        ),
        clock=SystemClock(),
        form=Form.FORCED,
    )
    try:
        yield made
    finally:
        await made.close()


def limit(monkeypatch: pytest.MonkeyPatch, seconds: float) -> None:
    for module, name in ((client, "ADVERTISE_LIMIT"), (history, "LIMIT"), (between, "LIMIT"), (login, "LIMIT")):
        monkeypatch.setattr(module, name, seconds)


def spec() -> PushSpec:
    return PushSpec(
        app=APP,
        branch="frozen-by-x",
        parent=None,
        files=(("Dockerfile", "FROM x\n"),),
        message="back",
        author="Me <me@box>",
        at=datetime(2026, 11, 23, tzinfo=UTC),
        commit="",
    )


async def _read(host: SshHost, seconds: float = 1.0) -> object:
    return await host.run(("apps:report", APP), timeout=seconds)


async def _write(host: SshHost, seconds: float = 1.0) -> object:
    return await host.run(("config:set", APP, "A=b"), timeout=seconds, writes=True)


async def _stream(host: SshHost, seconds: float = 1.0) -> object:
    stream = host.stream(("logs", APP))
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            async for _ in stream:
                pass
    return stream.outcome


async def _refs(host: SshHost, seconds: float = 1.0) -> object:
    return await Git().refs(host, APP)


async def _history(host: SshHost, seconds: float = 1.0) -> object:
    return await Git().history(host, APP, "main", 3)


async def _between(host: SshHost, seconds: float = 1.0) -> object:
    return await Git().between(host, APP, "a" * 40, "b" * 40, lambda _: True, lambda _: ())


async def _archive(host: SshHost, seconds: float = 1.0) -> object:
    return await Git().archive(host, APP, "main", ("Dockerfile",))


async def _push(host: SshHost, seconds: float = 1.0) -> object:
    return await Git().push(host, spec(), timeout=seconds)


async def _first_question(host: SshHost, seconds: float = 1.0) -> object:
    host._form = None
    return await host.run(("version",), timeout=seconds)


Ask = Callable[[SshHost, float], Awaitable[object]]
METHODS: dict[str, tuple[Ask, str]] = {
    "a read": (_read, "apps:report"),
    "a write": (_write, "config:set"),
    "a stream": (_stream, "logs"),
    "refs": (_refs, "git-upload-pack"),
    "history": (_history, "git-upload-pack"),
    "between": (_between, "git-upload-pack"),
    "archive": (_archive, "git-upload-archive"),
    "push": (_push, "git-receive-pack"),
    "the first question": (_first_question, "version"),
}
FAULTS: dict[str, dict[str, Any]] = {
    "none": {},
    "cut before a word": {"kind": "drop_connection", "times": 9},
    "cut in the middle": {"kind": "drop_connection", "times": 9, "when": {"after_sent": 30}},
    "cut once the pack comes": {"kind": "drop_connection", "times": 9, "when": {"after_bytes": 60}},
    "silent": {"kind": "stall", "times": 9},
    "silent in the middle": {"kind": "stall", "times": 9, "when": {"after_sent": 30}},
    "channels refused": {"kind": "refuse_channel", "times": 99},
    "login refused": {"kind": "refuse_login", "times": 99},
    "garbage that succeeds": {"kind": "garbage", "exit": 0, "times": 9},
    "garbage that fails": {"kind": "garbage", "exit": 1, "times": 9},
    "nothing at all": {"kind": "fail_command", "exit": 0, "stderr": "", "times": 9},
    "a refusal": {"kind": "fail_command", "exit": 128, "stderr": "fatal: no", "times": 9},
    "byte by byte": {"kind": "byte_wise", "times": 9},
    "stdout without an end": {"kind": "endless", "times": 9},
    "stderr without an end": {"kind": "endless", "stream": "stderr", "times": 9},
}
WELL = ("none", "byte by byte")
"""faults that keep nothing from being done"""


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("method", METHODS)
async def test_nothing_but_an_answer_or_a_console_error(
    guest: Guest, host: SshHost, method: str, fault: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    ask, prefix = METHODS[method]
    seconds = 30.0 if fault in WELL else 1.0
    limit(monkeypatch, seconds)
    if armed := dict(FAULTS[fault]):
        if armed["kind"] not in ("refuse_channel", "refuse_login"):
            armed["when"] = {"command_prefix": prefix, **armed.get("when", {})}
        await guest.control("/fault", **armed)
    async with asyncio.timeout(60):
        try:
            said = await ask(host, seconds)
        except ConsoleError as error:
            assert error.message
            assert fault not in WELL, error
            return
    assert method != "push" or isinstance(said, PushEnd)
    if method == "push" and fault in WELL:
        assert isinstance(said, Reported)
    if method == "push" and fault in ("cut before a word", "silent", "garbage that succeeds", "nothing at all"):
        assert isinstance(said, NotSent), "the pack never left"
    if method == "push" and fault == "cut once the pack comes":
        assert isinstance(said, Unheard), "it may have landed"


@pytest.mark.parametrize(
    ("method", "when"),
    [
        *((method, {}) for method in ("a read", "refs", "history", "archive")),
        *((method, {"after_sent": 30}) for method in ("a read", "refs", "history")),  # an archive comes in one piece
    ],
)
async def test_a_read_whose_link_drops_once_is_read_once_more(
    guest: Guest, host: SshHost, method: str, when: dict[str, int]
) -> None:
    ask, prefix = METHODS[method]
    await guest.control("/fault", kind="drop_connection", when={"command_prefix": prefix, **when})
    assert await ask(host, 30.0)
    calls = [c for c in (await guest.state())["commands"] if c["command"].startswith(prefix)]
    assert len(calls) == 2


async def test_a_read_whose_link_drops_twice_is_not_read_for_ever(guest: Guest, host: SshHost) -> None:
    await guest.control("/fault", kind="drop_connection", times=9, when={"command_prefix": "git-upload-pack"})
    with pytest.raises(LinkError, match="the link was lost"):
        await _refs(host)
    calls = [c for c in (await guest.state())["commands"] if c["command"].startswith("git-upload-pack")]
    assert len(calls) == 2


@pytest.mark.parametrize("stream", ["stdout", "stderr"])
async def test_a_read_without_an_end_is_hung_up_on(guest: Guest, host: SshHost, stream: str) -> None:
    await guest.control("/fault", kind="endless", stream=stream, times=9, when={"command_prefix": "apps:list"})
    answer = await host.run(("apps:list",), timeout=20.0)
    assert answer.outcome == Overflowed(limit=SMALL)
    assert len(answer.stdout) + len(answer.stderr) < 8 * SMALL
    calls = [c for c in (await guest.state())["commands"] if c["command"] == "apps:list"]
    assert len(calls) == 1, "what has no end is not asked twice"


@pytest.mark.parametrize("stream", ["stdout", "stderr"])
async def test_a_write_that_is_loud_goes_on_and_its_end_is_kept(
    guest: Guest, host: SshHost, stream: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(driver, "KEPT", SMALL)
    await guest.control("/fault", kind="endless", stream=stream, when={"command_prefix": "config:set"})
    answer = await host.run(("config:set", APP, "A=b"), timeout=1.5, writes=True)
    assert not isinstance(answer.outcome, Overflowed)
    assert max(len(answer.stdout), len(answer.stderr)) <= 1 << 20


async def test_a_stream_whose_stderr_has_no_end_is_hung_up_on(
    guest: Guest, host: SshHost, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(driver, "STREAM_STDERR", SMALL)
    await guest.control("/fault", kind="endless", stream="stderr", when={"command_prefix": "logs"})
    stream = host.stream(("logs", APP, "-t"))
    assert [chunk async for chunk in stream] == []
    assert stream.outcome == Overflowed(limit=SMALL)
    assert len(stream.stderr) <= 1 << 20


async def test_the_port_closes_while_a_repository_is_read(guest: Guest, host: SshHost) -> None:
    assert await Git().refs(host, APP)
    await guest.control("/ssh", listening=False)
    await guest.control("/cut")
    for ask in (_refs, _history, _archive, _read):
        with pytest.raises(LinkError):
            await ask(host, 5.0)
    await guest.control("/ssh", listening=True)
    assert await Git().refs(host, APP)


# ── HTTP ─────────────────────────────────────────────────────────────────────────────────────────────────────────────

Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


def answering(*parts: bytes, then: str = "close") -> Talk:
    """Says this, whatever it is asked; `then` closes, waits, or repeats the last part for ever."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            with contextlib.suppress(OSError, asyncio.IncompleteReadError):
                await reader.readuntil(b"\r\n\r\n")
                for part in parts:
                    writer.write(part)
                    await writer.drain()
                while then == "repeat":
                    writer.write(parts[-1])
                    await writer.drain()
                if then == "wait":
                    await reader.read()
        finally:
            writer.transport.abort()

    return talk


def whole(body: bytes, *headers: bytes) -> bytes:
    lines = [b"HTTP/1.1 200 OK", b"Content-Length: %d" % len(body), b"Content-Type: application/json", *headers]
    return b"\r\n".join(lines) + b"\r\n\r\n" + body


HEAD = b"HTTP/1.1 200 OK\r\n\r\n"
TALKS: dict[str, Talk] = {
    "hangs up": answering(),
    "silent": answering(then="wait"),
    "garbage": answering(b"\xff\xfe\x00" * 100),
    "half an answer": answering(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nabc"),
    "headers without an end": answering(b"HTTP/1.1 200 OK\r\n", b"X-A: b\r\n" * 1000, then="repeat"),
    "a body without an end": answering(HEAD, b"x" * 65536, then="repeat"),
    "a body byte by byte": answering(HEAD, *(b"x" for _ in range(200))),
    "no UTF-8": answering(whole(b'{"status": "ready\xff"}')),
    "nested": answering(whole(b'{"status":' * 1000 + b"1" + b"}" * 1000)),
    "nested arrays": answering(whole(b"[" * 100_000)),
    "a bomb": answering(whole(gzip.compress(bytes(50_000_000), 1), b"Content-Encoding: gzip")),
    "no gzip": answering(whole(b"not at all", b"Content-Encoding: gzip")),
    "an encoding of its own": answering(whole(b"abc", b"Content-Encoding: gzip, gzip, br")),
    "a length that is none": answering(b"HTTP/1.1 200 OK\r\nContent-Length: many\r\n\r\n"),
    "a status that is none": answering(b"HTTP/1.1 999999 OK\r\n\r\n"),
    "an encoding of text that is none": answering(whole(b"\xff", b"Content-Type: text/plain; charset=\xff\xfe")),
    "a list": answering(whole(b"[1, 2, 3]")),
    "a number": answering(whole(b"1e999999")),
    "deep tags": answering(whole(b'{"tags": {"a": 1}}')),
}


@contextlib.asynccontextmanager
async def server(talk: Talk) -> AsyncIterator[int]:
    tasks: set[asyncio.Task[Any]] = set()

    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        await talk(reader, writer)

    listening = await asyncio.start_server(accept, "127.0.0.1", 0)
    try:
        yield listening.sockets[0].getsockname()[1]
    finally:
        listening.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


@pytest.mark.parametrize("talk", TALKS)
async def test_a_health_url_may_answer_anything(talk: str) -> None:
    probes = HttpProbes(SystemClock())
    expect = Expect(json=(("status", "ready"), ("a.b", "c")))
    try:
        async with server(TALKS[talk]) as port, asyncio.timeout(20):
            url = f"http://127.0.0.1:{port}/ready"
            seen = await probes.probe(url, expect, timeout=1.5)
            assert seen.outcome in (ProbeOutcome.UNHEALTHY, ProbeOutcome.UNREACHABLE)
            assert seen.detail
            plain = await probes.probe(url, Expect(text="pong", reject_html=True), timeout=1.5, fresh=True)
            assert plain.outcome in (ProbeOutcome.UNHEALTHY, ProbeOutcome.UNREACHABLE)
            assert await probes.identity(IdentitySpec(url=url, json="status.x")) is None
    finally:
        await probes.close()


async def test_an_answer_that_cannot_be_read_is_unhealthy_and_says_what_came() -> None:
    probes = HttpProbes(SystemClock())
    try:
        # how deep JSON may be nested is decided by the version of Python
        for talk, words in (("no UTF-8", "not JSON"), ("nested", ""), ("a bomb", "")):
            async with server(TALKS[talk]) as port:
                expect = Expect(json=(("status", "ready"),))
                seen = await probes.probe(f"http://127.0.0.1:{port}/", expect, timeout=5.0)
            assert seen.outcome is ProbeOutcome.UNHEALTHY and seen.detail and words in seen.detail, (talk, seen)
    finally:
        await probes.close()


async def test_a_body_that_was_packed_without_being_asked_is_read_all_the_same() -> None:
    probes = HttpProbes(SystemClock())
    talk = answering(whole(gzip.compress(b'{"status": "ready"}'), b"Content-Encoding: gzip"))
    try:
        async with server(talk) as port:
            expect = Expect(json=(("status", "ready"),))
            seen = await probes.probe(f"http://127.0.0.1:{port}/", expect, timeout=5.0)
        assert seen.outcome is ProbeOutcome.HEALTHY
    finally:
        await probes.close()


@pytest.mark.parametrize("talk", TALKS)
async def test_a_vendor_and_a_registry_may_answer_anything(talk: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tui.drivers.vendors.api.TOTAL", 1.0)
    monkeypatch.setattr("tui.drivers.image_registry.LIMIT", 1.0, raising=False)
    registry = HttpRegistry({})
    async with server(TALKS[talk]) as port, asyncio.timeout(30):
        api = Api(f"http://127.0.0.1:{port}", {})
        try:
            assert isinstance(await api.get("/x"), Reply)
            tags = await registry.tags(f"127.0.0.1:{port}/app")
            digest = await registry.digest(f"127.0.0.1:{port}/app", "v1")
            assert tags is not None and digest is not None
        finally:
            await api.close()
            await registry.close()


def test_the_limits_are_those_that_are_meant() -> None:
    assert (driver.LARGEST, channel.STREAM_STDERR, health_http.LARGEST) == (32 << 20, 4 << 20, 64 << 10)
