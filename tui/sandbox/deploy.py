"""The deploy itself: build, release, start, check, switch, rename, each saying its lines through the call.

Everything that changes the machine happens between two lines, in the recorded order. A line said to a dead client
raises ClientGone, so the host is left exactly as far as the last line heard: branch moved, image built, container
orphaned or traffic half switched.

The order, with the names of its phases::

    cleanup → build → built → release → preflight → checking → checked → nginx → switched → renaming → deployed
    GIT_REV and the image are there before anything is known to work; deploy-source-metadata is written by the
    caller at the end.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from tui.sandbox import clock
from tui.sandbox.answers import check_answer, health_answer, start_lines
from tui.sandbox.build import Builder, BuildFailed, dockerfile_path
from tui.sandbox.client import Call, ClientGone
from tui.sandbox.containers import Container
from tui.sandbox.images import Image
from tui.sandbox.lines import (
    RED_BANG,
    CommandFailed,
    Line,
    arrow,
    complaint,
    detail,
    step,
    thick,
    tool,
)
from tui.sandbox.machine import DOMAIN, App
from tui.sandbox.pace import OLD_CONTAINER_STOPS, WAIT_TO_RETIRE
from tui.sandbox.registry import push_release, pushes

RUNLEVEL = "invoke-rc.d: could not determine current runlevel"
LISTENING = (
    "Running healthcheck name='port listening check' attempts=3 port=5000 retries=2 timeout=5 type='listening' wait=5"
)
NO_CHECKS = (
    "No web healthchecks found in app.json. Simple container checks will be performed.",
    "For more efficient zero downtime deployments, add healthchecks to your app.json. "
    "See https://dokku.com/docs/deployment/zero-downtime-deploys/ for examples",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """What is to be built: the files of a commit, and the label by which git:from-image has its source image retired
    later.
    """

    commit: str
    files: dict[str, bytes]
    alternate_tags: str | None = None


@dataclass(slots=True, kw_only=True)
class Replaced:
    """Old containers a deploy has superseded and not yet put on the list of the dead."""

    containers: list[tuple[str, str]] = field(default_factory=list)  # dyno, id


def skips_deploy(call: Call, app: App) -> bool:
    """0.35.15 knows only the variable, and only the word true; 0.38.27 only the property."""
    if call.host.machine.old:
        return app.config.get("DOKKU_SKIP_DEPLOY") == "true"
    return app.properties.get("ps-skip-deploy") == "true"


def skips_cleanup(call: Call, app: App) -> bool:
    return bool(app.config.get("DOKKU_SKIP_CLEANUP")) or (
        not call.host.machine.old and app.properties.get("builder-skip-cleanup") == "true"
    )


async def build_and_deploy(call: Call, app: App, source: Source) -> None:
    """From source to serving. Raises CommandFailed after the lines that say why."""
    machine = call.host.machine
    app.config["GIT_REV"] = source.commit
    app.last_updated = int(machine.now())
    call.phase("cleanup")
    await call.pause(0.5)
    if skips_cleanup(call, app):
        call.say(arrow("DOKKU_SKIP_CLEANUP set. Skipping dokku cleanup"))
    else:
        machine.cleanup(app)
        call.say(arrow("Cleaning up..."))
    await build(call, app, source)
    apply_source(app, source.files)
    image = machine.images.find(app.image)
    assert image is not None
    ref = await release(call, app, image)
    if skips_deploy(call, app):
        await call.pause(0.3)
        call.say(arrow("Skipping deployment"))
        call.say(step(""))
        app.released = True
        return
    await call.pause(0.5 * call.host.durations.start_up)
    call.say(arrow(f"Deploying {app.name} via the docker-local scheduler..."))
    await start_processes(call, app, image, ref)
    call.say_all(goodbye(app))
    app.released = True


def goodbye(app: App) -> Iterator[Line]:
    yield thick("Application deployed:")
    yield detail(f"http://{app.name}.{DOMAIN}")
    yield step("")


def apply_source(app: App, files: dict[str, bytes]) -> None:
    """Procfile and app.json take effect with the release, wherever the app says they are."""
    procfile_path = app.properties.get("ps-procfile-path") or "Procfile"
    app_json_path = app.properties.get("app-json-selected") or app.properties.get("app-json-appjson-path") or "app.json"
    app.procfile = parse_procfile(files.get(procfile_path, b"").decode())
    app.app_json = json.loads(files.get(app_json_path, b"{}"))
    types = tuple(name for name in app.procfile if name != "release") or ("web",)
    app.process_types = types if "web" in types else ("web", *types)
    for name in app.process_types:
        app.scale.setdefault(name, 0)


def parse_procfile(text: str) -> dict[str, str]:
    entries = (line.partition(":") for line in text.splitlines() if ":" in line and not line.startswith("#"))
    return {name.strip(): command.strip() for name, _, command in entries}


# --- build


async def build(call: Call, app: App, source: Source) -> None:
    machine = call.host.machine
    call.phase("build")
    if app.properties.get("builder-selected") == "null":
        call.say(arrow(f"Building {app.name} from null"))
        if machine.images.find(app.image) is None:
            call.say(complaint(f"App image ({app.image}) not found"))
            raise CommandFailed
        return
    await call.pause(0.3)
    if dockerfile_path(app) != "Dockerfile" and dockerfile_path(app) not in source.files:
        call.say(complaint("Invalid dockerfile-path specified"))
        raise CommandFailed
    if dockerfile_path(app) not in source.files:
        call.say(arrow(f"Building {app.name} from herokuish"))
        call.say(complaint("Herokuish image gliderlabs/herokuish:latest-24 is not available"))
        call.say(complaint("App build failed"))
        raise CommandFailed
    call.say(arrow(f"Building {app.name} from Dockerfile"))
    # The next deploy's failure belongs to the app it was armed for.
    fault = call.host.faults.take_mode("build", app.name)
    builder = Builder(
        machine,
        app,
        source.files,
        source.commit,
        alternate_tags=source.alternate_tags,
        full_disk=any(armed.kind == "full_disk" for armed in call.faults),
        fails=fault is not None,
    )
    try:
        for text in builder.lines():
            await call.pause(0.035)
            call.say(tool(text))
    except BuildFailed:
        call.say_all(after_failed_build(call, app))
        raise CommandFailed from None
    if machine.old:
        app.config["DOKKU_APP_TYPE"] = "dockerfile"
    call.phase("built")


def after_failed_build(call: Call, app: App) -> Iterator[Line]:
    """The old image gets its tag back if a container still holds it; else the tag goes, and with it the way to start
    the app.
    """
    machine = call.host.machine
    held = [container.image_id for container in machine.containers_of(app)]
    held = [image_id for image_id in dict.fromkeys(reversed(held)) if image_id in machine.images.images]
    current = [container.image_id for container in machine.current(app).values() if container is not None]
    if held:
        shown = held if machine.old else held[:1]
        yield complaint(f"Retagging old image {chr(10).join(short(image_id) for image_id in shown)} as {app.image}")
        machine.images.tag(machine.images.images[current[0] if current else held[0]], app.image)
    else:
        machine.images.untag(app.image)
        yield complaint(f"Removing invalid image tag {app.image}")
    yield complaint("App build failed")


def short(image_id: str) -> str:
    return image_id.removeprefix("sha256:")[:12]


# --- release


async def release(call: Call, app: App, image: Image) -> str:
    """Tasks before the start: predeploy of app.json, release of the Procfile; each can fail the deploy. The name to
    start.
    """
    call.phase("release")
    await call.pause(0.6)
    call.say(arrow(f"Releasing {app.name}..."))
    scripts = dokku_scripts(app)
    await task(call, app, image, "predeploy", scripts.get("predeploy"), "app.json")
    await task(call, app, image, "release", app.procfile.get("release"), "Procfile")
    if not app.released:
        name = "first deploy postdeploy" if call.host.machine.old else "heroku.postdeploy"
        await task(call, app, image, name, None, "app.json")
    ref = await push_release(call, app, image) if pushes(app) else app.image
    await call.pause(0.4)
    call.say(thick("Processing deployment checks"))
    if not startup_checks(app):
        call.say(tool(f"{RED_BANG}No healthchecks found in app.json for web process type"))
        call.say_all(detail(text) for text in NO_CHECKS)
    return ref


def dokku_scripts(app: App) -> dict[str, str]:
    scripts = app.app_json.get("scripts")
    inside = scripts.get("dokku") if isinstance(scripts, dict) else None
    return {key: str(value) for key, value in inside.items()} if isinstance(inside, dict) else {}


async def task(call: Call, app: App, image: Image, name: str, command: str | None, where: str) -> None:
    """One task in a container of its own. The wording of a task that runs is Dokku's source's, not a recording's."""
    await call.pause(0.4)
    call.say(arrow(f"Checking for {name} task"))
    if not command:
        call.say(detail(f"No {name} task found, skipping"))
        return
    ran = f"{app.name} {name} task ({call.host.machine.new_id()[:9]})"
    call.say(arrow(f"Executing {name} task from {where} in ephemeral container: {command}"))
    await call.pause(1.5)
    fault = call.host.faults.take_mode(name, app.name)
    failed = fault is not None or (name == "release" and image.content.behaviour.release_fails)
    call.say(thick(f"Start of {ran} output"))
    call.say(detail("django.db.utils.ProgrammingError: relation already exists" if failed else f"{command}: done"))
    call.say(thick(f"End of {ran} output"))
    if failed:
        call.say(complaint(f"Execution of {name} task failed: {command}"))
        raise CommandFailed


