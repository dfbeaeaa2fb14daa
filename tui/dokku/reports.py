"""Dokku's output, as facts. Both versions: JSON values are strings, 0.38 gives each key bare and prefixed,
0.35 only prefixed; text values are padded with blanks. What is missing is None, never a value that looks healthy.
"""

import contextlib
import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, TypeVar

import msgspec

from tui.dokku import builders
from tui.model import iso_time, json_text
from tui.model.errors import UnexpectedReply
from tui.model.observation import Container
from tui.model.value import Value
from tui.text.clean import clean_line, decode, plain
from tui.text.redact import without_credential

T = TypeVar("T")


class Unreadable(UnexpectedReply):
    """Output that is not what this command prints on any version we know."""

    def __init__(self, what: str, raw: bytes | str) -> None:
        text = clean_line(raw if isinstance(raw, str) else decode(raw), 120)
        if not text:
            super().__init__(f"{what}: the host answered nothing", "ask it by hand: ssh dokku@HOST apps:list")
            return
        super().__init__(f"{what} cannot be read: {text!r}", "is this Dokku newer than 0.38?")


class AppReport(Value):
    """From `apps:report`. A deploy that fails changes none of it: it names what succeeded."""

    source: str | None
    metadata: str | None
    locked: bool | None
    created_at: datetime | None = None


class GitReport(Value):
    """From `git:report`. `branch` is the one in force: the app's own, else the global one."""

    branch: str | None
    own_branch: str | None
    global_branch: str | None
    source_image: str | None = None
    """the image whose files Dokku reads in place of those of a commit: what `git:from-image` tried last"""
    updated_at: datetime | None = None
    """when the deploy branch moved last: `git:from-image` and `git:from-archive` move it before they build"""
    rev_variable: str | None = "GIT_REV"
    """the variable into which Dokku writes the commit that it tries (`git:set APP rev-env-var`); None: into none"""


class PsReport(Value):
    """From `ps:report`. `running` is Dokku's word: true, false or mixed."""

    deployed: bool | None
    running: str | None
    processes: int | None = None
    statuses: tuple[tuple[str, str], ...] = ()
    """process and number, e.g. `web.1`, with Dokku's words for its state"""


class Checks(Value):
    """Which process types have no zero-downtime checks: `none`, `_all_`, or types with commas between."""

    disabled: str
    skipped: str
    default_wait: str = ""
    """seconds that a container without checks has to be up, where the host says; 0.35 keeps it in a variable"""


def document(raw: bytes, kind: type[T], what: str) -> T:
    """The JSON document of an answer. Raises Unreadable, naming `what`, where there is none of that kind.

    Lines of Dokku's own (` !     The property x is deprecated`), of Docker or of a plugin may stand before it or behind
    it, and bytes that are no UTF-8 in it: neither makes it unreadable. Of several documents the longest counts, because
    warnings may be JSON, too.
    """
    with contextlib.suppress(json_text.NotJson):  # looked for within it below
        return json_text.read(raw, kind)
    text = plain(raw)
    found: list[tuple[int, T]] = []
    at = 0
    for _ in range(_TRIED):
        begins = _OPENS.search(text, at)
        if begins is None:
            break
        start = begins.end() - 1
        try:
            _, end = _DECODER.raw_decode(text, start)
            found.append((end - start, json_text.read(text[start:end], kind)))
            at = end
        except json_text.NotJson:
            at = end
        except (ValueError, RecursionError):
            at = start + 1
    if not found:
        raise Unreadable(what, raw)
    return max(found, key=lambda one: one[0])[1]


_OPENS = re.compile(r'^[ \t]*[\[{]|\{(?=\s*")|\[(?=\s*[{"])', re.MULTILINE)
_TRIED = 100
"""places that are tried: a host's warnings are few"""
_DECODER = json.JSONDecoder()


def json_report(raw: bytes, prefix: str) -> dict[str, str]:
    """A `*:report --format json` with its keys bare; a key that exists bare and prefixed has one value."""
    found = document(raw, dict[str, Any], "apps:report" if prefix == "app" else f"{prefix}:report")
    texts = {key: _as_text(value) for key, value in found.items()}
    return {key.removeprefix(f"{prefix}-"): value for key, value in texts.items() if value is not None}


