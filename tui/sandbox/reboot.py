"""A host that restarts, at any moment: every connection and command dies, and the apps are started again.

Measured on both versions, in the middle of a push: container ids stay and only ``StartedAt`` changes; metadata and
branch stay old, GIT_REV is the new sha, ``dokku/APP:latest`` the image that was never deployed; the lock's file stays
for good; 0.38.27's ``builds:list`` says `abandoned` in its first answer. After the switch the new web container, still
named ``upcoming``, is what Dokku knows of, the worker is the old one, and an ``upcoming`` container that Dokku knows
nothing of goes on running, because Docker starts every container again that ran.

``ids="change"``: ``ps:restore`` found the containers gone and released ``:latest`` anew, whatever image that is by now
(recorded of 0.35.15: "App has been detected as not running, releasing").
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from tui.sandbox.client import Call
from tui.sandbox.containers import Container
from tui.sandbox.machine import App

if TYPE_CHECKING:
    from tui.sandbox.host import Host

WAYS = ("keep", "change")


async def restart(host: Host, *, ids: str = "keep") -> None:
    """Everything that runs dies at once; then the apps come back. Raises ValueError for another way."""
    if ids not in WAYS:
        raise ValueError(f"ids is one of {', '.join(WAYS)}")
    await _die(host.running_calls())
    machine = host.machine
    for app in machine.apps.values():
        app.lock_held = False
    for container in list(machine.containers.values()):
        app = machine.apps[container.app]
        if container.running and app.restore:
            _start_again(container, machine.now())
    if ids == "change":
        for app in machine.apps.values():
            if app.deployed and app.restore:
                _release_again(host, app)


async def _die(calls: list[Call]) -> None:
    """Killed where they wait, without a word: what each would have put in order stays as it is."""
    tasks: list[asyncio.Task[object]] = []
    for call in calls:
        call.powerless = True
        call.client.lost()
        if call.task is not None and call.task is not asyncio.current_task():
            call.task.cancel()
            tasks.append(call.task)
    await asyncio.gather(*tasks, return_exceptions=True)


def _start_again(container: Container, now: float) -> None:
    container.exit(137)
    container.status, container.started = "running", now


def _release_again(host: Host, app: App) -> None:
    """New containers from ``:latest`` in the place of those that Dokku knows of."""
    machine = host.machine
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
