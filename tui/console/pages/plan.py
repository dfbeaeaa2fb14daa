"""The plan: from, to, at what cost, what to know, and the exact commands; then the person's word."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from tui.console.drawing import rows
from tui.console.drawing.rows import Piece, Row
from tui.console.incident_flow import IncidentFlow
from tui.console.page import Choice, View, button
from tui.console.pages import posts, shared_rows
from tui.console.ports import Console
from tui.incident import error_rates, taken_back
from tui.incident.deploy_or_not import ago, ahead, worded
from tui.model.incident import Incident
from tui.model.plan import CheckResult, Plan, WarningLevel
from tui.model.release import Release
from tui.text import numbers
from tui.ways import keep_first

_LOOKS = {
    WarningLevel.NOTE: ("dot", "dim"),
    WarningLevel.WARN: ("warn", "warn"),
    WarningLevel.TYPE: ("warn", "warn"),
    WarningLevel.BLOCK: ("down", "down"),
}


def view(flow: IncidentFlow, incident: Incident, cells: int) -> View:
    """The page of the plan: what will be done; nothing has been."""
    plan = incident.plan
    if plan is None:
        raise ValueError("planned without a plan")
    post = posts.preview(flow, incident, cells)
    reading = error_rates.combined(flow.evidence()).reading
    failing = f"{error_rates.percent(reading.share)} failing" if reading is not None and reading.failed else ""
    content = [*shared_rows.trouble(flow, cells), *shown(flow.console, plan, cells, flow.room, post, failing)]
    return View(
        key=f"plan-{plan.attempt}",
        title=shared_rows.title(flow, 3, cells),
        rows=content,
        choices=_choices(flow, incident, plan),
        first="cancel",
        text=pasted(plan),
    )


def _choices(flow: IncidentFlow, incident: Incident, plan: Plan) -> list[Choice]:
    label = f"Deploy {plan.target.name} again" if plan.again else f"Roll {plan.service} back to {plan.target.name}"
    typed = " (type its name)" if plan.typed else ""
    read_only = "read-only: nothing is sent" if flow.console.engine.gate.read_only else ""
    off = plan.blocked[0].text if plan.blocked else read_only
    return [
        button("cancel", "Cancel", flow.doing("dropping the plan", flow.drop_plan)),
        button("go", label + typed, flow.doing("beginning", flow.confirm), off=off, danger=True),
        *posts.choices(flow, incident),
        *_keep_choice(flow, plan),
        *shared_rows.ways_out(flow, incident),
    ]


def shown(
    console: Console, plan: Plan, cells: int, room: int, post: Sequence[Row] = (), failing: str = ""
) -> list[Row]:
    """From, to, what to know, what it costs, what is posted about it, and the exact commands, as rows. `room` is the
    number of rows that the page has, `failing` the share of requests that fail now, in words."""
    looks = [*_checked(console, plan, cells), *_summary(console, plan, cells)]
    cost = [*_how(console, plan, cells, room), *_taken(console, plan, cells, room), *looks]
    return [
        *_from_to(console, plan, cells, failing),
        *_cautions(console, plan, cells),  # above everything that can wait: nobody scrolls to a warning
        *([*post, *cost] if room < posts.ROOM_FOR_TEXT else [*cost, *post]),
        *_cautions(console, plan, cells, notes=True),
        *_commands(plan, cells),
        *_taken_whole(console, plan, cells),
        *_by_hand(plan, cells),
    ]


def _failed_since(console: Console, plan: Plan) -> datetime | None:
    """The first failure that is known of what is left: when a watch of this console saw it go bad."""
    return console.board.status(plan.service).bad_since


def _taken(console: Console, plan: Plan, cells: int, room: int) -> list[Row]:
    """The changes that are taken back, and others that may have caused the trouble; a row or two each."""
    if plan.taken is None:
        return []
    now, failed = console.engine.clock.now(), _failed_since(console, plan)
    most = 1 if room < ROOMY else 2
    return [
        *_headed("TAKES BACK", taken_back.summaries(plan.taken), cells, most),
        *_headed("ALSO CHANGED", taken_back.others(plan.taken, failed, now), cells, most),
    ]


def _headed(word: str, said: Iterable[str], cells: int, most: int) -> list[Row]:
    """A word and what it heads: the first of its wordings that takes so many rows, else the last one whole."""
    indent = len(word) + 2
    lines: list[str] = []
    for one in said:
        lines = rows.wrap(rows.safe(one, 400), cells - indent)
        if len(lines) <= most:
            break
    heads: list[Piece] = [(word.ljust(indent), "bold"), *[(" " * indent, "")] * (len(lines) - 1)]
    return [(head, (line, "")) for head, line in zip(heads, lines, strict=True)]


def _taken_whole(console: Console, plan: Plan, cells: int) -> list[Row]:
    """Every commit, file and key that is known, further down."""
    found: list[Row] = []
    before = ""
    for heading, line in taken_back.details(plan.taken, _failed_since(console, plan)) if plan.taken else ():
        if heading != before:
            found.append(((heading.upper(), "bold"),))
            before = heading
        found.extend(rows.paragraph(f"  {rows.safe(line, 300)}", cells, "", indent=4))
    return found


def _from_to(console: Console, plan: Plan, cells: int, failing: str) -> list[Row]:
    """The release that is left and the one that comes back, one under the other: name, commit, age, subject."""
    now = console.engine.clock.now()
    since = {c.deployed_at for c in plan.before.containers if c.running and c.deployed_at is not None}
    runs = f"runs {worded(now - min(since))}" if since and not ahead(min(since), now) else ""
    served = plan.target.last_served
    found: list[Row] = []
    for word, release, age in (
        ("FROM", plan.leaving, ", ".join(filter(None, (runs, failing)))),
        ("TO  ", plan.target, f"served {ago(served, now)}" if served else ""),
    ):
        commit = f" {release.commit[:9]}" if release.commit and release.number is not None else ""
        told = release.subject or _subject(plan, release)
        subject = f' "{rows.safe(told, 120)}"' if told else ""
        said = f"{word} {release.name}{commit}"
        tail = "".join(f"  {text.strip()}" for text in (age, subject) if text)
        found.append(((said, "bold"), (rows.fit(tail, cells - len(said)).rstrip(), "")))
    return found


def _subject(plan: Plan, release: Release) -> str:
    """The subject of a release's commit, where the repository has it between the two; else empty."""
    commits = plan.taken.commits if plan.taken is not None else ()
    return next((c.subject for c in commits if release.commit is not None and release.is_commit(c.id)), "")