# --- start


def startup_checks(app: App) -> list[dict[str, Any]]:
    """The web checks of app.json that run at start; without a type they are of type startup."""
    checks = app.app_json.get("healthchecks")
    web = checks.get("web") if isinstance(checks, dict) else None
    found = [check for check in web if isinstance(check, dict)] if isinstance(web, list) else []
    return [check for check in found if check.get("type", "startup") == "startup"]


async def start_processes(call: Call, app: App, image: Image, ref: str) -> None:
    """New containers beside the old ones, checks, switch, rename. Raises CommandFailed if a check fails; then nothing
    was switched.
    """
    machine = call.host.machine
    tempo = call.host.durations.start_up
    replaced = Replaced()
    started: list[tuple[str, Container]] = []
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
    started: list[tuple[str, Container]],
    replaced: Replaced,
) -> None:
    machine = call.host.machine
    tempo = call.host.durations.start_up
    call.phase("preflight")
    stopped_first = app.stops_first(dyno.partition(".")[0])
    if not stopped_first:
        await call.pause(0.9 * tempo)
        call.say(detail(f"Attempting pre-flight checks ({dyno})"))
    name = f"{app.name}.{dyno}.upcoming-{machine.number()}"
    container = machine.start_container(app, image, ref, dyno, name)
    try:
        for text in start_lines(container.process, container.content):
            container.log.append(text)
        container.ticks = 1
        if stopped_first:
            # nobody looks whether it lives: a process that ends at once is a deploy that succeeded
            await call.pause(3.0 * tempo)
            if container.content.behaviour.crash or call.host.faults.take_mode("crash", app.name) is not None:
                container.exit(2)
        else:
            await check(call, app, container)
    except ClientGone:
        # The client died during the checks: the new container is stopped, and stays behind as it is.
        container.exit()
        raise
    if not stopped_first:
        call.say_all(container_output(app, container))
    call.phase("checked")
    old = app.current.get(dyno)
    app.current[dyno] = container.id
    started.append((dyno, container))
    if old is not None:
        replaced.containers.append((dyno, old))
        call.say(detail(f"Scheduling old container shutdown in 60 seconds ({dyno})"))


