"""Git objects, and Git's wire protocol over a host's SSH connection; no Git client is needed.

Theory of the push. Dokku deploys inside the pre-receive hook, before Git compares the old id, so the server is no help
against a stale push: it would deploy and then answer `ng`. The lease is therefore ours. receive-pack first advertises
every ref; each branch the plan named must stand exactly where the plan saw it, or nothing is sent at all. Then one
command, a flush and a pack of one commit with its trees and blobs (the parent need not be in it). Band 1 brings the
report, band 2 the progress. From the moment the pack leaves, every end but a report is "unheard": the host finishes a
push no matter what becomes of its client.
"""

import asyncio
import io
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from tui.drivers.git.wire import (
    ADVERTISE_LIMIT,
    FLUSH,
    ZERO,
    ProtocolError,
    Reader,
    advertisement,
    asked,
    bands,
    branches,
    once_more,
    packets,
    pkt,
    say,
)
from tui.model.commit_range import CommitRange, Migrated, SourceTree
from tui.model.history import Commit
from tui.model.outcome import Exited, Lost, NeverStarted, Outcome, TimedOut
from tui.model.plan import PushSpec
from tui.model.push import Declined, NotSent, PushEnd, Reported, TipMoved, Unheard
from tui.text.clean import clean_line, decode

LARGEST_ARCHIVE = 8 * 1024 * 1024
KEPT_PROGRESS = 64 * 1024
LARGEST_REPORT = 64 * 1024
"""bytes of what git-receive-pack reports about one branch"""


