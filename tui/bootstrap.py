"""The composition root: services.yaml and real drivers become an engine. Nothing falls back from live to sandbox."""

import asyncio
import getpass
import logging
import os
import socket
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from tui import config
from tui.config.trust import Power, fingerprint, powers
from tui.drivers import vendors
from tui.drivers.clock import SystemClock
from tui.drivers.environment_check import Surroundings
from tui.drivers.git import Git
from tui.drivers.health_http import HttpProbes
from tui.drivers.image_registry import HttpRegistry
from tui.drivers.journal import Journal
from tui.drivers.keyed_hash import KeyedDigest
from tui.drivers.on_call_file import OnCallFile
from tui.drivers.process import GUARD, LocalProcesses
from tui.drivers.secrets import Secrets, learn_all
from tui.drivers.ssh import Identities, SshHost
from tui.drivers.trusted_files import TrustedFiles
from tui.drivers.vendors.base import Checked, Counter, FlagKeeper, Given, IssueTracker, MessageChannel, OnCallSource
from tui.engine.engine import Engine
from tui.engine.ports import ClockPort, Drivers, Outside
from tui.engine.store import Records
from tui.model import destination
from tui.model.drill import DrillBegun
from tui.model.errors import ConfigError, ConsoleError, Refused
from tui.model.service import Host
from tui.text.redact import learn, redact
from tui.ways import NAMES

if TYPE_CHECKING:
    from tui.engine.replay import ReplayEngine

Consent = Callable[[Path, tuple[Power, ...], bool], Awaitable[bool]]
"""asks a person about a file and its powers; the last argument: it was trusted before, with other powers"""


def fleet(path: str | None) -> config.Fleet:
    """services.yaml as found from here. Raises ServicesError with every problem of the file, and ConfigError for a file
    of the working directory that nobody trusted: see `agreed`."""
    file, origin = config.find(path, environ=os.environ, cwd=config.here())
    raw = config.bytes_of(file)  # once: what was judged is what is used
    if origin is config.Origin.HERE and not TrustedFiles().unchanged(file, raw):
        raise _untrusted(file)
    return read(file, raw)


async def agreed(path: str | None, ask: Consent | None, *, trust: bool = False) -> str:
    """The services.yaml to use, as `path` for `engine`, after a person was asked where that is due.

    Asked about is a file of the working directory, once per path and per what it can make us do. Not while an incident
    is open on this machine and the file was trusted before. `ask` None: there is nobody to ask. `trust`: not asked,
    remembered. Nothing is contacted. Raises ConfigError, JournalError.
    """
    file, origin = config.find(path, environ=os.environ, cwd=config.here())
    if origin is not config.Origin.HERE:
        return str(file)
    raw, store = config.bytes_of(file), TrustedFiles()
    if store.unchanged(file, raw):  # the usual start: no YAML is read for it
        return str(file)
    found, before = powers(file, raw), store.known(file)
    print_ = fingerprint(found)
    if not trust and (before is None or before.fingerprint != print_):
        if before is not None and await _incident_open():
            return str(file)
        if ask is None or not await ask(file, found, before is not None):
            raise _untrusted(file)
    store.trust(file, raw, print_)
    return str(file)


async def _incident_open() -> bool:
    journal = Journal()
    try:
        return bool(await journal.open_incidents())
    finally:
        await journal.close()


def has_file(path: str | None) -> bool:
    """True if there is a services.yaml, trusted or not."""
    try:
        config.find(path, environ=os.environ, cwd=config.here())
    except ConfigError:
        return False
    return True


async def unfinished_drills() -> tuple[DrillBegun, ...]:
    """The drills of this machine that may have left something on a host. Raises JournalError."""
    from tui.engine.drill import drills_on_record

    journal = Journal()
    try:
        return await drills_on_record.unfinished(journal)
    finally:
        await journal.close()


def _untrusted(file: Path) -> ConfigError:
    return ConfigError(
        f"{file} lies in the working directory, and nobody has trusted it: nothing was contacted",
        f"--services ./{file.name} uses it once; --trust remembers it; on a terminal it is asked about",
    )


def read(file: Path, raw: bytes) -> config.Fleet:
    """The fleet that a trusted file of these bytes would be. Raises ServicesError with every problem."""
    return config.load(file, environ=os.environ, sections=vendors.sections(), raw=raw)


def trust_written(file: Path, before: bytes | None, raw: bytes) -> None:
    """A file that was written for this user just now needs no question; one that was changed stays as trusted as it
    was. `before` None: it is new. Raises JournalError."""
    store = TrustedFiles()
    if before is None or store.unchanged(file, before):
        store.trust(file, raw, fingerprint(powers(file, raw)))


