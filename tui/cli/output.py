"""The only file that writes to stdout, and the shapes of what it writes (schema 1)."""

import json
import os
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from tui.cli import streams
from tui.cli.exits import Exit, word
from tui.engine.store import Illegible
from tui.incident import announcements, error_rates
from tui.model.evidence import Measurement, Rate
from tui.model.holder_look import HolderLook
from tui.model.incident import Incident
from tui.model.outcome import Exited, describe
from tui.model.plan import Plan
from tui.model.release import Release
from tui.model.taken_back import TakenBack
from tui.text.clean import clean
from tui.text.redact import redacted

SCHEMA = 1
Document = dict[str, Any]


class ReaderGone(Exception):
    """Nobody reads stdout any more, and there was nothing to do but to fill it."""


class _Out:
    """The state of stdout."""

    def __init__(self) -> None:
        self.lost = ""
        self.gone = False
        self.before: Callable[[], None] | None = None


_state = _Out()


def lost() -> str:
    """Why the result could not be written, if so. A reader who has seen enough and left is no reason."""
    return _state.lost


def before(tell: Callable[[], None] | None) -> None:
    """Call it before each line: what else is on the terminal may have to go first."""
    _state.before = tell


def write(document: Document) -> None:
    """One JSON document. What cannot be written is lost, and `lost` says why: what was done is done."""
    _out(json.dumps(redacted(document), ensure_ascii=True))


def text(line: str = "") -> None:
    """A line of a table, for people and pipes. Never raises, as `write`."""
    _out(clean(line))


def follow(line: str | Document) -> None:
    """A line of what does not end by itself. Raises ReaderGone when nobody reads any more."""
    if isinstance(line, str):
        text(line)
    else:
        write(line)
    _still_read()


def redraws() -> bool:
    """True if stdout is a terminal on which lines can be written over."""
    return streams.is_terminal(sys.stdout) and os.environ.get("TERM") != "dumb"


def screen(lines: list[str]) -> None:
    """The whole terminal. Raises ReaderGone when nobody reads any more."""
    _guarded("\x1b[H\x1b[J" + "".join(f"{clean(line)}\n" for line in lines))
    _still_read()


def _still_read() -> None:
    if _state.gone or _state.lost:
        raise ReaderGone


def flush() -> None:
    """Write what others have put there (`--help`). The interpreter does it once more at its end, and must not fail."""
    _guarded("")


def _out(line: str) -> None:
    if _state.before is not None:
        _state.before()
    if not (_state.gone or _state.lost):
        encoding = sys.stdout.encoding or "utf-8"
        _guarded(line.encode(encoding, "replace").decode(encoding) + "\n")


def _guarded(text: str) -> None:
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
        return
    except BrokenPipeError:
        _state.gone = True
    except (OSError, ValueError) as error:
        _state.lost = getattr(error, "strerror", None) or str(error)
    streams.lead_away(sys.stdout)


def time(at: datetime | None) -> str | None:
    """RFC 3339 in UTC; unknown stays null."""
    return None if at is None else at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def named(release: Release | None) -> Document | None:
    """A release as `from` and `to` have it."""
    if release is None:
        return None
    return {"number": release.number, "tag": release.tag, "commit": release.commit, "image": release.image}


def error(code: Exit, message: str, fix: str = "") -> Document | None:
    """The error part of a document; null when all is well."""
    return None if code is Exit.DONE else {"code": word(code), "message": message, "fix": fix}


def failure(kind: str, code: Exit, message: str, fix: str = "") -> Document:
    """The document of something that failed before it had a subject."""
    return {"schema": SCHEMA, "kind": kind, "exit_code": int(code), "error": error(code, message, fix)}


def listing(kind: str, items: list[Document], **more: Any) -> Document:
    """The document of a list."""
    return {"schema": SCHEMA, "kind": kind, "items": items, **more}


def illegible(one: Illegible) -> Document:
    """An incident in the journal that cannot be read, with what to do."""
    return {"incident": one.id, "service": one.service, "reason": one.why, "fix": one.fix}