class Git:
    """Makes commits and moves them."""

    def commit_id(self, spec: PushSpec) -> str:
        """The id of the commit that `spec` describes; the same value always gives the same id."""
        return _objects(spec)[0]

    async def refs(self, host: Any, app: str) -> dict[str, str]:
        """Branch name → commit of an app's repository. Raises LinkError, UnexpectedReply."""

        async def told(guess: bool) -> dict[str, str]:
            async with asked(host, "git-upload-pack", app, ADVERTISE_LIMIT, guess=guess) as channel:
                say(channel, FLUSH)  # before the answer: what holds it back until Git ends would hold both for ever
                channel.write_eof()
                advertised = await advertisement(Reader(channel))
            return branches(advertised)

        found: dict[str, str] = await once_more(lambda: host.beside_form(told))
        return found

    async def history(self, host: Any, app: str, branch: str, count: int) -> tuple[Commit, ...]:
        """The newest commits of a branch's first parents, newest first. Raises LinkError, UnexpectedReply."""
        from tui.drivers.git import history

        return await once_more(lambda: history.newest(host, app, branch, count))

    async def between(
        self,
        host: Any,
        app: str,
        leaving: str,
        target: str,
        wanted: Callable[[str], bool],
        tasks: Callable[[Callable[[str], str | None]], tuple[str, ...]],
        databases: Callable[[SourceTree, SourceTree], tuple[Migrated, ...]] | None = None,
        cron: Callable[[Callable[[str], str | None]], tuple[str, ...] | None] | None = None,
    ) -> CommitRange:
        """The range between two commits of the app's repository. Raises LinkError; anything else is "not known"."""
        from tui.drivers.git import between

        return await once_more(lambda: between.between(host, app, leaving, target, wanted, tasks, databases, cron))

    async def archive(self, host: Any, app: str, branch: str, paths: Sequence[str]) -> dict[str, bytes]:
        """Files of a branch, path → content; what is not there is absent. Raises LinkError, UnexpectedReply."""
        found: dict[str, bytes] = {}
        # one request a path: Git refuses a whole request for one path that is missing
        asked_for = (once_more(partial(self._archive, host, app, branch, path)) for path in paths)
        for files in await asyncio.gather(*asked_for):
            found.update(files)
        return found

    async def _archive(self, host: Any, app: str, branch: str, path: str) -> dict[str, bytes]:
        content, errors = bytearray(), bytearray()
        async with asked(host, "git-upload-archive", app, ADVERTISE_LIMIT) as channel:
            for argument in ("--format=tar", f"refs/heads/{branch}", path):
                say(channel, pkt(f"argument {argument}\n".encode()))
            say(channel, FLUSH)
            channel.write_eof()
            reader = Reader(channel)
            if (first := await reader.packet()) != b"ACK\n":
                raise ProtocolError(f"git-upload-archive answered {clean_line(decode(first or b''), 100)!r}")
            await reader.packet()  # the flush after it
            async for band, part in bands(reader):
                if band == 1:
                    content += part
                else:
                    errors = (errors + part)[:LARGEST_REPORT]
                if len(content) > LARGEST_ARCHIVE:
                    raise ProtocolError(f"{path} of {app} is larger than {LARGEST_ARCHIVE} bytes")
        if not content:
            said = decode(bytes(errors))
            if "did not match any files" in said or "pathspec" in said:
                return {}
            raise ProtocolError(f"{app}: {path} of {branch} cannot be read: {clean_line(said, 200) or 'no answer'}")
        return await asyncio.to_thread(_untar, bytes(content), f"{path} of {app}")

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
        try:
            channel = await host.channel(("git-receive-pack", spec.app), most_errors=None)
        except OSError as error:  # it may have begun, but it waits for a pack
            return NotSent(why=f"the link was lost: {clean_line(str(error)) or type(error).__name__}")
        try:
            reader = Reader(channel)
            try:
                async with asyncio.timeout(ADVERTISE_LIMIT):
                    tips = branches(await advertisement(reader))
            except TimeoutError:
                return NotSent(why=f"no list of branches within {ADVERTISE_LIMIT:.0f} s")
            except (OSError, ProtocolError) as error:
                return NotSent(why=f"no list of branches: {clean_line(str(error), 200) or type(error).__name__}")
            for branch, expected in (*spec.expect, (spec.branch, spec.parent)):
                if tips.get(branch) != expected:
                    return TipMoved(branch=branch, expected=expected, found=tips.get(branch))
            old = tips.get(spec.branch, ZERO)
            ask = f"{old} {commit} refs/heads/{spec.branch}\0report-status side-band-64k agent=rollback"
            try:
                channel.write(pkt(ask.encode()) + FLUSH + pack)
            except OSError as error:
                # a channel that is known to have ended takes nothing
                return NotSent(why=f"the link was lost: {clean_line(str(error)) or type(error).__name__}")
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
                    if len(report) > LARGEST_REPORT:
                        return Unheard(outcome=Lost(why=f"a report of more than {LARGEST_REPORT} bytes"))
                    continue
                progress += part
                del progress[:-KEPT_PROGRESS]
                if on_progress is not None:
                    on_progress(part)
            ended: Outcome = await channel.wait()
        lines = [decode(line).rstrip("\n") for line in packets(bytes(report))]
    except TimeoutError:
        return Unheard(outcome=TimedOut(after=timeout))
    except (OSError, ProtocolError) as error:
        return Unheard(outcome=Lost(why=clean_line(str(error), 200) or type(error).__name__))
    if not lines:
        # the channel ended without a report: neither yes nor no
        lost = ended if not isinstance(ended, Exited | NeverStarted) else Lost(why="ended without a report")
        return Unheard(outcome=lost)
    code = ended.code if isinstance(ended, Exited) else None
    if "unpack ok" in lines and f"ok refs/heads/{spec.branch}" in lines:
        return Reported(exit=code)
    said = next((line for line in lines if line.startswith("ng ")), None) or "; ".join(lines)
    return Declined(reason=clean_line(said, 200), exit=code, progress=bytes(progress))


def _untar(content: bytes, what: str) -> dict[str, bytes]:
    """The regular files of an uncompressed tar. Nothing in it can become larger than it is. Raises ProtocolError."""
    import tarfile  # no look needs it

    found: dict[str, bytes] = {}
    try:
        with tarfile.open(fileobj=io.BytesIO(content), mode="r:") as tar:
            for member in tar:
                if member.issparse() or member.size > len(content):
                    raise ProtocolError(f"{what}: {clean_line(member.name, 100)} claims to be larger than what came")
                file = tar.extractfile(member) if member.isreg() else None
                if file is not None:
                    found[member.name] = file.read()
    except (tarfile.TarError, OSError, EOFError, ValueError, OverflowError, RecursionError) as error:
        raise ProtocolError(f"{what} came as no tar: {clean_line(str(error), 100)}") from error
    return found


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
