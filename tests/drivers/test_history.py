"""Histories of real repositories, as a real git-upload-pack behind a real sshd sends them."""

import random
import subprocess
import zlib
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.drivers.test_git import connected, git
from tests.sshd import Sshd, real_sshd
from tui.drivers.git import Git
from tui.drivers.git.history import Pack, read_commit
from tui.drivers.git.wire import ProtocolError


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Sshd, Path]]:
    folder = tmp_path_factory.mktemp("history")
    repos = folder / "repos"
    repos.mkdir()
    with real_sshd(folder / "sshd", f'cd {repos} && eval "exec $SSH_ORIGINAL_COMMAND"') as sshd:
        yield sshd, repos


@pytest.fixture
def repo(server: tuple[Sshd, Path], request: pytest.FixtureRequest) -> Path:
    name = request.node.name.replace("_", "-")[:40].strip("-")
    path: Path = server[1] / name
    git("init", "-q", "-b", "main", str(path))
    git("config", "user.name", "Me", cwd=path)
    git("config", "user.email", "me@box", cwd=path)
    return path


def commit(repo: Path, message: str, *, size: int = 100) -> str:
    (repo / "file").write_bytes(random.Random(message).randbytes(size))
    git("add", "-A", cwd=repo)
    git("commit", "-q", "--cleanup=verbatim", "-m", message, cwd=repo)
    return git("rev-parse", "HEAD", cwd=repo)


async def test_the_newest_first_parents_with_what_they_say(server: tuple[Sshd, Path], repo: Path) -> None:
    ids = [commit(repo, f"number {n}\n\nand more") for n in range(6)]
    git("switch", "-q", "-c", "side", "HEAD~2", cwd=repo)
    (repo / "other").write_text("x")
    git("add", "-A", cwd=repo)
    git("commit", "-q", "-m", "aside", cwd=repo)
    git("switch", "-q", "main", cwd=repo)
    git("merge", "-q", "--no-ff", "-m", "merged", "side", cwd=repo)
    async with connected(server) as host:
        found = await Git().history(host, repo.name, "main", 5)
    assert [c.subject for c in found] == ["merged", "number 5", "number 4", "number 3", "number 2"]
    assert [c.id for c in found[1:]] == ids[:1:-1]
    assert {c.author for c in found} == {"Me"}
    stamp = int(git("log", "-1", "--format=%ct", cwd=repo))
    assert found[0].at == datetime.fromtimestamp(stamp, UTC)


async def test_a_short_history_and_a_branch_without_commits(server: tuple[Sshd, Path], repo: Path) -> None:
    commit(repo, "only")
    async with connected(server) as host:
        assert [c.subject for c in await Git().history(host, repo.name, "main", 20)] == ["only"]
        assert await Git().history(host, repo.name, "frozen-by-x", 20) == ()


async def test_what_the_commits_contain_is_not_fetched(server: tuple[Sshd, Path], repo: Path) -> None:
    for number in range(3):
        commit(repo, f"large {number}", size=12_000_000)
    async with connected(server) as host:
        received: list[int] = []
        opened = host.channel

        async def counting(argv: tuple[str, ...], **more: Any):  # type: ignore[no-untyped-def]
            channel = await opened(argv, **more)
            read = channel.read

            async def counted() -> bytes:
                chunk = await read()
                received.append(len(chunk))
                return chunk

            channel.read = counted  # type: ignore[method-assign]
            return channel

        host.channel = counting  # type: ignore[method-assign]
        found = await Git().history(host, repo.name, "main", 20)
    assert len(found) == 3
    assert sum(received) < 8_000_000


async def test_packed_history_whose_commits_are_deltas(server: tuple[Sshd, Path], repo: Path) -> None:
    text = "the same long words again and again, so that a delta pays. " * 60
    for number in range(30):
        commit(repo, f"change {number}\n\n{text}{number}")
    git("repack", "-adfq", "--depth=50", "--window=50", cwd=repo)
    async with connected(server) as host:
        found = await Git().history(host, repo.name, "main", 20)
    assert [c.subject for c in found] == [f"change {n}" for n in range(29, 9, -1)]


async def test_hostile_words_become_harmless(server: tuple[Sshd, Path], repo: Path) -> None:
    git("config", "user.name", "\x1b[2JEve\u202e", cwd=repo)
    commit(repo, "\x1b]0;gone\x07 nice\rbad")
    async with connected(server) as host:
        (found,) = await Git().history(host, repo.name, "main", 1)
    assert not any(ord(letter) < 32 or letter == "\u202e" for letter in found.subject + found.author)
    assert found.subject.endswith("bad")


async def test_a_repository_that_is_not_there(server: tuple[Sshd, Path], repo: Path) -> None:
    async with connected(server) as host:
        with pytest.raises(ProtocolError):
            await Git().history(host, "missing", "main", 20)


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_a_pack_is_read_the_same_in_whatever_pieces_it_comes(data: st.DataObject) -> None:
    bodies = [b"tree %040d\nauthor A <a> 1 +0000\ncommitter A <a> 1 +0000\n\nn%d\n" % (n, n) for n in range(4)]
    pack = b"PACK\0\0\0\2\0\0\0\5"
    blob = bytes(range(256)) * 20
    for kind, body in ((1, bodies[0]), (1, bodies[1]), (3, blob), (1, bodies[2]), (1, bodies[3])):
        size, first = len(body) >> 4, kind << 4 | len(body) & 15
        header = bytes([first | (0x80 if size else 0)])
        while size:
            header += bytes([size & 0x7F | (0x80 if size >> 7 else 0)])
            size >>= 7
        pack += header + zlib.compress(body)
    pack += b"checksum-is-not-read"
    reader, found, at = Pack(), list[bytes](), 0
    while at < len(pack):
        step = data.draw(st.integers(1, 300))
        found.extend(reader.feed(pack[at : at + step]))
        at += step
    assert found == bodies


@given(st.binary(max_size=400))
def test_no_commit_object_breaks_the_reading(raw: bytes) -> None:
    read_commit(raw)
    assert not set(read_commit(b"author " + raw + b"\n\n" + raw).subject) & {"\n", "\x1b"}


def test_the_id_is_gits_own(tmp_path: Path) -> None:
    git("init", "-q", str(tmp_path))
    git("-c", "user.name=a", "-c", "user.email=b", "commit", "-q", "--allow-empty", "-m", "x", cwd=tmp_path)
    raw = subprocess.run(["git", "cat-file", "commit", "HEAD"], cwd=tmp_path, check=True, capture_output=True).stdout
    assert read_commit(raw).id == git("rev-parse", "HEAD", cwd=tmp_path)
