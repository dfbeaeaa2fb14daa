"""One cell: an incident that meets one fault in one phase, and what must hold after it."""

import json
from dataclasses import dataclass, field
from pathlib import Path

from tests.matrix.faults import FAULTS
from tests.matrix.phases import PHASES, REACH, hold
from tests.matrix.stage import APP, RECORD, Running, Stage, stage

DOCUMENTED = frozenset({0, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 130})
ENDED_BY = frozenset({-1, -9, -15, 129, 143})
"""a signal that nobody can or should refuse"""
ASKS = 4
"""how often a person types `resume` before closing by hand"""


@dataclass(slots=True, kw_only=True)
class Verdict:
    """What became of a cell."""

    phase: str
    fault: str
    code: int | None = None
    """of the command that met the fault"""
    wrong: list[str] = field(default_factory=list)
    told: str = ""

    @property
    def mark(self) -> str:
        """For the table: the exit code, and whether all held."""
        return f"{'–' if self.code is None else self.code}{'' if not self.wrong else ' ✗'}"


def run(folder: Path, phase: str, fault: str) -> Verdict:
    """Play the cell."""
    verdict = Verdict(phase=phase, fault=fault)
    with stage(folder, dokku="0.38.27" if len(phase + fault) % 3 == 0 else "0.35.15") as made:
        made.faked, made.step = fault == "clock", "+1h" if PHASES.index(phase) % 2 else "-1h"
        running = _begin(made, phase, verdict)
        REACH[phase](made, running)
        FAULTS[fault](made, running)
        verdict.code = running.wait()
        if verdict.code is None:
            verdict.wrong.append("the command never ended")
            return verdict
        running.reader.wait(10)
        _judge_end(made, running, verdict)
        _bring_to_rest(made, verdict)
        _judge_rest(made, verdict)
        verdict.told = running.told
    return verdict


def _begin(made: Stage, phase: str, verdict: Verdict) -> Running:
    if phase == "unfreeze":
        first = made.run("api", "previous", "--yes", "--json")
        if first.code != 0:
            verdict.wrong.append(f"the rollback before it ended with {first.code}: {first.stderr[-300:]}")
        hold(made.box, phase)
        return made.begin("unfreeze", "api", "--yes", "--json")
    hold(made.box, phase)
    return made.begin("api", "previous", "--yes", "--watch", "6s", "--json")


def _judge_end(made: Stage, running: Running, verdict: Verdict) -> None:
    code, told = verdict.code, running.told
    if "Traceback" in told:
        verdict.wrong.append(f"traceback: {told[told.index('Traceback') :][-700:]}")
    if code not in DOCUMENTED | ENDED_BY:
        verdict.wrong.append(f"exit code {code} is not documented")
    colleague = made.colleague_pushes > 0
    if code == 0 and verdict.phase != "unfreeze" and not colleague and made.box.serves() != "v1.4.0":
        verdict.wrong.append(f"said verified, but {made.box.serves()} serves")
    if code in (3, 10, 130) and _received(made) > 0:
        verdict.wrong.append(f"said that nothing changed ({code}), but the host received the push")
    if code in (3, 10, 130) and verdict.phase != "unfreeze":
        left = _left_behind(made)
        told_of_it = "resume" in told or "unfreeze" in told
        if left and not told_of_it:
            verdict.wrong.append(f"said that nothing changed ({code}) and left {', '.join(left)}")


def _received(made: Stage) -> int:
    """Pushes to the app that arrived whole, without those of others."""
    pushes = (c for c in made.box.look()["commands"] if c["command"].startswith(f"git-receive-pack '{APP}'"))
    whole = sum(1 for call in pushes if "received" in call["phases"])
    return whole - made.colleague_pushes - made.second_pushes


def _left_behind(made: Stage) -> list[str]:
    apps = made.box.look()["apps"]
    found = [name for name in (RECORD, f"{APP}--takeover") if name in apps]
    branch = apps[APP]["properties"].get("deploy-branch", "")
    if "frozen-by" in json.dumps(apps[APP]["properties"]):
        found.append(f"deploy branch {branch}")
    if apps[APP]["checks_disabled"] != "none":
        found.append("checks disabled")
    return found


def _bring_to_rest(made: Stage, verdict: Verdict) -> None:
    """What a person types, as the product names it, once the world is well again."""
    made.box.pull("faults/clear")
    for _ in range(ASKS):
        open_ones = [i for i in made.run("incidents", "--json").document["items"] if i["state"] != "closed"]
        if not open_ones:
            break
        made.run("resume", open_ones[0]["incident"], "--json")
    else:
        made.run("resume", "--close", "not-recovered", "--json")
    made.run("unfreeze", "api", "--yes", "--json")
    still = [i for i in made.run("incidents", "--json").document["items"] if i["state"] != "closed"]
    if still:
        verdict.wrong.append(f"an incident stays open: {still[0]['state']}")
    for done in made.said:
        if "Traceback" in done.stderr:
            verdict.wrong.append(f"traceback afterwards: {done.stderr[-700:]}")
        if done.code not in DOCUMENTED:
            verdict.wrong.append(f"exit code {done.code} afterwards is not documented")


def _judge_rest(made: Stage, verdict: Verdict) -> None:
    left = _left_behind(made)
    if left:
        last = made.said[-2]
        verdict.wrong.append(f"left on the host: {', '.join(left)}; unfreeze said {last.code}: {last.stderr[-300:]}")
    pushed = _received(made)
    if pushed > 1:
        verdict.wrong.append(f"pushed {pushed} times")
