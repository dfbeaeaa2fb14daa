"""The link without SSH keeps SSH's promises: each test runs over both, against the same sandbox."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from tests import loopback
from tests.harness import LocalSandbox, ScaledClock, local_sandbox
from tui.drivers.git import Git
from tui.drivers.ssh import SshHost
from tui.drivers.ssh.channel import Channel
from tui.model.errors import AuthRefused, HostKeyRefused, Unreachable
from tui.model.host import LinkState
from tui.model.outcome import Exited, Lost, Overflowed, TimedOut
from tui.model.service import Host

SSH, LOOPBACK = True, False


@pytest.fixture(scope="module", params=[SSH, LOOPBACK], ids=["ssh", "loopback"])
def box(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalSandbox]:
    with local_sandbox(tmp_path_factory.mktemp("links"), scenario="healthy", ssh=request.param) as sandbox:
        yield sandbox


def target(box: LocalSandbox, **values: Any) -> Host:
    told: dict[str, Any] = {"name": "h", "ssh": f"dokku@{box.told['ssh']}", "sandbox": True}
    told |= {"identity_file": str(box.told["identity_file"]), "known_hosts": str(box.told["known_hosts"])}
    return Host(**told | values)


@asynccontextmanager
async def driver(box: LocalSandbox, **values: Any) -> AsyncIterator[SshHost]:
    host = SshHost(target(box, **values), clock=ScaledClock(1))
    try:
        yield host
    finally:
        await host.close()
        box.pull("faults/clear")


async def connected(box: LocalSandbox, host: SshHost) -> None:
    """From here on bad luck comes over the link that is open."""
    await host.run(("version",), timeout=20)
    over = isinstance(host._connections["control"], loopback.Connection)
    assert over is (box.loop in {place.loop for place in loopback._places.values()})


async def test_output_errors_and_codes_of_many_at_once(box: LocalSandbox) -> None:
    async with driver(box) as host:
        await connected(box, host)
        answer = await host.run(("version",), timeout=20)
        assert (answer.stdout, answer.stderr, answer.outcome) == (b"dokku version 0.35.15\n", b"", Exited(code=0))
        refused = await host.run(("apps:exists", "nothing"), timeout=20, writes=True)
        assert refused.stderr and refused.outcome == Exited(code=20)
        answers = await asyncio.gather(*(host.run(("apps:list",), timeout=30) for _ in range(12)))
        assert {a.stdout for a in answers} == {answers[0].stdout} and answers[0].ok
        assert host.address == "127.0.0.1"
        assert (host.generation, host.link.state) == (1, LinkState.LIVE)


async def test_git_is_spoken(box: LocalSandbox) -> None:
    async with driver(box) as host:
        assert "main" in await Git().refs(host, "scenextras")


async def test_a_stream_is_hung_up_on_and_its_place_is_free(box: LocalSandbox) -> None:
    async with driver(box) as host:
        for _ in range(12):
            stream = host.stream(("logs", "scenextras", "-t"))
            async for chunk in stream:
                assert chunk
                break
            await stream.close()
        assert (await host.run(("version",), timeout=20)).ok


async def cut(box: LocalSandbox, host: SshHost) -> None:
    box.pull("fault", kind="drop_connection", when={"command_prefix": "ps:report"})
    answer = await host.run(("ps:report", "scenextras"), timeout=20, writes=True)
    assert answer.outcome == Lost(why="Connection lost")
    assert (await host.run(("version",), timeout=20)).ok
    assert host.generation == 2


async def cut_while_it_takes_bytes(box: LocalSandbox, host: SshHost) -> None:
    box.pull("fault", kind="drop_connection", when={"command_prefix": "git-receive-pack", "after_bytes": 50_000})
    channel = await host.channel(("git-receive-pack", "scenextras"))
    with pytest.raises(OSError):
        await pushed(channel)
    await channel.close()


async def pushed(channel: Channel) -> None:
    for _ in range(200):
        channel.write(bytes(10_000))
        await channel.drain()
    await channel.read()
    await channel.wait()
    raise ConnectionError("the end")


async def silence(box: LocalSandbox, host: SshHost) -> None:
    box.pull("fault", kind="stall", when={"command_prefix": "ps:report"})
    answer = await host.run(("ps:report", "scenextras"), timeout=0.5, writes=True)
    assert answer.outcome == TimedOut(after=0.5)
    waiting = asyncio.create_task(host.run(("version",), timeout=20))
    done, _ = await asyncio.wait({waiting}, timeout=0.2)
    assert not done, "a silent host takes no further command"
    box.pull("faults/clear")
    assert (await waiting).ok
    assert host.generation == 1


async def nobody_answers_keepalives(box: LocalSandbox, host: SshHost) -> None:
    connection: Any = host._connections["control"]
    box.pull("fault", kind="stall", when={"command_prefix": "ps:report"})
    running = asyncio.create_task(host.run(("ps:report", "scenextras"), timeout=90, writes=True))
    if isinstance(connection, loopback.Connection):
        while connection._patience is None:
            await asyncio.sleep(0.01)
        connection._unanswered()
    else:
        connection.set_keepalive(0.05, 3)
    assert (await running).outcome == Lost(why="Server not responding to keepalive")
    assert host.link.state is LinkState.LOST


async def no_place(box: LocalSandbox, host: SshHost) -> None:
    box.pull("fault", kind="refuse_channel", times=3)
    assert (await host.run(("version",), timeout=20)).ok
    box.pull("fault", kind="refuse_channel", times=50)
    with pytest.raises(Unreachable, match="refuses further channels"):
        await host.run(("version",), timeout=20)
    assert host.generation == 1


async def no_end(box: LocalSandbox, host: SshHost) -> None:
    """Far more is said than is read: the host waits, and is hung up on."""
    for stream in ("stdout", "stderr"):
        box.pull("fault", kind="endless", stream=stream, when={"command_prefix": "ps:report"})
        answer = await host.run(("ps:report", "scenextras"), timeout=60)
        assert isinstance(answer.outcome, Overflowed), stream
    assert (await host.run(("version",), timeout=20)).ok


async def slow_reader(box: LocalSandbox, host: SshHost) -> None:
    """What nobody reads is not sent without a limit: the host's end waits."""
    box.pull("fault", kind="endless", when={"command_prefix": "ps:report"})
    channel = await host.channel(("ps:report", "scenextras"))
    while not (calls := box.world.host.running_calls()):
        await asyncio.sleep(0.01)
    (call,) = calls
    said, before = 1, 0
    while said != before or not said:
        await asyncio.sleep(0.1)
        said, before = call.sent, said
    assert 1 << 20 < said < 16 << 20
    await channel.close()