def planned(plan: Plan, **more: Any) -> Document:
    """A plan on its own."""
    return {
        "schema": SCHEMA,
        "kind": "plan",
        "host": plan.host,
        "service": plan.service,
        "app": plan.app,
        "incident": plan.attempt.rpartition(".")[0],
        "from": named(plan.leaving),
        "to": named(plan.target),
        "way": plan.way,
        "expected_seconds": plan.expected,
        "downtime_seconds": list(plan.downtime) if plan.downtime else None,
        "steps": [
            {
                "id": s.id,
                "argv": list(s.argv),
                "where": s.where.value,
                "writes": s.writes,
                "expected_seconds": s.expected,
                "paste": s.paste,
            }
            for s in plan.steps
        ],
        "warnings": [{"severity": w.severity.value, "text": w.text} for w in plan.warnings],
        "checked": [{"name": c.name, "result": c.standing.value, "text": c.text} for c in plan.checked],
        "skipped": [{"release": name, "reason": why} for name, why in plan.skipped],
        "serving_again": {
            "seconds": round(plan.promise.seconds, 1),
            "measured": plan.promise.count,
            "of_this_app": plan.promise.own,
        }
        if plan.promise is not None
        else None,
        "own_checks": [
            {"process": c.process, "uptime": c.uptime, "path": c.path, "why": c.why} for c in plan.own_checks
        ],
        "takes_back": takes_back(plan.taken),
        **more,
    }


def takes_back(found: TakenBack | None) -> Document | None:
    """The commits, files and settings that a plan takes back, and what else changed; null where nothing is left, and in
    plans of older consoles."""
    if found is None:
        return None
    known = not found.unknown
    return {
        "commits": [
            {"commit": c.id, "subject": c.subject, "author": c.author, "committed_at": time(c.at)}
            for c in found.commits
        ]
        if known
        else None,
        "commit_count": found.commit_count if known else None,
        "returning_commits": found.returns if known else None,
        "files": list(found.files) if known else None,
        "file_count": found.file_count if known else None,
        "migrations": list(found.migrations) if known else None,
        "unknown": found.unknown or None,
        "config_keys": {
            "added": list(found.config_added),
            "removed": list(found.config_removed),
            "changed": list(found.config_changed),
            "unknown": found.config_unknown or None,
        },
        "also_changed": {
            "since": time(found.since),
            "items": [
                {"at": time(c.at), "kind": c.kind.value, "service": c.service or None, "text": c.text}
                for c in found.nearby
            ],
            "unknown": list(found.gaps),
        },
    }


def rollback(incident: Incident, code: Exit, message: str = "", fix: str = "") -> Document:
    """A rollback from its plan to where it is."""
    plan = incident.plan
    steps = []
    for run in incident.runs:
        step = next((s for s in plan.steps if s.id == run.step), None) if plan else None
        steps.append(
            {
                "argv": list(step.argv) if step else [run.step],
                "where": step.where.value if step else None,
                "writes": step.writes if step else None,
                "outcome": describe(run.outcome) if run.outcome else None,
                "exit": run.outcome.code if isinstance(run.outcome, Exited) else None,
                "started_at": time(run.started_at),
                "seconds": round((run.ended_at - run.started_at).total_seconds(), 3) if run.ended_at else None,
                "result": run.result.value if run.result else None,
                "detail": run.detail,
            }
        )
    return {
        "schema": SCHEMA,
        "kind": "rollback",
        "host": incident.host,
        "service": incident.service,
        "app": incident.app,
        "incident": incident.known_as,
        "journal": incident.id,
        "state": incident.state.value,
        "asking": incident.asking.value if incident.asking else None,
        "severity": incident.severity,
        "from": named(plan.leaving) if plan else None,
        "to": named(plan.target) if plan else None,
        "way": plan.way if plan else None,
        "steps": steps,
        "takes_back": takes_back(plan.taken) if plan else None,
        "checks": [{"name": c.name, "verdict": c.verdict.value, "evidence": c.evidence} for c in incident.checks],
        "verdict": incident.verdict.value if incident.verdict else None,
        "downtime": downtime(incident),
        "serving_again": serving_again(incident),
        "measurements": [measurement(m) for m in incident.measurements],
        "closing": incident.closing.value if incident.closing else None,
        "close_reason": incident.close_reason,
        "left_over": list(incident.left_over),
        "told": [
            {
                "channel": d.channel,
                "milestone": d.milestone.value,
                "delivered": d.delivered,
                "at": time(d.at),
                "detail": d.detail,
                "link": d.link,
                "by_hand": d.by_hand,
            }
            for d in announcements.standing(incident.deliveries)
        ],
        "exit_code": int(code),
        "error": error(code, message, fix),
    }