def pasted(plan: Plan) -> str:
    """The plan as lines for a shell."""
    return "\n".join(_paste(plan))


def _keep_choice(flow: IncidentFlow, plan: Plan) -> list[Choice]:
    """The choice to keep what runs first, with its cost: off until somebody asks; none where it is a must."""
    if plan.stops or keep_first.is_kept(plan.leaving):
        return []
    label = "Do not keep what runs first" if flow.keep_first else "Keep what runs first (4-10 s more)"
    return [button("keep-first", label, flow.doing("planning again", flow.toggle_keep))]


ROOMY = 12
"""rows from which on what can be said shorter is said in full; the header names the host, too"""


def _how(console: Console, plan: Plan, cells: int, room: int) -> list[Row]:
    cost = f"~{plan.expected:.0f} s"
    if plan.downtime:
        cost += f", does not answer for {plan.downtime[0]:.0f}-{plan.downtime[1]:.0f} s"
    else:
        cost += ", downtime unknown" if plan.downtime_unknown else ", no downtime"
    host = console.engine.fleet.host(plan.host)
    where = f"; on {rows.safe(host.ssh, 60)} ({host.name})" if room >= ROOMY else ""
    return rows.paragraph(f"HOW  {plan.way}: {cost}{where}", cells, indent=5)


def _summary(console: Console, plan: Plan, cells: int) -> list[Row]:
    said = [f"then verify, watch {numbers.length(console.watch_for(plan.service))}"]
    if plan.frozen_branch:
        said.insert(0, "deploys are held back (CI stays green, deploys nothing)")
    writes = sum(step.writes for step in plan.steps)
    said.append(f"{len(plan.steps)} commands, {writes} of them change the host: PgDn shows them")
    return rows.paragraph(f"     {'; '.join(said)}", cells, "dim", indent=5)


def _cautions(console: Console, plan: Plan, cells: int, *, notes: bool = False) -> list[Row]:
    """The warnings, the gravest first; or what is only good to know."""
    found: list[Row] = []
    wanted = [c for c in plan.warnings if (c.severity is WarningLevel.NOTE) is notes]
    for caution in sorted(wanted, key=lambda c: list(WarningLevel).index(c.severity), reverse=True):
        sign, look = _LOOKS[caution.severity]
        text = f"{console.screen.palette.sign(sign)} {rows.safe(caution.text, 400)}"
        found.extend(rows.paragraph(text, cells, look, indent=2))
    return found


_STANDINGS = {
    CheckResult.OK: ("yes", "ok"),
    CheckResult.WARNING: ("warn", "warn"),
    CheckResult.UNKNOWN: ("unknown", "unknown"),
    CheckResult.BLOCKED: ("down", "down"),
}


def _checked(console: Console, plan: Plan, cells: int) -> list[Row]:
    """The looks that were taken, in as few rows as it takes: a sign and a word each; the warnings say the rest."""
    lines: list[Row] = []
    row: list[Piece] = [("CHECKED", "bold")]
    used = len("CHECKED")
    for look in plan.checked:
        if look.ahead:
            continue  # it is among the commands: here stands what was looked at
        sign, style = _STANDINGS[look.standing]
        mark = f"{console.screen.palette.sign(sign)} "
        if used + 2 + len(mark) + len(look.words) > cells:
            lines.append(tuple(row))
            row, used = [("       ", "")], len("CHECKED")
        row += [("  ", ""), (mark, style), (look.words, "" if look.standing is CheckResult.OK else style)]
        used += 2 + len(mark) + len(look.words)
    return [*lines, tuple(row)] if plan.checked else []


def _commands(plan: Plan, cells: int) -> list[Row]:
    found: list[Row] = [(("WILL RUN, in this order (W changes the host):", "bold"),)]
    for number, step in enumerate(plan.steps, 1):
        mark: Piece = ("W", "warn") if step.writes else ("r", "dim")
        limit = f"~{step.expected:.0f} s" if step.expected else ""
        command = rows.safe(" ".join(step.argv), 300)
        found.append(((f" {number} ", "dim"), mark, (f" {step.title} ", ""), (limit, "dim")))
        found.extend(rows.paragraph(f"     {command}", cells, "dim", indent=5))
    return found


def _by_hand(plan: Plan, cells: int) -> list[Row]:
    found: list[Row] = [(("BY HAND, without this tool:", "bold"),)]
    for line in _paste(plan):
        found.extend(rows.paragraph(f"  {rows.safe(line, 2000)}", cells, "dim", indent=4))
    return found


def _paste(plan: Plan) -> list[str]:
    return [line for step in plan.steps for line in step.paste.splitlines()]
