"""The values that services.yaml describes: a host, a service, and the fleet of all; numbers: `runbook_numbers`."""

from datetime import timedelta
from enum import StrEnum

from tui.model.guard import GuardSpec
from tui.model.host import Form
from tui.model.runbook_numbers import RUNBOOK_SEVERITIES, Budgets, Contacts, SeveritySpec, WatchSpec
from tui.model.value import Value
from tui.model.vendor import S, VendorSettings, of_kind


class Transport(StrEnum):
    """The program that carries the link to a host."""

    ASYNCSSH = "asyncssh"
    OPENSSH = "openssh"
    """the machine's own ssh program"""


class Host(Value):
    """One Dokku server."""

    name: str
    ssh: str
    """destination: `dokku@host[:port]` or an alias of ~/.ssh/config"""
    varies: bool = False
    """services.yaml writes `ssh` with a variable: in another environment the same file is about another machine"""
    identity_file: str | None = None
    known_hosts: str | None = None
    sandbox: bool = False
    form: Form = Form.FORCED
    """how its login wants its commands: found out by asking, never written in services.yaml"""
    max_parallel: int = 1
    transport: Transport = Transport.ASYNCSSH


class Expect(Value):
    """The marks of a healthy answer. Everything given must hold."""

    status: tuple[int, ...] = (200,)
    """any of these"""
    json: tuple[tuple[str, str], ...] = ()
    """pairs of dotted path and exact value"""
    contains: tuple[str, ...] = ()
    """each of these is somewhere in the body"""
    text: str | None = None
    """the whole body, blanks at its ends aside"""
    reject_html: bool = True


class RequestHeader(Value):
    """A header that is sent with a request; its value may be a credential and is never shown."""

    name: str
    value: str
    credentials: tuple[str, ...] = ()
    """names of the environment variables that were put in without a default"""


class HealthSpec(Value):
    """The health check of a service: by one or more of `url`, `tcp`, `websocket` and `log`, each of which must be
    well."""

    url: str | None = None
    public_url: str | None = None
    tcp: str | None = None
    """host and port that take connections"""
    websocket: str | None = None
    """an address that answers a WebSocket handshake"""
    log: str | None = None
    """a regular expression that a line of the running containers' log matches"""
    host_header: str | None = None
    headers: tuple[RequestHeader, ...] = ()
    ca: str | None = None
    """path of certificates in PEM form that are trusted for this service, with the system's"""
    expect: Expect = Expect()
    passes: int = 3
    """healthy answers in a row, each on a connection of its own, that count as recovered"""
    patience: timedelta = timedelta(seconds=60)
    """how long that row may take to come about after a rollback; then it is not healthy"""

    @property
    def answers(self) -> bool:
        """True if anything is asked that answers, and not the log alone."""
        return any((self.url, self.public_url, self.websocket, self.tcp))

    @property
    def address(self) -> str:
        """The address that is asked, in the words of services.yaml."""
        return self.url or self.websocket or self.tcp or f"log: {self.log}"


class SmokeSpec(Value):
    """One request that a working service answers."""

    url: str
    expect: Expect = Expect()
    host_header: str | None = None
    headers: tuple[RequestHeader, ...] = ()


class IdentitySpec(Value):
    """The place where the service itself says which release answers: a header, or a dotted path in a JSON body."""

    url: str
    header: str | None = None
    json: str | None = None


class CheckMode(StrEnum):
    """The modes of the console's own check: does a way back bring one for a process type to which the release brings
    none."""

    AUTO = "auto"
    """where nothing can be lost by it"""
    OWN = "own"
    """always"""
    DOKKU = "dokku"
    """never: Dokku's own 10 s count"""


class RollbackSpec(Value):
    """The cost of a rollback of this service, by the runbook."""

    expected: timedelta = timedelta(seconds=30)
    downtime: tuple[timedelta, timedelta] | None = None
    """shortest and longest, or None where the service keeps answering"""
    stop_first: bool = False
    settle: timedelta = timedelta(0)
    reason: str = ""


class Service(Value):
    """One Dokku app on one host, by the runbook's name."""

    name: str
    title: str
    host: str
    app: str
    order: int = 100
    health: HealthSpec | None = None
    smoke: tuple[SmokeSpec, ...] = ()
    identity: IdentitySpec | None = None
    rollback: RollbackSpec = RollbackSpec()
    checks: CheckMode = CheckMode.AUTO
    image_repository: str | None = None
    git_remote: str | None = None
    script: tuple[str, ...] = ()
    owner: str | None = None
    """who knows this service: a person, a team, a channel"""
    links: tuple[tuple[str, str], ...] = ()
    """name and address of pages for people: runbook, dashboard"""
    watch: WatchSpec | None = None
    """its own watching times and limit; None: those of all services"""
    part_of: str = ""
    """the service of several apps or hosts that this is a part of; empty: it is a whole one"""
    guard: GuardSpec = GuardSpec()
    vendors: tuple[VendorSettings, ...] = ()

    def vendor(self, kind: type[S]) -> S | None:
        """The settings of one vendor for this service; None where its section is not written."""
        return of_kind(kind, self.vendors)


class Fleet(Value):
    """All of services.yaml."""

    path: str
    """the file it was read from"""
    environment: str
    hosts: tuple[Host, ...]
    services: tuple[Service, ...]
    ways: tuple[str, ...]
    """names of ways back, the preferred one first; whoever reads the file has checked that they exist"""
    retention: int = 5
    watch: WatchSpec = WatchSpec()
    budgets: Budgets = Budgets()
    severities: tuple[SeveritySpec, ...] = RUNBOOK_SEVERITIES
    contacts: Contacts = Contacts()
    notify: tuple[str, ...] = ()
    """names of environment variables that hold notification URLs"""
    vendors: tuple[VendorSettings, ...] = ()
    """those that are no service's own"""
    links: tuple[tuple[str, str], ...] = ()
    postmortem_within: timedelta = timedelta(hours=24)
    """how soon after an incident its post-mortem is scheduled"""
    postmortem_template: str = ""
    """path of the team's own template for post-mortems; empty: the runbook's"""
    warnings: tuple[str, ...] = ()

    def vendor(self, kind: type[S]) -> S | None:
        """The settings of one vendor for all services; None where its section is not written."""
        return of_kind(kind, self.vendors)

    def watch_of(self, name: str) -> WatchSpec:
        """The watching times and the limit of a service: its own, or those of all."""
        service = self.service(name)
        return self.watch if service is None or service.watch is None else service.watch

    def links_of(self, name: str) -> tuple[tuple[str, str], ...]:
        """The links of a service, its own first, and those of all; a name of its own hides one of all."""
        service = self.service(name)
        own = service.links if service is not None else ()
        return (*own, *((label, address) for label, address in self.links if label not in dict(own)))

    def service(self, name: str) -> Service | None:
        """The service of that name, or the only one whose app is called so."""
        by_app = [s for s in self.services if s.app == name]
        named = next((s for s in self.services if s.name == name), None)
        return named or (by_app[0] if len(by_app) == 1 else None)

    def severity(self, level: str | None) -> SeveritySpec | None:
        """The level as the team describes it; None where there is none of that name."""
        return next((one for one in self.severities if one.level == level), None)

    def parts(self, name: str) -> tuple[Service, ...]:
        """The parts of the service of that name, as the file names them; empty where it has none."""
        return tuple(s for s in self.services if name and s.part_of == name)

    def host(self, name: str) -> Host:
        """The host of that name; the loader guarantees that every service's host exists."""
        return next(h for h in self.hosts if h.name == name)
