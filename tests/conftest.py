"""How the tests are run."""

import gc
import os
from collections.abc import Generator
from pathlib import Path

import hypothesis
import pytest

from tests.lighter import lighten

lighten()
os.environ.pop("PYTHONUNBUFFERED", None)  # people run the program without it: what it holds back is part of the test
# Without a deadline: how long an example takes says more of the machine. The same examples each time: what is red was
# made so by a change. Others are drawn by hand or at night, with `--hypothesis-profile explore`.
hypothesis.settings.register_profile("here", deadline=None, derandomize=True)
hypothesis.settings.register_profile("explore", deadline=None, max_examples=2000)
hypothesis.settings.load_profile("here")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """For `-n auto`: most tests wait for a host, a terminal or a clock: more of them than processors."""
    return max(4, 2 * (os.cpu_count() or 1))


@pytest.hookimpl(tryfirst=True)
def pytest_cmdline_main(config: pytest.Config) -> None:
    """Several workers share the tests by stealing: a few take much longer than the rest. One process needs no xdist."""
    if getattr(config.option, "numprocesses", None) and config.option.dist == "no":
        config.option.dist = "worksteal"


TIMED = frozenset({"cli", "conformance", "console", "drivers", "matrix", "pty", "sandbox", "scenarios", "terminal"})
"""folders whose tests wait for processes, terminals and hosts whose time goes faster than the machine's"""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests that have to do with time are tried once more where they failed: a machine that is busy with something
    else may be too slow for them. What fails twice is wrong; what needed the second time is counted in the summary."""
    here = Path(__file__).parent
    for item in items:
        if item.path.is_relative_to(here) and item.path.relative_to(here).parts[0] in TIMED:
            item.add_marker(pytest.mark.flaky(reruns=1))


@pytest.hookimpl(wrapper=True)
def pytest_collection(session: pytest.Session) -> Generator[None, object, object]:
    """What is imported and collected stays to the end: the garbage collector need not look through it, now or ever."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.enable()
        gc.freeze()
