"""The composition root: services.yaml and real drivers become an engine. Nothing falls back from live to sandbox."""

import getpass
import logging
import os
import re
import socket
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

from tui import services
from tui.drivers.apprise_channel import AppriseChannel
from tui.drivers.clock import SystemClock
from tui.drivers.git import Git
from tui.drivers.http import HttpProbes
from tui.drivers.journal import Journal
from tui.drivers.on_call_file import OnCallFile
from tui.drivers.process import GUARD, LocalProcesses
from tui.drivers.registry import PASSWORD, HttpRegistry
from tui.drivers.secrets import Secrets
from tui.drivers.ssh import SshHost
from tui.engine.engine import Engine
from tui.engine.ports import ChannelPort, Outside
from tui.model.errors import ConfigError, Refused
from tui.model.redact import learn, learn_address, redact

_SECRET_NAME = re.compile(r"(?:TOKEN|SECRET|PASSWORD|PASSWD|PASSPHRASE|API_?KEY|ACCESS_KEY|ROUTING_KEY|_DSN)$")
"""environment variables whose values are secrets, whoever's they are"""


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
    if logging.lastResort is not None:  # what libraries complain of where nobody listens goes to stderr
        logging.lastResort.setFormatter(_Redacting())
    keep_secret(known, os.environ)
    ask = _learning(ask_passphrase) if ask_passphrase is not None else None

    def make(name: str) -> SshHost:
        return SshHost(known.host(name), accept_fingerprint=accept_host_key, ask_passphrase=ask, clock=clock)

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
        outside=outside(known, Secrets(os.environ)),
        on_call_store=OnCallFile(known.path),
    )


def outside(known: services.Fleet, secrets: Secrets) -> Outside:
    """Everything beside hosts and health URLs that services.yaml names and somebody gave a credential for."""
    channels: list[ChannelPort] = [
        AppriseChannel(name, partial(secrets.get, name)) for name in known.notify if _is_set(secrets, name)
    ]
    return Outside(channels=tuple(channels))


class _Redacting(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        return redact(super().format(record))


def _is_set(secrets: Secrets, name: str) -> bool:
    """A file that cannot be read counts: what is wrong with it is said when something is to be sent."""
    try:
        return secrets.get(name) is not None
    except ConfigError:
        return True


def keep_secret(known: services.Fleet, environ: Mapping[str, str]) -> None:
    """Learn every credential that this console may come across, whether or not it is used."""
    secrets = Secrets(environ)
    for name, value in environ.items():
        if _SECRET_NAME.search(name) and not value.startswith(("/", "~")):
            learn(value)
    names = {PASSWORD, "GITHUB_TOKEN", "LINEAR_API_KEY", *known.notify}
    specs = [known.pagerduty, known.thread, *(x for s in known.services for x in (s.sentry, s.posthog, s.ticket))]
    for spec in specs:
        if spec is not None:
            names |= {str(getattr(spec, key)) for key in spec.__struct_fields__ if key.endswith("_env")}
    for name in filter(None, names):
        try:
            found = secrets.get(name)
        except ConfigError:
            continue  # nothing was read that could get out
        if found is not None and name in known.notify:
            learn_address(found)


def _learning(ask: Callable[[str], str]) -> Callable[[str], str]:
    """Passphrases are secrets, too."""

    def asked(prompt: str) -> str:
        said = ask(prompt)
        learn(said)
        return said

    return asked


def whoami() -> str:
    """`user@machine`, as others see it on the incident record."""
    user = os.environ.get("SUDO_USER") or getpass.getuser()
    return f"{user}@{socket.gethostname()}"
