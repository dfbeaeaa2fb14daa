"""The drills of this machine, on whichever host: begun, and what each came to, kept in the journal's ledger."""

import contextlib
from collections.abc import Iterable
from datetime import datetime, timedelta

import msgspec

from tui.dokku.config_values import stamp
from tui.engine.ports import JournalPort
from tui.model.drill import PREFIX, DrillBegun, DrillEnd, DrillResult

BEGUN, RESULT = "drill-begun", "drill"
FRESH = timedelta(days=30)
"""how long a drill counts"""


async def results(journal: JournalPort) -> tuple[DrillResult, ...]:
    """All drills that ended, oldest first; one that this console cannot read is left out. Raises JournalError."""
    found: list[DrillResult] = []
    for entry in await journal.ledger("", PREFIX):
        if entry.kind == RESULT:
            with contextlib.suppress(msgspec.DecodeError):  # a newer console may have put it there
                found.append(msgspec.json.decode(entry.payload, type=DrillResult))
    return tuple(found)


async def unfinished(journal: JournalPort) -> tuple[DrillBegun, ...]:
    """The drills that may have left something on their host: without an end, or with apps that could not be removed.
    Raises JournalError."""
    found: dict[str, DrillBegun] = {}
    for entry in await journal.ledger("", PREFIX):
        with contextlib.suppress(msgspec.DecodeError):  # a newer console may have put it there
            if entry.kind == BEGUN:
                begun = msgspec.json.decode(entry.payload, type=DrillBegun)
                found[begun.app] = begun
            elif not (ended := msgspec.json.decode(entry.payload, type=DrillResult)).left:
                found.pop(ended.app, None)
    return tuple(found.values())


async def begin(journal: JournalPort, begun: DrillBegun) -> None:
    """Put the intent on record. Raises JournalError."""
    await journal.ledger_add("", PREFIX, BEGUN, msgspec.json.encode(begun).decode(), begun.at)


async def note(journal: JournalPort, result: DrillResult) -> None:
    """Put an end on record. Raises JournalError."""
    await journal.ledger_add("", PREFIX, RESULT, msgspec.json.encode(result).decode(), result.at)


def last(found: Iterable[DrillResult], host: str) -> DrillResult | None:
    """The newest drill of a host; None: there was none."""
    return max((one for one in found if one.host == host), key=lambda one: one.at, default=None)


def due(found: DrillResult | None, version: str | None, now: datetime) -> str:
    """Why a host should be drilled, in words; empty where its last drill counts still. `version`: of its Dokku now."""
    if found is None:
        return "no drill of this host is on record on this machine"
    if now - found.at > FRESH:
        return f"{worded(found)}: that is {(now - found.at).days} days ago"
    if found.dokku and version and found.dokku != version:
        return f"{worded(found)}: it was Dokku {found.dokku} then, and is {version} now"
    if found.end is not DrillEnd.PROVEN:
        return worded(found)
    return ""


def worded(found: DrillResult | None) -> str:
    """The result of the last drill."""
    if found is None:
        return "no drill is on record"
    took = f", back and proven {found.back_seconds:.0f} s after the word" if found.back_seconds is not None else ""
    why = f" ({found.why})" if found.why and found.end is not DrillEnd.PROVEN else ""
    return f"the last drill, {stamp(found.at)}: {found.end.value}{took}{why}"
