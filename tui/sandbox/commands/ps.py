"""ps:* — what runs: scale, stop, start, restart, rebuild, retire, inspect."""

import json
from typing import Any

from tui.sandbox import kube
from tui.sandbox.build_records import recorded_build
from tui.sandbox.client import CommandRefused, bang
from tui.sandbox.commands.k3s import refuse_if_down
from tui.sandbox.containers import DockerContainer, timestamp
from tui.sandbox.deploy.build import BuildSource
from tui.sandbox.deploy.docker_troubles import DAEMON
from tui.sandbox.deploy.nginx import configure, nginx
from tui.sandbox.deploy.phases import build_and_deploy, goodbye
from tui.sandbox.deploy.release import release
from tui.sandbox.deploy.start import start_processes
from tui.sandbox.deploy_lines import CommandFailed, arrow, complaint, tool
from tui.sandbox.dispatch import Parsed, command, parse
from tui.sandbox.git_server import MARK, branch_now
from tui.sandbox.host import Call
from tui.sandbox.images import Image
from tui.sandbox.locks import deploy_lock
from tui.sandbox.machine import App
from tui.sandbox.repos import read_files


def targets(call: Call, options: Parsed) -> list[App]:
    """All apps sorted by name with `--all`, else the one named. Raises AppMissing, Refused(1) without a name."""
    apps = call.host.machine.apps
    if options.has("--all"):
        return [apps[name] for name in sorted(apps)]
    return [call.host.machine.app(options.first())]


def latest(call: Call, app: App) -> Image | None:
    """The image that `dokku/APP:latest` means now; None if there is none."""
    return call.host.machine.images.find(app.image)


def missing_image(call: Call, app: App) -> CommandFailed:
    """Says it on the recorded streams; the caller raises what it returns."""
    say = call.err if call.host.machine.old else call.out
    say(bang(f"App image ({app.image}) not found"))
    call.err(bang("Missing image for app"))
    return CommandFailed()


async def release_and_start(call: Call, app: App) -> None:
    """Release and deploy of the image that is there. Raises CommandFailed without one."""
    image = latest(call, app)
    if image is None:
        raise missing_image(call, app)
    image, ref = await release(call, app, image)
    call.say(arrow(f"Deploying {app.name} via the {kube.scheduler(call.host.machine, app)} scheduler..."))
    await start_processes(call, app, image, ref)


async def restart_with_release(call: Call, app: App) -> None:
    """Restart as config:set does; it looks at no lock."""
    call.merged = True
    with recorded_build(call, app, "config-redeploy", kind="deploy"):
        await release_and_start(call, app)
    call.say_all(goodbye(app))


@command("ps:restart")
async def restart(call: Call) -> int:
    """New containers from `latest`, without a build and without looking at the lock; exit code of the last app that
    failed.
    """
    call.merged = True
    code = 0
    for app in targets(call, parse(call, switches=("--all",), values=("--parallel",))):
        image = latest(call, app)
        if not app.deployed:
            call.say(complaint(f"App {app.name} has not been deployed"))
            continue
        if image is None:
            call.say(complaint(f"App image ({app.image}) not found"))
            code = 1
            continue
        try:
            with recorded_build(call, app, "ps:restart", kind="deploy"):
                await start_processes(call, app, image, app.image)
        except CommandFailed as failure:
            code = failure.code
            complain_again(call)
    return code


@command("ps:rebuild")
async def rebuild(call: Call) -> int:
    """From the deploy branch of the app's own repository: that is the seal of a holder, whose branch has no commits."""
    code = 0
    for app in targets(call, parse(call, switches=("--all",), values=("--parallel",))):
        try:
            await rebuild_one(call, app)
        except CommandFailed as failure:
            code = failure.code
        except CommandRefused as refusal:
            code = refusal.code
            call.say_all(tool(text) for text in refusal.lines)
            complain_again(call)
    return code


def complain_again(call: Call) -> None:
    """The ps commands repeat all complaints at their end, as one more complaint."""
    call.say_all((complaint("\n".join(call.complaints)), tool("")))


