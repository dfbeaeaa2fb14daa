"""Text typed into a prompt is text, at any speed, right after any key that opens or closes a page; no page opens and no
answer is given without a key that was meant for it."""

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from textual import events
from textual.keys import _character_to_key

from tests.console.scenes import API, BILLING, WEB, Scene, confirmed_down, opened, planned, running, started, watching
from tui.console.app import ConsoleApp
from tui.console.pages.incident_page import shows
from tui.console.widgets.work import ARM, HELD

OPENING = ("R", "3", "a", "c", "p", "K", "F", "U", "P", "5", "question_mark", "f1", "enter", "h", "z", "r")
"""keys that open a page, or would"""
MOVING = ("escape", "1", "l", "2", "tab", "shift+tab")
"""keys that close one, or send the keys elsewhere"""
WORDS = ("RKFUP pq", "because R5?", "l2c4a3z1", "yes/no:&", "é🦊 Ünï", "kept K:P q")
"""reasons as they are typed: every letter of them is a key somewhere"""


@pytest.fixture
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("ROLLBACK_STATE_DIR", str(tmp_path))
    return tmp_path


def key(name: str) -> events.Key:
    """As the driver makes it."""
    if len(name) == 1:
        return events.Key(_character_to_key(name), name)
    return events.Key(name, " " if name == "space" else None)


class Hand:
    """Fingers on the keys of a console, and what each key really did."""

    def __init__(self, scene: Scene) -> None:
        self.scene = scene
        self.app: ConsoleApp = scene.app
        self.ran: list[str] = []
        """actions run since the line was asked"""
        run = self.app.run_action

        async def noting(action: str, default_namespace: object = None, **more: object) -> bool:
            self.ran.append(action)
            return await run(action, default_namespace, **more)  # type: ignore[arg-type]

        self.app.run_action = noting  # type: ignore[method-assign,assignment]
        self.app.commands.leave = lambda: None  # type: ignore[method-assign]

    async def press(self, *names: str, paced: bool = False) -> None:
        """All at once, as a paste or a slow link brings them, or one after the other."""
        for name in names:
            self.app.post_message(key(name))
            if paced:
                await asyncio.sleep(0.005)
        await self.scene.pilot.pause()

    async def type_into_the_line(self, opener: tuple[str, ...], text: str, *, paced: bool) -> None:
        """The keys that open the line and the text in one go: the line has all of it, and nothing else happened."""
        await self.press(*opener, paced=paced)
        app = self.app
        if not app.frame.line.asking:
            raise AssertionError(f"{opener} asked nothing:\n{app.export_text()}")
        before, page, value = len(self.ran), app.opened.page, app.frame.line.input.value
        await self.press(*text, paced=paced)
        assert app.frame.line.asking, f"{opener}: {text!r} ended it"
        assert app.frame.line.input.value == value + text, f"{opener}: {text!r} went elsewhere"
        assert self.ran[before:] == [], f"{opener}: {text!r} ran {self.ran[before:]}"
        assert app.opened.page is page

    async def unpaced(self, opener: tuple[str, ...], text: str) -> None:
        """Opener and text without a pause between."""
        app = self.app
        await self.press(*opener, *text)
        assert app.frame.line.asking, f"{opener} asked nothing:\n{app.export_text()}"
        assert app.frame.line.input.value.endswith(text), (
            f"{opener}: {text!r} went elsewhere: {app.frame.line.input.value!r}"
        )

    async def dismiss(self) -> None:
        """Back to the services, with nothing open."""
        await self.press(*["escape"] * 6, "1")
        assert not self.app.frame.line.asking
        assert self.app.opened.page is None, self.app.opened.page


@asynccontextmanager
async def hand(state: Path, size: tuple[int, int] = (80, 24)) -> AsyncIterator[Hand]:
    async with started(state, size) as scene:
        yield Hand(scene)


