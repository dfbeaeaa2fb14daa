"""Asking about apps on the Kubernetes scheduler: what should run, whether it does, and what each pod says of itself."""

from msgspec.structs import replace

from tui.dokku import commands, k3s, reports
from tui.engine.concurrency import together
from tui.engine.hosts.gate import Gate
from tui.engine.ports import HostPort
from tui.model.errors import UnexpectedReply
from tui.model.observation import Container, RunningState
from tui.model.outcome import describe


async def pods(gate: Gate, host: HostPort, name: str, app: str) -> tuple[str, tuple[Container, ...]] | None:
    """Dokku's word for whether the app's pods run, and a stand-in for each that should; None where it has no pods.

    Raises LinkError, UnexpectedReply: also where the cluster cannot be reached, because then nothing is known.
    """
    if k3s.selected(await gate.read(host, name, k3s.scheduler_report(app))) != k3s.K3S:
        return None
    told, scale = await together(gate.read(host, name, commands.ps_report(app)), gate.read(host, name, k3s.scale(app)))
    if not told.ok:
        if k3s.unreachable(told):
            raise UnexpectedReply(
                f"{app} runs on the scheduler k3s, and its cluster cannot be reached from the Dokku host: what runs is "
                "not known",
                "is the cluster up? Nothing of the app can be seen or changed until then",
            )
        raise UnexpectedReply(f"`{' '.join(told.argv)}`: {describe(told.outcome)}")
    found = reports.ps_report(told.stdout)
    word = found.running if found.running in ("true", "mixed") else "false"
    if not found.deployed:
        return "false", ()
    if not scale.ok:
        raise UnexpectedReply(f"`{' '.join(scale.argv)}`: {describe(scale.outcome)}")
    return word, tuple(
        Container(id="", process=process, index=index, running=word != "false", told=False)
        for process, count in k3s.scaled(scale.stdout)
        for index in range(1, count + 1)
    )


async def asked(gate: Gate, host: HostPort, name: str, current: RunningState) -> RunningState:
    """The same with what each pod says of itself; for an app without pods, as it is. Raises LinkError."""
    if current.pods is None:
        return current
    running = [c for c in current.containers if c.running]
    answers = await together(
        *(gate.read(host, name, k3s.enter(current.app, c.process, c.index), timeout=k3s.ENTER_LIMIT) for c in running)
    )
    said = {c.name: k3s.pod(answer) for c, answer in zip(running, answers, strict=True)}
    return replace(
        current,
        containers=tuple(
            replace(c, told=said[c.name].said, attempt=said[c.name].attempt) if c.name in said else c
            for c in current.containers
        ),
    )