async def rebuild_one(call: Call, app: App) -> None:
    """Builds the tip of the deploy branch anew. Raises CommandFailed without commits or for a failed deploy, Refused
    while another deploy runs.
    """
    call.merged = call.marked = True
    branch = branch_now(call, app)
    commit = app.repo.branch(branch)
    if commit is None and not app.lock_held:
        call.out(f"{MARK}-----> WARNING: Cannot build from '{branch}' as there are no commits stored at that branch.")
        if call.host.machine.old:
            call.err(bang(""))
        raise CommandFailed
    with recorded_build(call, app, "ps:rebuild"), deploy_lock(call, app):
        assert commit is not None
        tags = f'["{app.source_image}"]' if app.source_image else None
        files = read_files(app.repo.store, commit)
        await build_and_deploy(call, app, BuildSource(commit=commit, files=files, alternate_tags=tags))


@command("ps:stop")
async def stop(call: Call) -> int:
    """Stops the containers of apps, which then stay down over a restart of the host."""
    for app in targets(call, parse(call, switches=("--all",), values=("--parallel",))):
        if not app.deployed:
            call.err(bang(f"App {app.name} has not been deployed"))
            continue
        call.out(f"-----> Stopping {app.name}")
        if kube.on_k3s(call.host.machine, app):
            stop_pods(call, app)
            continue
        await call.pause(call.host.durations.stop)
        for container in call.host.machine.current(app).values():
            if container is not None:
                container.exit()
        app.restore = False
        if call.host.machine.old:
            app.config["DOKKU_APP_RESTORE"] = "0"
    return 0


def stop_pods(call: Call, app: App) -> None:
    """Takes the pods of an app away. Raises Refused(1) without a cluster."""
    machine = call.host.machine
    refuse_if_down(call)
    for process in dict.fromkeys(pod.process for pod in kube.pods(machine, app)):
        call.out(f"       Stopping {process} process")
    for pod in kube.pods(machine, app):
        pod.exit()
        del machine.containers[pod.id]
    app.restore = False


@command("ps:start")
async def start(call: Call) -> int:
    """Starts apps that do not run, by a release of `latest`."""
    for app in targets(call, parse(call, switches=("--all",), values=("--parallel",))):
        await start_one_app(call, app)
    return 0


async def start_one_app(call: Call, app: App) -> None:
    """Leaves alone what runs, and says so. Raises CommandFailed if the image is missing or a check fails."""
    if not app.deployed:
        call.err(bang(f"App {app.name} has not been deployed"))
        return
    machine = call.host.machine
    containers = kube.pods(machine, app) if kube.on_k3s(machine, app) else list(machine.current(app).values())
    if containers and all(container is not None and container.running for container in containers):
        call.err(bang(f"App {app.name} already running"))
        await nginx(call, app, None)
        return
    call.err(bang("App has been detected as not running, releasing"))
    if latest(call, app) is None:
        failure = missing_image(call, app)
        call.out(f"-----> Ensuring network configuration is in sync for {app.name}")
        call.err(f" !     {bang('Missing image for app')}\n")
        raise failure
    call.merged = True
    await release_and_start(call, app)
    call.say_all(goodbye(app))
    call.merged = False
    await nginx(call, app, None)


@command("ps:scale")
async def scale(call: Call) -> int:
    """Shows the number of containers of each process type, or sets it and deploys. Raises Refused(1) for what is no
    number, and for a process type that the Procfile of the newest build does not have (recorded on 0.35.15).
    """
    options = parse(call, switches=("--skip-deploy",))
    app = call.host.machine.app(options.first())
    wanted = options.plain[1:]
    if not wanted:
        call.out(f"-----> Scaling for {app.name}")
        call.out("proctype: qty")
        call.out("--------: ---")
        for process, count in app.scale.items():
            call.out(f"{f'{process}:':<5} {count}" if process != "web" else f"web:  {count}")
        return 0
    call.out(f"-----> Scaling {app.name} processes: {' '.join(wanted)}")
    counts: dict[str, int] = {}
    for pair in wanted:
        process, _, wanted_count = pair.partition("=")
        if not wanted_count.isdigit():
            raise CommandRefused(1, bang(f"Invalid scaling: {pair}"))
        counts[process] = int(wanted_count)
        if app.procfile and process not in app.procfile and counts[process]:
            raise CommandRefused(1, bang(f"{process} is not a valid process name to scale up"))
    app.scale |= counts
    image = latest(call, app)
    if app.deployed and image is not None and not options.has("--skip-deploy"):
        call.merged = True
        await start_processes(call, app, image, app.image)
    return 0


