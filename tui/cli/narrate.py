"""The only file that writes to stderr: what is going on, for the person who waits."""

import asyncio
import contextlib
import io
import os
import select
import sys
from collections import deque
from collections.abc import AsyncIterator
from time import monotonic
from typing import TextIO

from tui.cli import output
from tui.cli.streams import is_terminal
from tui.incident import taken_back
from tui.model.notice import Message
from tui.model.plan import CheckResult, Plan, PlanWarning, WarningLevel
from tui.text.chat import NO_WIDTH
from tui.text.clean import clean, clean_line

_COLOURS = {"red": "31;1", "green": "32", "yellow": "33;1", "dim": "2", "bold": "1"}
PATIENCE = 0.5
"""seconds that one line may wait for a reader who takes nothing (a stopped terminal, a full pipe)"""
CHUNK = 1024
"""bytes that a pipe or terminal that is ready takes without waiting"""
TAIL = 12
"""lines of what a host printed last that are kept, for the case that it fails"""
QUIET_FOR = 2.0
"""seconds without a word after which it is said what is being done, on a terminal"""
STILL = 15.0
"""the same where no line can be written over"""


class Narrator:
    """Tells on stderr. Colours only on a terminal that has them and a person who did not forbid them.

    What cannot be told is lost, and counted: a full disk, a reader who left or one who reads no more must neither end
    nor hold up what is told of.

    `quiet`: only what is wrong, and questions. `verbose`: what the hosts print too. `accessible`: no control sequences,
    and no line is written over."""

    def __init__(self, *, color: bool, quiet: bool = False, verbose: bool = False, accessible: bool = False) -> None:
        told = is_terminal(sys.stderr)
        self.interactive = told and is_terminal(sys.stdin)
        self.unsaid = 0
        """lines in a row that could not be told"""
        self.quiet, self.verbose, self.accessible = quiet, verbose, accessible
        self.tail: deque[str] = deque(maxlen=TAIL)
        """what a host printed last"""
        plain = accessible or os.environ.get("TERM") == "dumb"
        self._color = color and told and not os.environ.get("NO_COLOR") and not plain
        self._told, self._moves = told and not quiet, told and not quiet and not plain
        self._said_at = self._began_at = monotonic()
        self.ended = False
        """whether the person has ended the input"""
        self._doing, self._heard, self._shown, self._asking = "", "", False, False

    def say(self, text: str = "", colour: str = "") -> None:
        """One line. Never raises, and waits for nobody longer than PATIENCE."""
        if not self.quiet or colour == "red":
            self.insist(text, colour)

    def insist(self, text: str = "", colour: str = "") -> None:
        """One line, where only results are wanted, too."""
        self._said_at = monotonic()
        shown = clean(text)
        if colour and self._color:
            shown = f"\x1b[{_COLOURS[colour]}m{shown}\x1b[0m"
        self.erase()
        if self.unsaid and self._write(f"… {self.unsaid} lines could not be shown here\n"):
            self.unsaid = 0
        self.unsaid = 0 if self._write(shown + "\n") else self.unsaid + 1

    # ── while it takes time ──────────────────────────────────────────────────────────────────────────────────────

    def doing(self, what: str) -> None:
        """Note what is being done from now on; it is said on a terminal once it takes longer than QUIET_FOR."""
        self._doing, self._began_at, self._heard = what, monotonic(), ""

    def heard(self, line: str, *, aloud: bool = False) -> None:
        """A line that a host or a program printed; `aloud`: it is told in any case."""
        self.tail.append(line)
        self._heard = line
        if self.verbose or aloud:
            self.say(f"    | {line}", "dim")

    @contextlib.asynccontextmanager
    async def waiting(self, what: str) -> AsyncIterator[None]:
        """While the block runs, silence on a terminal is explained: on one moving line, else now and then a new one."""
        self.doing(what)
        output.before(self.erase)
        ticker = asyncio.create_task(self._tick())
        try:
            yield
        finally:
            ticker.cancel()
            self.erase()
            output.before(None)

    async def _tick(self) -> None:
        while self._told:
            await asyncio.sleep(0.5)
            silent = monotonic() - self._said_at
            if self._asking or silent < (QUIET_FOR if self._moves else STILL):
                continue
            passed = f"{monotonic() - self._began_at:.0f} s"
            if not self._moves:
                self.insist(f"still at it, {passed}: {self._doing}")
                continue
            last = f"  {clean_line(self._heard).strip()}" if self._heard else ""
            line = f"  … {self._doing} {passed}{last}"[: max(20, _columns() - 1)]
            self._shown = self._write(f"\r\x1b[K{line}")

    def erase(self) -> None:
        """Take the moving line away: something else is written now."""
        if self._shown:
            self._shown = False
            self._write("\r\x1b[K")

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
        """A line from the person. Only to be called where `interactive`; whoever waits for it can be cancelled. Empty,
        and not asked for any more, once the person has ended the input (Ctrl-D)."""
        if self.ended:
            return ""
        self.erase()
        self._write(clean(question))
        self._asking = True
        loop = asyncio.get_running_loop()
        typed: asyncio.Future[None] = loop.create_future()
        loop.add_reader(0, lambda: None if typed.done() else typed.set_result(None))
        try:
            await typed
        finally:
            loop.remove_reader(0)
            self._asking, self._said_at = False, monotonic()
        line = os.read(0, 4096)  # a terminal gives whole lines
        self.ended = not line
        return line.decode("utf-8", "replace").split("\n")[0].strip()

    def plan(self, plan: Plan, *, whole: bool = False) -> None:
        """The plan as a person has to see it before saying yes. `whole`: with each look and each command."""
        if whole or self.verbose:
            self._summary(plan)
            self._cautions(plan.warnings)
            self._looks(plan)
            self._commands(plan)
            return
        for name, why in plan.skipped:
            if why != "it runs now":
                self.say(f"passed over {name}: {why}", "dim")
        self._brief_looks(plan)
        self._cautions(plan.warnings)
        writes = sum(step.writes for step in plan.steps)
        self._summary(plan, f"; {len(plan.steps)} commands, {writes} of them write (--plan or -v shows each)")

    def _summary(self, plan: Plan, more: str = "") -> None:
        what = "FORWARD AGAIN" if plan.forward else "DEPLOY AGAIN" if plan.again else "ROLLBACK"
        self._shown_for_asking(f"{what} {plan.service} ({plan.app} on {plan.host})", "bold")
        self._shown_for_asking(f"  from  {plan.leaving.name}  {plan.leaving.commit or 'commit unknown'}", "yellow")
        to = f"{plan.target.name}  {plan.target.tag or ''}  {plan.target.commit or 'commit unknown'}"
        self._shown_for_asking(f"  to    {to}", "green")
        downtime = "unknown" if plan.downtime_unknown else "none"
        if plan.downtime is not None:
            downtime = f"{plan.downtime[0]:.0f}-{plan.downtime[1]:.0f} s"
        way = f"  way   {plan.way}, about {plan.expected:.0f} s, downtime {downtime}{more}"
        self._shown_for_asking(way, "" if downtime == "none" else "yellow")
        if plan.taken is not None:
            self._shown_for_asking(f"  takes back    {taken_back.summary(plan.taken)}")
            self.say(f"  also changed  {taken_back.also(plan.taken, None, plan.made_at)}")
        if plan.promise is not None:
            self.say(f"  then  {plan.promise.words}")
        if not more:
            for name, why in plan.skipped:
                self.say(f"  passed over {name}: {why}", "dim")

    def _shown_for_asking(self, text: str, colour: str = "") -> None:
        """A line for whoever is asked, who sees it also where only results are wanted."""
        if self.interactive:
            self.insist(text, colour)
        else:
            self.say(text, colour)

    def _cautions(self, cautions: tuple[PlanWarning, ...]) -> None:
        for caution in cautions:
            colour = "red" if caution.severity is WarningLevel.BLOCK else "yellow"
            self.say(f"  {caution.severity.value.upper()}: {caution.text}", colour)

    def _brief_looks(self, plan: Plan) -> None:
        """The looks in brief: those that are well are counted, those that nobody knows named, any other is told."""
        good = sum(look.standing is CheckResult.OK for look in plan.checked)
        unknown = [look.words for look in plan.checked if look.standing is CheckResult.UNKNOWN]
        if plan.checked:
            more = f"; not known: {', '.join(unknown)}" if unknown else ""
            self.say(f"checked before this plan: {good} ok{more}", "yellow" if unknown else "")
        for look in plan.checked:
            if look.standing not in (CheckResult.OK, CheckResult.UNKNOWN):
                colour = "red" if look.standing is CheckResult.BLOCKED else "yellow"
                self.say(f"  {look.standing.value:<8} {look.words}: {look.text}", colour)

    def _looks(self, plan: Plan) -> None:
        if plan.checked:
            self.say("  checked before this plan:")
        for look in plan.checked:
            colour = {CheckResult.OK: "", CheckResult.BLOCKED: "red"}.get(look.standing, "yellow")
            self.say(f"    {look.standing.value:<8} {look.words}: {look.text}", colour)

    def _commands(self, plan: Plan) -> None:
        self.say("  will run:")
        for number, step in enumerate(plan.steps, 1):
            mark = "writes" if step.writes else "reads"
            self.say(f"    {number}. {step.title} ({mark})")
            for line in step.paste.splitlines():
                self.say(f"         {line}", "dim")

    def post(self, message: Message, told: tuple[str, ...]) -> None:
        """Show what will be posted, and where."""
        self.say(f"  will be told to {', '.join(told)} (--no-notify posts nothing):")
        for line in (message.title, *message.text.splitlines()):
            self.say(f"    > {line.replace(NO_WIDTH, '')}", "dim")


def _descriptor(stream: TextIO) -> int | None:
    """Its descriptor; None where it is in memory only."""
    try:
        return stream.fileno()
    except io.UnsupportedOperation:
        return None


def _columns() -> int:
    try:
        return os.get_terminal_size(2).columns or 80
    except (OSError, ValueError):
        return 80
