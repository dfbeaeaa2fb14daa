"""The plan: from, to, at what cost, what to know, and the exact commands; then the person's word."""

from typing import TYPE_CHECKING

from tui.console import rows
from tui.console.pages import parts, posts
from tui.console.pages.page import View, button
from tui.console.rows import Piece, Row
from tui.incident.cause import worded
from tui.model.incident import Incident
from tui.model.plan import Plan, Severity
from tui.model.release import Release

if TYPE_CHECKING:
    from tui.console.wizard import Wizard

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
    content = parts.trouble(wizard, cells)
    arrow = wizard.palette.sign("arrow")
    way = f"FROM {_named(plan.leaving)}  {arrow}  TO {_named(plan.target)}"
    content.extend(rows.paragraph(way, cells, "bold"))
    content.extend(_cautions(wizard, plan, cells))  # above everything that can wait: nobody scrolls to a warning
    post = posts.preview(wizard, incident, cells)
    summary = _summary(wizard, plan, cells)
    content.extend([*post, *summary] if wizard.room < posts.ROOM_FOR_TEXT else [*summary, *post])
    content.extend(_commands(wizard, plan, cells))
    label = f"Roll {plan.service} back to {plan.target.name}"
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
        *parts.ways_out(wizard, incident),
    ]
    text = "\n".join(_paste(plan))
    return View(
        key=f"plan-{plan.attempt}",
        title=parts.title(wizard, 3, cells),
        rows=content,
        choices=choices,
        first="cancel",
        text=text,
    )


def _summary(wizard: "Wizard", plan: Plan, cells: int) -> list[Row]:
    cost = f"~{plan.expected:.0f} s"
    cost += (
        f", does not answer for {plan.downtime[0]:.0f}-{plan.downtime[1]:.0f} s" if plan.downtime else ", no downtime"
    )
    now = wizard.front.engine.clock.now()
    host = wizard.front.engine.fleet.host(plan.host)
    lines: list[Row] = rows.paragraph(
        f"HOW  {plan.way}: {cost}; on {rows.safe(host.ssh, 60)} ({host.name})", cells, indent=5
    )
    if plan.target.last_served is not None:
        lines += rows.paragraph(
            f"     it served last {worded(now - plan.target.last_served)} ago", cells, "dim", indent=5
        )
    if plan.frozen_branch:
        freeze = "     deploys are held back meanwhile: CI stays green and deploys nothing"
        lines += rows.paragraph(freeze, cells, "dim", indent=5)
    lines.append(((f"     then: verify, watch {worded(wizard.front.watch_for)}", "dim"),))
    return lines


def _named(release: Release) -> str:
    commit = f" {release.commit[:9]}" if release.commit and release.number is not None else ""
    subject = f' "{rows.safe(release.subject, 40)}"' if release.subject else ""
    return f"{release.name}{commit}{subject}"


def _cautions(wizard: "Wizard", plan: Plan, cells: int) -> list[Row]:
    found: list[Row] = []
    for caution in sorted(plan.warnings, key=lambda c: list(Severity).index(c.severity), reverse=True):
        sign, look = _LOOKS[caution.severity]
        text = f"{wizard.palette.sign(sign)} {rows.safe(caution.text, 400)}"
        found.extend(rows.paragraph(text, cells, look, indent=2))
    return found


def _commands(wizard: "Wizard", plan: Plan, cells: int) -> list[Row]:
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