def _as_text(value: Any) -> str | None:
    """Both versions write every value as a text; a newer one may write truth and numbers as such."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, str | int) else None


def text_report(raw: bytes) -> dict[str, str]:
    """A `*:report` as text: label in small letters → value without its padding."""
    found: dict[str, str] = {}
    for line in plain(raw).split("\n"):  # and at no other sign that a value may hold
        label, colon, value = line.partition(":")
        if colon and line.startswith((" ", "\t")):
            found[label.strip().lower()] = value.strip()
    return found


def apps_report(raw: bytes) -> AppReport:
    """Source, metadata and lock of an app. Raises Unreadable, also where nothing of such a report is told: an app
    without a source was never deployed, and that is not to be said of one whose report is another."""
    found = json_report(raw, "app")
    if not {"deploy-source", "deploy-source-metadata", "locked", "dir", "created-at"} & found.keys():
        raise Unreadable("apps:report", raw)
    return app_report(found)


def app_report(found: Mapping[str, str]) -> AppReport:
    """An app's report by its bare keys, as the JSON has them. Of an archive the source is its type, by Dokku's own code
    (`--archive-type`): all three are one to us.

    An address that was deployed may hold a credential: the metadata are read without it, as the journal stores them,
    so that what was seen before a restart of this program equals what is seen after it."""
    source = found.get("deploy-source") or None
    return AppReport(
        source="tar" if source in ("tar.gz", "zip") else source,
        metadata=without_credential(found.get("deploy-source-metadata") or "") or None,
        locked=_truth(found.get("locked")),
        created_at=_epoch(found.get("created-at")),
    )


def git_report(raw: bytes) -> GitReport:
    """The deploy branch of an app. An own branch that is empty means the global one, which 0.38 computes for us.

    Raises Unreadable where this is no such report.
    """
    found = text_report(raw)
    if "git deploy branch" not in found:
        raise Unreadable("git:report", raw)
    own = found["git deploy branch"] or None
    everywhere = found.get("git global deploy branch") or None
    computed = found.get("git computed deploy branch") or None
    return GitReport(
        branch=own or computed or everywhere,
        own_branch=own,
        global_branch=everywhere,
        source_image=clean_line(found.get("git source image", ""), 300) or None,
        updated_at=_epoch(found.get("git last updated at")),
        rev_variable=_variable(found.get("git rev env var", "GIT_REV")),
    )


def _variable(text: str) -> str | None:
    return text if re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]{0,99}", text) else None


def ps_report(raw: bytes) -> PsReport:
    """Deployed and running. Raises Unreadable."""
    found = json_report(raw, "ps")
    count = found.get("processes", "")
    return PsReport(
        deployed=_truth(found.get("deployed")),
        running=found.get("running") or None,
        processes=int(count) if re.fullmatch(r"[0-9]{1,6}", count) else None,
        statuses=tuple(sorted((k.removeprefix("status-"), v) for k, v in found.items() if k.startswith("status-"))),
    )


def checks_report(raw: bytes) -> Checks | None:
    """The text of `checks:report APP`, which both versions have (0.35 has no JSON of it); None where a line is missing.

    Values by plugins/checks of Dokku's source: `checks:disable APP` writes `_all_` and forgets the skipped list.
    """
    found = text_report(raw)
    disabled, skipped = found.get("checks disabled list", ""), found.get("checks skipped list", "")
    if not (_TYPES.fullmatch(disabled) and _TYPES.fullmatch(skipped)):
        return None
    wait = next((value for label, value in found.items() if value and label.endswith("default wait")), "")
    return Checks(disabled=disabled, skipped=skipped, default_wait=clean_line(wait, 20))


_TYPES = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_,-]{0,199}")


_PHASE = re.compile(r"(?m)^[ \t]*Docker options (build|deploy|run):")


def docker_options(raw: bytes) -> dict[str, str]:
    """Phase → all that a `docker-options:report` says after its label, up to the next one."""
    parts = _PHASE.split(plain(raw))
    return dict(zip(parts[1::2], parts[2::2], strict=False))


def git_rev(raw: bytes) -> str | None:
    """The commit that `config:get APP GIT_REV` printed, also among others' lines; None where there is none, or two."""
    lines: list[str] = [line.strip() for line in re.split(r"[\r\n]", plain(raw)) if line.strip()]
    commits = dict.fromkeys(line for line in lines if re.fullmatch(r"[0-9a-f]{40}|[0-9a-f]{64}", line))
    if len(commits) == 1:
        return next(iter(commits))
    return lines[0] if len(lines) == 1 and not re.search(r"\s", lines[0]) else None  # no warning is one word


def apps_list(raw: bytes) -> tuple[str, ...]:
    """The names of `apps:list`, without its header, or of its JSON on 0.38. Raises Unreadable for other JSON."""
    lines = [line.strip() for line in plain(raw).splitlines()]
    header = next((number for number, line in enumerate(lines) if line == "=====> My Apps"), None)
    if header is None and _LISTED.search(raw):
        return tuple(document(raw, list[str], "apps:list"))
    named = (line for line in lines[0 if header is None else header + 1 :] if _APP.fullmatch(line))
    return tuple(dict.fromkeys(named))


