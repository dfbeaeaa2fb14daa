"""`rollback --info`: what a report of a fault needs. `--bundle FILE`: in one file, with commands and faults, to be read
before it is sent. No host is asked; values of the environment are never shown, and secrets are taken out once more."""

import asyncio
import os
import platform
import shutil
import sqlite3
import subprocess
from collections.abc import Iterator, Sequence
from importlib import metadata
from pathlib import Path

import msgspec

from tui.cli import output
from tui.cli.commands import configuration, explain
from tui.cli.exits import Exit
from tui.cli.options import CommandOptions
from tui.drivers import crash_log, paths
from tui.model.errors import ConfigError, ConsoleError
from tui.model.outcome import describe
from tui.model.trail import Sent
from tui.text.clean import clean_line
from tui.text.redact import redact

COMMANDS = 200
"""commands in a bundle, the newest"""
FAULTS = 20_000
"""characters of faults in a bundle, the newest"""
_LIBRARIES = ("textual", "asyncssh", "httpx", "dulwich", "msgspec", "PyYAML", "apprise", "textual-serve")
_TELLING = ("ROLLBACK_", "DOKKU_", "XDG_", "TEXTUAL", "SSH_", "LC_")
_TOLD = frozenset({"LANG", "TERM", "COLORTERM", "NO_COLOR", "ACCESSIBLE", "TMUX", "STY", "CI", "SUDO_USER"})
_SHOWN = frozenset({"TERM", "COLORTERM", "LANG", "LC_ALL", "NO_COLOR", "ACCESSIBLE"})
"""variables whose values are no secret and say how a terminal is drawn on"""


def info(wanted: CommandOptions) -> Exit:
    """Write it to stdout, or into a new file. Raises ConfigError where there is such a file."""
    from tui import bootstrap  # it costs more than the other commands that explain

    bootstrap.learn_secrets(wanted.services)
    sections: dict[str, Sequence[str]] = {
        "versions": _versions(),
        "machine": tuple(_machine()),
        "config": tuple(_config(wanted)),
    }
    if wanted.bundle is not None:
        sections["commands"] = _commands()
        sections["faults"] = _faults()
    safe = {name: [redact(line) for line in lines] for name, lines in sections.items()}
    if wanted.bundle is not None:
        _write(Path(wanted.bundle), safe)
    if wanted.json:
        found = {"bundle": wanted.bundle, **({} if wanted.bundle is not None else safe)}
        output.write({"schema": output.SCHEMA, "kind": "info", **found})
    elif wanted.bundle is not None:
        output.text(f"written: {Path(wanted.bundle).resolve()}; read it before you send it to anybody")
    else:
        for line in _document(safe):
            output.text(line)
    return Exit.DONE


def _document(sections: dict[str, list[str]]) -> Iterator[str]:
    for name, lines in sections.items():
        yield f"# {name}"
        yield from lines or ("none",)
        yield ""


def _versions() -> tuple[str, ...]:
    from tui.engine.check import TESTED

    libraries = []
    for name in (explain.DISTRIBUTION, *_LIBRARIES):
        try:
            libraries.append(f"{name} {metadata.version(name)}")
        except metadata.PackageNotFoundError:
            libraries.append(f"{name} not installed")
    return (
        *libraries,
        f"Python {platform.python_version()} ({platform.python_implementation()}), SQLite {sqlite3.sqlite_version}",
        platform.platform(),
        f"ssh: {_ssh()}",
        f"tried on Dokku {', '.join(TESTED)}",
    )


def _ssh() -> str:
    path = shutil.which("ssh")
    if path is None:
        return "not found"
    try:
        said = subprocess.run([path, "-V"], capture_output=True, text=True, timeout=5, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"{path}: {error}"
    return clean_line(said.stderr or said.stdout, 120)


def _machine() -> Iterator[str]:
    """The places where things are kept, and the variables that are set: names, not values."""
    try:
        journal = paths.journal_path()
        size = f"{journal.stat().st_size} bytes" if journal.is_file() else "none yet"
        yield f"state folder: {journal.parent}; journal: {size}"
    except ConsoleError as error:
        yield f"state folder: {error.message}"
    names = sorted(n for n in os.environ if n in _TOLD or n.startswith(_TELLING) or n.upper().endswith("_PROXY"))
    for name in names:
        yield f"{name}={clean_line(os.environ[name], 80)}" if name in _SHOWN else f"{name} is set"
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        yield f"{name}: {'a terminal' if os.isatty(number) else 'no terminal'}"


def _config(wanted: CommandOptions) -> Iterator[str]:
    from tui.config import reading

    try:
        file, origin = reading.find(wanted.services, environ=os.environ, cwd=reading.here())
        yield f"{file} ({origin.value})"
        yield from map(str, configuration.settings(file))
    except ConsoleError as error:
        yield error.message


def _commands() -> list[str]:
    """The newest commands that changed a host, oldest first, each with its end; what has none is said."""
    try:
        if not paths.journal_path().is_file():
            return []
        entries = asyncio.run(_entries())
    except ConsoleError as error:
        return [error.message]
    found: dict[tuple[str, str, tuple[str, ...]], Sent] = {}
    for payload in reversed(entries):
        try:
            sent = msgspec.json.decode(payload, type=Sent)
        except msgspec.DecodeError:
            continue  # of a newer version
        found[(sent.incident, sent.at.isoformat(), sent.argv)] = sent
    return [_line(sent) for sent in list(found.values())[-COMMANDS:]]


async def _entries() -> list[str]:
    from tui.drivers.journal import Journal

    journal = Journal()
    try:
        return [entry.payload for entry in await journal.commands(2 * COMMANDS)]
    finally:
        await journal.close()


def _line(sent: Sent) -> str:
    end = describe(sent.outcome) if sent.outcome is not None else "no end on record"
    took = f" after {sent.seconds:.1f} s" if sent.seconds is not None else ""
    said = clean_line(" ".join(sent.argv), 400)
    return f"{output.time(sent.at)} {sent.incident} {clean_line(sent.host, 60)}: {said} → {clean_line(end)}{took}"


def _faults() -> list[str]:
    try:
        path = paths.state_dir() / crash_log.NAME
        text = path.read_text(encoding="utf-8", errors="replace") if path.is_file() else ""
    except (OSError, ConsoleError) as error:
        return [str(error)]
    return [clean_line(line) if line.strip() else "" for line in text[-FAULTS:].splitlines()]


def _write(path: Path, sections: dict[str, list[str]]) -> None:
    try:
        file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError as error:
        raise ConfigError(f"{path} exists", "name another file") from error
    except OSError as error:
        raise ConfigError(f"{path} cannot be written: {error.strerror}", "name another file") from error
    with os.fdopen(file, "w", encoding="utf-8", errors="replace") as bundle:
        bundle.write("\n".join(_document(sections)) + "\n")
