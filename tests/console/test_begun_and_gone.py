"""An action that is begun as the console goes away: nothing of it is left, and nothing is said about it."""

import gc
import warnings
from pathlib import Path

import pytest

from tests.console.scenes import started


async def test_what_was_begun_and_never_ran_leaves_no_warning(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ROLLBACK_STATE_DIR", str(tmp_path))
    ran = []

    async def work() -> None:
        ran.append(1)

    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        async with started(tmp_path, (80, 24)) as scene:
            scene.app.begin_work(work)
            scene.app.workers.cancel_all()
        gc.collect()
    assert not ran and not [str(one.message) for one in told if one.category is RuntimeWarning]
