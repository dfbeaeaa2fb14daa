"""Files that people name are read only where they are files, and only so far."""

import os
from pathlib import Path

import pytest

from tui import regular_file


def test_a_file_is_read_whole_up_to_the_limit(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_bytes(b"12345")
    (tmp_path / "link").symlink_to(file)
    assert regular_file.read(file, 5) == b"12345"
    assert regular_file.read(tmp_path / "link") == b"12345"
    with pytest.raises(regular_file.NotAFile) as refused:
        regular_file.read(file, 4)
    assert refused.value.strerror == "larger than 4 bytes"


def test_what_is_no_file_is_refused_before_it_is_read(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo")
    for path, kind in ((tmp_path / "fifo", "a pipe"), (Path("/dev/zero"), "a device"), (tmp_path, "a folder")):
        with pytest.raises(OSError) as refused:
            regular_file.read(path)
        assert refused.value.strerror == f"not a regular file but {kind}"


def test_what_is_missing_says_so(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        regular_file.read(tmp_path / "none")
