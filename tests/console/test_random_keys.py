"""Whatever is pressed: nothing is sent in read-only mode; otherwise nothing without its plan and a deliberate word."""

import asyncio
import random
import sys
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest
from textual import events
from textual.keys import _character_to_key
from textual.pilot import Pilot

from tests.harness import local_sandbox
from tests.sandboxes import Sandbox
from tui import bootstrap
from tui.console.app import ConsoleApp
from tui.console.drawing.palette import Palette
from tui.console.pages.job import ConfirmJob
from tui.console.pages.unfreeze import Unfreeze
from tui.console.widgets.work import ARM, HELD, WorkPanel
from tui.engine.hosts.gate import OUTSIDE, Sent
from tui.incident import events as ev

WRITES = ("apps:create", "apps:destroy", "config:set", "git:set", "git-receive-pack", "builder:set", "ps:", "git:sync")
READS = ("ps:inspect", "ps:report")
KEYS = (
    ["enter"] * 14 + ["down"] * 8 + ["right"] * 6 + ["up"] * 4 + ["left"] * 3 + ["escape"] * 3 + ["tab"] * 4
    + ["pagedown", "pageup", "home", "end", "space", "backspace", "shift+tab", "f1", "ctrl+c", "ctrl+p", "delete"]
    + list("RRRRKFUPlacrzy123455//&:?nNeEfwtAsjkgGq") + list("apiyesno") + ["[", "]", "\x00", "é", "🦊", "<", "'"]
)  # fmt: skip
GUIDED = (
    ("escape", "escape", "1", "R"), ("down",), ("enter",), ("enter",), ("enter",), ("down", "up", "right", "left"),
    ("escape",), ("3",), ("escape",), ("a",), ("c",), ("question_mark",), ("colon", "k", "e", "e", "p", "enter"),
    ("escape",),
    ("escape", "escape", "escape", "1", "K"), ("escape", "escape", "escape", "1", "F"),
    ("escape", "escape", "escape", "1", "U"), ("escape",), ("escape", "1", "P"), ("escape",), ("5",),
    ("l", "slash", "x", "enter"), ("1", "slash", "backspace", "enter"),
)  # fmt: skip
"""short ways to the pages, so that what comes at random between them starts from everywhere"""


ASSESSED = {"incident:severity", "incident:confirm", "incident:target", "incident:plan"}
LOOKED_AT = {"releases:releases", "timeline:timeline", "trail:trail", "help:help", "palette:palette"}


def key(name: str) -> events.Key:
    """As the driver makes it."""
    if len(name) == 1:
        return events.Key(_character_to_key(name), name)
    return events.Key(name, " " if name == "space" else None)


