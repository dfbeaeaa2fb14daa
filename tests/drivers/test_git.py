"""Our Git against real Git: `git receive-pack` and `git upload-archive` behind a real sshd."""

import subprocess
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from tests.drivers.test_ssh import host_of
from tests.sshd import Sshd, real_sshd
from tui.drivers.clock import SystemClock
from tui.drivers.git import Git, wire
from tui.drivers.git.wire import ProtocolError
from tui.drivers.ssh import SshHost
from tui.model.host import Form
from tui.model.plan import PushSpec
from tui.model.push import Declined, Reported, TipMoved

FILES = (("Dockerfile", "FROM x\n"), ("deep/er/file", "ü\n"), ("deep/other", "1"))


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Sshd, Path]]:
    folder = tmp_path_factory.mktemp("git")
    repos = folder / "repos"
    repos.mkdir()
    with real_sshd(folder / "sshd", f'cd {repos} && eval "exec $SSH_ORIGINAL_COMMAND"') as sshd:
        yield sshd, repos


@pytest.fixture
def repo(server: tuple[Sshd, Path], request: pytest.FixtureRequest) -> Path:
    name = request.node.name.replace("_", "-")[:40].strip("-")
    path: Path = server[1] / name
    git("init", "-q", "--bare", str(path))
    return path


@asynccontextmanager
async def connected(server: tuple[Sshd, Path]) -> AsyncIterator[SshHost]:
    host = SshHost(host_of(server[0]), clock=SystemClock(), form=Form.FORCED)
    try:
        yield host
    finally:
        await host.close()


def git(*words: str, cwd: Path | None = None) -> str:
    return subprocess.run(["git", *words], cwd=cwd, check=True, capture_output=True, text=True).stdout.strip()


def spec(repo: Path, **changes: Any) -> PushSpec:
    made = PushSpec(
        app=repo.name,
        branch="frozen-by-x",
        parent=None,
        files=FILES,
        message="Go back\n\nfor a reason\n",
        author="Me <me@box>",
        at=datetime(2026, 11, 23, 22, 0, tzinfo=UTC),
        commit="",
    )
    made = replace(made, **changes)
    return replace(made, commit=Git().commit_id(made))


async def test_real_git_reads_what_we_pushed(server: tuple[Sshd, Path], repo: Path) -> None:
    sent: list[bool] = []
    async with connected(server) as host:
        first = spec(repo)
        assert isinstance(await Git().push(host, first, timeout=20, on_sent=lambda: sent.append(True)), Reported)
        assert git("rev-parse", "frozen-by-x", cwd=repo) == first.commit
        assert git("show", "frozen-by-x:deep/er/file", cwd=repo) == "ü"
        assert (
            git("log", "-1", "--format=%an %ae %s %at", "frozen-by-x", cwd=repo)
            == f"Me me@box Go back {int(first.at.timestamp())}"
        )
        child = spec(repo, parent=first.commit, message="again")
        assert isinstance(await Git().push(host, child, timeout=20), Reported)
        assert git("rev-parse", "frozen-by-x^", cwd=repo) == first.commit
        git("fsck", "--strict", cwd=repo)
        assert await Git().refs(host, repo.name) == {"frozen-by-x": child.commit}
    assert sent == [True]


async def test_a_tip_that_moved_stops_everything_before_it_is_sent(server: tuple[Sshd, Path], repo: Path) -> None:
    sent: list[bool] = []
    async with connected(server) as host:
        first = spec(repo)
        await Git().push(host, first, timeout=20)
        stale = spec(repo, message="planned before the branch existed")
        end = await Git().push(host, stale, timeout=20, on_sent=lambda: sent.append(True))
        assert end == TipMoved(branch="frozen-by-x", expected=None, found=first.commit)
        other = spec(repo, branch="new", expect=(("frozen-by-x", "0" * 39 + "1"),))
        assert isinstance(await Git().push(host, other, timeout=20, on_sent=lambda: sent.append(True)), TipMoved)
    assert sent == []
    assert git("rev-parse", "frozen-by-x", cwd=repo) == first.commit


async def test_a_hook_that_declines_says_why(server: tuple[Sshd, Path], repo: Path) -> None:
    hook = repo / "hooks" / "pre-receive"
    hook.write_text("#!/bin/sh\necho ' !     App build failed' >&2\nexit 1\n")
    hook.chmod(0o755)
    heard: list[bytes] = []
    async with connected(server) as host:
        end = await Git().push(host, spec(repo), timeout=20, on_progress=heard.append)
    assert isinstance(end, Declined)
    assert "pre-receive hook declined" in end.reason
    assert b"App build failed" in end.progress
    assert b"App build failed" in b"".join(heard)


