"""The edge: an error is words, in one harmless line; only cancelling passes."""

import asyncio

import pytest

from tests.stage import endless
from tui.engine.error_edge import answered, within, worded
from tui.engine.supervisor import Supervisor
from tui.model.errors import LinkError, Unreachable


async def _raises(error: BaseException) -> str:
    raise error


async def test_an_answer_passes_and_an_error_is_handed_over() -> None:
    async def fine() -> str:
        return "fine"

    assert await answered(fine(), worded) == "fine"
    assert await answered(_raises(LinkError("no route", "try again")), worded) == "no route"
    assert await answered(_raises(KeyError("x")), worded) == "KeyError: 'x'"
    assert await answered(_raises(OSError("gone")), worded) == "OSError: gone"


@pytest.mark.parametrize("stop", [asyncio.CancelledError(), KeyboardInterrupt(), SystemExit(1)])
async def test_what_ends_the_process_or_the_task_passes(stop: BaseException) -> None:
    for edge in (answered(_raises(stop), worded), Supervisor(worded).survived(_raises(stop))):
        with pytest.raises(type(stop)):
            await edge


async def test_what_does_not_come_in_time_is_unreachable_and_was_taken_back() -> None:
    ended = asyncio.Event()
    with pytest.raises(Unreachable, match="no answer within 0 s"):
        await within(0.001, endless(ended))
    assert ended.is_set()


def test_no_error_brings_more_than_one_line_onto_a_screen() -> None:
    said = worded(ValueError("a\nb\x1b[2J" + "c" * 500))
    assert said.startswith("ValueError: a") and len(said) <= 300
    assert "\n" not in said and "\x1b" not in said
