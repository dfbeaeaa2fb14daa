"""Every bench runs: with next to nothing to measure, and no word about its numbers."""

import json
import shutil
from pathlib import Path

import pytest

from tests.bench.__main__ import BENCHES, main


@pytest.mark.parametrize("name", BENCHES)
def test_it_runs(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "found.json"
    assert main(["--tiny", name, "--json", str(path)]) == 0
    found = json.loads(path.read_text())
    if not found and name == "log-open" and shutil.which("lnav") is None:
        return  # its peer is not installed here
    assert found
    assert all(one["value"] >= 0 for one in found)
    assert found[0]["name"] in capsys.readouterr().out