def reached_at(known: Engine, host: Host) -> str | None:
    """The name or address that a host is reached by over HTTP; None where only its alias is known. Connects first."""
    name = destination.parse(host.ssh).host
    if set(".:") & set(name) or destination.is_loopback(name):
        return name
    link = known.links.host(host.name)
    return link.address if isinstance(link, SshHost) else None


def unwritten(path: Path, host: Host) -> config.Fleet:
    """A fleet of one host and no service, for a services.yaml that is still to be written there."""
    return config.Fleet(path=str(path), environment="", hosts=(host,), services=(), ways=NAMES)


def engine(
    path: str | None,
    *,
    known: config.Fleet | None = None,
    read_only: bool = False,
    accept_host_key: str | None = None,
    ask_passphrase: Callable[[str], str] | None = None,
    clock: ClockPort | None = None,
) -> Engine:
    """An engine over real hosts, by the machine's clock if no other is given. `known`: a fleet that is read already.
    Raises ConfigError, JournalError, and Refused inside a script that a rollback runs."""
    if inside := os.environ.get(GUARD):
        raise Refused(
            f"this was called by a script that incident {inside} runs", "the script must not call rollback itself"
        )
    known = known or fleet(path)
    clock = clock or SystemClock()
    if logging.lastResort is not None:  # what libraries complain of where nobody listens goes to stderr
        logging.lastResort.setFormatter(_Redacting())
    learn_all(known, os.environ, vendors.credentials())
    identities = Identities(_learning(ask_passphrase) if ask_passphrase is not None else None)

    def make(name: str) -> SshHost:
        return SshHost(known.host(name), accept_fingerprint=accept_host_key, identities=identities, clock=clock)

    drivers = Drivers(
        make_host=make,
        git=Git(),
        probes=HttpProbes(clock),
        journal=Journal(),
        clock=clock,
        processes=LocalProcesses(clock),
        registries=HttpRegistry(os.environ),
        digest=KeyedDigest(),
        on_call_store=OnCallFile(known.path),
        outside=outside(known, os.environ, clock),
    )
    return Engine(known, drivers, by=whoami(), read_only=read_only)


def learn_secrets(path: str | None) -> None:
    """Learn the secrets of this machine, so that they are known where they are met; without a file there are fewer."""
    try:
        learn_all(fleet(path), os.environ, vendors.credentials())
    except ConsoleError:
        return


def replay(incident: str, speed: int, clock: ClockPort | None = None) -> "ReplayEngine":
    """An engine on the record of a closed incident, with no driver in it: the journal is read, and closed again. Raises
    JournalError, and Refused where there is no such incident or it is open."""

    from tui.engine.replay import Recording, ReplayEngine

    async def recorded() -> Recording:
        journal = Journal()
        try:
            records = Records(journal)
            found = await records.read(incident)
            if found.open:
                raise Refused(f"incident {incident} is open: it is followed in the console, not replayed", "rollback")
            return Recording(incident=incident, events=await records.events(incident))
        finally:
            await journal.close()

    return ReplayEngine(asyncio.run(recorded()), clock or SystemClock(), speed)


def outside(fleet: config.Fleet, environ: Mapping[str, str], clock: ClockPort) -> Outside:
    """Everything that is asked and told beside the hosts: set up, and its credential there. `check` says what is
    missing."""
    every = vendors.drivers(Given(fleet, Secrets(environ), clock))
    counters = (one for one in every if isinstance(one, Counter))
    trackers = (one for one in every if isinstance(one, IssueTracker))
    keepers = (one for one in every if isinstance(one, FlagKeeper))
    return Outside(
        rates=tuple(one for one in counters if any(map(one.covers, fleet.services))),
        issues=next((one for one in trackers if any(map(one.covers, fleet.services))), None),
        flags=next((one for one in keepers if any(map(one.covers, fleet.services))), None),
        channels=tuple(one for one in every if isinstance(one, MessageChannel) and one.ready),
        on_call=next((one for one in every if isinstance(one, OnCallSource) and one.knows_on_call), None),
        checks=(Surroundings(environ), *(one for one in every if isinstance(one, Checked))),
    )


class _Redacting(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        return redact(super().format(record))


def _learning(ask: Callable[[str], str]) -> Callable[[str], str]:
    """Passphrases are secrets, too."""

    def asked(prompt: str) -> str:
        said = ask(prompt)
        learn(said)
        return said

    return asked


def whoami() -> str:
    """`user@machine`, as others see it on the incident record."""
    try:
        user = os.environ.get("SUDO_USER") or getpass.getuser()
    except (KeyError, OSError):  # a user without a name, as in many containers
        user = f"uid{os.getuid()}"
    return f"{user}@{socket.gethostname()}"
