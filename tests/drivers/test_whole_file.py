"""A file is there as a whole or not at all, and never in another's place."""

import os
from pathlib import Path
from unittest import mock

import pytest

from tui.drivers import whole_file
from tui.model.errors import AlreadyThere, Refused


def names(folder: Path) -> list[str]:
    return sorted(found.name for found in folder.iterdir())


@pytest.mark.parametrize("links", [True, False], ids=["links", "no links"])
def test_a_new_file(tmp_path: Path, links: bool) -> None:
    path, before = tmp_path / "a.yaml", os.umask(0o022)
    try:
        with mock.patch.object(os, "link", os.link if links else mock.Mock(side_effect=OSError(95, "no links here"))):
            whole_file.create(path, "text\r\n")
    finally:
        os.umask(before)
    assert (path.read_bytes(), path.stat().st_mode & 0o777, names(tmp_path)) == (b"text\r\n", 0o644, ["a.yaml"])


@pytest.mark.parametrize("kind", ["file", "folder", "link to nothing"])
def test_nothing_is_written_over(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "a.yaml"
    if kind == "file":
        path.write_text("mine")
    elif kind == "folder":
        path.mkdir()
    else:
        path.symlink_to(tmp_path / "nowhere")
    with pytest.raises(AlreadyThere):
        whole_file.create(path, "text")
    assert names(tmp_path) == ["a.yaml"]


def test_somebody_elses_file_that_comes_meanwhile_stays(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    path.write_text("mine")
    with mock.patch.object(os.path, "lexists", return_value=False), pytest.raises(AlreadyThere):
        whole_file.create(path, "text")
    assert (path.read_text(), names(tmp_path)) == ("mine", ["a.yaml"])


def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="cannot be written: No such file"):
        whole_file.create(tmp_path / "no" / "a.yaml", "text")


def test_a_change_keeps_mode_and_link(tmp_path: Path) -> None:
    real, link = tmp_path / "real.yaml", tmp_path / "a.yaml"
    real.write_text("old")
    real.chmod(0o600)
    link.symlink_to(real)
    whole_file.change(link, b"old", "new")
    assert (real.read_text(), real.stat().st_mode & 0o777, link.is_symlink()) == ("new", 0o600, True)
    assert names(tmp_path) == ["a.yaml", "real.yaml"]


def test_a_file_that_changed_meanwhile_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    path.write_text("newer")
    with pytest.raises(Refused, match="was changed meanwhile"):
        whole_file.change(path, b"old", "new")
    assert path.read_text() == "newer"
