"""Every page at every size, letter by letter.

The screens lie beside this file under `screens/`, as plain text. After a change that was meant, write them anew and
read the difference before it is committed:

    ROLLBACK_SCREENS=write .venv/bin/pytest tests/console/test_screens.py
"""

import os
import re
from pathlib import Path

import pytest

from tests.console.scenes import INCIDENT, SCENES, WELL_FOR, Scene, started
from tui.console.drawing import rows
from tui.console.drawing.palette import Palette
from tui.model.runbook_numbers import RUNBOOK_SEVERITIES

SCREENS = Path(__file__).parent / "screens"
SIZES = ((60, 15), (80, 24), (120, 40), (200, 60))
WRITE = os.environ.get("ROLLBACK_SCREENS") == "write"


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("ROLLBACK_STATE_DIR", str(tmp_path))
    return tmp_path


def same(name: str, said: str) -> None:
    """Compare with the screen on file."""
    file = SCREENS / f"{name}.txt"
    if WRITE:
        SCREENS.mkdir(exist_ok=True)
        file.write_text(said + "\n", encoding="utf-8")
    assert file.exists(), f"no screen {file}; see the head of this file"
    assert said + "\n" == file.read_text(encoding="utf-8"), f"{file.name} is another screen now:\n{said}"


def no_wider(said: str, size: tuple[int, int]) -> None:
    lines = said.splitlines()
    assert len(lines) <= size[1] and max(map(len, lines)) <= size[0]


def cut(scene: Scene) -> list[str]:
    """Rows that are wider than their panel, which cuts them without a sign; a log's are cut by its own window."""
    frame = scene.app.frame
    panels = (frame.header, frame.board, frame.work, frame.chart, frame.timeline, frame.hint)
    return [
        f"{panel.id}: {rows.text(row)}"
        for panel in panels
        if panel.display
        for row in panel.lines()
        if rows.width(row) > panel.size.width
    ]


@pytest.mark.parametrize("name", SCENES)
async def test_screen(name: str, state: Path) -> None:
    """The screens on file; and what matters on them is never cut nor below the fold."""
    async with started(state, SIZES[0], well_for=WELL_FOR.get(name, 0)) as scene:
        await SCENES[name](scene)
        for size in SIZES:
            await scene.resize(*size)
            said = await scene.settle()
            work = scene.app.frame.work
            shown = " ".join(" ".join(work.render_line(y).text for y in range(work.size.height)).split())
            no_wider(said, size)
            assert not cut(scene), f"{size}: cut off at the right"
            assert not re.search(r"\[ [^\]\n]*…", said), f"{size}: a button is cut"
            assert said.count("failed requests above") <= 1, f"{size}: the same picture twice"
            for words in MATTERS.get(name, ()):
                assert words in shown, shown
            board = scene.app.frame.board
            assert MARKED.get(name, "") in "\n".join(board.render_line(y).text for y in range(board.size.height))
            same(f"{name}-{size[0]}x{size[1]}", said)
        await ways_around(scene)


async def ways_around(scene: Scene) -> None:
    """Help and palette open over this page, letters go to the palette, and Esc leads back to the page as it was."""
    work, press = scene.app.frame.work, scene.pilot.press
    if scene.app.prompt.asking:
        return
    scene.app.commands.close() if scene.app.frame.notice[0] else None
    before = work.page if scene.app.frame.panels.work else None
    over = before is not None and not before.aside
    for key, name, letters in (("question_mark", "help", ()), ("colon", "palette", ("q", "K"))):
        await press(key, *letters)
        assert work.page is not None and work.page.name == name
        await press("escape")
        if before is None or over:
            assert (work.page if scene.app.frame.panels.work else None) is before, f"{name} leads elsewhere"


def test_what_matters_is_said_of_screens_that_there_are() -> None:
    assert set(MATTERS) <= set(SCENES)


@pytest.mark.parametrize("name", ["services", "plan", "run", "watch-alarm"])
async def test_screen_without_colour_and_in_ascii(name: str, state: Path) -> None:
    async with started(state, (80, 24), palette=Palette(colour=False, ascii_only=True)) as scene:
        await SCENES[name](scene)
        said = await scene.settle()
    assert said.isascii()
    same(f"ascii-{name}-80x24", said)


@pytest.mark.parametrize("name", ["services", "plan", "job"])
async def test_screen_read_only(name: str, state: Path) -> None:
    async with started(state, (80, 24), read_only=True) as scene:
        await SCENES[name](scene)
        said = await scene.settle()
    assert "READ-ONLY" in said
    same(f"read-only-{name}-80x24", said)


@pytest.mark.parametrize("size", [(59, 24), (80, 14), (20, 5)], ids=lambda s: f"{s[0]}x{s[1]}")
async def test_screen_too_small(size: tuple[int, int], state: Path) -> None:
    async with started(state, size) as scene:
        await SCENES["run"](scene)
        said = await scene.settle()
    no_wider(said, size)
    same(f"too-small-{size[0]}x{size[1]}", said)


