"""The engine's needs of the outside world. The drivers satisfy these without importing them."""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol

from tui.model.commit_range import CommitRange, Migrated, SourceTree
from tui.model.evidence import NewIssues, Rate, RateSource
from tui.model.finding import Finding
from tui.model.health import Probe, RequestExtras
from tui.model.history import Commit
from tui.model.host import Form, Link
from tui.model.image_registry import Digest, Tags
from tui.model.notice import Delivery, Message, OnCall, Receipt
from tui.model.outcome import Answer, Outcome
from tui.model.plan import PushSpec
from tui.model.push import PushEnd
from tui.model.service import Expect, IdentitySpec, Service
from tui.model.taken_back import FlagLog
from tui.model.value import Value

OnOutput = Callable[[bytes, bool], None]
"""bytes as they came, and whether they came on stderr"""


class ClockPort(Protocol):
    """Time."""

    def now(self) -> datetime: ...

    def monotonic(self) -> float: ...

    async def sleep(self, seconds: float) -> None: ...


class StreamPort(Protocol):
    """Output of a command that does not end by itself."""

    def __aiter__(self) -> AsyncIterator[bytes]: ...

    @property
    def outcome(self) -> Outcome | None: ...

    @property
    def stderr(self) -> bytes:
        """The end of what it said there, once it has ended."""
        ...

    async def close(self) -> None: ...


class HostPort(Protocol):
    """One Dokku host."""

    @property
    def link(self) -> Link: ...

    @property
    def form(self) -> Form: ...

    @property
    def connection(self) -> int: ...

    async def connect(self) -> None: ...

    async def greeting(self) -> Answer | None: ...

    async def drop(self) -> None: ...

    async def close(self) -> None: ...

    async def run(
        self,
        argv: tuple[str, ...],
        *,
        timeout: float,
        writes: bool = False,
        stdin: bytes | None = None,
        on_output: OnOutput | None = None,
        only_on: int | None = None,
    ) -> Answer: ...

    def stream(self, argv: tuple[str, ...]) -> StreamPort: ...


class GitPort(Protocol):
    """Git objects and Git's wire protocol over a host's connection."""

    def commit_id(self, spec: PushSpec) -> str: ...

    async def refs(self, host: Any, app: str) -> dict[str, str]: ...

    async def history(self, host: Any, app: str, branch: str, count: int) -> tuple[Commit, ...]: ...

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
    ) -> CommitRange: ...

    async def archive(self, host: Any, app: str, branch: str, paths: Sequence[str]) -> Mapping[str, bytes]: ...

    async def push(
        self,
        host: Any,
        spec: PushSpec,
        *,
        timeout: float,
        on_progress: Callable[[bytes], None] | None = None,
        on_sent: Callable[[], None] | None = None,
    ) -> PushEnd: ...


class AddressPort(Protocol):
    """Health addresses."""

    async def probe(
        self, url: str, expect: Expect, asking: RequestExtras = ..., *, timeout: float = 5.0, fresh: bool = False
    ) -> Probe: ...

    async def websocket(self, url: str, asking: RequestExtras = ..., *, timeout: float = 5.0) -> Probe: ...

    async def tcp(self, endpoint: str, *, timeout: float = 5.0) -> Probe: ...

    async def identity(self, spec: IdentitySpec, asking: RequestExtras = ...) -> str | None: ...

    async def close(self) -> None: ...


class ProbePort(AddressPort, Protocol):
    """Everything that health is asked of: addresses, and the log on the host."""

    async def log(self, service: Service, pattern: str) -> Probe: ...


class ProcessPort(Protocol):
    """Programs on this machine."""

    async def run(
        self, argv: tuple[str, ...], *, timeout: float, guard: str, on_output: OnOutput, env: Mapping[str, str]
    ) -> Answer: ...


class RegistryPort(Protocol):
    """Image registries."""

    async def tags(self, repository: str) -> Tags: ...

    async def digest(self, repository: str, tag: str) -> Digest: ...

    async def close(self) -> None: ...