class Monkey:
    """Presses keys and notes where that leads."""

    def __init__(self, app: ConsoleApp, pilot: Pilot[int], seed: int) -> None:
        self.app = app
        self.pilot = pilot
        self.random = random.Random(seed)
        self.reached: set[str] = set()
        self.faults: list[str] = []

    async def press(self, *names: str) -> None:
        for name in names:
            self.app.post_message(key(name))
        await self.pilot.pause()
        await asyncio.sleep(0.01)
        self.look()

    async def until(self, condition: Callable[[], bool]) -> None:
        for _ in range(1200):
            if condition():
                return
            await self.pilot.pause(0.05)
        raise TimeoutError(self.app.export_text())

    async def asked(self, words: str) -> None:
        """The page says this, and nothing is being done: a page may be shown before the host has answered, and takes no
        Enter until then."""
        await self.until(lambda: words in (said := self.app.export_text()) and "asking the host" not in said)

    def look(self) -> None:
        self.app.export_text()  # draws: what cannot be drawn ends the test
        page = self.app.frame.work.page
        if page is not None:
            self.reached.add(f"{page.name}:{self.app.frame.work._view.key.partition('-')[0]}")
        notice = self.app.frame.notice[0]
        if "fault of the console" in notice and notice not in self.faults:
            self.faults.append(notice)
        assert not self.app._exit, "it left"

    async def first_walk(self) -> None:
        """From a fresh start to the end: where something is sent, this is what it takes."""
        await self.press("R")
        for seen in ("How bad is it?", "CHECKED"):
            await self.asked(seen)
            await self.pilot.pause(HELD + 0.1)
            self.look()
            await self.press("right" if seen == "CHECKED" else "enter")
        await self.pilot.pause(HELD + 0.1)
        await self.press("enter")
        if self.app.controller is None or self.app.controller.engine.gate.read_only:
            return
        for seen in ("go back to release:4", "left", "RECOVERED"):
            await self.until(lambda seen=seen: seen in self.app.export_text())  # type: ignore[misc]
            self.look()

    async def walk_to_the_plan(self) -> None:
        """At a person's pace, as far as the pages lead; then what comes at random comes slowly for a while."""
        await self.press("escape", "escape", "escape", "1", "R")
        for name in ("enter", "enter", "enter", "enter", "right", "enter"):
            await self.pilot.pause(HELD + 0.1)
            self.look()
            await self.press(name)
        for _ in range(12):
            await self.pilot.pause(0.2)
            await self.press(self.random.choice(("enter", "right", "left", "down", "up", "x", "escape")))

    async def play(self, count: int) -> None:
        """Random keys in bursts of 25; after each of them a guided way, at a person's pace."""
        pressed = bursts = walks = 0
        while pressed < count:
            if pressed >= walks * count // 4:
                walks += 1
                await (self.first_walk() if walks == 1 else self.walk_to_the_plan())
            burst = [self.random.choice(KEYS) for _ in range(25)]
            await self.press(*burst)
            pressed += len(burst)
            bursts += 1
            await self.pilot.pause(ARM + 0.05)
            way = GUIDED[(bursts - 1) % len(GUIDED)]
            await self.press(*way)
            pressed += len(way)
            await self.pilot.pause(ARM / 2)
            self.look()


async def console(box: Sandbox, *, read_only: bool, monkeypatch: pytest.MonkeyPatch, count: int, seed: int) -> Monkey:
    monkeypatch.setenv("ROLLBACK_STATE_DIR", str(box.state))
    app = ConsoleApp(
        lambda ask: bootstrap.engine(box.services, read_only=read_only, ask_passphrase=ask),
        palette=Palette(),
        watch_for=timedelta(seconds=10),
        exports=box.state / "exports",
    )
    monkeypatch.setattr(app.commands, "leave", lambda: None)  # leaving is tested elsewhere; here it would end the test
    async with app.run_test(size=(100, 30)) as pilot:
        monkey = Monkey(app, pilot, seed)
        await monkey.until(
            lambda: app.controller is not None and all(s.listing is not None for s in app.controller.board.statuses())
        )
        await monkey.play(count)
        assert app.controller is not None
        gate = app.controller.engine.gate
        if read_only:
            assert not [sent for sent in gate.trail if sent.writes]
        else:
            await _journal_is_in_order(app)
    await app.shut()
    sys.stderr.write(f"\nreached: {', '.join(sorted(monkey.reached))}\n")
    assert monkey.faults == []
    return monkey


async def _journal_is_in_order(app: ConsoleApp) -> None:
    """Every write in the journal stands after the plan and the word that allow it."""
    assert app.controller is not None
    journal = app.controller.engine.journal
    words = 0
    for row in await journal.incidents(limit=500):
        planned = confirmed = False
        for entry in await journal.entries(row.id):
            if entry.kind == "event":
                event = ev.read(entry.payload)
                planned = planned or isinstance(event, ev.PlanMade)
                confirmed = confirmed or isinstance(event, ev.Confirmed)
                words += isinstance(event, ev.Confirmed)
            elif msgspec.json.decode(entry.payload, type=Sent).writes:
                assert planned, f"{row.id}: a write before any plan: {entry.payload}"
                assert confirmed, f"{row.id}: a write before anybody's word: {entry.payload}"
    assert words, "no plan was ever confirmed: the run proves nothing"


def reached_all(monkey: Monkey, wanted: set[str]) -> None:
    missing = {page for page in wanted if not any(found.startswith(page) for found in monkey.reached)}
    assert not missing, f"never reached {missing} of {sorted(monkey.reached)}"