def container_output(app: App, container: Container) -> Iterator[Line]:
    which = f"{app.name} container output ({container.short_id} {container.dyno})"
    yield thick(f"Start of {which}")
    for logged in container.log.last(10):
        yield detail(logged.text)
    yield thick(f"End of {which}")


async def check(call: Call, app: App, container: Container) -> None:
    """Dokku's start-up checks. Raises CommandFailed with the container removed and the image left behind."""
    call.phase("checking")
    checks = startup_checks(app) if container.process == "web" else []
    await call.pause(0.5 * call.host.durations.start_up)
    call.say(arrow(f"Executing {len(checks) + 1} healthchecks"))
    faults = call.host.faults
    crashes = container.content.behaviour.crash or faults.take_mode("crash", app.name) is not None
    if crashes:
        container.exit(2)
    failures = await path_checks(call, app, container, checks) if checks else await uptime_check(call, container)
    if failures:
        call.say_all(check_failed(call, app, container, failures))
        raise CommandFailed
    call.say(detail(f"All checks successful ({container.dyno})"))


async def uptime_check(call: Call, container: Container) -> list[str]:
    """Without checks in app.json a process passes if it lives for ten seconds."""
    call.say(detail("Running healthcheck name='default' type='uptime' uptime=10"))
    await call.pause(10.0)
    if not container.running:
        return ["Failure in name='default': container state is not running"]
    call.say(detail("Healthcheck succeeded name='default'"))
    return []


