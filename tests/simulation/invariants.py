"""What has to hold in every run, checked against the host's own truth and the journals on the operators' disks."""

import sqlite3
from collections import Counter
from collections.abc import Iterator
from datetime import datetime

import msgspec

from tests.simulation.machines import KILLED, Machine, Process
from tests.simulation.truth import Standing, Truth, Write
from tests.simulation.world import APP, World
from tui.cli.exits import Exit
from tui.dokku import holders
from tui.dokku.quoting import exec_string
from tui.engine.hosts.gate import Sent
from tui.incident import events as ev
from tui.model.host import Form
from tui.model.plan import Plan
from tui.model.verification import Verdict

UNCHANGED = (Exit.USAGE, Exit.REFUSED, Exit.ALREADY, Exit.UNREACHABLE, Exit.INTERRUPTED)
"""codes that say that nothing was changed"""
SWITCHING = 15.0
"""simulated seconds from the moment a target answers until Dokku says that it is deployed"""
LONGEST = 1800.0
"""simulated seconds that any command may take: the longest wait for a lock, and a watch"""


class Journals:
    """What the operators' journals say, read as a stranger would."""

    def __init__(self, world: World) -> None:
        self.intents: dict[str, Counter[str]] = {}
        self.events: dict[tuple[str, str], list[ev.Event]] = {}
        for machine in world.machines.values():
            self._read(machine)

    def _read(self, machine: Machine) -> None:
        path = machine.state / "journal.sqlite"
        intents = self.intents.setdefault(machine.name, Counter())
        if not path.exists():
            return
        database = sqlite3.connect(path)
        try:
            rows = database.execute("SELECT incident, kind, payload FROM entry ORDER BY seq").fetchall()
        finally:
            database.close()
        for incident, kind, payload in rows:
            if kind == "command":
                sent = msgspec.json.decode(payload, type=Sent)
                if sent.outcome is None:
                    intents[line(sent.argv)] += 1
            elif kind == "event":
                self.events.setdefault((machine.name, incident), []).append(ev.read(payload))

    def plans(self) -> dict[str, Plan]:
        """By attempt."""
        return {
            event.plan.attempt: event.plan
            for events in self.events.values()
            for event in events
            if isinstance(event, ev.PlanMade)
        }


def line(argv: tuple[str, ...]) -> str:
    """As the host hears it; every push is the one command."""
    return PUSHING if argv[:2] == ("git", "push") else exec_string(argv, Form.FORCED)


PUSHING = "git push"


def of_process(process: Process, truth: Truth) -> Iterator[str]:
    """What one command's end has to be like."""
    if process.code == KILLED:
        if process.why == "hung":
            yield f"did not end: {process.words}"
        return
    if process.fault is not None:
        yield f"a traceback: {process.words}: {process.fault!r}"
        return
    if process.code not in list(Exit):
        yield f"an undocumented exit code {process.code}: {process.words}"
    if not process.document:
        yield f"no JSON document: {process.words} → {process.code}: {process.stdout.getvalue()[:200]!r}"
    if process.left:
        yield f"tasks were left: {process.words}: {process.left}"
    assert process.ended is not None
    if process.ended - process.began > LONGEST:
        yield f"took {process.ended - process.began:.0f} s: {process.words}"
    yield from _nothing_changed(process, truth)
    yield from _as_said(process, truth)
    yield from _freeze_told(process, truth)
    if process.argv[0] == "guard":
        yield from _guarded(process, truth)


def _guarded(process: Process, truth: Truth) -> Iterator[str]:
    """A guard goes back once, where it may, and only with that word; what it went back to has served."""
    told, words = process.document, process.words
    pushes = [w for w in truth.writes if w.process is process and w.commit]
    if len(pushes) > 1:
        yield f"a guard pushed {len(pushes)} times: {words}"
    if pushes and (told.get("verdict") == "clean" or told.get("on_breach") == "tell"):
        yield f"a guard that ends {told.get('verdict')} ({told.get('on_breach')}) has pushed: {words}"
    if told.get("verdict") != "rolled-back" or process.ended is None:
        return
    wanted = (told.get("to") or {}).get("commit")
    seen = truth.during(APP, process.began, process.ended)
    if not pushes or (wanted and all(standing.serves != wanted for standing in seen)):
        yield f"a guard says rolled back, but {str(wanted)[:8]} never served: {words}"


def _nothing_changed(process: Process, truth: Truth) -> Iterator[str]:
    """A code that says so is true, unless others changed something meanwhile."""
    if process.code not in UNCHANGED or process.argv[0] in ("resume", "undo"):
        return
    assert process.ended is not None
    others = [w for w in truth.writes if process.began - 60 <= w.at <= process.ended and w.process is not process]
    if others:
        return
    for app in truth.history:
        before, after = truth.at(app, process.began), truth.at(app, process.ended)
        if differs := _difference(before, after):
            yield f"says {process.code} (nothing changed), but {app}: {differs}: {process.words}"


