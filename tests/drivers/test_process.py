"""Real programs of this machine: what they say, how they end, and what is left of them when their time is up."""

import asyncio
import os
import sys
from pathlib import Path

import pytest

from tui.drivers.clock import SystemClock
from tui.drivers.process import GUARD, LocalProcesses
from tui.model.outcome import Answer, Exited, NeverStarted, Signalled, TimedOut

Heard = list[tuple[bytes, bool]]


async def run(code: str, *, timeout: float = 20.0, heard: Heard | None = None, **env: str) -> Answer:
    said = [] if heard is None else heard
    argv = (sys.executable, "-S", "-c", code)
    return await LocalProcesses(SystemClock()).run(
        argv, timeout=timeout, guard="inc1", on_output=lambda raw, error: said.append((raw, error)), env=env
    )


def alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


async def gone(pid: int) -> None:
    async with asyncio.timeout(20):
        while alive(pid):
            await asyncio.sleep(0.01)


async def until(path: Path) -> str:
    async with asyncio.timeout(20):
        while not path.exists() or not path.read_text():
            await asyncio.sleep(0.01)
    return path.read_text()


async def test_output_comes_as_it_is_said_and_the_exit_code_at_the_end() -> None:
    heard: Heard = []
    answer = await run("import sys; print('out'); print('err', file=sys.stderr); sys.exit(3)", heard=heard)
    assert (answer.outcome, answer.stdout, answer.stderr) == (Exited(code=3), b"out\n", b"err\n")
    assert b"".join(raw for raw, error in heard if error) == b"err\n"
    assert b"".join(raw for raw, error in heard if not error) == b"out\n"


async def test_it_has_a_session_of_its_own_nothing_to_read_and_the_guard() -> None:
    code = f"import os, sys; print(os.getsid(0) == os.getpid(), sys.stdin.read() == '', os.environ[{GUARD!r}],"
    answer = await run(code + " os.environ['ROLLBACK_SERVICE'])", ROLLBACK_SERVICE="api")
    assert answer.stdout == b"True True inc1 api\n"
    assert GUARD not in os.environ


async def test_more_output_than_is_kept_does_not_stop_it() -> None:
    heard: Heard = []
    answer = await run("print('x' * 5_000_000)", heard=heard)
    assert answer.ok
    assert sum(len(raw) for raw, _ in heard) == 5_000_001
    assert len(answer.stdout) < 1_000_000


async def test_when_its_time_is_up_its_whole_group_ends(tmp_path: Path) -> None:
    note = tmp_path / "pids"
    code = (
        "import os, signal, time\n"
        "if os.fork() == 0:\n"
        "    signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        f"    open({str(note)!r}, 'w').write(f'{{os.getppid()}} {{os.getpid()}}')\n"
        "time.sleep(600)"
    )
    answer = await run(code, timeout=2.0)
    assert answer.outcome == TimedOut(after=2.0)
    for pid in (await until(note)).split():
        await gone(int(pid))


async def test_it_ends_with_the_console(tmp_path: Path) -> None:
    note = tmp_path / "pid"
    code = f"import os, time; open({str(note)!r}, 'w').write(str(os.getpid())); time.sleep(600)"
    task = asyncio.create_task(run(code))
    pid = int(await until(note))
    assert alive(pid)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await gone(pid)


async def test_a_second_interrupt_ends_at_once_what_hears_no_first(tmp_path: Path) -> None:
    note = tmp_path / "pid"
    code = (
        "import os, signal, time\n"
        "signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        f"open({str(note)!r}, 'w').write(str(os.getpid()))\n"
        "time.sleep(600)"
    )
    task = asyncio.create_task(run(code))
    pid = int(await until(note))
    task.cancel()
    for _ in range(5):
        await asyncio.sleep(0)
    assert not task.done() and alive(pid)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert [other for other in asyncio.all_tasks() if other is not asyncio.current_task()] == []
    await gone(pid)


async def test_a_signal_and_what_cannot_be_started(tmp_path: Path) -> None:
    assert (await run("import os; os.kill(os.getpid(), 9)")).outcome == Signalled(signal="SIGKILL")
    for name in (str(tmp_path / "missing"), str(tmp_path)):
        answer = await LocalProcesses(SystemClock()).run(
            (name,), timeout=5, guard="x", on_output=lambda raw, error: None, env={}
        )
        assert isinstance(answer.outcome, NeverStarted)


async def test_a_child_that_keeps_the_output_open_does_not_keep_us_waiting_for_ever() -> None:
    code = "import os, time; print('done', flush=True); os._exit(0) if os.fork() else time.sleep(30)"
    answer = await run(code)
    assert (answer.outcome, answer.stdout) == (Exited(code=0), b"done\n")
    assert answer.seconds < 25
