"""`rollback sandbox --game-day`: trouble that nobody knows beforehand; at the end what was quick and what was missed.

The seed chooses the trouble and is told at the end only: the same seed is the same trouble again, for somebody else.
"""

import asyncio
import random
import secrets
from collections.abc import Sequence
from datetime import datetime

from tui.drivers.journal import Journal
from tui.engine.store import SEARCHED, legible
from tui.incident.postmortem import moments, record
from tui.incident.postmortem.record import Record
from tui.incident.statistics import recovery
from tui.incident.statistics.recovery import RecoveryPart
from tui.model.incident import Closing
from tui.model.runbook_numbers import WatchSpec
from tui.model.verification import Verdict

TROUBLE = {
    "bad-release": "api's newest release failed its health check",
    "three-percent-errors": "api was healthy and failed 3 % of its requests",
    "traffic": "api was healthy and failed 3 % of its requests, among many users",
    "dropped-connection": "api's newest release was bad, and the connection died in the push that goes back",
    "slow-deploy": "api's newest release was bad, and the push that goes back took four times as long",
    "wrong-app": "requests to search were answered by api: no rollback helps against that",
    "healthy": "nothing was wrong: no rollback was needed",
}
"""scenarios of the sandbox, and what they are in words"""
NO_ROLLBACK = frozenset({"wrong-app", "healthy"})
LIMIT = WatchSpec().error_rate


def new_seed() -> str:
    """A seed that is short enough to be told to somebody."""
    return secrets.token_hex(2)


def drawn(seed: str) -> str:
    """The scenario of that seed."""
    return random.Random(seed).choice(sorted(TROUBLE))  # noqa: S311 - a game


def told(seed: str, began: datetime) -> list[str]:
    """The end of a game day, from the sandbox's own journal. Raises JournalError."""
    return lines(asyncio.run(_records()), drawn(seed), seed, began)


async def _records() -> list[Record]:
    journal = Journal()
    try:
        found: list[Record] = []
        for row in reversed(await journal.incidents(SEARCHED)):
            entries = await journal.entries(row.id)
            with legible(row.id):
                found.append(record.read((entry.kind, entry.payload) for entry in entries))
        return found
    finally:
        await journal.close()


def lines(records: Sequence[Record], scenario: str, seed: str, began: datetime) -> list[str]:
    """The scenario, how long each part took, and what was not done. Unknown is said so, and is no zero."""
    said = [f"game day {seed}: {TROUBLE[scenario]}"]
    measured = [(one, found) for one in records if (found := recovery.measure(one, LIMIT)) is not None]
    if records:
        found_at = min((at for one in records if (at := moments.detected(one, LIMIT).at) is not None), default=None)
        if found_at is not None and found_at >= began:
            said.append(f"  detect: {(found_at - began).total_seconds():.0f} s after it was opened")
    for one, times in measured:
        parts = ((part, times.span(part)) for part in RecoveryPart if part is not RecoveryPart.DETECT)
        words = ", ".join(f"{part}: {'unknown' if s is None else f'{s:.0f} s'}" for part, s in parts)
        said.append(f"  {one.incident.service}: {words}")
    said.extend(f"  missed: {one}" for one in missed(records, scenario))
    said.append(f"  once more, for somebody else: rollback sandbox --game-day {seed}")
    return said


def missed(records: Sequence[Record], scenario: str) -> list[str]:
    """The steps that a good night would have had, and this one had not."""
    incidents = [one.incident for one in records]
    back = [one.incident for one in records if recovery.sent(one)]
    if scenario in NO_ROLLBACK:
        return [f"{one.service} was rolled back, and nothing was wrong with its release" for one in back]
    if not incidents:
        return ["no incident was opened"]
    found: list[str] = []
    if not any(one.service == "api" for one in back):
        found.append("api was not rolled back")
    for one in back:
        if one.verdict is not Verdict.PASSED:
            found.append(f"{one.service}: its target was not proven to serve")
        if one.severity is None:
            found.append(f"{one.service}: no severity is on record")
        if one.closing is Closing.UNWATCHED:
            found.append(f"{one.service}: nobody watched it afterwards")
        if one.left_frozen:
            found.append(f"{one.service}: deploys are frozen still (rollback unfreeze {one.service})")
    found.extend(f"{one.service}: incident {one.id} is open still" for one in incidents if one.open)
    return found
