"""The part of `init` that is about CI: which one the repository uses, and its keep lines, shown or in a new file."""

import importlib.metadata
import os
from pathlib import Path, PurePosixPath

import msgspec
from msgspec.structs import replace

from tui.cli import output
from tui.cli.narrate import Narrator
from tui.drivers import whole_file
from tui.init_config import ci
from tui.model import json_text
from tui.model.errors import AlreadyThere, Refused

DISTRIBUTION = "dokku-rollback"


class _Vcs(msgspec.Struct):
    commit_id: str = ""


class _Origin(msgspec.Struct):
    """`direct_url.json` (PEP 610), as far as it is read."""

    url: str = ""
    vcs_info: _Vcs | None = None


def top(start: Path) -> Path:
    """The top of the repository that a folder is in; the folder itself where it is in none."""
    return next((folder for folder in (start, *start.parents) if (folder / ".git").exists()), start)


def chosen(name: str | None, services: Path, key: str | None) -> tuple[ci.CiSystem, Path, str]:
    """The CI that is meant or found, the file it reads, and that file's content."""
    folder = top(Path.cwd())
    kind = ci.named(name) if name is not None else ci.detected(lambda sign: os.path.lexists(folder / sign))
    where = folder / kind.path
    if kind.name == "cron":
        where = Path.cwd() / kind.path
        path = str(services)
    else:
        path = ci.relative(PurePosixPath(services), PurePosixPath(folder))
    return kind, where, kind.write(_setting(path, key))


def refuse_existing(name: str | None, services: Path) -> None:
    """Raises AlreadyThere where the file that is asked for is there: before anything is asked or written."""
    if name is not None and os.path.lexists(where := chosen(name, services, None)[1]):
        raise AlreadyThere(f"{where} is there already: it is not written over", "remove it, or leave --ci out")


def told(name: str | None, services: Path, key: str | None, narrator: Narrator, *, quiet: bool) -> output.Document:
    """Write the file where one is asked for, else show the lines; what the document says of it. Raises Refused."""
    kind, where, text = chosen(name, services, key)
    if name is not None:
        try:
            where.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise Refused(f"{where.parent} cannot be made: {error.strerror}") from error
        whole_file.create(where, text)
        narrator.say(f"wrote {where}; it is used by: {kind.use}", "green")
    elif not quiet:
        output.text()
        output.text(f"before each deploy, in {kind.title}:")
        for line in lines(kind, services):
            output.text(f"  {line}")
        output.text(f"  ({PROGRAM} init --ci {kind.name} writes that as {kind.path})")
    return {"name": kind.name, "path": str(where), "written": name is not None, "lines": list(lines(kind, services))}


PROGRAM = "rollback"


def lines(kind: ci.CiSystem, services: Path) -> tuple[str, ...]:
    """The lines for a shell that install the program and keep."""
    if kind.name == "cron":
        return (ci.keep_line(_setting(str(services), None)),)
    of = _setting(ci.relative(PurePosixPath(services), PurePosixPath(top(Path.cwd()))), None)
    return ci.install_line(of), ci.keep_line(of)


def _setting(services: str, key: str | None) -> ci.CiSetup:
    source = _source()
    of = ci.CiSetup(services=services, source=source or ci.SOURCE, known_source=source is not None)
    return of if key is None else replace(of, key=key)


def _source() -> str | None:
    """The place that pip would install this very program from; None where it came from no repository."""
    try:
        raw = importlib.metadata.distribution(DISTRIBUTION).read_text("direct_url.json")
        origin = json_text.read(raw or "{}", _Origin)
    except (importlib.metadata.PackageNotFoundError, json_text.NotJson, OSError):
        return None
    if origin.vcs_info is None or not origin.url:
        return None
    commit = f"@{origin.vcs_info.commit_id}" if origin.vcs_info.commit_id else ""
    return f"{DISTRIBUTION} @ git+{origin.url}{commit}"
