"""Git objects, and Git's wire protocol over a host's SSH connection; no Git client is needed.

Theory of the push. Dokku deploys inside the pre-receive hook, before Git compares the old id, so the server is no help
against a stale push: it would deploy and then answer `ng`. The lease is therefore ours. receive-pack first advertises
every ref; each branch the plan named must stand exactly where the plan saw it, or nothing is sent at all. Then one
command, a flush and a pack of one commit with its trees and blobs (the parent need not be in it). Band 1 brings the
report, band 2 the progress. From the moment the pack leaves, every end but a report is "unheard": the host finishes a
push whatever becomes of its client.
"""

import asyncio
import io
import tarfile
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any

from tui.model.between import Between
from tui.model.history import Commit
from tui.model.outcome import Exited, Lost, NeverStarted, Outcome, TimedOut
from tui.model.plan import PushSpec
from tui.model.push import Declined, NotSent, PushEnd, Reported, TipMoved, Unheard
from tui.model.text import clean_line, decode

ZERO = "0" * 40
FLUSH = b"0000"
LARGEST_ARCHIVE = 8 * 1024 * 1024
KEPT_PROGRESS = 64 * 1024
ADVERTISE_LIMIT = 20.0


class ProtocolError(OSError):
    """The far side did not speak Git as we know it."""


class Git:
    """Makes commits and moves them."""

    def commit_id(self, spec: PushSpec) -> str:
        """The id of the commit that `spec` describes; the same value always gives the same id."""
        return _objects(spec)[0]

    async def refs(self, host: Any, app: str) -> dict[str, str]:
        """Branch name → commit of an app's repository. Raises LinkError, OSError."""
        async with asyncio.timeout(ADVERTISE_LIMIT):
            channel = await host.channel(("git-upload-pack", app))
            try:
                advertised = await advertisement(Reader(channel))
                channel.write(FLUSH)
                channel.write_eof()
            finally:
                await channel.close()
        return branches(advertised)

    async def history(self, host: Any, app: str, branch: str, count: int) -> tuple[Commit, ...]:
        """The newest commits of a branch's first parents, newest first. Raises LinkError, OSError, TimeoutError."""
        from tui.drivers import history

        return await history.newest(host, app, branch, count)

    async def between(
        self,
        host: Any,
        app: str,
        leaving: str,
        target: str,
        wanted: Callable[[str], bool],
        tasks: Callable[[Callable[[str], str | None]], tuple[str, ...]],
    ) -> Between:
        """What lies between two commits of the app's repository. Raises LinkError; anything else is "not known"."""
        from tui.drivers import between

        return await between.between(host, app, leaving, target, wanted, tasks)

    async def archive(self, host: Any, app: str, branch: str, paths: Sequence[str]) -> dict[str, bytes]:
        """Files of a branch, path → content; what is not there is absent. Raises LinkError, OSError."""
        found: dict[str, bytes] = {}
        # one request a path: Git refuses a whole request for one path that is missing
        for files in await asyncio.gather(*(self._archive(host, app, branch, path) for path in paths)):
            found.update(files)
        return found

    async def _archive(self, host: Any, app: str, branch: str, path: str) -> dict[str, bytes]:
        async with asyncio.timeout(ADVERTISE_LIMIT):
            channel = await host.channel(("git-upload-archive", app))
            try:
                for argument in ("--format=tar", f"refs/heads/{branch}", path):
                    channel.write(pkt(f"argument {argument}\n".encode()))
                channel.write(FLUSH)
                channel.write_eof()
                reader = Reader(channel)
                if (first := await reader.packet()) != b"ACK\n":
                    raise ProtocolError(f"git-upload-archive answered {clean_line(decode(first or b''), 100)!r}")
                await reader.packet()  # the flush after it
                content, errors = bytearray(), bytearray()
                async for band, part in bands(reader):
                    if band == 1:
                        content += part
                    else:
                        errors += part
                    if len(content) > LARGEST_ARCHIVE:
                        raise ProtocolError(f"{path} of {app} is larger than {LARGEST_ARCHIVE} bytes")
            finally:
                await channel.close()
        if not content:
            said = decode(bytes(errors))
            if "did not match any files" in said or "pathspec" in said:
                return {}
            raise ProtocolError(f"{app}: {path} of {branch} cannot be read: {clean_line(said, 200) or 'no answer'}")
        with tarfile.open(fileobj=io.BytesIO(bytes(content))) as tar:
            return {m.name: _member(tar, m) for m in tar.getmembers() if m.isreg()}

    async def push(
        self,
        host: Any,
        spec: PushSpec,
        *,
        timeout: float,
        on_progress: Callable[[bytes], None] | None = None,
        on_sent: Callable[[], None] | None = None,
    ) -> PushEnd:
        """Send the commit if every branch is where `spec.expect` says. Raises LinkError without a connection."""
        commit, pack = _objects(spec)
        channel = await host.channel(("git-receive-pack", spec.app))
        try:
            reader = Reader(channel)
            try:
                async with asyncio.timeout(ADVERTISE_LIMIT):
                    tips = branches(await advertisement(reader))
            except (TimeoutError, OSError) as error:
                return NotSent(why=f"no list of branches: {error or 'no answer'}")
            for branch, expected in (*spec.expect, (spec.branch, spec.parent)):
                if tips.get(branch) != expected:
                    return TipMoved(branch=branch, expected=expected, found=tips.get(branch))
            old = tips.get(spec.branch, ZERO)
            ask = f"{old} {commit} refs/heads/{spec.branch}\0report-status side-band-64k agent=rollback"
            channel.write(pkt(ask.encode()) + FLUSH + pack)
            if on_sent is not None:
                on_sent()
            return await _outcome(channel, reader, spec, timeout, on_progress)
        finally:
            await channel.close()


