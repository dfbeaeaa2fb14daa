"""The start-up checks of a new container, and the words of those that fail.

What decides: the behaviour of the image's content (does it crash, what does a path answer) and the failures of the
next deploy that a test has armed.
"""

from collections.abc import Iterator
from typing import Any

from tui.sandbox import clock
from tui.sandbox.answers import check_answer, health_answer
from tui.sandbox.containers import Container
from tui.sandbox.host import Call
from tui.sandbox.lines import RED_BANG, CommandFailed, Line, arrow, complaint, detail, step, thick, tool
from tui.sandbox.machine import App

LISTENING = (
    "Running healthcheck name='port listening check' attempts=3 port=5000 retries=2 timeout=5 type='listening' wait=5"
)


def startup_checks(app: App) -> list[dict[str, Any]]:
    """The web checks of app.json that run at start; without a type they are of type startup."""
    checks = app.app_json.get("healthchecks")
    web = checks.get("web") if isinstance(checks, dict) else None
    found = [check for check in web if isinstance(check, dict)] if isinstance(web, list) else []
    return [check for check in found if check.get("type", "startup") == "startup"]


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
    """Asks the paths of app.json. Returns a complaint for each check that failed, none if all is well."""
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
    """Dokku's line about a check that it is going to make, with the defaults it fills in."""
    retries = int(found.get("attempts", 3)) - 1
    return (
        f"Running healthcheck name='{found.get('name', 'default')}' delay={found.get('initialDelay', 0)} "
        f"path='{found.get('path', '/')}' retries={retries} timeout={found.get('timeout', 5)} type='path'"
    )


def refused_once(container: Container, path: str) -> str:
    """The line of 0.35.15's client about its first attempt, which comes before the process listens."""
    at = clock.utc().strftime("%Y/%m/%d %H:%M:%S.%f")
    where = f"{container.address}:5000"
    return f'{at} WARN RESTY Get "http://{where}{path}": dial tcp {where}: connect: connection refused, Attempt 1'


def crash_failures(checks: list[dict[str, Any]]) -> list[str]:
    """The complaints about a process that has died: no check finds anybody there."""
    failed = ["Failure in name='port listening check': container state is not running"]
    for found in checks:
        name, path = found.get("name", "default"), found.get("path", "/")
        failed.append(
            f"Failure in name='{name}': Get \"http://:5000{path}\": dial tcp :5000: connect: connection refused"
        )
    return failed


def check_failed(call: Call, app: App, container: Container, failures: list[str]) -> Iterator[Line]:
    """Dokku's lines about a failed start; while they are said the container ends and is deleted."""
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


def container_output(app: App, container: Container) -> Iterator[Line]:
    """The newest ten lines of the container's log between Dokku's two headings."""
    which = f"{app.name} container output ({container.short_id} {container.dyno})"
    yield thick(f"Start of {which}")
    for logged in container.log.last(10):
        yield detail(logged.text)
    yield thick(f"End of {which}")
