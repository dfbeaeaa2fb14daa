"""Garbage is looked for again once the program has begun, whichever way it began."""

import gc
from collections.abc import Iterator

import pytest

from tui import garbage


@pytest.fixture(autouse=True)
def as_it_was() -> Iterator[None]:
    collects = gc.isenabled()
    yield
    (gc.enable if collects else gc.disable)()


def test_what_was_put_off_at_the_start_begins_and_what_was_made_until_then_stays() -> None:
    gc.disable()
    before = gc.get_freeze_count()
    kept = [[] for _ in range(100)]  # type: ignore[var-annotated]
    garbage.begin()
    assert gc.isenabled() and gc.get_freeze_count() > before + len(kept)


def test_a_process_that_puts_nothing_off_is_left_as_it_is() -> None:
    gc.enable()
    before = gc.get_freeze_count()
    garbage.begin()
    assert gc.isenabled() and gc.get_freeze_count() == before


@pytest.mark.parametrize("collects", [True, False])
def test_a_block_that_puts_it_off_leaves_it_as_it_was(collects: bool) -> None:
    (gc.enable if collects else gc.disable)()
    with pytest.raises(ValueError, match="no file"), garbage.put_off():
        assert not gc.isenabled()
        raise ValueError("no file")
    assert gc.isenabled() is collects
