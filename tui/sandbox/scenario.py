"""The scenarios: what may be wrong when the sandbox wakes up, by name; every scenario starts from the seeded host."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from tui.sandbox.armed_faults import Fault, When
from tui.sandbox.host import SandboxHost
from tui.sandbox.images import Content
from tui.sandbox.stories import BUILDERS


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """Something that is wrong from the start: one sentence about it, what brings it about, and the apps that it needs
    beside the team's (`/app` of the control port says what they are told).
    """

    about: str
    begin: Callable[[SandboxHost], None]
    apps: Callable[[SandboxHost], list[dict[str, Any]]] = lambda host: []


def one_of_each(host: SandboxHost) -> list[dict[str, Any]]:
    """An app for every builder that the version has, each with a worker and some config."""
    return [
        {"name": f"by-{builder}", "builder": builder, "worker": True, "config": {"GREETING": "old", "OLDONLY": "yes"}}
        for builder in BUILDERS
        if builder != "railpack" or not host.machine.old
    ]


def misbehave(host: SandboxHost, app: str, **values: object) -> None:
    """Changes the running release of an app: its containers and the image they came from."""
    machine = host.machine
    for container in machine.current(machine.app(app)).values():
        if container is None:
            continue
        behaviour = container.content.behaviour.changed(dict(values))
        content = replace(container.content, behaviour=behaviour)
        image = machine.images.images.get(container.image_id)
        set_content(host, container.image_id, content)
        container.content = content
        assert image is not None or container.image_id not in machine.images.images


def set_content(host: SandboxHost, image_id: str, content: Content) -> None:
    """Lets an image hold something else under the same id; an image that is gone stays gone."""
    image = host.machine.images.images.get(image_id)
    if image is not None:
        host.machine.images.images[image_id] = replace(image, content=content)


def healthy(host: SandboxHost) -> None:
    """Makes api's bad release healthy."""
    misbehave(host, "scenextras", health="ok", check="", error_rate=0.0, log="")


def busy(host: SandboxHost) -> None:
    """A healthy release that fails too often, among enough users to prove it within seconds."""
    misbehave(host, "scenextras", health="ok", error_rate=0.03, log="")
    host.sites.traffic["scenextras"] = 60


def arm(kind: str, **values: object) -> Callable[[SandboxHost], None]:
    """A beginning that arms a fault; the values are fields of `Fault`."""

    def begin(host: SandboxHost) -> None:
        when = values.pop("when", When())
        assert isinstance(when, When)
        host.faults.arm(Fault(kind=kind, when=when, **values))  # type: ignore[arg-type]

    return begin


PUSH = "git-receive-pack 'scenextras'"
SCENARIOS = {
    "bad-release": Scenario(
        about="api's v1.5.0 fails its health check and every fifth request", begin=lambda host: None
    ),
    "healthy": Scenario(about="everything works", begin=healthy),
    "three-percent-errors": Scenario(
        about="api's v1.5.0 is healthy and fails 3 % of its requests",
        begin=lambda host: misbehave(host, "scenextras", health="ok", error_rate=0.03),
    ),
    "traffic": Scenario(about="as three-percent-errors, with 60 requests of users a second", begin=busy),
    "slow-deploy": Scenario(
        about="the next push takes four times as long",
        begin=arm("slow_deploy", when=When(command_prefix="git-receive-pack")),
    ),
    "dropped-connection": Scenario(
        about="the connection dies in the next push to api, with the deploy under way",
        begin=arm("drop_connection", when=When(command_prefix=PUSH, after_phase="built")),
    ),
    "held-lock": Scenario(about="somebody else's deploy holds api's lock", begin=arm("hold_lock", app="scenextras")),
    "wrong-app": Scenario(
        about="requests to search are answered by api",
        begin=arm("wrong_app", app="scenextras-autocomplete", by="scenextras"),
    ),
    "builders": Scenario(
        about="beside the team's, an app for every builder: by-herokuish, by-pack, by-nixpacks, by-image, by-archive",
        begin=lambda host: None,
        apps=one_of_each,
    ),
    "k3s": Scenario(
        about="beside the team's, on-k3s: a web pod and a worker that Dokku's scheduler k3s deploys",
        begin=lambda host: None,
        apps=lambda host: [{"name": "on-k3s", "scheduler": "k3s", "worker": True, "config": {"GREETING": "old"}}],
    ),
    "full-disk": Scenario(
        about="the host's disk is full: nothing can be built",
        begin=arm("full_disk", when=When(command_prefix="git-receive-pack"), times=1000),
    ),
}
