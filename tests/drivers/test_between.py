"""What lies between two commits, asked of real Git behind a real sshd."""

import contextlib
import subprocess
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.drivers.test_git import connected
from tests.sshd import Sshd, real_sshd
from tui.drivers.git import Git, between, history, pack_size
from tui.drivers.git.wire import ProtocolError
from tui.model.commit_range import CommitRange, Migrated, SourceTree
from tui.ways.plan_warnings import is_migration

COMMIT = ("-c", "user.name=T", "-c", "user.email=t@t", "commit", "-qm", "x")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Sshd, Path]]:
    folder = tmp_path_factory.mktemp("between")
    repos = folder / "repos"
    repos.mkdir()
    with real_sshd(folder / "sshd", f'cd {repos} && eval "exec $SSH_ORIGINAL_COMMAND"') as sshd:
        yield sshd, repos


@pytest.fixture
def commits(server: tuple[Sshd, Path]) -> Iterator[list[str]]:
    """Three commits of an app, oldest first; the last one is packed with deltas."""
    path = server[1] / "app"
    git("init", "-q", "-b", "main", str(path))
    made: list[str] = []
    history: tuple[dict[str, str], ...] = (
        {"server.py": "x" * 5000, "migrations/1.py": "a"},
        {"server.py": "x" * 5000 + "y", "Procfile": "web: x\nrelease: ./migrate\n"},
        {"db/new.sql": "create", "alembic/versions/2.py": "b", "server.py": "x" * 5000 + "z"},
    )
    for files in history:
        for name, content in files.items():
            (path / name).parent.mkdir(parents=True, exist_ok=True)
            (path / name).write_text(content)
        git("add", "-A", cwd=path)
        git(*COMMIT, cwd=path)
        made.append(git("rev-parse", "HEAD", cwd=path))
    git("gc", "-q", cwd=path)
    yield made
    subprocess.run(["rm", "-rf", str(path)], check=True)


def git(*words: str, cwd: Path | None = None) -> str:
    return subprocess.run(["git", *words], cwd=cwd, check=True, capture_output=True, text=True).stdout.strip()


def procfile(content: Callable[[str], str | None]) -> tuple[str, ...]:
    return tuple((content("Procfile") or "").splitlines()[1:])


async def ask(server: tuple[Sshd, Path], leaving: str, target: str, app: str = "app") -> CommitRange:
    async with connected(server) as host:
        return await Git().between(host, app, leaving, target, is_migration, procfile)


async def test_migrations_between_are_found_in_either_direction(server: tuple[Sshd, Path], commits: list[str]) -> None:
    first, second, third = commits
    found = await ask(server, third, second)
    assert found.migrations == ("alembic/versions/2.py", "db/new.sql")
    assert found.tasks == ("release: ./migrate",)
    assert (await ask(server, second, third)).migrations == found.migrations
    nearer = await ask(server, second, first)
    assert (nearer.migrations, nearer.tasks) == ((), ("release: ./migrate",))
    assert (await ask(server, first, first)) == CommitRange()


async def test_commits_and_files_between_are_told_by_what_each_side_reaches(
    server: tuple[Sshd, Path], commits: list[str]
) -> None:
    first, second, third = commits
    found = await ask(server, third, first)
    assert {c.id for c in found.commits} == {second, third}
    assert (found.commit_count, found.returns, found.file_count) == (2, 0, 4)
    assert found.files == ("Procfile", "alembic/versions/2.py", "db/new.sql", "server.py")
    assert {c.author for c in found.commits} == {"T"}
    back = await ask(server, first, third)
    assert (back.commits, back.commit_count, back.returns) == ((), 0, 2)


async def test_many_commits_and_files_are_counted_and_only_some_kept(
    server: tuple[Sshd, Path], commits: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(between, "COMMITS", 1)
    monkeypatch.setattr(between, "FILES", 2)
    found = await ask(server, commits[2], commits[0])
    assert (len(found.commits), found.commit_count, len(found.files), found.file_count) == (1, 2, 2, 4)


async def test_a_commit_that_is_not_there_is_unknown_and_named(server: tuple[Sshd, Path], commits: list[str]) -> None:
    assert "abababab" in (await ask(server, commits[0], "ab" * 20)).unknown
    tree = git("rev-parse", f"{commits[0]}^{{tree}}", cwd=server[1] / "app")
    assert tree[:10] in (await ask(server, tree, commits[0])).unknown


async def test_a_repository_that_cannot_be_read_is_unknown(
    server: tuple[Sshd, Path], commits: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    git("init", "-q", "--bare", str(server[1] / "empty"))
    assert (await ask(server, commits[0], commits[1], "empty")).unknown == "the repository has no branch"
    assert "could not be read" in (await ask(server, commits[0], commits[1], "nowhere")).unknown
    monkeypatch.setattr(between, "LARGEST", 100)
    assert "larger than" in (await ask(server, commits[0], commits[1])).unknown


def packed(*objects: tuple[int, bytes, bytes]) -> bytes:
    """A pack of (kind, what stands before the packed content, content)."""
    found = b"PACK" + (2).to_bytes(4, "big") + len(objects).to_bytes(4, "big")
    for kind, before, content in objects:
        found += bytes([kind << 4]) + before + zlib.compress(content, 9)
    return found + b"\0" * 20


def test_a_pack_that_unpacks_to_gigabytes_is_not_unpacked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pack_size, "LARGEST", 16 << 20)  # what is too large is made here, and packed
    bomb = packed((3, b"", b"\0" * (pack_size.LARGEST + 1)))
    assert len(bomb) < 64 * 1024
    assert pack_size.too_large(bomb, pack_size.LARGEST)
    claim = packed((7, b"b" * 20, b"\x01" + b"\xff\xff\xff\xff\x7f" + b"\x90\x01"))
    assert pack_size.too_large(claim)
    assert not pack_size.too_large(packed((3, b"", b"x" * 100), (6, b"\x10", b"\x01\x05\x90\x01")))
    for broken in (b"", b"PACK", packed((3, b"", b"x"))[:16], packed((3, b"", b"x")).replace(b"x\x9c", b"x\xff")):
        with contextlib.suppress(ValueError):
            pack_size.too_large(broken)
    with pytest.raises(ProtocolError, match="unpacks to more"):
        list(history.Pack().feed(bomb))


async def test_migrations_are_compared_by_their_content_in_both_trees(
    server: tuple[Sshd, Path], commits: list[str]
) -> None:
    def told(leaving: SourceTree, target: SourceTree) -> tuple[Migrated, ...]:
        assert leaving.content("db/new.sql") == "create" and target.content("db/new.sql") is None
        only = tuple(sorted(leaving.files.keys() - target.files.keys()))
        return (Migrated(tool="x", folder="db", target=None, between=only),)

    async with connected(server) as host:
        found = await Git().between(host, "app", commits[2], commits[1], is_migration, procfile, told)
    assert found.databases[0].between == ("alembic/versions/2.py", "db/new.sql")


async def test_cron_tasks_are_those_of_the_commit_that_is_left(server: tuple[Sshd, Path], commits: list[str]) -> None:
    async with connected(server) as host:
        asked = (host, "app", commits[2], commits[0], is_migration, procfile, None, procfile)
        assert (await Git().between(*asked)).cron == ("release: ./migrate",)
        assert (await Git().between(*asked[:-1])).cron is None, "nobody asked"
