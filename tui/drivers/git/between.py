"""The difference between two commits of an app's repository, read over git-upload-pack; no Git client is needed.

Theory. The host's Git gives only what its branches reach, and ignores filters, so their tips are asked for with all
they contain. That may be much: it is read up to a size and for a time, and beyond either the answer is "not known",
never "none". What came is unpacked in memory; only trees are compared, by path and id, and commits by what reaches
them.
"""

import asyncio
import io
from collections.abc import Callable
from typing import Any

from tui.drivers.git import history, pack_size
from tui.drivers.git import wire as git
from tui.model.commit_range import CommitRange, Migrated, SourceTree
from tui.model.errors import LinkLost, UnexpectedReply
from tui.text.clean import clean_line, decode

LARGEST = 24 * 1024 * 1024
"""bytes of a pack"""
LONGEST = 256 * 1024
"""bytes of one file that are looked into"""
COMMITS, FILES = 50, 200
"""how many of each are kept; the rest is counted"""
LIMIT = 8.0
"""seconds: a plan waits for this"""


async def between(
    host: Any,
    app: str,
    leaving: str,
    target: str,
    wanted: Callable[[str], bool],
    tasks: Callable[[Callable[[str], str | None]], tuple[str, ...]],
    databases: Callable[[SourceTree, SourceTree], tuple[Migrated, ...]] | None = None,
    cron: Callable[[Callable[[str], str | None]], tuple[str, ...] | None] | None = None,
) -> CommitRange:
    """The differences: commits, paths, those for which `wanted` holds; `tasks` and `cron` of the commit that is left.

    Raises LinkError.
    """
    try:
        pack = await _fetch(host, app)
    except (LinkLost, UnexpectedReply) as error:
        return CommitRange(unknown=f"the repository could not be read: {clean_line(error.message, 120)}")
    if isinstance(pack, str):
        return CommitRange(unknown=pack)
    return await asyncio.to_thread(_compare, pack, leaving, target, wanted, tasks, databases, cron)


async def _fetch(host: Any, app: str) -> bytes | str:
    """A pack of everything that the branches reach, or why there is none."""
    async with git.asked(host, "git-upload-pack", app, LIMIT) as channel:
        reader = git.Reader(channel)
        tips = sorted(set(git.branches(await git.advertisement(reader)).values()))
        if not tips:
            git.say(channel, git.FLUSH)
            return "the repository has no branch"
        first, *more = tips
        git.say(channel, git.pkt(f"want {first} side-band-64k no-progress ofs-delta agent=rollback\n".encode()))
        for tip in more:
            git.say(channel, git.pkt(f"want {tip}\n".encode()))
        git.say(channel, git.FLUSH + git.pkt(b"done\n"))
        answer = decode(await reader.packet() or b"")
        if not answer.startswith("NAK"):
            raise git.ProtocolError(clean_line(answer, 120) or "no answer")
        pack = bytearray()
        async for band, part in git.bands(reader):
            if band == 3:
                raise git.ProtocolError(clean_line(decode(part), 120))
            if band == 1:
                pack += part
            if len(pack) > LARGEST:
                return f"the repository is larger than {LARGEST // 1024 // 1024} MB"
        return bytes(pack)


def _compare(
    raw: bytes,
    leaving: str,
    target: str,
    wanted: Callable[[str], bool],
    tasks: Callable[[Callable[[str], str | None]], tuple[str, ...]],
    databases: Callable[[SourceTree, SourceTree], tuple[Migrated, ...]] | None,
    cron: Callable[[Callable[[str], str | None]], tuple[str, ...] | None] | None,
) -> CommitRange:
    from dulwich.errors import ApplyDeltaError, ChecksumMismatch, ObjectFormatException
    from dulwich.object_store import MemoryObjectStore, iter_tree_contents
    from dulwich.objects import Blob, Commit, ObjectID

    store = MemoryObjectStore()
    packed = io.BytesIO(raw)
    try:
        if pack_size.too_large(raw):
            return CommitRange(unknown=f"the repository unpacks to more than {pack_size.LARGEST >> 20} MB")
        store.add_thin_pack(packed.read, None)
    except (ApplyDeltaError, ChecksumMismatch, ObjectFormatException, AssertionError, KeyError, ValueError) as error:
        return CommitRange(unknown=f"the repository's pack cannot be read: {clean_line(str(error), 120)}")

    def tree(commit: str) -> dict[str, bytes] | None:
        try:
            found = store[ObjectID(commit.encode())]
        except KeyError:
            return None
        if not isinstance(found, Commit):
            return None
        entries = iter_tree_contents(store, found.tree)
        return {
            entry.path.decode("utf-8", "replace"): bytes(entry.sha) for entry in entries if entry.path and entry.sha
        }

    old, new = tree(target), tree(leaving)
    missing = [sha[:10] for sha, found in ((leaving, new), (target, old)) if found is None]
    if old is None or new is None:
        return CommitRange(unknown=f"{' and '.join(missing)} is not in the app's repository")

    def source(files: dict[str, bytes]) -> SourceTree:
        def content(path: str) -> str | None:
            blob = store[ObjectID(files[path])] if path in files else None
            return decode(blob.data[:LONGEST]) if isinstance(blob, Blob) else None

        return SourceTree(files, content)

    parsed: dict[bytes, Any] = {}

    def reached(tip: str) -> dict[bytes, Any]:
        found, ahead = dict[bytes, Any](), [tip.encode()]
        while ahead:
            at = ahead.pop()
            if at in found:
                continue
            if at not in parsed:
                try:
                    parsed[at] = store[ObjectID(at)]
                except KeyError:  # a shallow repository
                    parsed[at] = None
            found[at] = parsed[at]
            if isinstance(parsed[at], Commit):
                ahead.extend(parsed[at].parents)
        return {sha: commit for sha, commit in found.items() if isinstance(commit, Commit)}

    ours, theirs = reached(leaving), reached(target)
    only = sorted((ours[sha] for sha in ours.keys() - theirs.keys()), key=lambda c: c.commit_time, reverse=True)
    changed = {path for path in old.keys() | new.keys() if old.get(path) != new.get(path)}
    files = sorted(clean_line(path, 200) for path in changed)
    return CommitRange(
        commits=tuple(history.read_commit(commit.as_raw_string()) for commit in only[:COMMITS]),
        commit_count=len(only),
        returns=len(theirs.keys() - ours.keys()),
        files=tuple(files[:FILES]),
        file_count=len(files),
        migrations=tuple(sorted(clean_line(path, 200) for path in changed if wanted(path))),
        databases=databases(source(new), source(old)) if databases is not None else (),
        tasks=tasks(source(new).content),
        cron=cron(source(new).content) if cron is not None else None,
    )
