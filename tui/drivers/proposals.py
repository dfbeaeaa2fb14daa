"""Proposed plans on disk, in the state folder, and what became of each: entries that are only ever added.

A plan is taken by making a file that must not exist: of several who confirm at once exactly one gets it, and what was
taken stays so, no matter what happens afterwards.
"""

import contextlib
import os
import secrets
from datetime import datetime
from pathlib import Path

import msgspec

from tui.drivers import paths
from tui.model import json_text
from tui.model.errors import JournalError, Refused
from tui.model.proposal import ID, VALID_FOR, Proposal, ProposalEntry, ProposalWord
from tui.text.redact import redacted

_FIX = "ask for a new plan; `rollback confirm` alone lists those that wait"


class Proposals:
    """The proposals of this machine. Raises JournalError where the folder cannot be used."""

    def put(self, proposal: Proposal) -> None:
        """Store a new one. Those that ran out and that nobody ever answered are taken away."""
        self._clear(proposal.made_at)
        self._write(self._folder() / f"{proposal.id}.json", _encoded(proposal), os.O_CREAT | os.O_EXCL)

    def read(self, identity: str) -> Proposal:
        """The one of that id. Raises Refused where there is none."""
        path = self._folder() / f"{identity}.json"
        if ID.fullmatch(identity) is None or not path.is_file():
            raise Refused(f"there is no plan {identity!r} here", _FIX)
        try:
            return json_text.read(self._read(path), Proposal)
        except json_text.NotJson as error:
            raise Refused(f"{path} cannot be read: {error}", _FIX) from error

    def all(self) -> tuple[Proposal, ...]:
        """Those that can be read, newest first."""
        found = []
        for path in self._folder().glob("plan-*.json"):
            with contextlib.suppress(Refused):  # who asks for that one is told
                found.append(self.read(path.stem))
        return tuple(sorted(found, key=lambda one: one.made_at, reverse=True))

    def entries(self, identity: str) -> tuple[ProposalEntry, ...]:
        """The entries on what became of it, oldest first; one that was torn off while it was written is none."""
        path = self._folder() / f"{identity}.log"
        if not path.is_file():
            return ()
        found = []
        for line in self._read(path).splitlines():
            with contextlib.suppress(json_text.NotJson):  # torn off, or an empty line between two
                found.append(json_text.read(line, ProposalEntry))
        return tuple(found)

    def note(self, identity: str, entry: ProposalEntry) -> None:
        """Add an entry: it is on disk when this returns."""
        flags = os.O_CREAT | os.O_APPEND
        self._write(self._folder() / f"{identity}.log", b"\n" + _encoded(entry) + b"\n", flags)  # ends a torn one

    def take(self, identity: str, entry: ProposalEntry) -> None:
        """Take it, once and for all, with the entry that says who. Raises Refused where somebody took it before."""
        path = self._folder() / f"{identity}.taken"
        try:
            self._write(path, b"", os.O_CREAT | os.O_EXCL)
        except FileExistsError as error:
            done = [one for one in self.entries(identity) if one.word is ProposalWord.CONFIRMED]
            who = f" by {done[-1].by} at {done[-1].at:%Y-%m-%d %H:%M:%S}Z" if done else ""
            raise Refused(f"{identity} was confirmed before{who}: a plan is carried out once", _FIX) from error
        self.note(identity, entry)

    def taken(self, identity: str) -> bool:
        """True if somebody confirmed it."""
        return (self._folder() / f"{identity}.taken").exists()

    def _clear(self, now: datetime) -> None:
        folder = self._folder()
        for one in self.all():
            answered = any((folder / f"{one.id}.{kind}").exists() for kind in ("log", "taken"))
            if now - one.made_at > VALID_FOR and not answered:
                (folder / f"{one.id}.json").unlink(missing_ok=True)

    def _folder(self) -> Path:
        return paths.private(paths.state_dir() / "proposals")

    def _read(self, path: Path) -> bytes:
        with os.fdopen(paths.opened(path, os.O_RDONLY), "rb") as file:
            return file.read()

    def _write(self, path: Path, content: bytes, flags: int) -> None:
        try:
            descriptor = paths.opened(path, os.O_WRONLY | flags)
            with os.fdopen(descriptor, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
        except FileExistsError:
            raise
        except OSError as error:
            raise JournalError(f"{path} cannot be written: {error.strerror or error}", paths.FIX) from error


def new_id() -> str:
    """An id that nobody guesses and anybody can type."""
    return f"plan-{secrets.token_hex(4)}"


def _encoded(value: Proposal | ProposalEntry) -> bytes:
    """As JSON without secrets, as the journal stores it."""
    return msgspec.json.encode(redacted(msgspec.json.decode(msgspec.json.encode(value))))
