"""A deploy by the scheduler k3s: Helm's upgrade, the wait for the pods, and what a failure leaves behind.

Recorded on 0.35.15 (2026-11-28). A failed deploy answers after `deploy-timeout`; the good pods serve on and have lost
their Secret, the bad ones stay beside them. With `rollback-on-failure` both are put right. Helm that is killed leaves
its release `pending-upgrade`: the pods change over all the same, and every later deploy is refused.
"""

import asyncio
from collections.abc import Iterator

from tui.sandbox import kube
from tui.sandbox.answers import check_answer, start_lines
from tui.sandbox.client import ClientGone
from tui.sandbox.containers import DockerContainer
from tui.sandbox.deploy.checks import dies, startup_checks
from tui.sandbox.deploy.release import dokku_scripts, task
from tui.sandbox.deploy_lines import CommandFailed, OutputLine, arrow, complaint, detail, step, thick, tool
from tui.sandbox.host import Call
from tui.sandbox.images import Image
from tui.sandbox.machine import App

WARNINGS = (
    "Error listing cluster trigger authentications: the server could not find the requested resource",
    "Continuing with no cluster trigger authentications",
    "This may be due to the keda helm chart not being installed",
)
STARTS = 9.0
"""seconds until a pod is ready"""
BEAT = 2.0


async def install(call: Call, app: App, image: Image, ref: str) -> None:
    """Hands the release to the cluster and waits for its pods. Raises CommandFailed, with the cluster as Helm leaves
    it.
    """
    machine, cluster = call.host.machine, call.host.machine.cluster
    key = (kube.namespace(machine, app), app.name)
    if cluster.down:
        api = 'Get "https://127.0.0.1:6443/api/v1/namespaces": dial tcp 127.0.0.1:6443: connect: connection refused'
        call.say(complaint(f"Error creating kubernetes namespace for deployment: {api}"))
        raise CommandFailed
    call.say_all(complaint(text) for text in (*WARNINGS, f"No autoscaling config found for {app.name}"))
    call.say(thick(f"Installing {app.name}"))
    call.say(detail(f"Getting history for release {app.name}"))
    await call.pause(1.0)
    before = cluster.helm.get(key, "")
    if before:
        call.say(detail(f"Preparing upgrade for {app.name}"))
    if before in ("busy", "pending"):
        call.say(complaint(f"Error deploying: {kube.BUSY}"))
        raise CommandFailed
    cluster.helm[key] = "busy"
    old = kube.pods(machine, app)
    secret, gone = kube.put_secret(machine, app)
    call.say_all(upgrade_lines(call, app, secret, gone, first=not before))
    kept = cluster.secrets.pop(gone, None) if gone else None
    new = start_all(call, app, image, ref, secret)
    call.phase("checking")
    try:
        await wait_ready(call, app, new, old)
    except CommandFailed:
        clean_up(call, app, secret, (gone, kept), (old, new))
        cluster.helm[key] = "deployed" if before else ""
        raise
    except HelmKilled:
        switch(call, app, new, old)
        cluster.helm[key] = "pending"
        call.say(tool('/tmp/bashenv.4229902918: line 290: 323468 Killed                  $plugin/$hook "$@"'))  # noqa: S108
        raise CommandFailed from None
    except (ClientGone, asyncio.CancelledError):
        switch(call, app, new, old)  # the cluster goes on without Dokku
        cluster.helm[key] = "deployed"
        raise
    switch(call, app, new, old)
    cluster.helm[key] = "deployed"
    await call.host.open_site(app)
    call.phase("switched")
    call.say(detail(f"Updating status for upgraded release for {app.name}"))
    call.say(arrow("Running post-deploy"))
    await task(call, app, image, "postdeploy", dokku_scripts(app).get("postdeploy"), "app.json")
    app.deployed = app.restore = True
    if machine.old:
        app.config["DOKKU_APP_RESTORE"] = "1"
    call.phase("deployed")


class HelmKilled(Exception):
    """Helm died on the Dokku host in the middle of its upgrade."""


