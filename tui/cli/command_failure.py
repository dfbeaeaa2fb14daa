"""The end of a command that did not come to its own: a code, one line, and what leads on."""

import traceback
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tui.cli import exits
from tui.cli.exits import Exit
from tui.cli.narrate import Narrator
from tui.model.errors import ConsoleError, JournalError, Refused, Unfinished

if TYPE_CHECKING:
    from tui.engine.engine import Engine


@dataclass(frozen=True, slots=True)
class Failed:
    """The end of a command that failed."""

    code: Exit
    message: str
    fix: str = ""


def of(engine: "Engine", error: ConsoleError) -> Failed:
    """An error, and what had been sent before it: the code follows from both."""
    # a refusal speaks of this command alone, not of what its incident had sent before
    wrote = engine.gate.wrote if isinstance(error, Refused) else _wrote(engine)
    return failed(error, wrote=wrote, onward=_onward(engine))


def failed(error: ConsoleError, *, wrote: bool, onward: str) -> Failed:
    """The same for a part of a command. `onward`: what finds out what became of it, or puts it in order."""
    code = exits.of_error(error, wrote=wrote)
    if not wrote or code is not Exit.UNKNOWN or isinstance(error, Unfinished):
        return Failed(code, error.message, error.fix)
    then = onward
    if isinstance(error, JournalError | Refused) and error.fix not in ("", onward):
        then = f"{error.fix}; then: {onward}"
    if isinstance(error, JournalError):
        said = f"{error.message}: the record on this machine is incomplete, and what was sent goes on at the host"
        return Failed(code, said, then)
    return Failed(code, f"{error.message}; what had been sent before that may have taken effect", then)


def interrupted(engine: "Engine") -> Failed:
    """A signal, where the command itself had nothing to say of it."""
    if not _wrote(engine):
        return Failed(Exit.INTERRUPTED, "interrupted before anything was sent")
    return Failed(Exit.UNKNOWN, "interrupted; what had been sent may have taken effect", _onward(engine))


def _wrote(engine: "Engine") -> bool:
    return engine.gate.wrote or any(walk.incident.wrote for walk in engine.walks.values())


def _onward(engine: "Engine") -> str:
    """The command that finds out what became of it."""
    left = dict.fromkeys(walk.incident.known_as for walk in engine.walks.values() if walk.incident.open)
    return " · ".join(f"rollback resume {one}" for one in left) or "rollback status"


def say(failed: Failed, narrator: Narrator) -> None:
    """Tell the person."""
    narrator.insist(f"{exits.word(failed.code)}: {failed.message}", "red")
    if failed.fix:
        narrator.insist(f"  fix: {failed.fix}")


def fault(error: Exception) -> ConsoleError:
    """A fault of this program in one line; where it happened is written to a file, which is named."""
    from tui.drivers import crash_log

    where = crash_log.keep("".join(traceback.format_exception(error)))
    words = f"a fault of rollback itself: {type(error).__name__}: {error}"
    return ConsoleError(words, f"details: {where}" if where else "")