@command("ps:retire")
async def retire(call: Call) -> int:
    """Deletes what is due, of one app or of all, and names all that it tried, each by its id."""
    options = parse(call)
    app = call.host.machine.app(options.plain[0]) if options.plain else None
    call.out("-----> Retiring old containers and images")
    machine = call.host.machine
    before = {due.id for due in machine.dead_images}
    for due in machine.retire(app):
        kind = "image" if due.id in before else "container"
        call.out(f"       Attempting to retire {due.app} {kind} {due.id.removeprefix('sha256:')}")
    return 0


@command("ps:restore")
async def restore(call: Call) -> int:
    """Starts the stopped containers of apps that are meant to run, as the host does when it boots."""
    for app in targets(call, parse(call, switches=("--all",))):
        if app.deployed and app.restore:
            for container in call.host.machine.current(app).values():
                if container is not None and not container.running:
                    container.status = "running"
                    container.started = call.host.machine.now()
            await configure(call, app, None)
    return 0


@command("ps:inspect", costs="inspect")
async def inspect(call: Call) -> int:
    """Docker's facts about the app's containers, as JSON with an indent of 4; exit 1 and a complaint if one was
    deleted.
    """
    app = call.host.machine.app(parse(call).first())
    if kube.on_k3s(call.host.machine, app) and app.released:
        return 0
    if call.host.machine.docker_down:
        raise CommandRefused(1, DAEMON, bang(DAEMON) + "\n", out="[]")
    found: list[dict[str, Any]] = []
    missing: list[str] = []
    for dyno, container_id in sorted(app.current.items()):
        container = call.host.machine.containers.get(container_id)
        if container is None:
            missing.append(container_id)
        else:
            found.append(inspected(call, app, container))
        del dyno
    call.out(json.dumps(found, indent=4) if found else "[]")
    if not missing:
        return 0
    said = [f"Error response from daemon: No such container: {container_id}" for container_id in missing]
    call.err("\n".join(said))
    call.err(bang("\n".join(said)) + "\n")
    return 1


def inspected(call: Call, app: App, container: DockerContainer) -> dict[str, Any]:
    """One recorded element with this container's own facts put in."""
    recorded = call.host.recorded.container()
    old_id, old_address = recorded["Id"], recorded["NetworkSettings"]["IPAddress"]
    text = json.dumps(recorded).replace("scenextras", app.name)
    text = text.replace(old_id, container.id).replace(old_id[:12], container.short_id)
    entry: dict[str, Any] = json.loads(text.replace(old_address, container.address))
    entry["Name"] = f"/{container.name}"
    entry["Path"], entry["Args"] = container.start.path, list(container.start.args)
    entry["NetworkSettings"]["Networks"]["bridge"]["DNSNames"][0] = container.name
    entry["Image"] = container.image_id
    entry["Created"] = timestamp(container.created)
    entry["RestartCount"] = container.restarts
    config = entry["Config"]
    config["Env"] = list(container.env)
    config["Image"] = container.image_ref
    config["Labels"] = dict(sorted({**config["Labels"], **container.labels}.items()))
    entry["State"] |= {
        "ExitCode": container.exit_code,
        "FinishedAt": timestamp(container.finished),
        "OOMKilled": container.oom_killed,
        "Pid": container.pid if container.running else 0,
        "Restarting": container.looping,
        "Running": container.running,
        "StartedAt": timestamp(container.started),
        "Status": "restarting" if container.looping else container.status,
    }
    return entry