# ── every prompt, right after every key ──────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("paced", [False, True], ids=["unpaced", "paced"])
async def test_a_prompt_right_after_any_key_that_opens_or_closes_a_page_has_every_letter(
    state: Path, paced: bool
) -> None:
    openers = (("1", "slash"), ("l", "slash"), ("l", "ampersand"), ("1", "colon"))
    async with hand(state) as at:
        for number, before in enumerate((*OPENING, *MOVING)):
            for panel, opener in openers[number % 4 :][: 1 if paced else 2]:
                text = WORDS[(number + ord(opener[0])) % len(WORDS)]
                if paced:
                    await at.press(before, panel)
                    await at.type_into_the_line((opener,), text, paced=True)
                else:
                    await at.unpaced((before, panel, opener), text)
                await at.dismiss()
        for before in () if paced else (*OPENING, *MOVING):  # the palette from wherever that key led
            await at.unpaced((before, "colon"), "Kfgateq")
            await at.dismiss()


@pytest.mark.parametrize("paced", [False, True], ids=["unpaced", "paced"])
async def test_a_reason_typed_right_after_enter_is_a_reason(state: Path, paced: bool) -> None:
    """Every button that asks for one."""
    stories = (
        (confirmed_down(), API, ("monitor", "forward", "abort", "false-alarm")),
        (planned(BILLING), BILLING, ("go", "abort")),
        (watching(60), API, ("recovered", "not-recovered")),
    )
    async with hand(state) as at:
        for story, of, choices in stories:
            await at.scene.lead(*story, of=of)
            await at.scene.settle()
            for choice in choices:
                at.app.frame.work._to(choice)
                assert at.app.frame.work.choice is not None and at.app.frame.work.choice.id == choice
                at.app.frame.work._shown_at = at.app.frame.work._entered_at = -10.0
                at.app.frame.work._let_go = True
                for text in ("RK:q?5", "/because it is P1"):
                    if paced:
                        await at.type_into_the_line(("enter",), text, paced=True)
                    else:
                        await at.unpaced(("enter",), text)
                    await at.press("escape")
                    at.app.frame.work._shown_at = at.app.frame.work._entered_at = -10.0
                    at.app.frame.work._let_go = True
            at.app.controller.flows.clear() if at.app.controller is not None else None
            await at.dismiss()


@pytest.mark.parametrize(("seed", "paced"), [(1, False), (2, True)], ids=["unpaced", "paced"])
async def test_words_typed_at_random_places_are_words(state: Path, seed: int, paced: bool) -> None:
    await words_at_random(state, seed, 20, paced=paced)


@pytest.mark.slow
@pytest.mark.parametrize("paced", [False, True], ids=["unpaced", "paced"])
@pytest.mark.parametrize("seed", range(10, 16))
@pytest.mark.timeout(600)
async def test_many_words_typed_at_random_places_are_words(state: Path, seed: int, paced: bool) -> None:
    await words_at_random(state, seed, 600, paced=paced)


async def words_at_random(state: Path, seed: int, count: int, *, paced: bool) -> None:
    chance = random.Random(seed)
    async with hand(state, (100, 30)) as at:
        for _ in range(count):
            wander = [
                chance.choice((*OPENING, *MOVING, "down", "up", "j", "pagedown")) for _ in range(chance.randrange(5))
            ]
            opener = chance.choice((("1", "slash"), ("l", "slash"), ("2", "ampersand"), ("colon",)))
            text = "".join(chance.choice("".join(WORDS)) for _ in range(chance.randrange(1, 12)))
            await at.press(*wander, paced=paced)
            if at.app.frame.line.asking:
                await at.press("escape")
            if paced:
                await at.press(*opener[:-1], paced=True)
                await at.type_into_the_line(opener[-1:], text, paced=True)
            else:
                await at.unpaced(opener, text)
            await at.press("escape", paced=paced)
            assert not at.app.frame.line.asking
        assert at.app.controller is not None
        assert not [sent for sent in at.app.controller.engine.gate.trail if sent.writes]


async def test_a_paste_with_line_breaks_is_one_line_and_answers_nothing(state: Path) -> None:
    async with hand(state) as at:
        await at.press("slash")
        at.app.post_message(events.Paste("first R\nq\nK\n"))
        await at.scene.pilot.pause()
        assert at.app.frame.line.asking and at.app.frame.line.input.value == "first R"
        await at.press("escape")
        before = list(at.ran)
        at.app.post_message(events.Paste("RKFUPq\n"))
        await at.scene.pilot.pause()
        assert at.ran == before and at.app.opened.page is None, "a paste that nobody asked for is nothing"


# ── the palette ──────────────────────────────────────────────────────────────────────────────────────────────────────