def _difference(before: Standing, after: Standing) -> str:
    """What a command changed; a service that died or came up by itself is no change of ours."""
    names = ("attempt", "metadata", "branch", "record", "lock", "checks", "builder", "holders")
    found = [
        f"{name} {getattr(before, name)} → {getattr(after, name)}"
        for name in names
        if getattr(before, name) != getattr(after, name)
    ]
    if after.serves is None or before.serves is None:
        found = [words for words in found if not words.startswith("attempt")]
    return "; ".join(found)


def _freeze_told(process: Process, truth: Truth) -> Iterator[str]:
    """A closed incident that leaves its freeze behind says so."""
    told, app = process.document, str(process.document.get("app"))
    if told.get("state") != "closed" or process.ended is None or app not in truth.history:
        return
    words = f"{told.get('left_over')} {told.get('close_reason')} {told.get('error')}"
    if truth.at(app, process.ended).branch == f"frozen-by-{told['incident']}" and "frozen" not in words:
        yield f"closed without a word of its freeze: {process.words}"


def _as_said(process: Process, truth: Truth) -> Iterator[str]:
    """A success is one on the host."""
    assert process.ended is not None
    told = process.document
    app = str(told.get("app"))
    seen = truth.during(app, process.began, process.ended) if app in truth.history else []
    if process.code != Exit.DONE or not seen:
        deployed = any(w.process is None and w.commit and w.app == app for w in truth.writes)
        if deployed:
            return  # what the team deployed has replaced it, and is no matter of this incident
        if told.get("kind") == "rollback" and process.code == Exit.FAILED and told.get("from") and seen:
            old = told["from"]["commit"]
            if old and all(s.serves != old for s in seen):
                yield f"says that the old release {old[:8]} serves: {process.words}"
        return
    if told.get("kind") == "rollback" and told.get("verdict") == "passed":
        wanted = (told.get("to") or {}).get("commit")
        if wanted and all(standing.serves != wanted for standing in seen):
            yield f"says verified, but {wanted[:8]} never served: {process.words}"
    if told.get("kind") == "freeze" and not any(s.frozen for s in seen):
        yield f"says frozen: {process.words}"
    if told.get("kind") == "unfreeze" and all(s.frozen for s in seen):
        yield f"says unfrozen: {process.words}"


def of_status(process: Process, truth: Truth) -> Iterator[str]:
    """What `status` shows was true while it looked, or it says that it does not know."""
    if process.argv[0] != "status" or process.ended is None or process.code == KILLED:
        return
    for row in process.document.get("items", ()):
        if row.get("running") is None or row["app"] not in truth.history:
            continue
        # between nginx's switch and the end of a deploy Dokku itself still names the release before
        seen = truth.during(row["app"], process.began - SWITCHING, process.ended)
        if not any(row["running"]["commit"] in (s.serves, None) for s in seen):
            yield (
                f"shows {row['app']} running {row['running']['commit'][:8]}: {process.words}, while "
                f"{sorted({str(s.serves)[:8] for s in seen})} served"
            )
        if not any(row["frozen"] == s.frozen or s.record is not None for s in seen):
            yield f"shows {row['app']} frozen={row['frozen']}: {process.words}"


def of_run(truth: Truth, journals: Journals) -> Iterator[str]:
    """What holds over the whole run."""
    yield from _explained(truth, journals)
    yield from _once(truth, journals)
    yield from _nobody_overrun(truth, journals)
    yield from _verified(truth, journals)
    yield from _no_afterlife(truth, journals)


def _explained(truth: Truth, journals: Journals) -> Iterator[str]:
    """Each write at the host has its own intent in its machine's journal: none was sent twice, none unrecorded."""
    sent: Counter[tuple[str, str]] = Counter()
    for write in truth.writes:
        if write.process is not None:
            sent[write.process.machine.name, PUSHING if write.commit else write.line] += 1
    for (machine, words), count in sent.items():
        known = journals.intents[machine][words]
        if words == PUSHING:
            known += sum(n for text, n in journals.intents[machine].items() if text.startswith("git-receive-pack"))
        if count > known:
            yield f"sent {count} times, recorded {known} times: {machine}: {words}"


def _once(truth: Truth, journals: Journals) -> Iterator[str]:
    """No step of an attempt is begun twice, whoever resumes it."""
    for (machine, incident), events in journals.events.items():
        begun: Counter[tuple[str, str]] = Counter()
        attempt = ""
        for event in events:
            if isinstance(event, ev.PlanMade):
                attempt = event.plan.attempt
            elif isinstance(event, ev.StepStarted):
                begun[attempt, event.step] += 1
        for (of, step), count in begun.items():
            plan = journals.plans().get(of)
            if count > 1 and plan is not None and any(s.id == step and s.writes for s in plan.steps):
                yield f"step {step} of {of} was begun {count} times: {machine}, {incident}"


