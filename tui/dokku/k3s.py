"""Dokku's Kubernetes scheduler, as far as an ordinary `dokku@` login sees it.

`ps:inspect` prints nothing and exits 0, so no container label proves anything. What a pod runs only the pod says:
`enter APP PROC.N env` prints its environment, in which our Dockerfile sets ROLLBACK_ATTEMPT. Its exit code tells only
that something failed, it begins with dots, and one pod past the end makes it panic. `ps:report` says whether pods run
as a whole, and panics when the cluster cannot be reached. All run on 0.35.15 against Kubernetes 1.31; on 0.38.27 only
the source was read: GIT_REV proves nothing there, because all pods share one Secret.

Never here: `ps:stop` (a pending Helm release could not be started again) and `scheduler-k3s:show-kubeconfig`, which
prints the cluster admin's keys.
"""

import re
from collections.abc import Mapping
from typing import Any

from tui.dokku import reports
from tui.dokku.build_gate import K3S as K3S
from tui.dokku.build_settings import Shape, places, to_write
from tui.dokku.commands import Argv
from tui.dokku.reports import Unreadable
from tui.model import json_text
from tui.model.outcome import Answer
from tui.model.value import Value
from tui.text.clean import clean, clean_line, decode

Files = tuple[tuple[str, str], ...]
"""path → content"""
VARIABLE = "ROLLBACK_ATTEMPT"
"""in the environment of a pod: the attempt that brought it"""
ENTER_LIMIT = 30.0
"""seconds that one pod may take to answer; 3.5-5.9 s were measured"""
GRACE = 30.0
"""seconds that a push may take longer than the host waits for its pods"""
USUAL_TIMEOUT = 300.0
PROBE = {"type": "startup", "name": "rollback: it listens", "listening": True, "attempts": 30, "wait": 2, "timeout": 5}
"""what we bring where a release has no probe: without one Kubernetes takes a pod that crashes for one that serves"""
_PANIC = re.compile(r"(?m)^panic: ")
_ATTEMPT = re.compile(r"[a-z0-9-]{1,32}\.[0-9]{1,4}")
_SCALE = re.compile(r"(?m)^(?P<process>[A-Za-z0-9_-]+):[ \t]+(?P<count>[0-9]{1,4})[ \t]*$")


class K3sSettings(Value):
    """The scheduler's settings for an app. None: the host did not say."""

    deploy_timeout: float | None = None
    """seconds that a deploy waits for its pods"""
    rollback_on_failure: bool | None = None
    """whether a failed deploy gives the old release its config back"""

    @property
    def push_limit(self) -> float:
        """Seconds until we stop waiting for a push."""
        return (self.deploy_timeout or USUAL_TIMEOUT) + GRACE


class Pod(Value):
    """One pod, by its own word."""

    said: bool
    """whether it answered with its whole environment"""
    attempt: str | None = None


def scale(app: str) -> Argv:
    """Asks how many pods of each process type there should be, as text; 0.25 s."""
    return ("ps:scale", app)


def scheduler_report(app: str) -> Argv:
    """Which scheduler the app has, its own or the host's; 0.3 s."""
    return ("scheduler:report", app)


def settings_report(app: str) -> Argv:
    """The scheduler's settings of the app; 0.5 s."""
    return ("scheduler-k3s:report", app)


def enter(app: str, process: str, index: int) -> Argv:
    """One pod's environment; 3.5-5.9 s. It holds secrets: `pod` takes out what is asked, and nothing else is kept."""
    return ("enter", app, f"{process}.{index}", "env")


def recommend(app: str) -> Argv:
    """The setting that gives the old release its config back after a failed deploy."""
    return ("scheduler-k3s:set", app, "rollback-on-failure", "true")


def selected(answer: Answer) -> str | None:
    """The scheduler in force; None where the host does not say."""
    found = reports.text_report(answer.stdout) if answer.ok else {}
    name = found.get("scheduler computed selected") or found.get("scheduler selected")
    return clean_line(name, 40) if name else None


def globally(answer: Answer) -> str | None:
    """The scheduler that the host gives to every new app; None where the host does not say."""
    found = reports.text_report(answer.stdout) if answer.ok else {}
    return clean_line(found.get("scheduler global selected", ""), 40) or None