async def _outcome(
    channel: Any, reader: "Reader", spec: PushSpec, timeout: float, on_progress: Callable[[bytes], None] | None
) -> PushEnd:
    """Everything after the pack left: never an exception, because then it may have landed."""
    report, progress = bytearray(), bytearray()
    try:
        async with asyncio.timeout(timeout):
            await channel.drain()
            async for band, part in bands(reader):
                if band == 1:
                    report += part
                    continue
                progress += part
                del progress[:-KEPT_PROGRESS]
                if on_progress is not None:
                    on_progress(part)
            ended: Outcome = await channel.wait()
    except TimeoutError:
        return Unheard(outcome=TimedOut(after=timeout))
    except OSError as error:
        return Unheard(outcome=Lost(why=str(error) or type(error).__name__))
    if not report:
        # the channel ended without a report: neither yes nor no
        lost = ended if not isinstance(ended, Exited | NeverStarted) else Lost(why="ended without a report")
        return Unheard(outcome=lost)
    lines = [decode(line).rstrip("\n") for line in _packets(bytes(report))]
    code = ended.code if isinstance(ended, Exited) else None
    if "unpack ok" in lines and f"ok refs/heads/{spec.branch}" in lines:
        return Reported(exit=code)
    said = next((line for line in lines if line.startswith("ng ")), None) or "; ".join(lines)
    return Declined(reason=clean_line(said, 200), exit=code, progress=bytes(progress))


# ── pkt-line ─────────────────────────────────────────────────────────────────────────────────────────────────────


class Reader:
    """Packets out of a channel's bytes."""

    def __init__(self, channel: Any) -> None:
        self._channel = channel
        self._rest = bytearray()

    async def packet(self) -> bytes | None:
        """The next packet; None for a flush. Raises EOFError-like ProtocolError at the end."""
        size = int_or_raise(await self._exactly(4))
        if size in (0, 1, 2):
            return None
        if size < 4:
            raise ProtocolError(f"a packet of {size} bytes")
        return await self._exactly(size - 4)

    async def at_end(self) -> bool:
        """Whether nothing more comes."""
        if not self._rest:
            self._rest += await self._channel.read()
        return not self._rest

    async def _exactly(self, count: int) -> bytes:
        while len(self._rest) < count:
            chunk = await self._channel.read()
            if not chunk:
                said = clean_line(decode(bytes(self._channel.stderr)), 200)
                raise ProtocolError(said or "the channel ended in the middle")
            self._rest += chunk
        taken = bytes(self._rest[:count])
        del self._rest[:count]
        return taken