def upgrade_lines(call: Call, app: App, secret: str, gone: str, *, first: bool) -> Iterator[OutputLine]:
    """The words of Helm until it waits for the pods."""
    where = kube.namespace(call.host.machine, app)
    count = 4 + len([process for process in app.process_types if app.scale.get(process, 0)])
    if first:
        yield detail("Creating 1 resource(s)")
        yield detail(f"Creating {count} resource(s)")
    else:
        yield detail(f"Performing update for {app.name}")
        yield detail(f"Creating upgraded release for {app.name}")
        yield detail(f"Checking {count} resources for changes")
        yield detail(f'Looks like there are no changes for ServiceAccount "{app.name}"')
        yield detail(f'Created a new Secret called "{secret}" in {where}')
        yield detail(f'Patch Deployment "{app.name}-web" in namespace {where}')
        if gone:
            yield detail(f'Deleting Secret "{gone}" in namespace {where}...')
    minutes, seconds = divmod(kube.timeout(call.host.machine, app), 60)
    limit = f"{minutes}m{seconds}s" if minutes else f"{seconds}s"
    yield step(f" !     Beginning wait for {count} resources with timeout of {limit}")


def start_all(call: Call, app: App, image: Image, ref: str, secret: str) -> list[DockerContainer]:
    """The pods of the new release, none of them ready."""
    new: list[DockerContainer] = []
    for process in app.process_types:
        for index in range(1, app.scale.get(process, 0) + 1):
            pod = kube.start_pod(call.host.machine, app, image, ref, f"{process}.{index}", secret)
            for text in start_lines(pod.runs, pod.content) if pod.runs else (pod.start.complaint,):
                pod.log.append(text)
            new.append(pod)
    return new


async def wait_ready(call: Call, app: App, new: list[DockerContainer], old: list[DockerContainer]) -> None:
    """Until all new pods are ready. Raises CommandFailed at the deploy's time limit, HelmKilled if told so."""
    where = kube.namespace(call.host.machine, app)
    limit = kube.timeout(call.host.machine, app)
    told_to_crash = call.host.faults.take_mode("crash", app.name) is not None
    told_to_fail = call.host.faults.take_mode("check", app.name) is not None
    for pod in new:
        if dies(pod) or told_to_crash:
            pod.exit(2)
    probes = startup_checks(app)
    bad = told_to_fail or any(not pod.running for pod in new)
    for found in probes:
        path = str(found.get("path", "/"))
        webs = [pod for pod in new if pod.process == "web"]
        bad = bad or any(check_answer(app.name, pod.content, path).status >= 400 for pod in webs)
    if bad and not probes:
        switch(call, app, new, old)  # nothing says that they are not ready: the old ones go
    waited = 0.0
    while waited < (limit if bad else min(STARTS, limit)):
        for process in dict.fromkeys(pod.process for pod in new):
            count = len([pod for pod in new if pod.process == process])
            call.say(
                detail(
                    f"Deployment is not ready: {where}/{app.name}-{process}. 0 out of {count} expected pods are ready"
                )
            )
            break
        if call.host.faults.take_mode("helm", app.name) is not None:
            raise HelmKilled
        # a line for each BEAT, but never more than some twenty of a long wait
        beat = max(BEAT, limit / 20) if bad else BEAT
        await call.pause(beat)
        waited += beat
    if bad:
        call.say(step(f' !     Warning: Upgrade "{app.name}" failed: context deadline exceeded'))
        raise CommandFailed


def clean_up(
    call: Call,
    app: App,
    secret: str,
    before: tuple[str, dict[str, str] | None],
    pods: tuple[list[DockerContainer], list[DockerContainer]],
) -> None:
    """After a failed upgrade: the new Secret goes as well; only a Helm that was told to roll back puts things right."""
    machine, cluster = call.host.machine, call.host.machine.cluster
    call.say(detail("Cleanup on fail set, cleaning up 1 resources"))
    call.say(detail(f'Starting delete for "{secret}" Secret'))
    call.say(detail("Resource cleanup complete"))
    if machine.old:
        cluster.secrets.pop(secret, None)
    name, kept = before
    why = "context deadline exceeded"
    if kube.setting(machine, app, "rollback-on-failure") == "true":
        call.say(detail("Upgrade failed and atomic is set, rolling back to last successful release"))
        call.say(detail(f"Performing rollback of {app.name}"))
        why = f"release {app.name} failed, and has been rolled back due to atomic being set: {why}"
        if kept is not None:
            cluster.secrets[name] = kept
            cluster.newest[(kube.namespace(machine, app), app.name)] = name
        for pod in pods[1]:
            pod.exit()
            machine.containers.pop(pod.id, None)
    call.say(complaint(f"Error deploying: {why}"))


def switch(call: Call, app: App, new: list[DockerContainer], old: list[DockerContainer]) -> None:
    """The Service finds the new pods, the old ones go."""
    machine = call.host.machine
    app.upstream = [pod.id for pod in new if pod.process == "web"]
    for pod in old:
        if pod not in new:
            pod.exit()
            machine.containers.pop(pod.id, None)
