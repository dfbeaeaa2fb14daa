"""How the tests are run."""

import gc
import os
from collections.abc import Generator
from pathlib import Path

import hypothesis
import pytest

from tests.lighter import keep_files_in_memory, lighten
from tests.order import ordered
from tests.workers import fork_workers
from tui.text import redact

lighten()
keep_files_in_memory()
os.environ.pop("PYTHONUNBUFFERED", None)  # people run the program without it: what it holds back is part of the test
for authorities in ("SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
    os.environ.pop(authorities, None)  # a machine's own are no part of a test, and each takes 30 ms to read
# Without a deadline: how long an example takes says more of the machine. The same examples each time: what is red was
# made so by a change. Others are drawn by hand or at night, with `--hypothesis-profile explore`.
hypothesis.settings.register_profile("here", deadline=None, derandomize=True)
hypothesis.settings.register_profile("explore", deadline=None, max_examples=2000)
hypothesis.settings.load_profile("here")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """For `-n auto`: most tests wait for a host, a terminal or a clock: more of them than processors."""
    return min(24, max(4, 7 * (os.cpu_count() or 1)))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_setupnodes(config: pytest.Config, specs: list[object]) -> None:
    """The workers need not import each for itself what all of them import."""
    config.add_cleanup(fork_workers(specs, config.args))


@pytest.hookimpl(tryfirst=True)
def pytest_cmdline_main(config: pytest.Config) -> None:
    """Several workers share the tests by stealing: a few take much longer than the rest. One process needs no xdist."""
    if getattr(config.option, "numprocesses", None) and config.option.dist == "no":
        config.option.dist = "worksteal"


TIMED = frozenset({"cli", "conformance", "console", "drivers", "matrix", "pty", "sandbox", "scenarios", "terminal"})
"""folders whose tests wait for processes, terminals and hosts whose time goes faster than the machine's"""


LAST_LINES = 60
"""of what a first try failed by: they are in the summary"""

LONG = (
    "console/test_random_keys.py",
    "terminal/test_walk.py",
    "simulation/test_kills.py",
    "scenarios/test_fleet.py",
    "matrix/test_matrix.py",
    "cli/test_trust_question.py",
    "scenarios/test_evidence.py",
    "simulation/test_simulation.py",
    "incident/test_walk.py",
    "scenarios/test_real_sshd.py",
    "scenarios/test_guard.py",
    "scenarios/test_undo.py",
    "scenarios/test_halves.py",
    "scenarios/test_freeze.py",
    "scenarios/test_stop_first.py",
    "scenarios/test_everything_told.py",
    "console/test_onward.py",
    "scenarios/test_postmortem.py",
    "scenarios/test_streams.py",
    "scenarios/test_agents.py",
    "drivers/test_ssh.py",
    "scenarios/test_rollback.py",
    "soak/test_soak.py",
    "scenarios/test_drill.py",
    "scenarios/test_notices.py",
    "scenarios/test_config.py",
)
"""files whose tests take or wait for many seconds each: they begin first, or the end of a run waits for one of them"""


@pytest.hookimpl(trylast=True)  # what is not run is not counted: each worker's part would begin somewhere else
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests that have to do with time are tried once more where they failed: a machine that is busy with something
    else may be too slow for them. What fails twice is wrong; what needed the second time is counted in the summary."""
    here = f"{Path(__file__).parent}{os.sep}"
    long: list[list[pytest.Item]] = [[] for _ in LONG]
    timed: dict[str, list[pytest.Item]] = {}
    quick: list[pytest.Item] = []
    for item in items:
        place = str(item.path).removeprefix(here)
        has_to_do_with_time = place.partition("/")[0] in TIMED
        if has_to_do_with_time:
            item.add_marker(pytest.mark.flaky(reruns=1))
        if place in LONG:
            long[LONG.index(place)].append(item)
        elif has_to_do_with_time:
            timed.setdefault(place, []).append(item)
        else:
            quick.append(item)
    workers = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
    items[:] = ordered([item for file in long for item in file], list(timed.values()), quick, workers)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol() -> Generator[None, object, object]:
    """What one test learned is no secret in the next: a token of digits is a part of many a commit's id."""
    try:
        return (yield)
    finally:
        redact.forget()


@pytest.hookimpl(wrapper=True)
def pytest_collection(session: pytest.Session) -> Generator[None, object, object]:
    """What is imported and collected stays to the end: the garbage collector need not look through it, now or ever.
    It looks seldom: by its own count it would take a twelfth of the time."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.enable()
        gc.freeze()
        gc.set_threshold(100_000, 50, 20)


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish() -> None:
    """What the last tests left is collected, and what it warns of is said. pytest would then look through all the rest
    five times."""
    gc.collect()
    gc.freeze()


@pytest.hookimpl(trylast=True)
def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """What was tried twice says why it failed: a second try that passes hides that otherwise."""
    for report in terminalreporter.stats.get("rerun", ()):
        terminalreporter.section(f"the first try of {report.nodeid}", sep="_")
        terminalreporter.line("\n".join(report.longreprtext.splitlines()[-LAST_LINES:]))