def int_or_raise(text: bytes) -> int:
    """A packet's length."""
    try:
        return int(text, 16)
    except ValueError as error:
        raise ProtocolError(f"{clean_line(decode(text), 20)!r} is no packet") from error


async def bands(reader: Reader) -> AsyncIterator[tuple[int, bytes]]:
    """The parts of a side-band stream with their band, to its flush or end."""
    while not await reader.at_end():
        packet = await reader.packet()
        if packet is None:
            return
        if packet:
            yield packet[0], packet[1:]


async def advertisement(reader: Reader) -> list[tuple[str, str]]:
    """Every ref with its commit, as the far side lists them first."""
    found: list[tuple[str, str]] = []
    while (packet := await reader.packet()) is not None:
        line = decode(packet).rstrip("\n").partition("\0")[0]
        sha, _, name = line.partition(" ")
        if len(sha) != 40:
            raise ProtocolError(clean_line(line, 200))
        found.append((name, sha))
    return found


def branches(refs: list[tuple[str, str]]) -> dict[str, str]:
    """The branches among the refs, by their short names."""
    return {name.removeprefix("refs/heads/"): sha for name, sha in refs if name.startswith("refs/heads/")}


def _packets(raw: bytes) -> list[bytes]:
    found: list[bytes] = []
    at = 0
    while at + 4 <= len(raw):
        size = int_or_raise(raw[at : at + 4])
        if size > 4:
            found.append(raw[at + 4 : at + size])
        at += max(size, 4)
    return found


def pkt(payload: bytes) -> bytes:
    """A packet of the wire protocol."""
    return f"{len(payload) + 4:04x}".encode() + payload


def _member(tar: tarfile.TarFile, member: tarfile.TarInfo) -> bytes:
    file = tar.extractfile(member)
    return file.read() if file else b""


# ── objects ──────────────────────────────────────────────────────────────────────────────────────────────────────


def _objects(spec: PushSpec) -> tuple[str, bytes]:
    """The commit's id, and a pack of it with its trees and blobs."""
    from dulwich.object_format import SHA1
    from dulwich.objects import Blob, Commit, ObjectID, ShaFile, Tree
    from dulwich.pack import write_pack_objects

    store: dict[ObjectID, ShaFile] = {}

    def keep(item: ShaFile) -> ObjectID:
        store[item.id] = item
        return item.id

    def tree(files: dict[str, str]) -> ObjectID:
        made = Tree()
        folders: dict[str, dict[str, str]] = {}
        for path, content in files.items():
            name, slash, rest = path.partition("/")
            if slash:
                folders.setdefault(name, {})[rest] = content
            else:
                made.add(name.encode(), 0o100644, keep(Blob.from_string(content.encode())))
        for name, inside in folders.items():
            made.add(name.encode(), 0o040000, tree(inside))
        return keep(made)

    commit = Commit()
    commit.tree = tree(dict(spec.files))
    commit.parents = [ObjectID(spec.parent.encode())] if spec.parent else []
    commit.author = commit.committer = spec.author.encode()
    commit.author_time = commit.commit_time = int(spec.at.timestamp())
    commit.author_timezone = commit.commit_timezone = 0
    commit.encoding = b"UTF-8"
    commit.message = spec.message.encode()
    keep(commit)
    pack = io.BytesIO()
    write_pack_objects(pack, [(item, None) for item in store.values()], SHA1)
    return commit.id.decode(), pack.getvalue()
