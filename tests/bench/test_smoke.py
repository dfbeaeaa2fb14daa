"""Every bench runs: with next to nothing to measure, and no word about its numbers.

`keep`, `list` and `waiting` have no size: what they play is played, and held to the same limits, by
`simulation/test_pace.py` and `simulation/test_keep_pace.py`.
"""

import json
import shutil
from pathlib import Path

import pytest

from tests.bench.__main__ import BENCHES, main

PLAYED_ELSEWHERE = {"keep", "list", "waiting"}


@pytest.mark.parametrize("name", sorted(BENCHES.keys() - PLAYED_ELSEWHERE))
def test_it_runs(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "found.json"
    assert main(["--tiny", name, "--json", str(path)]) == 0
    found = json.loads(path.read_text())
    if not found and name == "log-open" and shutil.which("lnav") is None:
        return  # its peer is not installed here
    assert found
    assert all(one["value"] >= 0 for one in found)
    assert found[0]["name"] in capsys.readouterr().out


def test_what_is_played_elsewhere_is_a_bench() -> None:
    assert BENCHES.keys() > PLAYED_ELSEWHERE
