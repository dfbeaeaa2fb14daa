"""The drills on record: what each host's last tries came to, kept in the journal's ledger."""

import contextlib

import msgspec

from tui.engine.ports import JournalPort
from tui.model.drill import PREFIX, DrillResult

KIND = "drill"


async def of(journal: JournalPort, host: str) -> tuple[DrillResult, ...]:
    """All drills of a host, oldest first; one that this console cannot read is left out. Raises JournalError."""
    found: list[DrillResult] = []
    for entry in await journal.ledger(host, PREFIX):
        if entry.kind == KIND:
            with contextlib.suppress(msgspec.DecodeError):  # a newer console may have put it there
                found.append(msgspec.json.decode(entry.payload, type=DrillResult))
    return tuple(found)


async def note(journal: JournalPort, host: str, result: DrillResult) -> None:
    """Put one on record. Raises JournalError."""
    await journal.ledger_add(host, PREFIX, KIND, msgspec.json.encode(result).decode(), result.at)