def measurement(found: Measurement) -> Document:
    """The word of every source at one moment. Shares are fractions, times seconds."""
    together = error_rates.combined(found)
    return {
        "at": time(found.at),
        "phase": found.phase.value,
        "limit": found.limit,
        "verdict": together.word.value,
        "decided_by": together.source.value
        if together.word is not error_rates.Word.UNSURE and together.source
        else None,
        "rates": [rate(r, found.limit) for r in found.rates],
        "p50": found.p50,
        "p95": found.p95,
        "timed_by": found.timed_by.value if found.timed_by else None,
        "new_issues": {
            "total": found.issues.total,
            "titles": list(found.issues.titles),
            "link": found.issues.link,
            "note": found.issues.note,
        }
        if found.issues
        else None,
    }


def rate(found: Rate, limit: float) -> Document:
    """One source's numbers and what they prove."""
    reading = error_rates.of(found, limit)
    return {
        "source": found.source.value,
        "since": time(found.since),
        "until": time(found.until),
        "failed": found.failed,
        "total": found.total,
        "share": round(reading.share, 6) if reading and reading.total else None,
        "interval": [round(reading.low, 6), round(reading.high, 6)] if reading else None,
        "verdict": reading.word.value if reading else None,
        "over_by_bare_rule": reading.literal if reading and reading.total else None,
        "needs_more": reading.needs if reading else None,
        "lag_seconds": found.lag,
        "unparsed": found.unparsed,
        "excluded": found.excluded,
        "refused": found.refused,
        "closed_by_client": found.closed,
        "covered": found.covered,
        "note": "; ".join(filter(None, (found.note, reading.why if reading else ""))),
    }


def serving_again(incident: Incident) -> Document | None:
    """The first good answer since the word to go back; null where it is not known."""
    if incident.again_at is None:
        return None
    seconds = incident.again_after
    return {
        "at": time(incident.again_at),
        "seconds": None if seconds is None else round(seconds, 1),
        "answered_throughout": incident.answered_throughout,
    }


def downtime(incident: Incident) -> Document | None:
    """The time in which the service did not answer while it was replaced; null where it went on answering."""
    since, until = incident.down_since, incident.down_until
    if since is None:
        return None
    seconds = round((until - since).total_seconds(), 1) if until else None
    return {"since": time(since), "until": time(until), "seconds": seconds}


def look(found: HolderLook | None) -> Document | None:
    """The last look at a holder's image; null where nobody has looked from here."""
    return None if found is None else {"state": found.image.value, "at": time(found.at), "why": found.why or None}


def release(item: Release) -> Document:
    """A release in a list."""
    return {
        **(named(item) or {}),
        "name": item.name,
        "subject": item.subject,
        "author": item.author,
        "committed_at": time(item.committed_at),
        "deployed_at": time(item.deployed_at),
        "deployed_by": item.deployed_by,
        "kept_at": time(item.kept_at),
        "kept_by": item.kept_by,
        "last_served": time(item.last_served),
        "last_healthy": time(item.last_healthy),
        "source": item.source,
        "digest": item.digest,
        "running": item.running,
        "down": item.down,
        "restarting": item.restarting,
        "bad": item.bad,
        "failed": item.failed,
        "kept": item.holder is not None,
        "holder": item.holder,
        "holder_image": look(item.looked),
        "served_as": list(item.served_as),
        "origin": item.origin.value,
        "told": {fact: source.value for fact, source in item.told},
        "ways": [{"way": w.way, "available": w.available, "seconds": w.seconds, "reason": w.reason} for w in item.ways],
    }