def _nobody_overrun(truth: Truth, journals: Journals) -> Iterator[str]:
    """Our push replaces what its plan saw, never a deploy that somebody made meanwhile."""
    for attempt, plan in journals.plans().items():
        if plan.push is None:
            continue
        for write in truth.writes:
            found = write.before
            if found is None or write.process is None or write.commit is None or write.app != plan.app:
                continue
            overrun = found.metadata != plan.before.metadata and _deployed(truth, plan.app, attempt, write.at)
            if overrun and not _other(journals, plan, write):
                yield f"attempt {attempt} was planned on {plan.before.metadata}, and sent on {found.metadata}"


def _other(journals: Journals, plan: Plan, write: Write) -> bool:
    """Whether another plan of ours was made on what the push found: it is that one's."""
    found = write.before.metadata if write.before else ""
    return any(other.before.metadata == found for other in journals.plans().values() if other is not plan)


def _deployed(truth: Truth, app: str, attempt: str, since: float) -> bool:
    return any(s.attempt == attempt for s in truth.during(app, since, since + 600.0))


def _verified(truth: Truth, journals: Journals) -> Iterator[str]:
    """A verdict "passed" was true on the host when it was given."""
    for (machine, incident), events in journals.events.items():
        plan: Plan | None = None
        for event in events:
            if isinstance(event, ev.PlanMade):
                plan = event.plan
            if not isinstance(event, ev.ChecksDone) or plan is None or not plan.proves:
                continue
            if any(check.verdict is not Verdict.PASSED for check in event.checks):
                continue
            moment = _true_time(event.at)
            seen = [s.attempt for s in truth.during(plan.app, moment - 4000.0, moment + 4000.0)]
            if plan.attempt not in seen and plan.way == "kept":
                yield f"{incident} on {machine} was verified, but {plan.attempt} never served"


def _no_afterlife(truth: Truth, journals: Journals) -> Iterator[str]:
    """What is said to have failed, or was not begun, does not come to serve afterwards."""
    plans = journals.plans()
    for process in truth.world.processes:
        told = process.document
        refused = process.code == Exit.REFUSED and told.get("state") == "closed"
        over = refused or process.code in (Exit.FAILED, Exit.OUTAGE)
        if not over or process.ended is None:
            continue
        for attempt in plans:
            if attempt.rpartition(".")[0] != told.get("incident"):
                continue
            before = [s.attempt for s in truth.during(told["app"], 0.0, process.ended)]
            after = [s.attempt for s in truth.during(told["app"], process.ended, process.ended + 1e6)]
            if attempt in after and attempt not in before:
                yield f"said to have failed ({process.code}), and came to serve afterwards: {attempt}: {process.words}"


def _true_time(at: datetime) -> float:
    return at.timestamp()


def names_keep(process: Process) -> bool:
    """Whether a keep said that a holder may be left half-made on the host, and that keeping again takes it away."""
    errors = [row.get("error") or {} for row in process.document.get("items", ()) if process.argv[0] == "keep"]
    return any(error.get("fix") == f"rollback {' '.join(process.argv)}" for error in errors)


def half_made(world: World) -> list[str]:
    """Holders without their seal."""
    apps = world.host.machine.apps.items()
    return [n for n, app in apps if "--r" in n and app.properties.get("git-deploy-branch") != holders.SEAL_BRANCH]


def of_the_end(truth: Truth, began: Standing) -> Iterator[str]:
    """After the liveness phase nothing of ours is left on the host."""
    truth.look()
    machine = truth.world.host.machine
    for name, app in machine.apps.items():
        if name.endswith(("--incident", "--takeover")):
            yield f"left on the host: {name} {app.config}"
        if "--" in name:
            continue
        now = truth.standing(app)
        if now.frozen:
            yield f"left frozen: {name} on {now.branch}"
        elif now.branch != began.branch:
            yield f"the deploy branch of {name} is {now.branch}, was {began.branch}"
        if now.checks != began.checks:
            yield f"checks of {name} are {now.checks}"
        if now.builder != began.builder:
            yield f"the builder of {name} is {now.builder or 'none'}, was {began.builder or 'none'}"
    if any(names_keep(process) for process in truth.world.processes):
        for name in half_made(truth.world):
            yield f"half-made still, though it was said that keeping again takes it away: {name}"
    main = machine.apps[APP].repo.branch("main")
    pushes = truth.world.host.pushes
    pushed = [p for p in pushes if p.app == APP and p.ref == "refs/heads/main" and p.status == "ok"]
    if pushed and pushed[-1].new != main and not any("git:sync" in w.line for w in truth.writes):
        yield f"the team's branch was moved back: {main}, pushed {pushed[-1].new}"
