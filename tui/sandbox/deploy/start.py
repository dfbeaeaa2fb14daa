"""The start: new containers beside the old ones, checks, the switch of the traffic, new names, the old ones retired."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from tui.sandbox.answers import start_lines
from tui.sandbox.client import ClientGone
from tui.sandbox.containers import DockerContainer
from tui.sandbox.deploy.checks import check, container_output, dies
from tui.sandbox.deploy.docker_troubles import PLATFORM, START, WRONG_FORMAT, struck
from tui.sandbox.deploy.k3s import install
from tui.sandbox.deploy.nginx import nginx
from tui.sandbox.deploy.release import dokku_scripts, task
from tui.sandbox.deploy_lines import CommandFailed, OutputLine, arrow, detail, thick, tool
from tui.sandbox.host import Call
from tui.sandbox.images import Image
from tui.sandbox.kube import on_k3s
from tui.sandbox.machine import App
from tui.sandbox.pace import OLD_CONTAINER_STOPS, WAIT_TO_RETIRE

START_JOB = "/var/lib/dokku/plugins/available/scheduler-docker-local/bin/scheduler-deploy-process-container"


@dataclass(slots=True, kw_only=True)
class Replaced:
    """Old containers a deploy has superseded and not yet put on the list of the dead."""

    containers: list[tuple[str, str]] = field(default_factory=list)  # dyno, id


async def start_processes(call: Call, app: App, image: Image, ref: str) -> None:
    """New containers beside the old ones, checks, switch, rename. Raises CommandFailed if a check fails; then nothing
    was switched. An app on k3s is handed to the cluster.
    """
    machine = call.host.machine
    if on_k3s(machine, app):
        await install(call, app, image, ref)
        return
    tempo = call.host.durations.start_up
    replaced = Replaced()
    started: list[tuple[str, DockerContainer]] = []
    for process in app.process_types:
        count = app.scale.get(process, 0)
        await call.pause(0.6 * tempo)
        call.say(arrow(f"Deploying {process} (count={count})"))
        if app.stops_first(process) and count:
            await stop_first(call, app, process)
        for index in range(1, count + 1):
            dyno = f"{process}.{index}"
            await start_one(call, app, image, ref, dyno, started, replaced)
        if process == "web" and count:
            call.say(thick("Triggering early nginx proxy rebuild"))
            call.phase("nginx")
            await nginx(call, app, [container for dyno, container in started if dyno.startswith("web.")])
            call.phase("switched")
    await call.pause(0.6 * tempo)
    call.say(arrow("Running post-deploy"))
    await nginx(call, app, None)
    await call.pause(0.8 * tempo)
    call.say(arrow("Renaming containers"))
    call.phase("renaming")
    for dyno, container in started:
        call.say_all(rename(call, app, dyno, container))
    for dyno in [dyno for dyno in app.current if dyno not in {name for name, _ in started}]:
        replaced.containers.append((dyno, app.current.pop(dyno)))
    await task(call, app, image, "postdeploy", dokku_scripts(app).get("postdeploy"), "app.json")
    app.deployed = True
    app.restore = True
    if machine.old:
        app.config["DOKKU_APP_RESTORE"] = "1"
    if replaced.containers:
        retire_later(call, app, replaced)
        call.say(arrow("Shutting down old containers in 60 seconds"))
    call.phase("deployed")
    await call.pause(0.9 * tempo)


async def stop_first(call: Call, app: App, process: str) -> None:
    """checks:disable: the old containers stop before the new ones start, and nobody answers in between (7 to 11 s)."""
    machine = call.host.machine
    call.say(detail(f"Zero downtime is disabled, stopping currently running containers  ({process})"))
    for dyno, container in machine.current(app).items():
        if container is not None and container.running and dyno.startswith(f"{process}."):
            call.say(detail(f"Stopping {container.id} ({process})"))
            container.exit()
            await call.pause(5.0)


async def start_one(
    call: Call,
    app: App,
    image: Image,
    ref: str,
    dyno: str,
    started: list[tuple[str, DockerContainer]],
    replaced: Replaced,
) -> None:
    """One new container, checked and then the process's current one; `started` and `replaced` grow. Raises
    CommandFailed for a failed check.
    """
    machine = call.host.machine
    tempo = call.host.durations.start_up
    call.phase("preflight")
    stopped_first = app.stops_first(dyno.partition(".")[0])
    if not stopped_first:
        await call.pause(0.9 * tempo)
        call.say(detail(f"Attempting pre-flight checks ({dyno})"))
    name = f"{app.name}.{dyno}.upcoming-{machine.number()}"
    if trouble := struck(call, app, START):
        call.say(tool(START[trouble].format(name=name, id=machine.new_id())))
        call.say_all((tool("parallel: This job failed:"), tool(f"{START_JOB} {app.name} dockerfile {app.image}")))
        raise CommandFailed
    wrong_platform = bool(struck(call, app, ("platform",)))
    if wrong_platform:
        call.say(tool(PLATFORM))
    container = machine.start_container(app, image, ref, dyno, name)
    try:
        for text in first_lines(container):
            container.log.append(text)
        container.ticks = 1
        if wrong_platform:
            container.log.lines.clear()
            container.log.append(WRONG_FORMAT.format(container.start.path))
            container.exit(1)
        if stopped_first:
            # nobody looks whether it lives: a process that ends at once is a deploy that succeeded
            await call.pause(3.0 * tempo)
            if dies(container) or call.host.faults.take_mode("crash", app.name) is not None:
                container.exit(2)
        elif app.skips_checks(container.process):
            await call.pause(0.5 * tempo)
            call.say(thick(f"Zero downtime checks have been skipped ({dyno})"))
            if dies(container):
                container.exit(2)
        else:
            await check(call, app, container)
    except ClientGone:
        # The client died during the checks: the new container is stopped, and stays behind as it is.
        container.exit()
        raise
    if not stopped_first and not app.skips_checks(container.process):
        call.say_all(container_output(app, container))
    call.phase("checked")
    old = app.current.get(dyno)
    app.current[dyno] = container.id
    started.append((dyno, container))
    if old is not None:
        replaced.containers.append((dyno, old))
        call.say(detail(f"Scheduling old container shutdown in 60 seconds ({dyno})"))


def first_lines(container: DockerContainer) -> tuple[str, ...]:
    """The words of a new container: of its script, of the release, or of what could not be started."""
    if container.start.script is not None:
        return container.start.script
    return start_lines(container.runs, container.content) if container.runs else said_at_end(container)


def said_at_end(container: DockerContainer) -> tuple[str, ...]:
    """The words that a process without a command leaves in its log, as often as Docker started it."""
    return (container.start.complaint,) * 8


def rename(call: Call, app: App, dyno: str, container: DockerContainer) -> Iterator[OutputLine]:
    """Gives the new container the process's name; one that still has it gets the time behind its own."""
    machine = call.host.machine
    name = f"{app.name}.{dyno}"
    for other in machine.containers_of(app):
        if other.name == name and other is not container:
            yield detail(f"Found previous container(s) ({other.short_id}) named {name}")
            aside = f"{name}.{int(machine.now())}"
            yield detail(f"Renaming container ({other.short_id}) {name} to {aside}")
            other.name = aside
    yield detail(f"Renaming container {container.name} ({container.short_id}) to {name}")
    container.name = name


def retire_later(call: Call, app: App, replaced: Replaced) -> None:
    """Replaced containers serve on for a minute, then stop; the timer of ps:retire deletes them and their images."""
    host = call.host
    for _, container_id in replaced.containers:
        container = host.machine.containers.get(container_id)
        if container is not None:
            host.machine.register_retired(app, container, host.pace.scaled(WAIT_TO_RETIRE))
            host.later(host.pace.scaled(OLD_CONTAINER_STOPS), container.exit)
