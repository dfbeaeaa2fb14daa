"""The state folder: its owner's alone, nobody else's, and no link in it leads out."""

import os
from pathlib import Path

import pytest

from tests.incident.facts import T0
from tui.drivers import paths
from tui.drivers.journal import Journal
from tui.drivers.keyed_hash import KeyedDigest
from tui.drivers.log_spool import LogSpool
from tui.model.errors import ConfigError, ConsoleError, JournalError


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "state"
    monkeypatch.setenv("ROLLBACK_STATE_DIR", str(folder))
    return folder


async def test_a_folder_of_ones_own_that_is_open_to_others_is_closed_and_that_is_said(state: Path) -> None:
    assert paths.secure() == "", "there is none yet"
    state.mkdir()
    state.chmod(0o777)
    assert paths.secure() == f"{state} was open to others (mode 0777): it is 0700 now"
    assert state.stat().st_mode & 0o777 == 0o700
    assert paths.secure() == ""
    await Journal().close()
    (state / "journal.sqlite").chmod(0o666)
    await Journal().close()
    modes = {file.name: file.stat().st_mode & 0o077 for file in state.rglob("*")}
    assert set(modes.values()) == {0}, modes


def test_a_link_a_file_and_somebody_elses_folder_are_refused_with_the_way_on(
    state: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "real").mkdir()
    state.symlink_to(tmp_path / "real")
    refused = [_refusal()]
    state.unlink()
    state.write_text("")
    refused.append(_refusal())
    state.unlink()
    state.mkdir()
    monkeypatch.setattr(os, "geteuid", lambda: state.stat().st_uid + 1)
    refused.append(_refusal())
    assert [type(error) for error in refused] == [ConfigError] * 3
    for error, words in zip(refused, ("is a link", "is no folder", "belongs to user"), strict=True):
        assert words in error.message and str(state) in error.message
        assert "ROLLBACK_STATE_DIR" in error.fix
    assert list((tmp_path / "real").iterdir()) == []


def _refusal() -> ConsoleError:
    with pytest.raises(ConsoleError) as refused:
        Journal()
    return refused.value


def test_a_folder_that_cannot_be_made_is_said_with_its_reason(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("ROLLBACK_STATE_DIR", str(tmp_path / "file" / "state"))
    with pytest.raises(JournalError, match="file/state") as refused:
        Journal()
    assert "ROLLBACK_STATE_DIR" in refused.value.fix


@pytest.mark.parametrize(
    "name",
    [
        "journal.sqlite", "journal.sqlite-wal", "journal.sqlite-shm", "journal.opening", "incidents", "incidents/i1",
        "incidents/i1/lock", "incidents/i1/output.log", "logs", "hash.key",
    ],
)  # fmt: skip
async def test_no_link_in_it_is_followed(state: Path, tmp_path: Path, name: str) -> None:
    target = tmp_path / "precious"
    if name in ("incidents", "incidents/i1", "logs"):
        target.mkdir()
    else:
        target.write_bytes(b"precious")
    (state / name).parent.mkdir(parents=True, mode=0o700)
    (state / name).symlink_to(target)
    refused: list[str] = []
    try:
        journal = Journal()
    except ConsoleError as error:
        refused.append(error.message)
    else:
        journal.spool("i1", b"output\n")
        refused.append(journal.lost)
        for touch in (
            lambda: journal.lock("i1"),
            lambda: LogSpool("api", T0)(b"line\n"),
            lambda: KeyedDigest().name,
        ):
            try:
                touch()
            except ConsoleError as error:
                refused.append(error.message)
        await journal.close()
    assert any(str(state / name) in words and "is a link" in words for words in refused), refused
    if target.is_dir():
        assert list(target.iterdir()) == []
    else:
        assert target.read_bytes() == b"precious"


async def test_a_dangling_link_makes_no_file_elsewhere(state: Path, tmp_path: Path) -> None:
    state.mkdir(mode=0o700)
    (state / "journal.sqlite").symlink_to(tmp_path / "made")
    with pytest.raises(ConfigError, match="is a link"):
        Journal()
    assert not (tmp_path / "made").exists()
