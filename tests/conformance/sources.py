"""Who can be held to a promise: a recording, the sandbox, a live host."""

from __future__ import annotations

import contextlib
import json
import os
import tempfile
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol

from tests.sandbox.recordings import progress_of
from tests.sandboxes import running_sandbox
from tui.dokku import commit_files, holders
from tui.dokku.framing import Framer
from tui.drivers.clock import SystemClock
from tui.drivers.git import Git
from tui.drivers.ssh import SshHost
from tui.model.host import Capabilities
from tui.model.outcome import Answer, Exited
from tui.model.plan import PushSpec
from tui.model.push import Declined, Reported
from tui.model.service import Host

DATA = Path(__file__).parent / "data"
VERSIONS = ("0.35.15", "0.38.27")
Argv = tuple[str, ...]


class Unrecorded(Exception):
    """Nobody has ever written down what a host says to this."""


class Source(Protocol):
    """Somebody who answers."""

    name: str
    app: str
    """a deployed Dockerfile app, here"""
    holder: str
    """an app that may be made and destroyed; empty where nothing may be changed"""

    async def ask(self, argv: Argv) -> Answer: ...

    async def fill(self, known: Capabilities) -> bool:
        """Fill the holder by a push; whether the host took it."""
        ...

    async def files(self) -> Mapping[str, bytes]:
        """What the holder's repository gives of its folder."""
        ...


@dataclass(slots=True)
class Recorded:
    """One host's recordings. What was asked in the same words is answered in its recorded order."""

    version: str
    name: str = ""
    app: str = "scenextras"
    holder: str = "cyc--r6--pre-deploy-20261123-231506"
    _records: list[dict[str, Any]] = field(default_factory=list)
    _used: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.name = f"recording {self.version}"
        self._records = json.loads((DATA / f"{self.version}.json").read_text(encoding="utf-8"))["records"]

    async def ask(self, argv: Argv) -> Answer:
        record = self._next(argv)
        return Answer(
            argv=argv,
            outcome=Exited(code=record["exit"]),
            stdout=record["stdout"].encode(),
            stderr=record["stderr"].encode(),
            started_at=datetime(2026, 11, 23, tzinfo=UTC),
            seconds=0.0,
        )

    def _next(self, argv: Argv) -> dict[str, Any]:
        line = " ".join(argv)
        found = [r for r in self._records if r["command"] == line]
        if not found and self.holder in argv:
            # what we write onto a holder has other values each time
            start = " ".join(argv[: argv.index(self.holder) + 1])
            found = [r for r in self._records if r["command"].startswith(f"{start} ")]
        if not found:
            raise Unrecorded(line)
        number = self._used.get(line, 0)
        self._used[line] = number + 1
        return found[min(number, len(found) - 1)]

    async def fill(self, known: Capabilities) -> bool:
        record = next(r for r in self._records if r["command"].startswith("git push ") and self.holder in r["command"])
        said = progress_of(record["stderr"])
        return record["exit"] == 0 and "Skipping deployment" in said

    async def files(self) -> Mapping[str, bytes]:
        record = next(r for r in self._records if r["command"].startswith("git archive --remote=dokku@host:HOLDER"))
        names = (line.split()[-1] for line in record["stdout"].splitlines())
        return {name: b"" for name in names if not name.endswith("/")}


@dataclass(slots=True)
class Spoken:
    """A host that answers now."""

    name: str
    app: str
    link: SshHost
    holder: str = ""
    output: list[str] = field(default_factory=list)

    async def ask(self, argv: Argv) -> Answer:
        return await self.link.run(argv, timeout=60.0, writes=True)

    async def fill(self, known: Capabilities) -> bool:
        number = holders.number_of(self.holder)
        files = commit_files.keep_tree(self.app, number, {"Procfile": "web: x\n"})
        spec = PushSpec(
            app=self.holder, branch="main", parent=None, files=files, message="Conformance\n",
            author="Conformance <conformance@localhost>", at=datetime(2026, 1, 1, tzinfo=UTC), commit="",
        )  # fmt: skip
        framer = Framer()
        end = await Git().push(self.link, spec, timeout=300.0, on_progress=lambda raw: self._heard(framer, raw))
        assert isinstance(end, Reported | Declined), end
        return isinstance(end, Reported) and any("Skipping deployment" in line for line in self.output)

    def _heard(self, framer: Framer, raw: bytes) -> None:
        self.output += [line.text for line in framer.feed(raw)]

    async def files(self) -> Mapping[str, bytes]:
        return await Git().archive(self.link, self.holder, "main", (".rollback",))


@contextlib.asynccontextmanager
async def sandbox(version: str) -> AsyncIterator[Spoken]:
    """The sandbox of a version, in a process of its own."""
    with tempfile.TemporaryDirectory() as folder, running_sandbox(Path(folder), dokku=version) as box:
        host = Host(
            name="sandbox",
            ssh=f"dokku@{box.told['ssh']}",
            identity_file=box.told["identity_file"],
            known_hosts=box.told["known_hosts"],
            sandbox=True,
        )
        link = SshHost(host, clock=SystemClock())
        try:
            app = "scenextras-gateway"
            yield Spoken(name=f"sandbox {version}", app=app, link=link, holder=_holder(app))
        finally:
            await link.close()


def live_host() -> str | None:
    """The destination in `ROLLBACK_LIVE_HOST`; `ROLLBACK_LIVE_KEY` and `_KNOWN_HOSTS` may name files."""
    return os.environ.get("ROLLBACK_LIVE_HOST") or None


@contextlib.asynccontextmanager
async def live(destination: str, app: str, *, writes: bool) -> AsyncIterator[Spoken]:
    """A real host. Without `writes` nothing is sent that could change it."""
    key, known_hosts = (os.environ.get(f"ROLLBACK_LIVE_{name}") for name in ("KEY", "KNOWN_HOSTS"))
    host = Host(name="live", ssh=destination, identity_file=key, known_hosts=known_hosts)
    link = SshHost(host, clock=SystemClock())
    try:
        yield Spoken(name=f"live {destination} {app}", app=app, link=link, holder=_holder(app) if writes else "")
    finally:
        await link.close()


def _holder(app: str) -> str:
    return holders.holder_name(app, 900_000, datetime.now(UTC))
