"""What the console's tests do without, and the sandbox that several of them drive."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.harness import LocalSandbox, local_sandbox
from tests.lighter import draw_for_readers

draw_for_readers()


@pytest.fixture
def box(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[LocalSandbox]:
    """A sandbox whose time goes four times as fast, for a console of this process."""
    with local_sandbox(tmp_path, speed=4) as sandbox:
        monkeypatch.setenv("ROLLBACK_STATE_DIR", str(sandbox.state))
        yield sandbox
