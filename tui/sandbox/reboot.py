"""A host that restarts, at any moment: every connection and command dies, and the apps are started again.

Measured on both versions, in the middle of a push: container ids stay and only `StartedAt` changes; metadata and
branch stay old, GIT_REV is the new sha, `dokku/APP:latest` the image that was never deployed; the lock's file stays
for good; 0.38.27's `builds:list` says `abandoned` in its first answer. After the switch the new web container, still
named `upcoming`, is what Dokku knows of, the worker is the old one, and an `upcoming` container that Dokku knows
nothing of goes on running, because Docker starts every container again that ran.

`ids="change"`: `ps:restore` found the containers gone and released `:latest` anew, which may be another image by now
(recorded of 0.35.15: "App has been detected as not running, releasing").
"""

from tui.sandbox import kube
from tui.sandbox.containers import DockerContainer
from tui.sandbox.machine import App, Machine

WAYS = ("keep", "change")


def check(ids: str) -> None:
    """Raises ValueError unless `ids` is one of `WAYS`."""
    if ids not in WAYS:
        raise ValueError(f"ids is one of {', '.join(WAYS)}")


def come_back(machine: Machine, *, ids: str) -> None:
    """The apps after the restart: no flock is held any more, what ran runs again, in new containers for `change`."""
    for app in machine.apps.values():
        app.lock_held = False
    for container in list(machine.containers.values()):
        app = machine.apps[container.app]
        if container.running and app.restore:
            _start_again(container, machine.now())
    for app in machine.apps.values():
        if app.restore:
            kube.reschedule(machine, app)
    if ids == "change":
        for app in machine.apps.values():
            if app.deployed and app.restore:
                _release_again(machine, app)


def _start_again(container: DockerContainer, now: float) -> None:
    container.exit(137)
    container.status, container.started = "running", now


def _release_again(machine: Machine, app: App) -> None:
    """New containers from `:latest` in the place of those that Dokku knows of."""
    image = machine.images.find(app.image)
    if image is None:
        return
    for dyno, container_id in list(app.current.items()):
        old = machine.containers.pop(container_id, None)
        if old is not None:
            old.exit(137)
        new = machine.start_container(app, image, app.image, dyno, f"{app.name}.{dyno}")
        app.current[dyno] = new.id
        app.upstream = [new.id if known == container_id else known for known in app.upstream]
