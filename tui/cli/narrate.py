"""The only file that writes to stderr: what is going on, for the person who waits."""

import os
import sys

from tui.model.notice import Message
from tui.model.plain import NO_WIDTH
from tui.model.plan import Plan, Severity, Standing
from tui.model.text import clean

_COLOURS = {"red": "31;1", "green": "32", "yellow": "33;1", "dim": "2", "bold": "1"}


class Narrator:
    """Tells on stderr. Colours only on a terminal that has them and a person who did not forbid them."""

    def __init__(self, *, color: bool) -> None:
        self.interactive = sys.stdin.isatty() and sys.stderr.isatty()
        self._color = (
            color and sys.stderr.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
        )

    def say(self, text: str = "", colour: str = "") -> None:
        """One line."""
        encoding = sys.stderr.encoding or "utf-8"
        shown = clean(text).encode(encoding, "replace").decode(encoding)
        if colour and self._color:
            shown = f"\x1b[{_COLOURS[colour]}m{shown}\x1b[0m"
        sys.stderr.write(shown + "\n")
        sys.stderr.flush()

    def ask(self, question: str) -> str:
        """A line from the person. Only to be called where `interactive`."""
        sys.stderr.write(clean(question))
        sys.stderr.flush()
        return sys.stdin.readline().strip()

    def plan(self, plan: Plan) -> None:
        """The plan as a person has to see it before saying yes."""
        what = "FORWARD AGAIN" if plan.forward else "DEPLOY AGAIN" if plan.again else "ROLLBACK"
        self.say(f"{what} {plan.service} ({plan.app} on {plan.host})", "bold")
        self.say(f"  from  {plan.leaving.name}  {plan.leaving.commit or 'commit unknown'}")
        self.say(f"  to    {plan.target.name}  {plan.target.tag or ''}  {plan.target.commit or 'commit unknown'}")
        downtime = "none" if plan.downtime is None else f"{plan.downtime[0]:.0f}-{plan.downtime[1]:.0f} s"
        self.say(f"  way   {plan.way}, about {plan.expected:.0f} s, downtime {downtime}")
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
