"""The watch: how long it still lasts, how much of it was seen, and what was seen."""

from datetime import timedelta
from typing import TYPE_CHECKING

from tui.console import rows, words
from tui.console.pages import evidence, parts, posts
from tui.console.pages.page import Choice, View, button
from tui.console.rows import Row
from tui.incident import watch as watching
from tui.incident.deploy_or_not import worded
from tui.model.incident import Closing, Incident, Question, Watch, WatchKind

if TYPE_CHECKING:
    from tui.console.wizard import Wizard

_BAR = 30


def view(wizard: "Wizard", incident: Incident, cells: int) -> View:
    """The countdown runs to a moment on the clock: it goes on whether or not anybody looks."""
    watch = incident.watch
    if watch is None:
        raise ValueError("watching without a watch")
    now = wizard.front.engine.clock.now()
    content: list[Row] = []
    if incident.settling is not None:
        content.append(((f"{wizard.palette.sign('run')} putting the host in order", "run"),))
    content.append(_countdown(wizard, watch))
    content.extend(parts.trouble(wizard, cells))
    if incident.asking is not None:
        said = incident.failure or "the watch ended without a verdict"
        look = "down" if incident.asking is Question.WATCH_BREACHED else "warn"
        text = f"{wizard.palette.sign(look)} {'ALARM: ' if look == 'down' else ''}{rows.safe(said, 400)}"
        content.extend(rows.paragraph(text, cells, look, indent=2))
    content.extend(posts.missing(wizard, incident, cells))
    content.extend(_seen(wizard, incident, watch, cells))
    content.extend(evidence.of_watch(wizard, incident, cells))
    content.extend(parts.downtime(wizard, incident, cells))
    if watch.kind is WatchKind.AFTER_CLEAN_DEPLOY:
        content.append((("Nothing was changed: this watches the deploy as it is.", "dim"),))
    elif incident.plan is not None:
        kept = f"{incident.plan.leaving.name} {wizard.palette.sign('arrow')} {incident.plan.target.name}"
        content.append(((f"{kept}; what runs is asked of the host with every look", "dim"),))
    content.extend(posts.standing(wizard, incident, cells))
    left = watch.deadline - now
    content.append(((f"Ends {words.clock(watch.deadline)}; closing this panel changes nothing.", "dim"),))
    return View(
        key=f"watch-{incident.asking}",
        title=parts.title(wizard, 6, cells),
        rows=content,
        choices=_choices(wizard, incident, watch, left, brief=cells < 66),
    )


def _countdown(wizard: "Wizard", watch: Watch) -> Row:
    """What changes every second stands first: fewer bytes, and the eye finds it."""
    now = wizard.front.engine.clock.now()
    left = max(timedelta(0), watch.deadline - now)
    whole = (watch.deadline - watch.opened_at).total_seconds()
    done = 1 - left.total_seconds() / whole if whole > 0 else 1.0
    full = min(_BAR, int(done * _BAR))
    bar = wizard.palette.sign("full") * full + wizard.palette.sign("empty") * (_BAR - full)
    seen = watching.seen(watch, now)
    return (
        (f"{words.countdown(left):>6} ", "bold"),
        ("left ", ""),
        (bar, "run"),
        (f"  seen {seen:.0%} of it", "" if seen >= 0.9 else "warn"),
    )


def _seen(wizard: "Wizard", incident: Incident, watch: Watch, cells: int) -> list[Row]:
    status = wizard.status
    look, word = words.LOOKS[status.health]
    before = parts.response_before(status.probes, incident.opened_at)
    compared = f" (before the incident {before * 1000:.0f}ms)" if before is not None else ""
    last = status.last
    found: list[Row] = [
        (
            (f"{wizard.palette.sign(look)} {word} ", look),
            (f"HTTP {words.http(last)} {words.response(last)}{compared}", ""),
        ),
        (
            (f"healthy {watch.healthy}  ", "ok" if watch.healthy else ""),
            (f"unhealthy {watch.unhealthy}  ", "down" if watch.unhealthy else ""),
            (f"not measured {watch.unmeasured}  ", "warn" if watch.unmeasured else ""),
            (f"slowest {watch.slowest * 1000:.0f}ms", "dim"),
        ),
    ]
    room = max(1, min(_BAR * 2, cells - len("response  up to 99999ms")))
    times = [p.seconds for p in status.probes if p.seconds is not None][-room:]
    if len(times) > 1:
        slowest = max(times)
        line = "".join(wizard.palette.spark(t / slowest if slowest else 0.0) for t in times)
        found.append(((f"response {line} ", "dim"), (f"up to {slowest * 1000:.0f}ms", "dim")))
    for at, note in watch.notes[-2:]:
        text = f"{wizard.palette.sign('warn')} {words.clock(at)} {rows.safe(note, 200)}"
        found.extend(rows.paragraph(text, cells, "warn"))
    if watch.in_a_row:
        found.append(((f"{watch.in_a_row} unhealthy in a row", "down"),))
    return found


def _choices(wizard: "Wizard", incident: Incident, watch: Watch, left: timedelta, *, brief: bool) -> list[Choice]:
    if incident.settling is not None:
        return []
    longest = wizard.front.engine.fleet.watch.longest
    until = watch.opened_at + longest
    extra = until - watch.deadline
    extend = button(
        "extend",
        f"Watch to {worded(longest)}",
        wizard.doing("extending", lambda: wizard.extend(extra)),
        off="" if extra > timedelta(0) and left + extra > timedelta(0) else f"{worded(longest)} is the longest",
        recorded=True,
    )
    other = button("other", "Another release", wizard.doing("asking the host", wizard.other_release))
    recovered = button(
        "recovered",
        "End it: recovered",
        wizard.doing("closing", lambda: wizard.finish(Closing.RECOVERED, "ended early, why? ")),
    )
    not_recovered = button(
        "not-recovered",
        "End it: not recovered",
        wizard.doing("closing", lambda: wizard.finish(Closing.NOT_RECOVERED, "not recovered, what now? ")),
    )
    more = button(
        "more",
        "Go on watching 5 min",
        wizard.doing("watching", lambda: wizard.extend(timedelta(minutes=5))),
        recorded=True,
    )
    if incident.asking is not None:
        return [other, more, recovered, not_recovered, *parts.undo(wizard, incident, brief=brief)]
    if watch.kind is WatchKind.AFTER_CLEAN_DEPLOY:
        alarm = button(
            "false-alarm",
            "End it: false alarm",
            wizard.doing("closing", lambda: wizard.finish(Closing.FALSE_ALARM, "ended early, why? ")),
        )
        return [extend, alarm, not_recovered]
    return [extend, recovered, not_recovered, *parts.undo(wizard, incident, brief=brief)]
