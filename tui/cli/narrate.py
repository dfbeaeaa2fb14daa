"""The only file that writes to stderr: what is going on, for the person who waits."""

import asyncio
import io
import os
import select
import sys
from time import monotonic
from typing import TextIO

from tui.incident import taken_back
from tui.model.notice import Message
from tui.model.plan import Plan, Severity, Standing
from tui.text.chat import NO_WIDTH
from tui.text.clean import clean

_COLOURS = {"red": "31;1", "green": "32", "yellow": "33;1", "dim": "2", "bold": "1"}


PATIENCE = 0.5
"""seconds that one line may wait for a reader who takes nothing (a stopped terminal, a full pipe)"""
CHUNK = 1024
"""bytes that a pipe or terminal that is ready takes without waiting"""


class Narrator:
    """Tells on stderr. Colours only on a terminal that has them and a person who did not forbid them.

    What cannot be told is lost, and counted: a full disk, a reader who left or one who reads no more must neither end
    nor hold up what is told of."""

    def __init__(self, *, color: bool) -> None:
        told = _is_terminal(sys.stderr)
        self.interactive = told and _is_terminal(sys.stdin)
        self.unsaid = 0
        """lines in a row that could not be told"""
        self._color = color and told and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"

    def say(self, text: str = "", colour: str = "") -> None:
        """One line. Never raises, and waits for nobody longer than PATIENCE."""
        shown = clean(text)
        if colour and self._color:
            shown = f"\x1b[{_COLOURS[colour]}m{shown}\x1b[0m"
        if self.unsaid and self._write(f"… {self.unsaid} lines could not be shown here\n"):
            self.unsaid = 0
        self.unsaid = 0 if self._write(shown + "\n") else self.unsaid + 1

    def _write(self, text: str) -> bool:
        raw = memoryview(text.encode(getattr(sys.stderr, "encoding", None) or "utf-8", "replace"))
        until = monotonic() + (0.0 if self.unsaid else PATIENCE)
        try:
            if (err := _descriptor(sys.stderr)) is None:
                sys.stderr.write(text)
                return True
            while raw:
                if not select.select([], [err], [], max(0.0, until - monotonic()))[1]:
                    return False
                raw = raw[os.write(err, raw[:CHUNK]) :]
        except (OSError, ValueError):
            return False
        return True

    async def ask(self, question: str) -> str:
        """A line from the person. Only to be called where `interactive`; whoever waits for it can be cancelled."""
        self._write(clean(question))
        loop = asyncio.get_running_loop()
        typed: asyncio.Future[None] = loop.create_future()
        loop.add_reader(0, lambda: None if typed.done() else typed.set_result(None))
        try:
            await typed
        finally:
            loop.remove_reader(0)
        return os.read(0, 4096).decode("utf-8", "replace").split("\n")[0].strip()  # a terminal gives whole lines

    def plan(self, plan: Plan) -> None:
        """The plan as a person has to see it before saying yes."""
        what = "FORWARD AGAIN" if plan.forward else "DEPLOY AGAIN" if plan.again else "ROLLBACK"
        self.say(f"{what} {plan.service} ({plan.app} on {plan.host})", "bold")
        self.say(f"  from  {plan.leaving.name}  {plan.leaving.commit or 'commit unknown'}")
        self.say(f"  to    {plan.target.name}  {plan.target.tag or ''}  {plan.target.commit or 'commit unknown'}")
        downtime = "unknown" if plan.downtime_unknown else "none"
        if plan.downtime is not None:
            downtime = f"{plan.downtime[0]:.0f}-{plan.downtime[1]:.0f} s"
        self.say(f"  way   {plan.way}, about {plan.expected:.0f} s, downtime {downtime}")
        if plan.taken is not None:
            self.say(f"  takes back    {taken_back.summary(plan.taken)}")
            self.say(f"  also changed  {taken_back.also(plan.taken, None, plan.made_at)}")
        if plan.promise is not None:
            self.say(f"  then  {plan.promise.words}")
        for name, why in plan.skipped:
            self.say(f"  passed over {name}: {why}", "dim")
        for caution in plan.warnings:
            colour = "red" if caution.severity is Severity.BLOCK else "yellow"
            self.say(f"  {caution.severity.value.upper()}: {caution.text}", colour)
        if plan.checked:
            self.say("  checked before this plan:")
        for look in plan.checked:
            colour = {Standing.OK: "", Standing.BLOCKED: "red"}.get(look.standing, "yellow")
            self.say(f"    {look.standing.value:<8} {look.name}: {look.text}", colour)
        self.say("  will run:")
        for number, step in enumerate(plan.steps, 1):
            mark = "writes" if step.writes else "reads"
            self.say(f"    {number}. {step.title} ({mark})")
            for line in step.paste.splitlines():
                self.say(f"         {line}", "dim")

    def post(self, message: Message, told: tuple[str, ...]) -> None:
        """What will be posted, and where."""
        self.say(f"  will be told to {', '.join(told)} (--no-notify posts nothing):")
        for line in (message.title, *message.text.splitlines()):
            self.say(f"    > {line.replace(NO_WIDTH, '')}", "dim")


def _descriptor(stream: TextIO) -> int | None:
    """Its descriptor; None where it is in memory only."""
    try:
        return stream.fileno()
    except io.UnsupportedOperation:
        return None


def _is_terminal(stream: TextIO) -> bool:
    try:
        return stream.isatty()
    except (OSError, ValueError):
        return False