def scaled(raw: bytes) -> tuple[tuple[str, int], ...]:
    """Process types with their number, of those that have any. Raises Unreadable."""
    text = decode(raw)
    if "proctype: qty" not in text:
        raise Unreadable("ps:scale", raw)
    rows = ((m["process"], int(m["count"])) for m in _SCALE.finditer(text) if m["process"] != "proctype")
    return tuple((process, count) for process, count in rows if count)


def settings(answer: Answer) -> K3sSettings:
    """The settings in force; what the host does not say is unknown."""
    found = reports.text_report(answer.stdout) if answer.ok else {}

    def value(name: str) -> str:
        return found.get(f"scheduler k3s computed {name}") or found.get(f"scheduler k3s {name}") or ""

    word = value("rollback on failure")
    return K3sSettings(
        deploy_timeout=seconds(value("deploy timeout")),
        rollback_on_failure={"true": True, "false": False}.get(word),
    )


def seconds(text: str) -> float | None:
    """A time limit as Dokku takes it: `300s`, `5m0s`, or bare seconds; None for anything else."""
    if re.fullmatch(r"[0-9]{1,6}", text):
        return float(text)
    if not re.fullmatch(r"([0-9]{1,6}[hms])+", text):
        return None
    units = {"h": 3600.0, "m": 60.0, "s": 1.0}
    return sum(int(number) * units[unit] for number, unit in re.findall(r"([0-9]+)([hms])", text))


def unreachable(answer: Answer) -> bool:
    """True if the cluster cannot be asked: `ps:report` then panics, other commands name the API."""
    said = clean(decode(answer.stderr))
    return not answer.ok and (bool(_PANIC.search(said)) or "kubernetes api not available" in said)


def pod(answer: Answer) -> Pod:
    """A pod's own word, in the answer to `enter`."""
    lines = decode(answer.stdout).lstrip(".").splitlines()
    names = {line.partition("=")[0] for line in lines if "=" in line}
    if not answer.ok or not {"HOSTNAME", "HOME"} <= names:
        return Pod(said=False)
    values = {line.partition("=")[2] for line in lines if line.startswith(f"{VARIABLE}=")}
    if not values:
        return Pod(said=True)
    value = values.pop()
    if values or not _ATTEMPT.fullmatch(value):
        return Pod(said=False)
    return Pod(said=True, attempt=value)


def attempt_line(attempt: str) -> str:
    """The line of our Dockerfile by which a pod says which attempt brought it."""
    return f'ENV {VARIABLE}="{attempt}"\n'


def with_probe(app_json: str | None) -> tuple[str, bool]:
    """An app.json in which the web process has a probe, and whether it is ours. Raises Unreadable for a broken one."""
    try:
        found = json_text.read(app_json or "{}", dict[str, Any])
    except json_text.NotJson as error:
        raise Unreadable("the target's app.json", app_json or "") from error
    checks = found.get("healthchecks")
    checks = dict(checks) if isinstance(checks, Mapping) else {}
    web = checks.get("web")
    web = list(web) if isinstance(web, list) else []
    if any(_probes(check) for check in web):
        return app_json or "{}", False
    checks["web"] = [PROBE, *web]
    made = {**found, "healthchecks": checks}
    return json_text.write(made), True


def _probes(check: object) -> bool:
    """True if a health check becomes a probe that keeps traffic away from a pod until it is well.

    By Dokku's source: one without a type, or with an uptime alone, becomes none.
    """
    if not isinstance(check, Mapping) or check.get("type") not in ("startup", "readiness"):
        return False
    return bool(check.get("command") or check.get("listening") or check.get("path"))


def tree(files: Files, of: Shape, attempt: str) -> tuple[Files, bool]:
    """The files of a way back as pods need them, and whether the probe is ours: the attempt in the environment, and an
    app.json with a probe where Dokku looks for it. Raises Unreadable for a broken one.
    """
    found = dict(files)
    for place in places(of.dockerfile, of.build_dir):
        if place in found:
            found[place] += attempt_line(attempt)
    ours = False
    for place in to_write(of.appjson, of.build_dir, found):
        found[place], added = with_probe(found.get(place))
        ours = ours or added
    return tuple(sorted(found.items())), ours


def ways_out(app: str) -> str:
    """The ways out where Helm died in the middle of a deploy: nothing over this login ends that."""
    return (
        f"ways out: a cluster admin deletes the Secret sh.helm.release.v1.{app}.vN that is pending, and the same is "
        f"tried again; or, a person's decision, `scheduler-k3s:set {app} namespace OTHER` and the same again, which "
        "leaves the old Service and Ingress behind. Never ps:stop: ps:start would fail"
    )
