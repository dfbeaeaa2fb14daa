"""Several logs as one, jumps by time, and a note that lands in the journal."""

from datetime import datetime, timedelta
from pathlib import Path

import pytest

from tests.console.scenes import INCIDENT, confirmed_down, started
from tests.stage import HandClock, NoStream, settled
from tui.console.drawing import log_time
from tui.engine.monitor.log_follower import LogFollower
from tui.engine.monitor.log_ring import LogRing
from tui.engine.monitor.merged_log import MergedLogs, named
from tui.incident import events as ev

START = datetime(2026, 11, 23, 22, 0)


def line(seconds: float, text: str, process: str = "web.1") -> bytes:
    at = START + timedelta(seconds=seconds)
    return f"\x1b[36m{at:%Y-%m-%dT%H:%M:%S}.000000000Z app[{process}]:\x1b[0m {text}\n".encode()


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        (b"2026-11-23T22:00:00.1Z app[web.1]: hello", b"2026-11-23T22:00:00.1Z app[api web.1]: hello"),
        (
            b"\x1b[36m2026-11-23T22:00:00Z app[web.1]:\x1b[0m x",
            b"\x1b[36m2026-11-23T22:00:00Z app[api web.1]:\x1b[0m x",
        ),
        (b"a line without a prefix app[web.1]:", b"a line without a prefix app[web.1]:"),
    ],
)
def test_a_line_gets_its_services_name(raw: bytes, said: bytes) -> None:
    assert named("api", raw) == said
    assert named("a]\x1bpi", raw) == said


async def test_lines_of_several_logs_come_once_and_the_beginning_in_order_of_time() -> None:
    logs = {name: LogFollower(lambda _: NoStream(), HandClock()) for name in ("api", "web")}
    logs["api"]._store(line(1, "one") + line(5, "three"))
    logs["web"]._store(line(3, "two"))
    merged = LogFollower(lambda _: MergedLogs(logs), HandClock())
    merged.start()
    await settled()
    merged._complete()
    logs["web"]._store(line(9, "four"))
    await settled()
    said = [merged.ring.line(n).decode() for n in range(merged.ring.first, merged.ring.last)]
    assert [text.split()[-1] for text in said] == ["one", "two", "three", "four"]
    assert ["api web.1" in text for text in said] == [True, False, True, False]
    await merged.stop()


def ring() -> LogRing:
    found = LogRing()
    for second in range(0, 600, 20):
        found.feed(line(second, f"at {second}") + b"  a traceback's line\n")
    return found


@pytest.mark.parametrize(
    ("start", "minutes", "at"),
    [(30, -1, 240), (30, 1, 360), (31, -1, 240), (0, -1, 0), (0, 4, 240)],
)
def test_a_jump_by_time_lands_on_the_first_line_of_that_moment(start: int, minutes: int, at: int) -> None:
    found = log_time.line_at(ring(), start, timedelta(minutes=minutes))
    assert found is not None
    text = ring().line(found).decode()
    assert f"at {at}" in text or f"at {at}" in ring().line(found + 1).decode()


def test_a_jump_beyond_the_end_is_the_end_and_without_times_there_is_none() -> None:
    assert log_time.line_at(ring(), 50, timedelta(minutes=10)) == ring().last
    bare = LogRing()
    bare.feed(b"no time here\n" * 5)
    assert log_time.line_at(bare, 0, timedelta(minutes=1)) is None


async def test_the_log_of_a_service_that_the_search_hides_is_not_followed_any_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ROLLBACK_STATE_DIR", str(tmp_path))
    async with started(tmp_path, (120, 40)) as scene:
        followed = scene.controller.logs._followers
        await scene.pilot.press("l", "v")
        await scene.until(lambda: set(followed) == {"api", "web", "billing", "worker"}, "following all")
        scene.app.frame.board.filter = "b"
        scene.app.changed()
        await scene.until(lambda: set(followed) == {"web", "billing"}, "following those alone")


async def test_the_keys_for_several_logs_for_time_and_for_a_note(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ROLLBACK_STATE_DIR", str(tmp_path))
    async with started(tmp_path, (120, 40)) as scene:
        app, press = scene.app, scene.pilot.press
        await scene.lead(*confirmed_down())
        await press("l", "v")

        def shown() -> bool:
            app._draw()
            app.frame.logs.draw()
            said = app.export_text()
            return all(f"{name} web.1" in said for name in ("api", "web", "billing", "worker"))

        await scene.until(shown, "showing all logs")
        assert "LOGS all" in app.export_text()
        looks = {look for row in app.frame.logs._rows for text, look in row if "web.1" in text}
        assert len(looks) == 4, "each service has a colour of its own"
        await press("left_square_bracket")
        assert app.frame.logs.look.top is not None
        await press("v")
        await scene.log_shown()
        await press("e")
        await scene.until(lambda: app.frame.logs.look.at is not None, "finding an error")
        await press("m")
        await scene.until(lambda: app.prompt.asking, "asking")
        line = app.frame.line.input.value
        assert "ERROR cache" in line
        await press(*" seen", "enter")
        rows = getattr(scene.engine.journal, "rows")  # noqa: B009 - the stage's own journal
        await scene.until(lambda: any("note of" in payload for _, _, payload in rows), "on record")
        (noted,) = (ev.read(payload) for _, kind, payload in rows if kind == "event" and "note of" in payload)
        assert isinstance(noted, ev.DecisionNoted) and noted.text.endswith("seen") and "ERROR cache" in noted.text
        assert INCIDENT in {identity for identity, _, payload in rows if "note of" in payload}
        found = await scene.engine.postmortems.write(INCIDENT)
        assert any("note of" in moment.name for moment in found.story)