async def first_choice(at: Hand) -> str:
    """What Enter would run, as soon as the page has been drawn."""
    async with asyncio.timeout(10):
        while (choice := at.app.frame.work.choice) is None:
            await at.scene.pilot.pause(0.01)
    return "".join(text for text, _ in choice.row)


async def test_the_palette_takes_letters_and_runs_the_best_fit(state: Path) -> None:
    async with hand(state) as at:
        await at.press("colon", *"kep")
        assert "Keep what runs: api" in await first_choice(at)
        await at.press("enter")
        assert at.app.opened.page is not None and at.app.opened.page.name == "job"
        await at.press("escape", "colon", *"pm", "enter", *"RR")
        assert "the journal has no incident yet" in at.app.frame.notice[0] or at.app.opened.page is not None


async def test_what_one_may_want_first_is_on_top_and_arrows_choose(state: Path) -> None:
    async with hand(state) as at:
        await at.press("colon")
        assert "Roll back: api" in await first_choice(at)
        await at.press("down")
        assert "Releases: api" in await first_choice(at)
        await at.press("escape")
        await at.scene.lead(*watching(60))
        await at.press("1", "colon")
        assert "Incident" in await first_choice(at)
        await at.press(*"gobill", "enter")
        assert at.app.frame.board.selected == "billing"
        assert at.app.keyboard.at is at.app.frame.board


async def test_letters_that_fit_nothing_run_nothing(state: Path) -> None:
    async with hand(state) as at:
        await at.press("colon", *"xxqqzz", "enter")
        assert at.app.opened.page is None and not at.app.frame.line.asking


# ── nothing opens by itself, closing goes back ───────────────────────────────────────────────────────────────────────


async def test_work_that_ends_late_opens_nothing_over_what_the_person_went_on_to(state: Path) -> None:
    async with hand(state) as at:
        controller = at.scene.controller
        gate = asyncio.Event()
        read = controller.engine.incidents

        async def slowly(*more: int) -> object:
            await gate.wait()
            return await read(*more)

        controller.engine.incidents = slowly  # type: ignore[method-assign,assignment]
        await at.scene.lead(*watching(60))
        await at.dismiss()
        controller.flows.clear()
        await at.press("p", "l", "slash", *"err")
        gate.set()
        await at.scene.pilot.pause()
        assert at.app.frame.line.asking and at.app.frame.line.input.value == "err"
        await at.press(*"or", "enter", "n")
        assert at.app.keyboard.at is at.app.frame.logs
        assert at.app.opened.page is None


async def test_what_no_key_began_opens_nothing(state: Path) -> None:
    async with hand(state) as at:
        at.scene.controller.show_trail()
        assert at.app.opened.page is None
        assert await at.app.ask("who? ") is None
        at.app.close_work()
        assert at.app.keyboard.at is at.app.frame.board


async def test_help_inside_a_page_goes_back_to_where_one_was(state: Path) -> None:
    async with hand(state) as at:
        await at.press("R")
        await at.press("down", "down")
        chosen = at.app.frame.work.choice
        for aside in ("question_mark", "c", "a"):
            await at.press(aside)
            assert at.app.opened.page is not None and at.app.opened.page.name != "incident"
            await at.press("escape")
            assert at.app.opened.page is not None and at.app.opened.page.name == "incident"
            assert at.app.frame.work.choice == chosen or (
                chosen and at.app.frame.work.choice and at.app.frame.work.choice.id == chosen.id
            )
        await at.press("l", "question_mark", "escape")
        assert at.app.keyboard.at is at.app.frame.logs
        assert shows(at.app.opened.page, at.scene.controller.flows["api"])


# ── the row ──────────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_the_key_acts_on_its_row_and_asks_which_where_another_incident_is_open(state: Path) -> None:
    async with hand(state) as at:
        await at.scene.lead(*planned(WEB), of=WEB)
        await at.press("1", "g", "R")
        said = at.app.export_text()
        assert "WHICH? api" in said and "Open: web, planned, nothing sent" in said
        await at.scene.pilot.pause(ARM)
        await at.press("enter")
        assert "ROLL BACK api" in at.app.export_text()
        assert at.app.frame.board.selected == "api"
        await at.dismiss()
        await at.press("1", "j", "R")
        assert shows(at.app.opened.page, at.scene.controller.flows["web"]), (
            "its own incident is shown without a question"
        )


