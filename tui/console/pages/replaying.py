"""A closed incident that is played once more: the page that was shown then, and the keys of the player."""

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from msgspec.structs import replace

from tui.console.drawing import rows
from tui.console.drawing.rows import Row
from tui.console.page import Choice, View, button

if TYPE_CHECKING:
    from tui.engine.replay import Playback


def view(seen: "Playback", page: View, cells: int) -> View:
    """The page of the incident's state at that moment, with what is played above; nothing of it can be done again."""
    how = "paused" if seen.paused else "at its end" if seen.over else f"{seen.speed} times as fast"
    said = f"REPLAY of {seen.recording.incident}: {seen.at:%Y-%m-%d %H:%M:%S}Z, {how}; "
    said += f"entry {seen.played} of {len(seen.recording.events)}. No host is asked."
    head: list[Row] = rows.paragraph(said, cells, "run", indent=2)
    return replace(page, key="replay", rows=[*head, *page.rows], choices=_choices(seen), first="pause")


def _choices(seen: "Playback") -> list[Choice]:
    over = "it is at its end" if seen.over else ""
    return [
        button("pause", "Go on" if seen.paused else "Pause", _do(seen.pause), off=over),
        button("step", "Next entry", _do(seen.step), off=over),
        button("slower", "Slower", _do(lambda: seen.faster(0.5))),
        button("faster", "Faster", _do(lambda: seen.faster(2))),
        button("again", "From the beginning", _do(seen.again)),
    ]


def _do(work: Callable[[], None]) -> Callable[[], Awaitable[None]]:
    async def done() -> None:
        work()

    return done