@pytest.mark.parametrize("name", sorted({*SCENES} - {"services", "offered", "palette"}))
@pytest.mark.parametrize("size", SIZES[:2], ids=lambda s: f"{s[0]}x{s[1]}")
def test_every_page_names_its_keys(name: str, size: tuple[int, int]) -> None:
    """Read from the screens on file: the last row names the way back and the way to everything else."""
    last = (SCREENS / f"{name}-{size[0]}x{size[1]}.txt").read_text(encoding="utf-8").splitlines()[-1]
    assert "Esc " in last, last
    assert ": Commands" in last or "Esc dismisses" in last, last


async def test_every_screen_on_file_belongs_to_a_test() -> None:
    known = {f"{name}-{w}x{h}" for name in SCENES for w, h in SIZES}
    other = ("ascii-", "read-only-", "too-small-")
    assert not [f.stem for f in SCREENS.glob("*.txt") if f.stem not in known and not f.stem.startswith(other)]


MATTERS: dict[str, tuple[str, ...]] = {
    "severity": ("How bad is it?", *(spec.criteria for spec in RUNBOOK_SEVERITIES)),
    "confirm": ("The runbook says: ROLL BACK",),
    "confirm-asked": ("2 Are there user-facing errors?", "yes → 3, no → MONITOR", "[ Yes ] [ No ]"),
    "plan": (
        "release:4",
        "no downtime",
        "TAKES BACK 2 commits",
        "3 files; ",
        "REDIS_URL",
        "ALSO CHANGED flag new-cache updated 11 min ago",
        "[ Cancel ] [ Roll api back to release:4 ] [ Keep what runs first (4-10 s more) ] [ Monitor only",
    ),
    "plan-blocked": ("a deploy of api-app is running: wait for its end",),
    "plan-warnings": ("migrations lie between, and going back does not undo them: 0042_drop_column", "(type its name)"),
    "plan-typed": ("does not answer for 20-40 s", "(type its name)"),
    "run": ("1:00 of about 0:30", "the host finishes what was sent by itself", "api answers: 503 503", "8 s of ~30 s"),
    "uncertain": ("the host is asked what serves; nothing is sent again",),
    "failed": ("somebody else took the incident meanwhile: ops@laptop, 2 minutes ago",),
    "verify": ("is it healthy, and is it the release we sent?",),
    "verify-failed": ("VERIFICATION FAILED", "failed health: unhealthy: HTTP 503, expected 200", "[ Look again ]"),
    "confirm-rate": ("3 More than 1% of requests?", "access log OVER 34 of 1190", "[ Yes ]"),
    "watch": ("10:00 left", "observed 100%", "slowest 46ms", "UNDER 1% by access log, next 22:05:00Z", "1 of 780"),
    "watch-begun": ("14:30 left", "No checkpoint yet, next 22:00:30Z"),
    "watch-over": ("ALARM: worse: access log: 41 of 780, 5.3% (3.9-7.1%)", "[ Another release ]"),
    "watch-alarm": ("ALARM: something else runs: deployed is 99887766, which is not ours (somebody deployed)",),
    "unfreeze": ("UNSETTLED: 4444444444 runs, main stands at 7777777777", "BAD Cache every page", "[ Stay frozen ]"),
    "undo": ("FROM sha:5", "TO release:4", "[ Cancel ]"),
    "everything": ("does not answer for 20-40 s", "NO: there is no previous release", "[ Cancel ]"),
    "everything-stopped": ("stopped", "not started", "[ Open api ]"),
    "held": (
        "FROZEN by inc-20261123-0311-77aa of ops@laptop",
        "INCIDENT by",
        "rollback unfreeze api",
        "[ Unfreeze api ]",
    ),
    "plan-post": ("POST to SLACK_WEBHOOK, DISCORD_URL: [P1] api: rolling back to release:4", "[ Post nothing ]"),
    "run-told": ("NOT DELIVERED: DISCORD_URL: HTTP 429: slow down, again in 30 s", "8 s of ~30 s"),
    "watch-told": ("NOT DELIVERED: DISCORD_URL: HTTP 429: slow down, again in 30 s", "10:00 left"),
    "closed-told": ("NOT DELIVERED: DISCORD_URL", "RECOVERED"),
    "closed": (
        "RECOVERED healthy to the end of the watch",
        "git:set api-app deploy-branch main",
        "post-mortem, due 2026-11-24 22:00Z",
    ),
    "help": ("Enter Releases",),
    "releases": ("1abcdef01 none kept: its",),
    "post-mortem": ("due 2026-11-24 22:00Z", "13 not known", "lessons learned", "[ Save HTML ] [ Copy ] [ Done ]"),
    "post-mortem-fields": ("root cause TODO", "lessons learned TODO"),
    "leave": ("what was sent goes on at the host", f"rollback resume {INCIDENT}", "[ Stay ]"),
}
"""what a tired person must be able to read at every size, without pressing a key"""

MARKED = {"offered": "NEW RELEASE", "guard-job": "NEW RELEASE", "held": "FROZEN"}
"""what the table of services must say at every size"""