async def test_a_service_that_the_filter_hides_is_no_keys_business(state: Path) -> None:
    async with hand(state) as at:
        await at.press("slash", *"nothing like it", "enter", "R")
        assert at.app.opened.page is None
        assert "no service is shown" in at.app.frame.notice[0]
        await at.press("escape")
        assert at.app.frame.board.filter, "the notice goes first"
        await at.press("escape", "R")
        assert not at.app.frame.board.filter and at.app.opened.page is not None, "all are shown again"


async def test_a_console_that_was_opened_for_a_service_begins_there_and_then_follows_the_person(state: Path) -> None:
    async with hand(state) as at:
        board, now = at.app.frame.board, at.scene.controller.engine.clock.now()
        board.moved, board.begins_at = False, "web"
        board.draw(board._all, {}, now)
        assert board.selected == "web"
        board.go_to("api")
        board.draw(board._all, {}, now)
        assert board.selected == "api"


async def test_an_open_page_keeps_the_cursor_on_its_service(state: Path) -> None:
    async with hand(state) as at:
        await at.press("3")
        assert at.app.frame.board.pinned and at.app.frame.board.selected == "api"
        await at.press("escape")
        assert not at.app.frame.board.pinned


# ── what goes on record ──────────────────────────────────────────────────────────────────────────────────────────────


async def test_a_held_enter_records_no_answer(state: Path) -> None:
    async with hand(state) as at:
        await at.press("R")
        for _ in range(40):
            await at.press("enter")
            await asyncio.sleep(0.01)
        flow = at.scene.controller.flows["api"]
        assert flow.incident is None, "nobody said how bad it is"
        await at.scene.pilot.pause(HELD)
        await at.press("enter")
        await at.scene.until(lambda: flow.incident is not None, "opened by one deliberate key")
        for _ in range(40):
            await at.press("enter")
            await asyncio.sleep(0.01)
        assert not flow.choosing, "nobody has read the evidence"


async def test_words_that_stand_there_are_not_recorded_by_a_held_enter(state: Path) -> None:
    async with hand(state) as at:
        await at.scene.lead(*confirmed_down())
        with at.app.keyboard.pressed():
            answer = asyncio.ensure_future(at.app.ask("post: ", initial="as it stands"))
            await asyncio.sleep(0)
        await at.press("enter", "enter")
        assert at.app.frame.line.asking and not answer.done()
        await at.press("end", "enter")
        assert await answer == "as it stands"


# ── leaving ──────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("leaving", ["q", "ctrl+c", "ctrl+q"])
async def test_leaving_with_an_open_incident_says_what_goes_on(state: Path, leaving: str) -> None:
    async with started(state, (80, 24)) as scene:
        await scene.lead(*running())
        await scene.pilot.press(leaving)
        said = " ".join(scene.app.export_text().split())
        assert "what was sent goes on at the host" in said
        assert "rollback resume inc-" in said
        assert not scene.app._exit


async def test_leaving_says_what_is_so_now(state: Path) -> None:
    async with started(state, (80, 24)) as scene:
        flow = await scene.lead(*opened())
        await scene.pilot.press("q")
        assert "nothing was sent" in scene.app.export_text()
        assert flow.walk is not None
        flow.walk.incident = scene.walk(*running()).incident
        await scene.settle()
        assert "goes on at the host" in " ".join(scene.app.export_text().split())


async def test_a_passphrase_waits_for_its_key_and_is_asked_for_by_no_page(state: Path) -> None:
    async with hand(state) as at:
        waited = asyncio.ensure_future(at.app.prompt.secret("passphrase of id_ed25519: "))
        await at.scene.pilot.pause()
        assert not at.app.frame.line.asking and "i types it" in at.app.frame.notice[0]
        await at.press("down", "i", *"Rq K5", "enter")
        assert await waited == "Rq K5"
        assert "Rq K5" not in at.app.export_text() and at.app.opened.page is None
        again = asyncio.ensure_future(at.app.prompt.secret("passphrase of id_ed25519: "))
        await at.scene.pilot.pause()
        await at.press("i", "escape")
        assert await again is None, "would not say"