async def restart(box: LocalSandbox, host: SshHost) -> None:
    box.pull("fault", kind="restart_host", when={"command_prefix": "ps:report"})
    answer = await host.run(("ps:report", "scenextras"), timeout=20, writes=True)
    assert answer.outcome == Lost(why="Connection lost")


Trouble = Callable[[LocalSandbox, SshHost], Awaitable[None]]
TROUBLES: list[Trouble] = [
    cut, cut_while_it_takes_bytes, silence, nobody_answers_keepalives, no_place, no_end, slow_reader, restart,
]  # fmt: skip


@pytest.mark.parametrize("trouble", TROUBLES)
async def test_trouble_over_an_open_link(box: LocalSandbox, trouble: Trouble) -> None:
    async with driver(box) as host:
        await connected(box, host)
        await trouble(box, host)


async def test_we_let_go(box: LocalSandbox) -> None:
    async with driver(box) as host:
        box.pull("fault", kind="slow_command", seconds=600, when={"command_prefix": "ps:report"})
        await connected(box, host)
        running = asyncio.create_task(host.run(("ps:report", "scenextras"), timeout=30, writes=True))
        while not box.world.host.running_calls():
            await asyncio.sleep(0.01)
        await host.drop()
        assert isinstance((await running).outcome, Lost)
        assert (await host.run(("version",), timeout=20)).ok
        assert host.generation == 2


async def test_what_is_not_ordinary_is_left_to_ssh(box: LocalSandbox, tmp_path: Path) -> None:
    async with driver(box, known_hosts=str(tmp_path / "none")) as host:
        with pytest.raises(HostKeyRefused, match="unknown key"):
            await host.connect()
    async with driver(box) as host:
        box.pull("fault", kind="refuse_login")
        with pytest.raises(AuthRefused, match="accepts no key"):
            await host.connect()
    async with driver(box) as host:
        box.pull("fault", kind="byte_wise", when={"command_prefix": "version"})
        assert (await host.run(("version",), timeout=20)).ok
        connection: Any = host._connections["control"]
        assert not isinstance(connection, loopback.Connection)
