"""The newest commits of a branch, read over git-upload-pack without fetching what they contain.

Theory. A server that ignores filters, as Dokku's does, sends a pack of whole trees for a few lines of history. But Git
writes a pack's commits before its trees and blobs, newest first. So we ask for the branch's tip to a depth, read the
pack as it arrives, and hang up as soon as the chain of first parents is long enough: what was not read is not sent.
Reading changes nothing there, so hanging up is harmless. Where the order is another one we read on, to a limit.
"""

import hashlib
import re
import zlib
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from tui.drivers.git import pack_size
from tui.drivers.git import wire as git
from tui.model.history import Commit
from tui.text.clean import clean_line, decode

LARGEST = 32 * 1024 * 1024
"""bytes of a pack that are read at most"""
LARGEST_COMMIT = 1024 * 1024
LIMIT = 20.0
"""seconds"""
_COMMIT, _REF_DELTA, _OFS_DELTA = 1, 7, 6


async def newest(host: Any, app: str, branch: str, count: int) -> tuple[Commit, ...]:
    """Up to `count` commits of a branch's line of first parents, newest first; none where the branch has no commit.

    Raises LinkError, UnexpectedReply.
    """
    async with git.asked(host, "git-upload-pack", app, LIMIT) as channel:
        reader = git.Reader(channel)
        tips = git.branches(await git.advertisement(reader))
        tip = tips.get(branch)
        if tip is None:
            git.say(channel, git.FLUSH)
            return ()
        for line in (f"want {tip} side-band-64k no-progress agent=rollback\n", f"deepen {count}\n"):
            git.say(channel, git.pkt(line.encode()))
        git.say(channel, git.FLUSH + git.pkt(b"done\n"))
        edge = await _shallow(reader)
        return await _chain(reader, tip, edge, count)


async def _shallow(reader: git.Reader) -> set[str]:
    """The commits whose parents will not come, and everything up to the pack."""
    edge: set[str] = set()
    while True:
        packet = await reader.packet()
        words = decode(packet or b"").split()
        if words[:1] == ["ERR"]:
            raise git.ProtocolError(clean_line(" ".join(words[1:]), 200))
        if words[:1] == ["shallow"]:
            edge.add(words[1])
        if words[:1] == ["NAK"]:
            return edge


async def _chain(reader: git.Reader, tip: str, edge: set[str], count: int) -> tuple[Commit, ...]:
    pack, known, size = Pack(), dict[str, Commit](), 0
    line: tuple[Commit, ...] = ()
    async for band, part in git.bands(reader):
        if band == 3:
            raise git.ProtocolError(clean_line(decode(part), 200))
        if band != 1:
            continue
        size += len(part)
        for raw in pack.feed(part):
            commit = read_commit(raw)
            known[commit.id] = commit
        line = _line(known, tip, count)
        if line and (len(line) == count or line[-1].parent is None or line[-1].id in edge):
            return line
        if size > LARGEST:
            break
    return line


def _line(known: dict[str, Commit], tip: str, count: int) -> tuple[Commit, ...]:
    found: list[Commit] = []
    at: str | None = tip
    while at is not None and at in known and len(found) < count:
        found.append(known[at])
        at = known[at].parent
    return tuple(found)


def read_commit(raw: bytes) -> Commit:
    """A commit object's content as facts; what is malformed is empty or unknown."""
    head, _, message = raw.partition(b"\n\n")
    parent, author, at = None, "", None
    for line in decode(head).split("\n"):
        word, _, rest = line.partition(" ")
        if word == "parent" and parent is None and re.fullmatch(r"[0-9a-f]{40}", rest):
            parent = rest
        elif word == "author" and not author:
            author = clean_line(rest.partition("<")[0], 100)
        elif word == "committer" and at is None:
            at = _time(rest)
    return Commit(
        id=hashlib.sha1(b"commit %d\0" % len(raw) + raw, usedforsecurity=False).hexdigest(),
        parent=parent,
        subject=clean_line(decode(message[:4096]).lstrip("\n").partition("\n")[0], 200),
        author=author,
        at=at,
    )


def _time(signature: str) -> datetime | None:
    found = re.search(r"> ([0-9]{1,11})(?: |$)", signature)
    return datetime.fromtimestamp(int(found[1]), UTC) if found else None


class Pack:
    """Reads a pack as it arrives and gives its commits; everything else is passed over without being kept."""

    def __init__(self) -> None:
        self._rest = b""
        self._header = False
        self._left = 0
        self._inflated = 0
        self._bodies: dict[str, bytes] = {}
        self._inflating: Any = None
        self._kind = 0
        self._base = ""
        self._body: bytearray | None = None

    def feed(self, chunk: bytes) -> Iterator[bytes]:
        """The contents of the commits that this chunk completes. Raises ProtocolError."""
        self._rest += chunk
        if not self._header:
            if len(self._rest) < 12:
                return
            if self._rest[:4] != b"PACK":
                raise git.ProtocolError("what came is no pack")
            self._left = int.from_bytes(self._rest[8:12], "big")
            self._rest, self._header = self._rest[12:], True
        while self._left and self._step():
            if self._inflating is None and (body := self._finish()) is not None:
                yield body

    def _step(self) -> bool:
        """Go on as far as the bytes reach; whether anything was done."""
        if self._inflating is None:
            return self._open()
        try:
            data = self._inflating.decompress(self._rest, pack_size.PIECE)
        except zlib.error as error:
            raise git.ProtocolError(f"the pack is damaged: {error}") from error
        self._inflated += len(data)
        if self._inflated > pack_size.LARGEST:
            raise git.ProtocolError(f"the pack unpacks to more than {pack_size.LARGEST >> 20} MB")
        if self._body is not None:
            self._body += data
            if len(self._body) > LARGEST_COMMIT:
                self._body = None
        ended = self._inflating.eof
        self._rest = self._inflating.unused_data if ended else self._inflating.unconsumed_tail
        if ended:
            self._inflating = None
            self._left -= 1
        return ended or bool(self._rest)

    def _open(self) -> bool:
        """Read an object's header; False where it has not arrived whole."""
        end = next((i for i, byte in enumerate(self._rest) if not byte & 0x80), None)
        if end is None:
            return False
        kind = self._rest[0] >> 4 & 7
        if kind == _OFS_DELTA:
            raise git.ProtocolError("a kind of delta that was not asked for")
        start = end + 1 + (20 if kind == _REF_DELTA else 0)
        if len(self._rest) < start:
            return False
        self._base = self._rest[end + 1 : start].hex()
        self._kind, self._rest = kind, self._rest[start:]
        wanted = kind == _COMMIT or (kind == _REF_DELTA and self._base in self._bodies)
        self._body = bytearray() if wanted else None
        self._inflating = zlib.decompressobj()
        return True

    def _finish(self) -> bytes | None:
        """The commit that has just ended, if it was one."""
        if self._body is None:
            return None
        body, self._body = bytes(self._body), None
        if self._kind == _REF_DELTA:
            from dulwich.errors import ApplyDeltaError
            from dulwich.pack import apply_delta

            try:
                body = b"".join(apply_delta(self._bodies[self._base], body))
            except ApplyDeltaError as error:
                raise git.ProtocolError(f"the pack is damaged: {error}") from error
        self._bodies[hashlib.sha1(b"commit %d\0" % len(body) + body, usedforsecurity=False).hexdigest()] = body
        return body
