"""The composition root: services.yaml and real drivers become an engine. Nothing falls back from live to sandbox."""

import getpass
import os
import socket
from collections.abc import Callable, Mapping
from pathlib import Path

from tui import services
from tui.drivers.clock import SystemClock
from tui.drivers.digest import KeyedDigest
from tui.drivers.git import Git
from tui.drivers.http import HttpProbes
from tui.drivers.journal import Journal
from tui.drivers.pagerduty import PagerDuty
from tui.drivers.posthog import Posthog
from tui.drivers.process import GUARD, LocalProcesses
from tui.drivers.registry import HttpRegistry
from tui.drivers.secrets import Secrets
from tui.drivers.sentry import Sentry
from tui.drivers.slack import SlackThread
from tui.drivers.ssh import SshHost
from tui.drivers.tickets import Tickets
from tui.engine.engine import Engine
from tui.engine.ports import ChannelPort, ClockPort, Outside, RatePort
from tui.model.errors import Refused


def fleet(path: str | None) -> services.Fleet:
    """services.yaml as found from here. Raises ServicesError with every problem of the file."""
    return services.load(path, environ=os.environ, cwd=Path.cwd())


def engine(
    path: str | None,
    *,
    read_only: bool = False,
    accept_host_key: str | None = None,
    ask_passphrase: Callable[[str], str] | None = None,
) -> Engine:
    """An engine over real hosts. Raises ConfigError, JournalError, and Refused inside a script that a rollback runs."""
    if inside := os.environ.get(GUARD):
        raise Refused(
            f"this was called by a script that incident {inside} runs", "the script must not call rollback itself"
        )
    known = fleet(path)
    clock = SystemClock()

    def make(name: str) -> SshHost:
        return SshHost(known.host(name), accept_fingerprint=accept_host_key, ask_passphrase=ask_passphrase, clock=clock)

    return Engine(
        known,
        make_host=make,
        git=Git(),
        probes=HttpProbes(clock),
        journal=Journal(),
        clock=clock,
        by=whoami(),
        read_only=read_only,
        processes=LocalProcesses(clock),
        registries=HttpRegistry(os.environ),
        digest=KeyedDigest(),
        outside=outside(known, os.environ, clock),
    )


def outside(fleet: services.Fleet, environ: Mapping[str, str], clock: ClockPort) -> Outside:
    """What is asked and told beside the hosts: set up, and its credential there. What is missing `check` says."""
    secrets = Secrets(environ)
    sentry, posthog = Sentry(secrets), Posthog(secrets)
    pagerduty = PagerDuty(secrets, fleet.pagerduty, clock)
    tickets, thread = Tickets(secrets, fleet.services), SlackThread(secrets, fleet.thread)
    rates: tuple[RatePort, ...] = (sentry, posthog)
    told: tuple[ChannelPort, ...] = tuple(one for one in (thread, pagerduty, tickets) if one.ready)
    return Outside(
        rates=tuple(one for one in rates if any(one.covers(service) for service in fleet.services)),
        issues=sentry if any(map(sentry.covers, fleet.services)) else None,
        channels=told,  # the addresses of `fleet.notify` are channels too
        on_call=pagerduty if pagerduty.knows_on_call else None,
        checks=(sentry, posthog, pagerduty, tickets, thread),
    )


def whoami() -> str:
    """`user@machine`, as others see it on the incident record."""
    user = os.environ.get("SUDO_USER") or getpass.getuser()
    return f"{user}@{socket.gethostname()}"
