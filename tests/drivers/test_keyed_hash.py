"""The key for hashes on a real folder: made once, readable by its owner alone, never told."""

import threading
from pathlib import Path

import pytest

from tui.drivers.keyed_hash import SIZE, KeyedDigest
from tui.model.errors import JournalError


def test_the_same_text_is_known_again_by_a_new_process_and_by_no_other_machine(tmp_path: Path) -> None:
    here, again, there = (KeyedDigest(tmp_path / n) for n in ("a", "a", "b"))
    assert here.of("x", "y") == again.of("x", "y")
    assert here.of("x", "y") != there.of("x", "y")
    assert here.name == again.name != there.name
    assert len(here.of("x")) == 32


def test_texts_cannot_run_into_each_other_and_odd_ones_are_no_trouble(tmp_path: Path) -> None:
    digest = KeyedDigest(tmp_path / "key")
    assert len({digest.of(*parts) for parts in (("ab", "c"), ("a", "bc"), ("abc",), ("", "abc"), ("\udcff",))}) == 5


def test_the_key_is_the_owners_alone_also_when_somebody_opened_it(tmp_path: Path) -> None:
    path = tmp_path / "key"
    first = KeyedDigest(path).of("x")
    assert (path.stat().st_mode & 0o777, len(path.read_bytes())) == (0o600, SIZE)
    path.chmod(0o644)
    assert KeyedDigest(path).of("x") == first
    assert path.stat().st_mode & 0o777 == 0o600
    assert list(tmp_path.iterdir()) == [path]


def test_of_many_that_make_a_key_at_once_all_get_the_same(tmp_path: Path) -> None:
    names: list[str] = []
    barrier = threading.Barrier(8)

    def make() -> None:
        barrier.wait()
        names.append(KeyedDigest(tmp_path / "key").name)

    threads = [threading.Thread(target=make) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(names) == 8
    assert len(set(names)) == 1
    assert len(list(tmp_path.iterdir())) == 1


def test_a_key_that_is_none_is_said_with_its_file(tmp_path: Path) -> None:
    (tmp_path / "key").write_bytes(b"short")
    with pytest.raises(JournalError, match="key") as said:
        KeyedDigest(tmp_path / "key").of("x")
    assert "5 bytes instead of 32" in said.value.message