class JournalPort(Protocol):
    """The synced record on this machine."""

    lost: str
    """why a step's output could not be kept, if so"""

    async def append(self, incident: str, kind: str, payload: str, at: datetime, state: str | None = None) -> int: ...

    async def open_incident(
        self, incident: str, service: str, app: str, host: str, at: datetime, kind: str, payload: str
    ) -> None: ...

    async def entries(self, incident: str) -> Sequence[Any]: ...

    async def incidents(self, limit: int = 50) -> Sequence[Any]: ...

    async def open_incidents(self) -> Sequence[Any]: ...

    async def begun(self, limit: int = 50) -> Sequence[tuple[str, str]]: ...

    async def latest(self, incidents: tuple[str, ...]) -> Mapping[str, int]: ...

    async def ledger_add(self, host: str, app: str, kind: str, payload: str, at: datetime) -> int: ...

    async def ledger_put(self, seq: int, payload: str) -> None: ...

    async def ledger(self, host: str, app: str, after: int = 0) -> Sequence[Any]: ...

    async def outbox_put(self, incident: str, milestone: str, channel: str, message: str, at: datetime) -> bool: ...

    async def outbox_again(self, incident: str, milestone: str, channel: str, message: str, at: datetime) -> bool: ...

    async def outbox(self) -> Sequence[Any]: ...

    async def outbox_claim(self, seq: int, at: datetime, until: datetime) -> bool: ...

    async def outbox_end(self, seq: int, state: str, due_at: datetime, *, held: bool = False) -> None: ...

    async def outbox_hurry(self, at: datetime) -> None: ...

    def spool(self, incident: str, raw: bytes) -> None: ...

    def lock(self, incident: str) -> bool: ...

    def holder(self, incident: str) -> str: ...

    async def close(self) -> None: ...


class DigestPort(Protocol):
    """Hashes that only this machine can make again. Both raise JournalError where its key cannot be had."""

    @property
    def name(self) -> str: ...

    def of(self, *parts: str) -> str: ...


class RatePort(Protocol):
    """A service outside that counts errors. What it cannot say is a Rate with a note, never an exception."""

    @property
    def source(self) -> RateSource: ...

    def covers(self, service: Service) -> bool: ...

    async def rate(self, service: Service, since: datetime, until: datetime) -> Rate: ...

    async def close(self) -> None: ...


class IssuesPort(Protocol):
    """A tracker that knows which errors are new."""

    def covers(self, service: Service) -> bool: ...

    async def new_issues(self, service: Service, since: datetime, until: datetime) -> NewIssues: ...


class FlagsPort(Protocol):
    """Somebody outside who has the changes of feature flags on record."""

    def covers(self, service: Service) -> bool: ...

    async def flag_changes(self, service: Service, since: datetime, until: datetime) -> FlagLog: ...


class ChannelPort(Protocol):
    """Somewhere that milestones are told. What the other side says is a Receipt, never an exception."""

    @property
    def name(self) -> str: ...

    def wants(self, message: Message) -> bool: ...

    async def deliver(self, message: Message, earlier: Delivery | None) -> Receipt:
        """`earlier`: the first message of this incident that was delivered here, for threads and comments."""

    async def close(self) -> None: ...


class OnCallPort(Protocol):
    """Who is on call now."""

    async def on_call(self) -> OnCall: ...


class OnCallStorePort(Protocol):
    """A place that keeps who was on call; never raises."""

    def load(self) -> OnCall | None: ...

    def save(self, known: OnCall) -> None: ...


class CheckPort(Protocol):
    """Something outside that can be looked at in daylight: set up, credential, one question that changes nothing."""

    async def check(self, services: tuple[Service, ...]) -> tuple[Finding, ...]: ...

    async def close(self) -> None: ...


class Outside(Value):
    """Everything beside hosts and health URLs that is asked or told; all of it may be absent."""

    rates: tuple[RatePort, ...] = ()
    issues: IssuesPort | None = None
    flags: FlagsPort | None = None
    channels: tuple[ChannelPort, ...] = ()
    on_call: OnCallPort | None = None
    checks: tuple[CheckPort, ...] = ()

    async def close(self) -> None:
        """End all connections."""
        every: tuple[RatePort | ChannelPort | CheckPort, ...] = (*self.rates, *self.channels, *self.checks)
        for one in every:  # one that is several of these is closed as often
            await one.close()


class Drivers(Value):
    """All that an engine works through; what may be absent is None."""

    make_host: Callable[[str], HostPort]
    """a connection to the host of that name, opened when it is first used"""
    git: GitPort
    probes: AddressPort
    journal: JournalPort
    clock: ClockPort
    processes: ProcessPort | None = None
    registries: RegistryPort | None = None
    digest: DigestPort | None = None
    on_call_store: OnCallStorePort | None = None
    outside: Outside = Outside()