LONG = pytest.param(10_000, marks=[pytest.mark.slow, pytest.mark.timeout(600)])


@pytest.mark.timeout(240)
@pytest.mark.parametrize("count", [800, LONG])
async def test_keys_at_random_in_read_only_mode_send_no_write(
    count: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with local_sandbox(tmp_path, speed=1) as box:
        monkey = await console(box, read_only=True, monkeypatch=monkeypatch, count=count, seed=1)
        sent = [c["command"] for c in box.look()["commands"]]
        assert sent, "it never asked the host anything"
        assert [c for c in sent if c.startswith(WRITES) and not c.startswith(READS)] == []
    reached_all(monkey, ASSESSED | LOOKED_AT | {"job:KEEP", "job:FREEZE", "unfreeze:unfreeze", "everything:everything"})


@pytest.mark.timeout(240)
@pytest.mark.parametrize("count", [800, LONG])
async def test_keys_at_random_change_a_host_only_after_a_plan_and_a_word(
    count: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    confirmed: list[str] = []
    run = ConfirmJob._run

    async def noting(page: ConfirmJob) -> None:
        confirmed.append(page.job.title)
        await run(page)

    let_through = Unfreeze._let_through

    async def noting_unfreeze(page: Unfreeze) -> None:
        confirmed.append("UNFREEZE")
        await let_through(page)

    monkeypatch.setattr(ConfirmJob, "_run", noting)
    monkeypatch.setattr(Unfreeze, "_let_through", noting_unfreeze)
    with local_sandbox(tmp_path, speed=1) as box:
        # so many users that ten seconds show whether the failures are gone
        await asyncio.to_thread(box.pull, "traffic", app="scenextras", per_second=60)
        monkey = await console(box, read_only=False, monkeypatch=monkeypatch, count=count, seed=2)
        outside = bootstrap.engine(box.services)
        try:
            entries = await outside.journal.entries(OUTSIDE)
        finally:
            await outside.close()
        assert bool(entries) <= bool(confirmed), f"writes outside of an incident without a job confirmed: {entries}"
    reached_all(monkey, ASSESSED | {"incident:run", "incident:watch", "incident:closed", "releases:releases"})


async def test_a_held_or_doubled_enter_confirms_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with local_sandbox(tmp_path, speed=1) as box:
        monkeypatch.setenv("ROLLBACK_STATE_DIR", str(box.state))
        app = ConsoleApp(
            lambda ask: bootstrap.engine(box.services, ask_passphrase=ask),
            palette=Palette(),
            watch_for=timedelta(seconds=10),
            exports=box.state / "exports",
        )
        async with app.run_test(size=(80, 24)) as pilot:
            monkey = Monkey(app, pilot, 3)
            await monkey.until(lambda: app.controller is not None)
            assert app.controller is not None
            board = app.controller.board
            await monkey.until(lambda: board.status("api").listing is not None)
            # the cursor goes to what is down, once that is known
            await monkey.until(lambda: any("❯" in row and " api " in row for row in app.export_text().splitlines()))
            work = app.query_one(WorkPanel)
            clock = work._clock

            async def quiet() -> None:
                """The page stays as it is, and no Enter came, for as long as a deliberate one takes."""
                await monkey.until(lambda: clock() - max(work._shown_at, work._entered_at) > HELD)

            await pilot.press("R")
            await monkey.asked("How bad is it?")
            await quiet()
            await pilot.press("enter")
            await monkey.until(lambda: "CHECKED" in app.export_text())
            await pilot.press("right")
            began = work._shown_at  # later, the first one would be deliberate; a slow machine is late
            for number in range(40):  # held down: repeats come faster than anybody presses, also where pressing is slow
                monkeypatch.setattr(work, "_clock", lambda at=began + 0.03 * number: at)
                await pilot.press("enter")
                await asyncio.sleep(0.03)
            monkeypatch.setattr(work, "_clock", clock)
            assert not [c for c in box.look()["commands"] if c["command"].startswith("apps:create")]
            await quiet()
            await pilot.press("enter")
            await monkey.until(lambda: bool(box.sent("apps:create")))
            await monkey.until(lambda: "left" in app.export_text())
        await app.shut()