_APP = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9_.-]*")
"""a name of an app; no warning of one word ends without a sign"""
_LISTED = re.compile(rb'^\s*\[\s*["\]]', re.MULTILINE)


def tags(raw: bytes) -> tuple[str, ...]:
    """The tags of the runbook's form in what `tags APP` prints, in any words around them."""
    return tuple(dict.fromkeys(re.findall(r"(?<![\w.-])pre-deploy-[0-9]{8}-[0-9]{6}(?![\w.-])", decode(raw))))


def config_export(raw: bytes) -> dict[str, str]:
    """The variables of `config:export --format json`. Raises Unreadable."""
    return document(raw, dict[str, str], "config:export")


class _State(msgspec.Struct, rename="pascal"):
    running: bool
    restarting: bool = False
    paused: bool = False
    started_at: str | None = None
    exit_code: int | None = None
    oom_killed: bool = msgspec.field(default=False, name="OOMKilled")


class _Config(msgspec.Struct, rename="pascal"):
    labels: dict[str, str] | None = None
    image: str = ""
    cmd: list[str] | None = None


class _Inspected(msgspec.Struct, rename="pascal"):
    """The part that is read of Docker's own description."""

    id: str
    name: str
    state: _State
    created: str | None = None
    image: str = ""
    path: str = ""
    restart_count: int = 0
    config: _Config | None = None


# `cyc.web.1`, `cyc.web.1.upcoming-30321`, `cyc.web.1.1795471170`: from the right, because app names may hold dots.
# A process type holds a letter: otherwise the old container's epoch would be taken for an index.
_NAME = re.compile(r"/?.+\.(?P<process>(?=[^.]*[A-Za-z])[\w-]+)\.(?P<index>\d{1,6})(?P<rest>\.[\w-]+)?", re.ASCII)
# what `deploy APP` without a tag leaves behind on both versions
_ORPHAN = re.compile(r"/?.+\.\d+\.\.upcoming-\d+", re.ASCII)


def ps_inspect(raw: bytes) -> tuple[Container, ...]:
    """The containers that the app consists of now. Raises Unreadable.

    A replaced container lives on for a minute as `APP.web.1.<epoch>`; it is left out. One that is being started, or was
    left behind by a deploy that died after the switch, is named `APP.web.1.upcoming-N`; it is left out unless no other
    container of its process runs, because then it is what serves.
    """
    found = document(raw, list[_Inspected], "ps:inspect")
    named: list[Container] = []
    upcoming: list[Container] = []
    for item in found:
        match = _NAME.fullmatch(item.name)
        if match is None:
            if _ORPHAN.fullmatch(item.name):
                continue
            raise Unreadable("a container's name in ps:inspect", item.name)
        rest = match["rest"] or ""
        if rest and not rest.startswith(".upcoming"):
            continue
        (upcoming if rest else named).append(_container(item, match))
    taken = {(c.process, c.index) for c in named if c.running}
    alone = (c for c in upcoming if c.running and (c.process, c.index) not in taken)
    return tuple(sorted((*named, *alone), key=lambda c: (c.process, c.index, c.id)))


def _container(item: _Inspected, name: re.Match[str]) -> Container:
    labels = (item.config.labels if item.config else None) or {}
    return Container(
        id=item.id[:12],
        process=labels.get("com.dokku.process-type", name["process"]),
        index=int(name["index"]),
        image=item.image,
        named=clean_line(item.config.image, 300) if item.config else "",
        created_at=read_time(item.created),
        started_at=read_time(item.state.started_at),
        running=item.state.restarting or (item.state.running and not item.state.paused),
        restarting=item.state.restarting,
        restarts=item.restart_count,
        oom_killed=item.state.oom_killed,
        exit_code=item.state.exit_code,
        release=labels.get("rollback.release"),
        attempt=labels.get("rollback.attempt"),
        builder=builders.of_container(labels, item.path),
        command=tuple((item.config.cmd if item.config else None) or ()),
        predeploy=labels.get("com.dokku.predeploy-phase") == "true",
        upcoming=bool(name["rest"]),
    )


def _epoch(text: str | None) -> datetime | None:
    """Seconds since 1970, as Dokku prints them."""
    return datetime.fromtimestamp(int(text), UTC) if text and re.fullmatch(r"[0-9]{1,11}", text) else None


def read_time(text: str | None) -> datetime | None:
    """Docker's time stamp, to the microsecond; its zero year means never."""
    return iso_time.read(re.sub(r"\.(\d{6})\d*", r".\1", text or ""))


def _truth(text: str | None) -> bool | None:
    """Dokku's word for yes or no; None for every other."""
    return {"true": True, "false": False}.get(text or "")
