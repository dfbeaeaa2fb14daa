"""The cursor of work panel and service table: nobody changes a host by accident, nobody loses their place."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest
from textual import events
from textual.app import App, ComposeResult
from textual.pilot import Pilot

from tests.stage import HandClock, StageEngine, fleet, probe, service
from tui.console.drawing.palette import Palette
from tui.console.page import Choice, Page, View, button
from tui.console.widgets.board import ServiceTable
from tui.console.widgets.work import ARM, HELD, SETTLE, WorkPanel
from tui.engine.service_monitor import ServiceMonitor
from tui.model.health import ProbeOutcome

REPEAT = 0.033
"""seconds between the presses of a key that is held down"""


class Asking(Page):
    """A page with a way out and a way that changes a host."""

    name = "asking"

    def __init__(self, *, listed: bool = False, off: str = "") -> None:
        self.done: list[str] = []
        self.key = "asking"
        self.listed = listed
        self.off = off
        self.order = ["cancel", "go", "more"]
        self.first = ""

    def view(self, cells: int) -> View:
        choices = {
            "cancel": button("cancel", "Cancel", self._doing("cancel")),
            "go": button("go", "Roll back", self._doing("go"), danger=True, off=self.off),
            "more": button("more", "More", self._doing("more")),
        }
        return View(
            key=self.key,
            title=(("ASKING", "title"),),
            rows=[(("What now?", ""),)],
            choices=[choices[name] for name in self.order],
            listed=self.listed,
            first=self.first,
        )

    def _doing(self, name: str) -> Callable[[], Awaitable[None]]:
        async def do() -> None:
            self.done.append(name)

        return do


class Guarded(Page):
    """A page whose first choice is guarded."""

    name = "guarded"

    def __init__(self, **marks: bool) -> None:
        self.done: list[str] = []
        self.marks = marks

    def view(self, cells: int) -> View:
        async def do() -> None:
            self.done.append("first")

        choice = Choice(id="first", row=(("Yes", ""),), do=do, **self.marks)  # type: ignore[arg-type]
        return View(key="guarded", title=(), choices=[choice])


class Reading(Page):
    """More rows than fit, nothing to choose."""

    name = "reading"

    def view(self, cells: int) -> View:
        return View(key="reading", title=(), rows=[((f"row {n}", ""),) for n in range(60)])


class Bench(App[None]):
    """The panel alone, with time by hand."""

    ENABLE_COMMAND_PALETTE = False

    def __init__(self) -> None:
        super().__init__()
        self.time = 100.0
        self.copied: list[str] = []
        self.panel = WorkPanel(Palette(), "work", clock=lambda: self.time, run=self._run, copy=self._copy)

    def compose(self) -> ComposeResult:
        yield self.panel

    def _run(self, work: Callable[[], Awaitable[None]]) -> None:
        self.run_worker(work(), exit_on_error=True)

    async def _copy(self, text: str, name: str) -> bool:
        self.copied.append(text)
        return True


@asynccontextmanager
async def bench(page: Page, *, size: tuple[int, int] = (60, 12)) -> AsyncIterator[tuple[Bench, Pilot[None]]]:
    """The panel with this page, which has just appeared."""
    app = Bench()
    async with app.run_test(size=size) as pilot:
        app.panel.focus()
        await pilot.pause()
        app.panel.open(page)
        yield app, pilot


def here(app: Bench) -> str:
    """What the cursor is on."""
    choice = app.panel.choice
    return choice.id if choice else ""


def shown(app: Bench) -> str:
    """The panel as text."""
    return "\n".join("".join(text for text, _ in row) for row in app.panel.lines())


# ── what changes a host ──────────────────────────────────────────────────────────────────────────────────────────────


async def test_the_cursor_begins_on_the_way_out() -> None:
    page = Asking()
    async with bench(page) as (app, pilot):
        assert here(app) == "cancel"
        await pilot.press("enter")
        app.time += SETTLE
        await pilot.press("enter")
        assert "go" not in page.done


@pytest.mark.parametrize("after", [0.0, ARM * 0.5, ARM * 0.99])
async def test_danger_is_not_taken_before_one_had_time_to_read(after: float) -> None:
    page = Asking()
    async with bench(page) as (app, pilot):
        app.time += after
        await pilot.press("right", "enter")
        assert (here(app), page.done) == ("go", [])
        assert "too soon" in shown(app)


async def test_danger_is_taken_by_one_deliberate_enter_and_only_once() -> None:
    page = Asking()
    async with bench(page) as (app, pilot):
        app.time += ARM
        await pilot.press("right", "enter")
        assert page.done == ["go"]
        await pilot.press("enter")
        assert page.done == ["go"], "doubled in haste"


async def test_an_enter_held_down_never_takes_danger() -> None:
    page = Asking()
    async with bench(page) as (app, pilot):
        await pilot.press("right")
        for _ in range(30):
            await pilot.press("enter")
            app.time += REPEAT
        assert page.done == []
        app.time += HELD
        await pilot.press("enter")
        assert page.done == ["go"], "let go, waited, pressed once"


@pytest.mark.parametrize("first", [0.25, 0.5, 0.66, 0.99])
@pytest.mark.parametrize("marks", [{"danger": True}, {"recorded": True}])
async def test_an_enter_held_down_is_known_however_late_the_keyboard_begins_to_repeat(
    first: float, marks: dict[str, bool]
) -> None:
    page = Guarded(**marks)
    async with bench(page) as (app, pilot):
        app.time += 10
        app.panel.note("enter")  # it opened this page
        app.panel.open(page)
        app.time += first
        for _ in range(30):
            await pilot.press("enter")
            app.time += REPEAT
        assert page.done == []
        app.time += ARM
        await pilot.press("left", "enter")
        assert page.done == ["first"], "another key between: it is not held"


async def test_an_answer_is_the_cursors_beginning_and_taken_by_one_deliberate_enter() -> None:
    page = Guarded(recorded=True)
    async with bench(page) as (app, pilot):
        await pilot.press("enter")
        assert page.done == [] and "too soon" in shown(app)
        app.time += HELD
        await pilot.press("enter")
        assert page.done == ["first"]


async def test_an_enter_held_since_the_page_before_never_takes_danger() -> None:
    page = Asking()
    async with bench(page) as (app, pilot):
        page.first = "go"  # the worst case: a page that begins on it
        page.key = "next"
        app.panel.draw()
        assert here(app) == "go"
        for _ in range(30):
            await pilot.press("enter")
            app.time += REPEAT
        assert page.done == []


async def test_danger_doubled_too_early_is_not_taken_by_the_second() -> None:
    page = Asking()
    async with bench(page) as (app, pilot):
        await pilot.press("right")
        app.time += ARM - 0.05
        await pilot.press("enter")
        app.time += 0.1
        await pilot.press("enter")
        assert page.done == []


async def test_every_new_page_counts_its_own_half_second() -> None:
    page = Asking()
    async with bench(page) as (app, pilot):
        app.time += ARM * 2
        page.key = "another"
        app.panel.draw()
        await pilot.press("right", "enter")
        assert page.done == []
        app.panel.draw()
        app.time += HELD
        await pilot.press("enter")
        assert page.done == ["go"], "the same page drawn again counts on"


def clicked(app: Bench, x: int, y: int, chain: int) -> events.Click:
    """As it reaches the panel after the button went down and up `chain` times there."""
    return events.Click(app.panel, x, y, 0, 0, 1, False, False, False, screen_x=x, screen_y=y, chain=chain)


@pytest.mark.parametrize("listed", [False, True])
async def test_a_click_never_chooses_anything(listed: bool) -> None:
    page = Asking(listed=listed)
    async with bench(page) as (app, pilot):
        app.time += ARM * 4
        await pilot.click(app.panel, offset=(12, 3))
        await pilot.double_click(app.panel, offset=(12, 3))
        for y in range(app.size.height):
            for x in (3, 12, 20, 30):
                for chain in (1, 2):
                    app.panel.post_message(clicked(app, x, y, chain))
            await pilot.pause()
        assert page.done == []


async def test_a_click_moves_the_cursor_of_a_list() -> None:
    page = Asking(listed=True)
    async with bench(page) as (app, pilot):
        await pilot.click(app.panel, offset=(4, 3))
        assert here(app) == "go"


async def test_what_cannot_be_chosen_says_why_and_is_passed_over_at_the_beginning() -> None:
    page = Asking(off="read-only: nothing is sent")
    page.order = ["go", "cancel"]
    async with bench(page) as (app, pilot):
        assert here(app) == "cancel"
        app.time += ARM * 2
        await pilot.press("left", "enter")
        assert page.done == []
        assert "not possible: read-only: nothing is sent" in shown(app)


async def test_an_enter_meant_for_the_page_before_does_not_choose_on_the_new_one() -> None:
    page = Asking()
    async with bench(page) as (app, pilot):
        app.time += 10
        await pilot.press("enter")
        assert page.done == ["cancel"]
        page.key = "new"
        app.time += 0.05
        app.panel.draw()
        app.time += 0.05
        await pilot.press("enter")
        assert page.done == ["cancel"]
        app.time += SETTLE
        await pilot.press("enter")
        assert page.done == ["cancel", "cancel"]


# ── the place of the cursor ──────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("listed", [False, True])
async def test_the_cursor_stays_on_the_same_choice_when_the_order_changes(listed: bool) -> None:
    page = Asking(listed=listed)
    async with bench(page) as (app, pilot):
        await pilot.press("end")
        assert here(app) == "more"
        page.order = ["more", "cancel", "go"]
        app.panel.draw()
        assert here(app) == "more"


async def test_a_choice_that_goes_away_under_the_cursor_does_not_hand_it_to_danger() -> None:
    page = Asking()
    async with bench(page) as (app, pilot):
        app.time += ARM * 2
        await pilot.press("end")
        page.order = ["go", "cancel"]
        app.panel.draw()
        assert here(app) == "cancel"


async def test_keys_move_over_choices_and_stop_at_the_ends() -> None:
    page = Asking()
    async with bench(page) as (app, pilot):
        seen = []
        for key in ("left", "right", "j", "down", "k", "G", "g"):
            await pilot.press(key)
            seen.append(here(app))
        assert seen == ["cancel", "go", "more", "more", "go", "more", "cancel"]


async def test_a_page_without_choices_scrolls_row_by_row_and_page_by_page() -> None:
    async with bench(Reading()) as (app, pilot):
        assert "row 0" in shown(app) and "more: PgDn" in shown(app)
        await pilot.press("down")
        assert "row 1" in shown(app).splitlines()[1]
        await pilot.press(*["pagedown"] * 10)
        assert "row 59" in shown(app) and "more: PgDn" not in shown(app)
        await pilot.press("y")
        assert app.copied and app.copied[0].endswith("row 59")


# ── the service table ────────────────────────────────────────────────────────────────────────────────────────────────


class Table(App[None]):
    """The table alone."""

    ENABLE_COMMAND_PALETTE = False

    def __init__(self, board: ServiceMonitor) -> None:
        super().__init__()
        self.board = board
        self.table = ServiceTable(Palette(), "board")

    def compose(self) -> ComposeResult:
        yield self.table

    def on_mount(self) -> None:
        self.table.focus()

    def on_service_table_selected(self) -> None:
        self.redraw()

    def redraw(self) -> None:
        self.table.draw(self.board.statuses(), {}, self.board.engine.clock.now())


@asynccontextmanager
async def table(*names: str) -> AsyncIterator[tuple[Table, Pilot[None]]]:
    board = ServiceMonitor(StageEngine(fleet(*(service(n, order=i) for i, n in enumerate(names))), HandClock()))
    app = Table(board)
    async with app.run_test(size=(80, 10)) as pilot:
        await pilot.pause()
        app.redraw()
        yield app, pilot


def cursor_row(app: Table) -> str:
    rows = ["".join(text for text, _ in row) for row in app.table.lines()]
    found = [row for row in rows if "❯" in row]
    assert len(found) == 1, rows
    return found[0]


async def test_the_cursor_is_a_service_whatever_place_it_has() -> None:
    async with table("api", "blog", "web") as (app, pilot):
        await pilot.press("down")
        assert app.table.selected == "blog" and "blog" in cursor_row(app)
        for names in (("web", "blog", "api"), ("blog", "zebra", "api", "web"), ("api", "web", "blog")):
            app.board = ServiceMonitor(
                StageEngine(fleet(*(service(n, order=i) for i, n in enumerate(names))), HandClock())
            )
            app.redraw()
            assert app.table.selected == "blog" and "blog" in cursor_row(app)


async def test_the_cursor_stays_when_health_changes_around_it() -> None:
    async with table("api", "blog", "web") as (app, pilot):
        await pilot.press("down")
        engine = app.board.engine
        assert isinstance(engine, StageEngine)
        clock = engine.hand
        for outcome in ProbeOutcome:
            for name in ("api", "web"):
                app.board._probes[name].append(probe(engine.service(name), clock.now(), outcome))
            app.redraw()
            assert "blog" in cursor_row(app)


async def test_until_somebody_moves_it_the_cursor_is_on_what_is_sick() -> None:
    async with table("api", "blog", "web") as (app, pilot):
        engine = app.board.engine
        assert isinstance(engine, StageEngine) and "api" in cursor_row(app)
        for _ in range(2):
            app.board._probes["web"].append(probe(engine.service("web"), engine.clock.now(), ProbeOutcome.UNHEALTHY))
        app.redraw()
        assert "web" in cursor_row(app)
        await pilot.press("up")
        app.redraw()
        assert "blog" in cursor_row(app)


async def test_a_filter_keeps_the_cursor_where_its_service_is_still_shown() -> None:
    async with table("api", "blog", "web") as (app, pilot):
        await pilot.press("end")
        app.table.filter = "b"
        app.redraw()
        assert app.table.selected == "web" and "web" in cursor_row(app)
        app.table.filter = "blog"
        app.redraw()
        assert app.table.selected == "blog", "its service is not shown any more: the keys must not act on one unseen"
        app.table.filter = ""
        app.redraw()
        assert "blog" in cursor_row(app)


def test_a_danger_choice_is_never_made_without_saying_so() -> None:
    """`button` is how pages make choices: what is dangerous looks so, unless it cannot be chosen."""
    assert button("go", "x", None, danger=True).row == (("x", "danger"),)
    assert button("go", "x", None, danger=True, off="no").row == (("x", ""),)
    assert Choice(id="x", row=()).danger is False
