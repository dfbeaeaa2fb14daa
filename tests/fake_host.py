"""A host in memory: answers from the recordings, remembers the few apps that are ours, and fails on anything else.

What a recording has is answered in its words, with our names put in. Of holders and incident records it remembers
whether they are there, their config and their deploy branch. Everything else is scripted by the test (`says`,
`takes`), and a command that nobody scripted fails it. `tests/conformance` holds this host to the same promises as the
recordings, the sandbox and live hosts, so that a test which passes here passes for the same reason there.
"""

import asyncio
import json
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from tests import stage
from tests.conformance.sources import Argv, Recorded, Unrecorded
from tests.incident.facts import T0
from tui.dokku import holders
from tui.drivers.git import Git
from tui.engine.hosts.connections import HostConnections
from tui.engine.hosts.gate import Gate
from tui.engine.hosts.ledger import LedgerKeeper
from tui.model.errors import LinkError
from tui.model.host import Form, Link, LinkState
from tui.model.outcome import Answer, Exited, Outcome
from tui.model.plan import PushSpec
from tui.model.push import PushEnd, Reported
from tui.model.service import Fleet, Service

READS = Path(__file__).parent / "sandbox" / "data"
APP = "scenextras"
"""the app that the recordings are of"""
RECORD = "cyc--incident"
"""the record in the recordings"""
Said = tuple[int, str, str] | Outcome | LinkError
"""exit code, stdout, stderr; how else it ended; or that it was not sent"""


class FakeHost:
    """One host; `HostPort` of the engine."""

    form = Form.FORCED
    connection = 1

    def __init__(self, version: str = "0.38.27") -> None:
        self.link = Link(state=LinkState.LIVE, since=T0)
        self.ours: dict[str, dict[str, str]] = {}
        """holders and records that are there → their config"""
        self.branches: dict[str, str] = {}
        """app → its deploy branch, where it was set"""
        self.sent: list[Argv] = []
        self.written: list[Argv] = []
        self.dropped = 0
        self.before: Callable[[Argv], None] = lambda _: None
        """called with each command before it is answered: what others do meanwhile"""
        self._recorded = Recorded(version)
        self._reads: list[dict[str, Any]] = json.loads((READS / f"reads-{version}.json").read_text())["records"]
        self._table: dict[Argv, list[Said]] = {}
        self._takes: set[str] = set()

    # ── the script ───────────────────────────────────────────────────────────────────────────────────────────────

    def says(self, argv: Argv, *answers: Said) -> None:
        """The answers to that very command, in order; the last one repeats."""
        self._table[argv] = list(answers)

    def takes(self, *commands: str) -> None:
        """Commands that end well without a word."""
        self._takes |= set(commands)

    # ── the port ─────────────────────────────────────────────────────────────────────────────────────────────────

    async def connect(self) -> None: ...

    async def greeting(self) -> None:
        return None

    async def drop(self) -> None:
        self.dropped += 1
        self.connection += 1

    async def close(self) -> None: ...

    def stream(self, argv: Argv) -> stage.NoStream:
        raise AssertionError(f"nobody scripted the stream {argv}")

    async def run(
        self,
        argv: Argv,
        *,
        timeout: float,
        writes: bool = False,
        stdin: bytes | None = None,
        on_output: Callable[[bytes, bool], None] | None = None,
        only_on: int | None = None,
    ) -> Answer:
        self.before(argv)
        await asyncio.sleep(0)  # as on a link, whoever asks may be interrupted meanwhile
        self.sent.append(argv)
        if writes:
            self.written.append(argv)
        said = self._scripted(argv) or self._own(argv) or self._recording(argv)
        if isinstance(said, LinkError):
            raise said
        code, out, err = said if isinstance(said, tuple) else (0, "", "")
        if on_output is not None and out:
            on_output(out.encode(), False)
        outcome = Exited(code=code) if isinstance(said, tuple) else said
        return Answer(argv=argv, outcome=outcome, started_at=T0, seconds=0.1, stdout=out.encode(), stderr=err.encode())

    def _scripted(self, argv: Argv) -> Said | None:
        if argv in self._table:
            answers = self._table[argv]
            return answers.pop(0) if len(answers) > 1 else answers[0]
        return (0, "", "") if argv[0] in self._takes else None

    def _own(self, argv: Argv) -> Said | None:
        """Apps of ours, which no recording can remember; and deploy branches, of the team's app too."""
        match argv:
            case ("apps:create", name) if name in self.ours:
                return 1, "", " !     Name is already taken\n"
            case ("apps:create", name):
                self.ours[name] = {}
            case ("apps:destroy", name, "--force") if name in self.ours:
                del self.ours[name]
            case ("config:set", "--no-restart", name, *pairs) if name in self.ours:
                self.ours[name] |= dict(pair.split("=", 1) for pair in pairs)
                return 0, "-----> Setting config vars\n", ""
            case ("config:export", "--format", "json", name) if name in self.ours:
                return 0, json.dumps(self.ours[name]), ""
            case ("git:set", name, "deploy-branch", *branch):
                self.branches[name] = branch[0] if branch else "main"
                return 0, f"=====> Setting deploy-branch to {self.branches[name]}\n", ""
            case ("git:report", name) if name in self.ours or name in self.branches:
                code, out, err = self._recording(("git:report", APP))
                branch_line = rf"\g<1>{self.branches.get(name, 'main')}"
                return code, re.sub(r"(Git deploy branch: +)\S+", branch_line, out).replace(APP, name), err
            case (_, name, *_) if holders.is_ours(name) and name not in self.ours:
                return 20, "", f" !     App {name} does not exist\n"
            case ("config:export", "--format", "json", name) if holders.is_ours(name):
                return 20, "", f" !     App {name} does not exist\n"
        return None

    def _recording(self, argv: Argv) -> tuple[int, str, str]:
        names = {word: self._name_there(word) for word in argv}
        record = self._record_of(tuple(names[word] for word in argv))
        if record is None and argv[0].endswith(":report") and holders.is_ours(argv[1]):
            names[argv[1]] = APP  # whose settings are those of a new app
            record = self._record_of(tuple(names[word] for word in argv))
        if record is None:
            raise AssertionError(f"nobody scripted, and no recording has: {' '.join(argv)}")
        out, err = record["stdout"], record["stderr"]
        for ours, there in names.items():
            out, err = out.replace(there, ours), err.replace(there, ours)
        if argv == ("apps:report",):
            lines = re.findall(rf"(?m)^=====> {APP} .*\n(?:^ .*\n)+", out)[0]
            out += "".join(lines.replace(APP, name) for name in self.ours)
        if argv[0] == "apps:list":
            out += "".join(f"{name}\n" for name in self.ours)
        return record["exit"], out, err

    def _record_of(self, argv: Argv) -> dict[str, Any] | None:
        try:
            return self._recorded._next(argv)
        except Unrecorded:
            line = " ".join(argv)
            return next((r for r in self._reads if r["command"] == line), None)

    def _name_there(self, word: str) -> str:
        if holders.parse_holder(word) is not None:
            return self._recorded.holder
        return RECORD if holders.is_record(word) else word


