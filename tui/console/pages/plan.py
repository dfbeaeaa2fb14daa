"""The plan: from, to, at what cost, what to know, and the exact commands; then the person's word."""

from collections.abc import Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Protocol

from tui.console import rows
from tui.console.pages import parts, posts
from tui.console.pages.page import Choice, View, button
from tui.console.palette import Palette
from tui.console.rows import Piece, Row
from tui.engine.engine import Engine
from tui.incident.deploy_or_not import worded
from tui.model.incident import Incident
from tui.model.plan import Plan, Severity, Standing
from tui.model.release import Release
from tui.ways import keep_first

if TYPE_CHECKING:
    from tui.console.wizard import Wizard


class Desk(Protocol):
    """What a page that shows a plan asks of the application."""

    @property
    def engine(self) -> Engine: ...

    @property
    def watch_for(self) -> timedelta: ...


class Shows(Protocol):
    """A page that shows a plan."""

    room: int

    @property
    def palette(self) -> Palette: ...

    @property
    def front(self) -> Desk: ...


_LOOKS = {
    Severity.NOTE: ("dot", "dim"),
    Severity.WARN: ("warn", "warn"),
    Severity.TYPE: ("warn", "warn"),
    Severity.BLOCK: ("down", "down"),
}


def view(wizard: "Wizard", incident: Incident, cells: int) -> View:
    """What will be done; nothing has been."""
    plan = incident.plan
    if plan is None:
        raise ValueError("planned without a plan")
    post = posts.preview(wizard, incident, cells)
    content = [*parts.trouble(wizard, cells), *shown(wizard, plan, cells, post)]
    label = f"Roll {plan.service} back to {plan.target.name}"
    if plan.again:
        label = f"Deploy {plan.target.name} again"
    off = ""
    if plan.blocked:
        off = plan.blocked[0].text
    elif wizard.front.engine.gate.read_only:
        off = "read-only: nothing is sent"
    choices = [
        button("cancel", "Cancel", wizard.doing("dropping the plan", wizard.drop_plan)),
        button(
            "go",
            label + (" (type its name)" if plan.typed else ""),
            wizard.doing("beginning", wizard.confirm),
            off=off,
            danger=True,
        ),
        *posts.choices(wizard, incident),
        *_keep_choice(wizard, plan),
        *parts.ways_out(wizard, incident),
    ]
    text = pasted(plan)
    return View(
        key=f"plan-{plan.attempt}",
        title=parts.title(wizard, 3, cells),
        rows=content,
        choices=choices,
        first="cancel",
        text=text,
    )


def shown(page: Shows, plan: Plan, cells: int, post: Sequence[Row] = ()) -> list[Row]:
    """From, to, what to know, what it costs, what is posted about it, and the exact commands."""
    cost = [*_how(page, plan, cells), *_checked(page, plan, cells), *_summary(page, plan, cells)]
    way = f"FROM {_named(plan.leaving)}  {page.palette.sign('arrow')}  TO {_named(plan.target)}"
    return [
        *rows.paragraph(way, cells, "bold"),
        *_cautions(page, plan, cells),  # above everything that can wait: nobody scrolls to a warning
        *([*post, *cost] if page.room < posts.ROOM_FOR_TEXT else [*cost, *post]),
        *_cautions(page, plan, cells, notes=True),
        *_commands(plan, cells),
    ]


def pasted(plan: Plan) -> str:
    """The plan as lines for a shell."""
    return "\n".join(_paste(plan))


def _keep_choice(wizard: "Wizard", plan: Plan) -> list[Choice]:
    """Whether what runs is kept first, and what that costs: off until somebody asks; no choice where it is a must."""
    if plan.stops or keep_first.is_kept(plan.leaving):
        return []
    label = "Do not keep what runs first" if wizard.keep_first else "Keep what runs first (4-10 s more)"
    return [button("keep-first", label, wizard.doing("planning again", wizard.toggle_keep))]


