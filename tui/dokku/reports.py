"""What Dokku prints, as facts. Both versions: JSON values are strings, 0.38 gives each key bare and prefixed,
0.35 only prefixed; text values are padded with blanks. What is missing is None, never a value that looks healthy.
"""

import re
from datetime import datetime
from typing import Any

import msgspec

from tui.model.errors import ConsoleError
from tui.model.observation import Container
from tui.model.text import clean_line, decode
from tui.model.value import Value

NO_SUCH_APP = 20
"""exit code of every command about an app that does not exist"""


class Unreadable(ConsoleError):
    """Output that is not what this command prints on any version we know."""

    def __init__(self, what: str, raw: bytes | str) -> None:
        text = raw if isinstance(raw, str) else decode(raw)
        super().__init__(f"{what} cannot be read: {clean_line(text, 120)!r}", "is this Dokku newer than 0.38?")


class AppReport(Value):
    """From `apps:report`."""

    source: str | None
    metadata: str | None
    locked: bool | None


class GitReport(Value):
    """From `git:report`. `branch` is the one in force: the app's own, else the global one."""

    branch: str | None
    own_branch: str | None
    global_branch: str | None


class PsReport(Value):
    """From `ps:report`. `running` is Dokku's word: true, false or mixed."""

    deployed: bool | None
    running: str | None


def json_report(raw: bytes, prefix: str) -> dict[str, str]:
    """A `*:report --format json` with its keys bare; a key that exists bare and prefixed has one value."""
    try:
        found = msgspec.json.decode(raw, type=dict[str, Any])
    except msgspec.DecodeError as error:
        raise Unreadable(f"{prefix}:report", raw) from error
    return {key.removeprefix(f"{prefix}-"): value for key, value in found.items() if isinstance(value, str)}


def text_report(raw: bytes) -> dict[str, str]:
    """A `*:report` as text: label in small letters → value without its padding."""
    found: dict[str, str] = {}
    for line in decode(raw).splitlines():
        label, colon, value = line.partition(":")
        if colon and line.startswith(" "):
            found[label.strip().lower()] = value.strip()
    return found


def apps_report(raw: bytes) -> AppReport:
    """Source, metadata and lock of an app. Raises Unreadable."""
    found = json_report(raw, "app")
    return AppReport(
        source=found.get("deploy-source") or None,
        metadata=found.get("deploy-source-metadata") or None,
        locked=_bool(found.get("locked")),
    )


def git_report(raw: bytes) -> GitReport:
    """The deploy branch of an app. An own branch that is empty means the global one, which 0.38 computes for us."""
    found = text_report(raw)
    own = found.get("git deploy branch") or None
    everywhere = found.get("git global deploy branch") or None
    computed = found.get("git computed deploy branch") or None
    return GitReport(branch=own or computed or everywhere, own_branch=own, global_branch=everywhere)


def ps_report(raw: bytes) -> PsReport:
    """Deployed and running. Raises Unreadable."""
    found = json_report(raw, "ps")
    return PsReport(deployed=_bool(found.get("deployed")), running=found.get("running") or None)


def apps_list(raw: bytes) -> tuple[str, ...]:
    """The names of `apps:list`, without its header."""
    return tuple(
        line.strip() for line in decode(raw).splitlines() if line.strip() and not line.startswith(("=", "-", " !"))
    )


def config_export(raw: bytes) -> dict[str, str]:
    """The variables of `config:export --format json`. Raises Unreadable."""
    try:
        return msgspec.json.decode(raw, type=dict[str, str])
    except msgspec.DecodeError as error:
        raise Unreadable("config:export", raw) from error


_NAME = re.compile(r"/?(?P<app>.+)\.(?P<process>[A-Za-z][A-Za-z0-9_-]*)\.(?P<index>\d+)(?P<rest>\.[\w.-]+)?")


def ps_inspect(raw: bytes) -> tuple[Container, ...]:
    """The containers that the app consists of now. Raises Unreadable.

    A replaced container lives on for a minute as `APP.web.1.<epoch>`; it is left out. One that is being started, or was
    left behind by a deploy that died after the switch, is named `APP.web.1.upcoming-N`; it is left out unless no other
    container of its process runs, because then it is what serves.
    """
    try:
        found = msgspec.json.decode(raw, type=list[dict[str, Any]])
    except msgspec.DecodeError as error:
        raise Unreadable("ps:inspect", raw) from error
    named: list[Container] = []
    upcoming: list[Container] = []
    for item in found:
        match = _NAME.fullmatch(str(item.get("Name", "")))
        if match is None:
            raise Unreadable("a container's name in ps:inspect", str(item.get("Name")))
        rest = match["rest"] or ""
        if rest and not rest.startswith(".upcoming"):
            continue
        (upcoming if rest else named).append(_container(item, match["process"], int(match["index"])))
    taken = {(c.process, c.index) for c in named if c.running}
    alone = (c for c in upcoming if c.running and (c.process, c.index) not in taken)
    return tuple(sorted((*named, *alone), key=lambda c: (c.process, c.index, c.id)))


def _container(item: dict[str, Any], process: str, index: int) -> Container:
    state: dict[str, Any] = item.get("State") or {}
    labels: dict[str, str] = (item.get("Config") or {}).get("Labels") or {}
    return Container(
        id=str(item.get("Id", ""))[:12],
        process=labels.get("com.dokku.process-type", process),
        index=index,
        image=str(item.get("Image", "")),
        started_at=_time(state.get("StartedAt")),
        running=bool(state.get("Running")),
        restarts=int(item.get("RestartCount") or 0),
        oom_killed=bool(state.get("OOMKilled")),
        exit_code=state.get("ExitCode"),
        release=labels.get("rollback.release"),
        attempt=labels.get("rollback.attempt"),
    )


def _time(text: object) -> datetime | None:
    """Docker's time stamp, to the microsecond; its zero year means never."""
    if not isinstance(text, str) or text.startswith("0001"):
        return None
    try:
        return datetime.fromisoformat(re.sub(r"\.(\d{6})\d*", r".\1", text))
    except ValueError:
        return None


def _bool(text: str | None) -> bool | None:
    return {"true": True, "false": False}.get(text or "")