async def path_checks(call: Call, app: App, container: Container, checks: list[dict[str, Any]]) -> list[str]:
    tempo = call.host.durations.start_up
    for found in checks:
        call.say(detail(announced(found)))
    call.say(detail(LISTENING))
    await call.pause(0.6)
    if call.host.machine.old:
        call.say(tool(refused_once(container, str(checks[0].get("path", "/")))))
    if not container.running:
        return crash_failures(checks)
    await call.pause(1.0 * tempo)
    call.say(detail("Healthcheck succeeded name='port listening check'"))
    told_to_fail = call.host.faults.take_mode("check", app.name) is not None
    failures: list[str] = []
    for found in checks:
        await call.pause(1.3 * tempo)
        name = found.get("name", "default")
        seen = check_answer(app.name, container.content, str(found.get("path", "/")))
        if told_to_fail:
            seen = health_answer(app.name, "503")
        if seen.status < 400:
            call.say(detail(f"Healthcheck succeeded name='{name}'"))
            continue
        failures.append(f"Failure in name='{name}': unexpected status code: {seen.status}")
        call.say_all((thick("Start healthcheck output"), detail(seen.body), thick("End healthcheck output")))
    return failures


def announced(found: dict[str, Any]) -> str:
    retries = int(found.get("attempts", 3)) - 1
    return (
        f"Running healthcheck name='{found.get('name', 'default')}' delay={found.get('initialDelay', 0)} "
        f"path='{found.get('path', '/')}' retries={retries} timeout={found.get('timeout', 5)} type='path'"
    )


def refused_once(container: Container, path: str) -> str:
    at = clock.utc().strftime("%Y/%m/%d %H:%M:%S.%f")
    where = f"{container.address}:5000"
    return f'{at} WARN RESTY Get "http://{where}{path}": dial tcp {where}: connect: connection refused, Attempt 1'


def crash_failures(checks: list[dict[str, Any]]) -> list[str]:
    failed = ["Failure in name='port listening check': container state is not running"]
    for found in checks:
        name, path = found.get("name", "default"), found.get("path", "/")
        failed.append(
            f"Failure in name='{name}': Get \"http://:5000{path}\": dial tcp :5000: connect: connection refused"
        )
    return failed


def check_failed(call: Call, app: App, container: Container, failures: list[str]) -> Iterator[Line]:
    for failure in failures:
        yield tool(f"{RED_BANG}{failure}")
    yield step(container.id)
    yield complaint(f"Could not start due to {len(failures)} failed checks ({container.dyno})")
    if not container.content.behaviour.crash:
        container.log.append("got SIGTERM, draining 1s")
    yield from container_output(app, container)
    yield from container_output(app, container)
    container.exit()
    del call.host.machine.containers[container.id]
    yield tool("parallel: This job failed:")
    yield tool(
        "/var/lib/dokku/plugins/available/scheduler-docker-local/bin/scheduler-deploy-process-container "
        f"{app.name} dockerfile {app.image} latest {container.process} {container.index} 1"
    )


async def nginx(call: Call, app: App, switch_to: list[Container] | None) -> None:
    """Writes the site anew; with containers given, traffic goes to them from here on."""
    tempo = call.host.durations.start_up
    await call.pause(0.9 * tempo)
    call.say(arrow(f"Ensuring network configuration is in sync for {app.name}"))
    await configure(call, app, switch_to)


async def configure(call: Call, app: App, switch_to: list[Container] | None) -> None:
    tempo = call.host.durations.start_up
    await call.pause(1.0 * tempo)
    call.say(arrow(f"Configuring {app.name}.{DOMAIN}...(using built-in template)"))
    call.say(arrow("Creating http nginx.conf"))
    await call.pause(0.5 * tempo)
    if switch_to is not None:
        app.upstream = [container.id for container in switch_to]
        if call.host.machine.old:
            app.config.setdefault("DOKKU_PROXY_PORT", "80")
        await call.host.open_site(app)
    call.say(detail("Reloading nginx"))
    call.say(tool(RUNLEVEL))


def rename(call: Call, app: App, dyno: str, container: Container) -> Iterator[Line]:
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