class FakeGit:
    """Git over that host: pushes end as they are told to."""

    def __init__(self, host: FakeHost) -> None:
        self.host = host
        self.tips: dict[str, str] = {}
        self.files: Mapping[str, bytes] = {"Dockerfile": b"FROM scratch\n", "Procfile": b"web: ./server\n"}
        self.ends: list[PushEnd] = [Reported(exit=0)]
        """how pushes end, in order; the last one repeats"""
        self.pushed: list[PushSpec] = []

    def commit_id(self, spec: PushSpec) -> str:
        return Git().commit_id(spec)

    async def refs(self, host: Any, app: str) -> dict[str, str]:
        return dict(self.tips)

    async def history(self, host: Any, app: str, branch: str, count: int) -> tuple[Any, ...]:
        return ()

    async def archive(self, host: Any, app: str, branch: str, paths: Sequence[str]) -> Mapping[str, bytes]:
        return {path: raw for path, raw in self.files.items() if path in paths}

    async def between(self, *args: Any) -> Any:
        raise AssertionError("nobody scripted what lies between two commits")

    async def push(self, host: Any, spec: PushSpec, **how: Any) -> PushEnd:
        self.host.before(("git-receive-pack", spec.app))
        self.pushed.append(spec)
        end = self.ends.pop(0) if len(self.ends) > 1 else self.ends[0]
        if isinstance(end, Reported) and spec.app not in self.host.ours:
            self.tips[spec.branch] = spec.commit
        return end


class World:
    """One service on one fake host, with the engine's links to it and time by hand."""

    def __init__(self, version: str = "0.38.27", **service: Any) -> None:
        self.host = FakeHost(version)
        self.host.takes("builder:set", "docker-options:add")
        self.git = FakeGit(self.host)
        self.service: Service = replace(stage.service("api"), app=APP, **service)
        self.fleet: Fleet = stage.fleet(self.service)
        self.clock = stage.PassingClock()
        self.journal = stage.MemoryJournal()
        self.ledger = LedgerKeeper(self.journal)
        gate = Gate(self.journal, self.clock)
        make: Callable[[str], Any] = lambda _: self.host  # noqa: E731
        self.links = HostConnections(self.fleet, gate, self.git, self.clock, make, self.ledger)
        self.said: list[str] = []
        report = json.loads(self.host._recording(("apps:report", APP, "--format", "json"))[1])
        self.commit: str = report.get("app-deploy-source-metadata") or report["deploy-source-metadata"]
        """of what runs"""
        self.git.tips[self.branch] = self.commit
        self.host.says(("config:get", APP, "GIT_REV"), (0, f"{self.commit}\n", ""))

    @property
    def branch(self) -> str:
        """The team's deploy branch."""
        return "main"

    @property
    def record(self) -> str:
        return holders.incident_record(APP)

    def holder(self, number: int, *, sealed: bool = True, **config: str) -> str:
        """A kept release that is there, kept so many minutes ago as its number is below 60."""
        name = holders.holder_name(APP, number, self.clock.now() - timedelta(minutes=60 - number))
        self.host.ours[name] = {"ROLLBACK_SCHEMA": "1", "ROLLBACK_COMMIT": f"{number:040x}"} | config
        self.host.branches[name] = holders.SEAL_BRANCH if sealed else "main"
        return name
