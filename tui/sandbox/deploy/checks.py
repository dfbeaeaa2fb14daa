"""The start-up checks of a new container, and the words of those that fail.

What decides: the behaviour of the image's content (does it crash, what does a path answer) and the failures of the
next deploy that a test has armed.
"""

from collections.abc import Iterator
from typing import Any

from tui.sandbox import clock
from tui.sandbox.answers import check_answer, health_answer
from tui.sandbox.containers import DockerContainer
from tui.sandbox.deploy_lines import RED_BANG, CommandFailed, OutputLine, arrow, complaint, detail, step, thick, tool
from tui.sandbox.host import Call
from tui.sandbox.machine import App

LISTENING = (
    "Running healthcheck name='port listening check' attempts=3 port=5000 retries=2 timeout=5 type='listening' wait=5"
)
UPTIME = 10.0
"""seconds that a process without a check of its own has to live (recorded on both versions)"""
Check = dict[str, Any]


def startup_checks(app: App, process: str = "web") -> list[Check]:
    """The checks that app.json has for the start of a process type; without a type of their own they are of startup."""
    checks = app.app_json.get("healthchecks")
    listed = checks.get(process) if isinstance(checks, dict) else None
    found = [check for check in listed if isinstance(check, dict)] if isinstance(listed, list) else []
    return [check for check in found if check.get("type", "startup") == "startup"]


def checks_of(call: Call, app: App, process: str) -> list[Check]:
    """The checks that are made: those of app.json, or a time to live. Only 0.35.15 reads a variable for its length."""
    named = call.host.machine.config_of(app).get("DOKKU_DEFAULT_CHECKS_WAIT", "") if call.host.machine.old else ""
    uptime = float(named) if named.isdigit() else UPTIME
    return startup_checks(app, process) or [{"name": "default", "uptime": uptime}]


def dies(container: DockerContainer) -> bool:
    """True if its process ends at its start: by its own fault, or because there is nothing to start."""
    return (container.content.behaviour.crash and container.start.script is None) or not container.runs


async def check(call: Call, app: App, container: DockerContainer) -> None:
    """Dokku's start-up checks. Raises CommandFailed with the container removed and the image left behind."""
    call.phase("checking")
    checks = checks_of(call, app, container.process)
    web = container.process == "web"
    await call.pause(0.5 * call.host.durations.start_up)
    call.say(arrow(f"Executing {len(checks) + web} healthchecks"))
    if dies(container) or call.host.faults.take_mode("crash", app.name) is not None:
        container.exit(2)
    call.say_all(detail(announced(found)) for found in checks)
    if web:
        call.say(detail(LISTENING))
    failures = await results(call, app, container, checks)
    if failures:
        call.say_all(check_failed(call, app, container, failures))
        raise CommandFailed
    call.say(detail(f"All checks successful ({container.dyno})"))


async def results(call: Call, app: App, container: DockerContainer, checks: list[Check]) -> list[str]:
    """Makes the checks of one container. Returns a complaint for each that failed, none if all is well."""
    tempo = call.host.durations.start_up
    paths = [found for found in checks if "uptime" not in found]
    lives = [found for found in checks if "uptime" in found]
    if container.process == "web":
        await call.pause(0.6)
        if paths and call.host.machine.old:
            call.say(tool(refused_once(container, str(paths[0].get("path", "/")))))
        if not container.running:
            return crash_failures(checks)
        await call.pause(1.0 * tempo)
        call.say(detail("Healthcheck succeeded name='port listening check'"))
    failures: list[str] = []
    told_to_fail = bool(paths) and call.host.faults.take_mode("check", app.name) is not None
    for found in paths:
        await call.pause(1.3 * tempo)
        failures += path_result(call, app, container, found, told_to_fail=told_to_fail)
    await call.pause(max((float(found["uptime"]) for found in lives), default=0.0))
    for found in lives:
        name = found.get("name", "default")
        if container.running:
            call.say(detail(f"Healthcheck succeeded name='{name}'"))
        else:
            failures.append(f"Failure in name='{name}': container state is not running")
    return failures


def path_result(call: Call, app: App, container: DockerContainer, found: Check, *, told_to_fail: bool) -> list[str]:
    """Asks one path, and says what came of it. Returns the complaint, if there is one."""
    name = found.get("name", "default")
    seen = check_answer(app.name, container.content, str(found.get("path", "/")))
    if told_to_fail:
        seen = health_answer(app.name, "503")
    if seen.status < 400:
        call.say(detail(f"Healthcheck succeeded name='{name}'"))
        return []
    call.say_all((thick("Start healthcheck output"), detail(seen.body), thick("End healthcheck output")))
    return [f"Failure in name='{name}': unexpected status code: {seen.status}"]


def announced(found: Check) -> str:
    """Dokku's line about a check that it is going to make, with the defaults it fills in."""
    if "uptime" in found:
        return f"Running healthcheck name='{found.get('name', 'default')}' type='uptime' uptime={found['uptime']:g}"
    retries = int(found.get("attempts", 3)) - 1
    return (
        f"Running healthcheck name='{found.get('name', 'default')}' delay={found.get('initialDelay', 0)} "
        f"path='{found.get('path', '/')}' retries={retries} timeout={found.get('timeout', 5)} type='path'"
    )


def refused_once(container: DockerContainer, path: str) -> str:
    """The line of 0.35.15's client about its first attempt, which comes before the process listens."""
    at = clock.utc().strftime("%Y/%m/%d %H:%M:%S.%f")
    where = f"{container.address}:5000"
    return f'{at} WARN RESTY Get "http://{where}{path}": dial tcp {where}: connect: connection refused, Attempt 1'


def crash_failures(checks: list[Check]) -> list[str]:
    """The complaints about a process that has died: no check finds anybody there."""
    failed = ["Failure in name='port listening check': container state is not running"]
    for found in checks:
        name, path = found.get("name", "default"), found.get("path", "/")
        if "uptime" in found:
            failed.append(f"Failure in name='{name}': container state is not running")
            continue
        failed.append(
            f"Failure in name='{name}': Get \"http://:5000{path}\": dial tcp :5000: connect: connection refused"
        )
    return failed


def check_failed(call: Call, app: App, container: DockerContainer, failures: list[str]) -> Iterator[OutputLine]:
    """Dokku's lines about a failed start; while they are said the container ends and is deleted."""
    for failure in failures:
        yield tool(f"{RED_BANG}{failure}")
    yield step(container.id)
    yield complaint(f"Could not start due to {len(failures)} failed checks ({container.dyno})")
    if not dies(container):
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


def container_output(app: App, container: DockerContainer) -> Iterator[OutputLine]:
    """The newest ten lines of the container's log between Dokku's two headings."""
    which = f"{app.name} container output ({container.short_id} {container.dyno})"
    yield thick(f"Start of {which}")
    for logged in container.log.last(10):
        yield detail(logged.text)
    yield thick(f"End of {which}")