class Said:
    """A channel on which this is said."""

    def __init__(self, raw: bytes) -> None:
        self.stderr, self._raw = b"", raw

    async def read(self) -> bytes:
        raw, self._raw = self._raw, b""
        return raw

    async def wait(self) -> None:
        """Nothing more is said."""


@pytest.mark.parametrize(
    ("raw", "words", "fix"),
    [
        (b"*** Welcome to web1 ***\n001e# service\n", r"'\*\*\* Welcome to web1 \*\*\*' where Git", "banner"),
        (b" !     DEPRECATED: x\n", "DEPRECATED: x", "banner"),
        (b"0x1f....", "0x1f", "banner"),
        (b"", "without a word", "git ls-remote"),
    ],
)
async def test_what_a_host_says_before_git_speaks_is_named_with_the_way_out(raw: bytes, words: str, fix: str) -> None:
    with pytest.raises(ProtocolError, match=words) as refused:
        await wire.advertisement(wire.Reader(Said(raw)))
    assert fix in refused.value.fix


async def test_a_repository_that_does_not_exist(server: tuple[Sshd, Path], repo: Path) -> None:
    async with connected(server) as host:
        with pytest.raises(ProtocolError, match=r"there is no app .* on the host"):
            await Git().refs(host, "missing")


async def test_files_of_a_branch_and_the_absence_of_others(server: tuple[Sshd, Path], repo: Path) -> None:
    async with connected(server) as host:
        await Git().push(host, spec(repo), timeout=20)
        found = await Git().archive(host, repo.name, "frozen-by-x", ("Dockerfile", "deep", "Procfile"))
        assert found == {name: content.encode() for name, content in FILES}
        with pytest.raises(ProtocolError):
            await Git().archive(host, repo.name, "no-such-branch", ("Dockerfile",))


@pytest.mark.parametrize("how", ["sed 's/$/\\r/'", "cat"])
async def test_a_login_that_makes_line_ends_crlf_is_named_for_it(tmp_path: Path, how: str) -> None:
    """A bastion with `ssh -t`, a `script` around the command: the lengths of Git's packets do not fit any more."""
    made = tmp_path / "repos" / "app"
    git("init", "-q", "--bare", "-b", "main", str(made))
    tree = git("hash-object", "-w", "-t", "tree", "/dev/null", cwd=made)
    commit = git("-c", "user.name=x", "-c", "user.email=x@x", "commit-tree", "-m", "x", tree, cwd=made)
    git("update-ref", "refs/heads/main", commit, cwd=made)
    with real_sshd(tmp_path / "sshd", f'cd {made.parent} && eval "$SSH_ORIGINAL_COMMAND" | {how}') as sshd:
        async with connected((sshd, made.parent)) as host:
            if how == "cat":
                assert await Git().refs(host, "app") == {"main": commit}
                return
            with pytest.raises(ProtocolError, match="CR LF line ends, as through a terminal") as refused:
                await Git().refs(host, "app")
    assert "authorized_keys" in refused.value.fix


@pytest.mark.parametrize(
    ("said", "words", "fix"),
    [
        ("fatal: detected dubious ownership in repository at '/home/dokku/x'", "dubious ownership", "chown"),
        ("error: unable to create temporary file: No space left on device", "the host's disk is full", "make room"),
        ("fork: retry: Resource temporarily unavailable", "can start no more processes", "limit of processes"),
        ("what nobody knows", "what nobody knows", "git ls-remote"),
    ],
)
async def test_what_ends_gits_answer_is_named_as_everywhere_else(
    tmp_path: Path, said: str, words: str, fix: str
) -> None:
    script = tmp_path / "says"
    script.write_text(f'#!/bin/sh\necho "{said}" >&2\nexit 128\n')
    script.chmod(0o755)
    with real_sshd(tmp_path / "sshd", str(script)) as sshd:
        host = SshHost(host_of(sshd), clock=SystemClock(), form=Form.FORCED)
        try:
            with pytest.raises(ProtocolError, match=words) as refused:
                await Git().refs(host, "app")
        finally:
            await host.close()
    assert fix in refused.value.fix
