"""Cases for the plans of every way: each target with each fact and each choice of a person that changes a plan.

`python -m tests.ways.cases` writes their plans to `data/plans.jsonl`, see `data/README.md`.
"""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
from msgspec.structs import replace

from tests.incident.facts import OURS, T0, THEIRS, container, current
from tui import ways
from tui.dokku import holders as records
from tui.dokku.build_settings import Shape
from tui.dokku.reports import Checks
from tui.model.plan import CheckResult, Plan, PlanWarning, PreflightCheck, WarningLevel
from tui.model.release import Release, Source, Target, TargetKind
from tui.model.service import Host, RollbackSpec, Service
from tui.ways.facts import Facts, Options
from tui.ways.keep_first import Keeping
from tui.ways.plan import with_commit
from tui.ways.stop_first import Stopping

PLANS = Path(__file__).parent / "data" / "plans.jsonl"
WANTED = "d" * 40
TAG = "pre-deploy-20261123-210001"
HOLDER = f"cyc--r1--{TAG}"
OTHER_HOLDER = "cyc--r2--pre-deploy-20261123-213000"
DIGEST = f"sha256:{'a' * 64}"
HOST = Host(name="h", ssh="dokku@h:2222", identity_file="~/.ssh/id", known_hosts="/k n")
SERVICE = Service(
    name="api",
    title="API",
    host="h",
    app="cyc",
    image_repository="registry.example/dokku/cyc",
    git_remote="https://example.com/cyc.git",
    script=("./rollback.sh", "api one"),
)
RUNNING = Release(app="cyc", commit=THEIRS, running=True)
KEPT = Release(app="cyc", number=1, tag=TAG, commit=WANTED, holder=HOLDER, sealed=True, served_as=("e" * 40,))
FILES = (
    ("Procfile", "web: ./serve\nrelease: ./migrate\n"),
    ("app.json", '{"scripts": {"dokku": {"predeploy": "./check"}}, "formation": {"web": {"quantity": 1}}}'),
)
SHAPE = Shape(app="cyc", builder="dockerfile", build_dir="api", procfile="ops/Procfile", dockerfile="Dockerfile.web")

TARGETS: dict[str, tuple[str, Release, Target]] = {
    "kept": ("kept", KEPT, Target(kind=TargetKind.RELEASE, value="1")),
    "git": ("git", Release(app="cyc", commit=WANTED), Target(kind=TargetKind.SHA, value=WANTED)),
    "git-kept": ("git", KEPT, Target(kind=TargetKind.RELEASE, value="1")),
    "git-elsewhere": (
        "git",
        Release(app="cyc", commit=WANTED, origin=Source.NAMED, elsewhere=SERVICE.git_remote),
        Target(kind=TargetKind.SHA, value=WANTED),
    ),
    "registry": (
        "registry",
        Release(app="cyc", image=f"{SERVICE.image_repository}:4", origin=Source.REGISTRY),
        Target(kind=TargetKind.IMAGE, value="4"),
    ),
    "runbook-tag": (
        "runbook",
        Release(app="cyc", tag=TAG, image=f"dokku/cyc:{TAG}", origin=Source.TAGS),
        Target(kind=TargetKind.TAG, value=TAG),
    ),
    "runbook-previous": (
        "runbook",
        Release(app="cyc", said="previous, as ps:rollback takes it", origin=Source.NAMED),
        Target(kind=TargetKind.PREVIOUS),
    ),
    "script": (
        "script",
        Release(app="cyc", said="previous, as the script takes it", origin=Source.NAMED),
        Target(kind=TargetKind.PREVIOUS),
    ),
}

CHOICES: dict[str, dict[str, Any]] = {
    "plain": {},
    "no-freeze": {"freeze": False},
    "tasks": {"run_tasks": True},
    "forward": {"forward": True},
    "forward-no-freeze": {"forward": True, "freeze": False},
}

NONE_OFF = Checks(disabled="none", skipped="none")
KEEPABLE = Stopping(before=("none", "worker"), now=NONE_OFF)
FROZEN = replace(current(branch="frozen-by-inc1"), refs=(("frozen-by-inc1", OURS), ("main", THEIRS)), tip=OURS)
TWO = (container(), container("bbbbbbbbbbbb", process="worker"))
RECORD = records.IncidentRecord(app="cyc", incident="inc1", deploy_branch="main")
FACTS: dict[str, dict[str, Any]] = {
    "record-mine": {"record": RECORD, "current": FROZEN},
    "record-theirs": {"record": replace(RECORD, incident="other", by="you@there")},
    "branch-unknown": {"current": FROZEN, "team_branch": None},
    "no-branch": {"current": replace(current(), branch=None, tip=None, refs=()), "team_branch": None},
    "locked": {"current": current(locked=True)},
    "stale-lock": {"current": replace(current(), stale_lock=True)},
    "never-live": {"current": replace(current(), git_rev=WANTED)},
    "stops": {"stopping": KEEPABLE},
    "stops-unknown": {"stopping": Stopping(before=None, now=None)},
    "stops-unkeepable": {"stopping": replace(KEEPABLE, before=("_all_", "none"), unkeepable="its builder is unknown")},
    "stops-already": {"stopping": Stopping(before=("web", "none"), now=Checks(disabled="_all_", skipped="none"))},
    "keeps": {"keeping": Keeping()},
    "keeps-not": {"keeping": Keeping(why_not="its builder is unknown")},
    "checks-off": {"zero_downtime": Checks(disabled="web,worker", skipped="none"), "current": current(containers=TWO)},
    "checks-skipped": {"zero_downtime": Checks(disabled="worker", skipped="_all_"), "current": current(containers=TWO)},
    "checks-unknown": {"zero_downtime": None},
    "no-files": {"files": ()},
    "shape": {"shape": SHAPE, "files": (("api/ops/Procfile", "web: ./serve\nrelease: ./migrate\n"),)},
    "said": {
        "cautions": (PlanWarning(severity=WarningLevel.TYPE, text="migrations lie between"),),
        "checked": (PreflightCheck(name="disk", standing=CheckResult.UNKNOWN, text="not told"),),
        "skipped": (("release:3", "marked bad"),),
        "number": 2,
    },
}