def _how(wizard: Shows, plan: Plan, cells: int) -> list[Row]:
    cost = f"~{plan.expected:.0f} s"
    if plan.downtime:
        cost += f", does not answer for {plan.downtime[0]:.0f}-{plan.downtime[1]:.0f} s"
    else:
        cost += ", downtime unknown" if plan.downtime_unknown else ", no downtime"
    host = wizard.front.engine.fleet.host(plan.host)
    return rows.paragraph(f"HOW  {plan.way}: {cost}; on {rows.safe(host.ssh, 60)} ({host.name})", cells, indent=5)


def _summary(wizard: Shows, plan: Plan, cells: int) -> list[Row]:
    now = wizard.front.engine.clock.now()
    said = [f"then verify, watch {worded(wizard.front.watch_for)}"]
    if plan.frozen_branch:
        said.insert(0, "deploys are held back (CI stays green, deploys nothing)")
    if plan.target.last_served is not None:
        said.insert(0, f"it served last {worded(now - plan.target.last_served)} ago")
    return rows.paragraph(f"     {'; '.join(said)}", cells, "dim", indent=5)


def _named(release: Release) -> str:
    commit = f" {release.commit[:9]}" if release.commit and release.number is not None else ""
    subject = f' "{rows.safe(release.subject, 40)}"' if release.subject else ""
    return f"{release.name}{commit}{subject}"


def _cautions(wizard: Shows, plan: Plan, cells: int, *, notes: bool = False) -> list[Row]:
    """The warnings, the gravest first; or what is only good to know."""
    found: list[Row] = []
    wanted = [c for c in plan.warnings if (c.severity is Severity.NOTE) is notes]
    for caution in sorted(wanted, key=lambda c: list(Severity).index(c.severity), reverse=True):
        sign, look = _LOOKS[caution.severity]
        text = f"{wizard.palette.sign(sign)} {rows.safe(caution.text, 400)}"
        found.extend(rows.paragraph(text, cells, look, indent=2))
    return found


_STANDINGS = {
    Standing.OK: ("yes", "ok"),
    Standing.WARNING: ("warn", "warn"),
    Standing.UNKNOWN: ("unknown", "unknown"),
    Standing.BLOCKED: ("down", "down"),
}


def _checked(wizard: Shows, plan: Plan, cells: int) -> list[Row]:
    """What was looked at, in as few rows as it takes: a sign and a word each; the warnings say the rest."""
    lines: list[Row] = []
    row: list[Piece] = [("CHECKED", "bold")]
    used = len("CHECKED")
    for look in plan.checked:
        sign, style = _STANDINGS[look.standing]
        mark = f"{wizard.palette.sign(sign)} "
        if used + 2 + len(mark) + len(look.name) > cells:
            lines.append(tuple(row))
            row, used = [("       ", "")], len("CHECKED")
        row += [("  ", ""), (mark, style), (look.name, "" if look.standing is Standing.OK else style)]
        used += 2 + len(mark) + len(look.name)
    return [*lines, tuple(row)] if plan.checked else []


def _commands(plan: Plan, cells: int) -> list[Row]:
    found: list[Row] = [(("WILL RUN, in this order (W changes the host):", "bold"),)]
    for number, step in enumerate(plan.steps, 1):
        mark: Piece = ("W", "warn") if step.writes else ("r", "dim")
        limit = f"~{step.expected:.0f} s" if step.expected else ""
        command = rows.safe(" ".join(step.argv), 300)
        found.append(((f" {number} ", "dim"), mark, (f" {step.title} ", ""), (limit, "dim")))
        found.extend(rows.paragraph(f"     {command}", cells, "dim", indent=5))
    found.append((("By hand, without this tool:", "bold"),))
    for line in _paste(plan):
        found.extend(rows.paragraph(f"  {rows.safe(line, 2000)}", cells, "dim", indent=4))
    return found


def _paste(plan: Plan) -> list[str]:
    return [line for step in plan.steps for line in step.paste.splitlines()]