LEFT: dict[str, Release] = {
    "kept": replace(RUNNING, number=2, holder=OTHER_HOLDER, sealed=True),
    "unsealed": replace(RUNNING, number=2, holder=OTHER_HOLDER, left_bad=((WANTED, "slow"), ("1" * 40, "worse"))),
    "only-target-bad": replace(RUNNING, number=2, holder=OTHER_HOLDER, left_bad=((WANTED, "slow"),)),
    "unknown": Release(app="cyc", running=True),
}


def facts(**changes: Any) -> Facts:
    """Everything read for a service whose host has its usual settings, with these changes."""
    values: dict[str, Any] = {
        "incident": "inc1", "number": 1, "by": "me@box", "at": T0 + timedelta(microseconds=5), "current": current(),
        "record": None, "files": FILES, "service": SERVICE, "host": HOST, "target": KEPT, "leaving": RUNNING,
        "options": Options(), "words": "release:1", "zero_downtime": NONE_OFF, "team_branch": "main",
    }  # fmt: skip
    return Facts(**(values | changes))


def plans() -> Iterator[tuple[str, Plan]]:
    """Every case's name with its plan, in the order of the recording."""
    for name, (_, release, _) in TARGETS.items():
        for choice, chosen in CHOICES.items():
            yield f"{name} {choice}", made(name, options=Options(**chosen))
        for fact, changes in FACTS.items():
            yield f"{name} {fact}", made(name, facts(**changes))
        for left, leaving in LEFT.items():
            yield f"{name} left-{left}", made(name, leaving=leaving)
            yield f"{name} left-{left}-forward", made(name, leaving=leaving, options=Options(forward=True))
        bad = replace(release, bad="slow", left_bad=(("2" * 40, "older"),))
        yield f"{name} bad-forward", made(name, release=bad, options=Options(forward=True))
        yield f"{name} left-bad", made(name, release=bad)
        yield f"{name} keeps-kept", made(name, facts(keeping=Keeping()), leaving=LEFT["kept"])
        yield f"{name} stops-kept", made(name, facts(stopping=KEEPABLE), leaving=LEFT["kept"])
        spec = RollbackSpec(
            expected=timedelta(seconds=45), downtime=(timedelta(seconds=20), timedelta(seconds=40)), stop_first=True,
            reason="one process at a time",
        )  # fmt: skip
        yield f"{name} spec", made(name, facts(stopping=KEEPABLE), service=replace(SERVICE, rollback=spec))
    yield "kept again", made("kept", leaving=KEPT, options=Options(again=True))
    yield "kept again-no-freeze", made("kept", leaving=KEPT, options=Options(again=True, freeze=False))


def made(
    name: str,
    read: Facts | None = None,
    *,
    options: Options | None = None,
    release: Release | None = None,
    leaving: Release = RUNNING,
    service: Service = SERVICE,
) -> Plan:
    """The plan to the target of that name, with its commit's id where it pushes one."""
    way, target, word = TARGETS[name]
    read = replace(
        read or facts(),
        service=service,
        target=release or target,
        leaving=leaving,
        options=options or Options(),
        words=str(word),
        digest=DIGEST,
    )
    return with_commit(ways.of(way).plan(read), OURS)


def written() -> Iterator[bytes]:
    """The recording as it is now, a line of JSON for each case: its name, and what differs from its target's first."""
    first: dict[str, Any] = {}
    for name, plan in plans():
        values = msgspec.to_builtins(plan)
        target, _, case = name.partition(" ")
        if case == "plain":
            first[target] = values
            yield msgspec.json.encode((name, values))
        else:
            yield msgspec.json.encode((name, _shorter(values, first[target])))


def recorded() -> dict[str, bytes]:
    """Every case's name with its plan as it was recorded, encoded."""
    first: dict[str, Any] = {}
    found: dict[str, bytes] = {}
    for line in PLANS.read_bytes().splitlines():
        name, values = msgspec.json.decode(line)
        target = name.partition(" ")[0]
        first.setdefault(target, values)
        # through the type, so that a field that plans have gained since has its default, as in an older journal
        found[name] = msgspec.json.encode(msgspec.convert(_longer(values, first[target]), Plan))
    return found


def _shorter(values: dict[str, Any], first: dict[str, Any]) -> dict[str, Any]:
    """Without the fields that are the first's; a step that is the first's is its id alone."""
    changed = {key: value for key, value in values.items() if value != first[key]}
    if "steps" in changed:
        changed["steps"] = [step["id"] if step in first["steps"] else step for step in changed["steps"]]
    return changed


def _longer(values: dict[str, Any], first: dict[str, Any]) -> dict[str, Any]:
    steps = {step["id"]: step for step in first["steps"]}
    found = {**first, **values}
    return {**found, "steps": [steps[step] if isinstance(step, str) else step for step in found["steps"]]}


if __name__ == "__main__":
    PLANS.write_bytes(b"\n".join(written()) + b"\n")
