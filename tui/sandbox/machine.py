"""The state of the pretend host: apps, images, containers, what is due to be deleted. No sockets, no waiting.

Everything Dokku keeps in files under /home/dokku and /var/lib/dokku is an attribute here, repositories included
(see `repos`).
"""

import hashlib
from dataclasses import dataclass, field

from tui.sandbox import clock
from tui.sandbox.cluster import Cluster
from tui.sandbox.containers import DockerContainer
from tui.sandbox.image_config import start_of
from tui.sandbox.images import ALTERNATE_TAGS, APP_LABEL, Image, ImageStore
from tui.sandbox.repos import Repository

DOMAIN = "dokku.lab"


@dataclass(slots=True, kw_only=True)
class BuildRecord:
    """A record of 0.38's `builds:list`."""

    id: str
    pid: int
    source: str
    started: float
    kind: str = "build"
    """or `deploy`: a restart, also that of config:set"""
    finished: float = 0.0
    status: str = "running"
    display: str = "running"
    exit_code: int = 0
    output: list[str] = field(default_factory=list)


@dataclass(slots=True, kw_only=True, eq=False)
class App:
    """One app with everything that Dokku keeps about it; times are seconds since the epoch."""

    name: str
    created_at: int
    repo: Repository
    config: dict[str, str] = field(default_factory=dict)
    properties: dict[str, str] = field(default_factory=dict)  # "git-deploy-branch" → value, only what was set
    scale: dict[str, int] = field(default_factory=lambda: {"web": 1})
    current: dict[str, str] = field(default_factory=dict)  # "web.1" → container id, Dokku's CONTAINER.web.1 files
    upstream: list[str] = field(default_factory=list)  # containers nginx sends requests to
    process_types: tuple[str, ...] = ("web",)
    app_json: dict[str, object] = field(default_factory=dict)
    procfile: dict[str, str] = field(default_factory=dict)
    deployed: bool = False
    released: bool = False
    restore: bool = True
    deploy_source: str = ""
    metadata: str = ""
    source_image: str = ""
    lock_file: bool = False
    lock_held: bool = False  # flock(2): what a deploy looks at; the file alone blocks nothing
    checks_disabled: str = "none"
    """`none`, `_all_` or process types with commas between"""
    checks_skipped: str = "none"
    builds: list[BuildRecord] = field(default_factory=list)
    port: int = 0
    answered_by: str = ""  # another app that answers in its place

    @property
    def image(self) -> str:
        """The name of the image that a restart starts."""
        return f"dokku/{self.name}:latest"

    def stops_first(self, process: str) -> bool:
        """True if a deploy stops this process type before it starts it anew."""
        return self.checks_disabled == "_all_" or process in self.checks_disabled.split(",")

    def skips_checks(self, process: str) -> bool:
        """True if new containers of this process type take the traffic unchecked."""
        return self.checks_skipped == "_all_" or process in self.checks_skipped.split(",")


@dataclass(frozen=True, slots=True)
class Executed:
    """Code of an app's release that ran, and why: `start`, `task`, `run`, `enter` or `profile`."""

    app: str
    kind: str
    command: str
    at: float


@dataclass(frozen=True, slots=True)
class Due:
    """Something ps:retire deletes once its time has come."""

    app: str
    id: str
    at: float


class AppMissing(Exception):
    """`str()` is the app's name."""


class Machine:
    """All that a host has in its files and in Docker, and what changes it."""

    def __init__(self, *, version: str) -> None:
        self.version = version
        self.apps: dict[str, App] = {}
        self.images = ImageStore()
        self.containers: dict[str, DockerContainer] = {}
        self.dead_images: list[Due] = []
        self.dead_containers: list[Due] = []
        self.global_config: dict[str, str] = {}
        self.global_properties: dict[str, str] = {}
        self.registry: dict[str, Image] = {}
        self.cluster = Cluster()
        self.docker_down = False
        self.deploys = 0
        self.executed: list[Executed] = []
        self._numbers = 1000

    @property
    def old(self) -> bool:
        """0.35.15 rather than 0.38.27."""
        return self.version == "0.35.15"

    @staticmethod
    def now() -> float:
        """Seconds since the epoch, on the host's clock."""
        return clock.now()

    def number(self) -> int:
        """Pids, suffixes: never the same twice."""
        self._numbers += 37
        return self._numbers

    def new_id(self) -> str:
        """64 hex digits, never the same twice."""
        return hashlib.sha256(f"{self.number()} {clock.now_ns()}".encode()).hexdigest()

    def app(self, name: str) -> App:
        """The app of that name. Raises AppMissing."""
        try:
            return self.apps[name]
        except KeyError:
            raise AppMissing(name) from None

    def config_of(self, app: App) -> dict[str, str]:
        """The app's variables with the host's below them, as builds and containers are given them."""
        return {**self.global_config, **app.config}

    def execute(self, app: App, kind: str, command: str) -> None:
        """Writes down that code of the app's release runs now."""
        self.executed.append(Executed(app.name, kind, command, self.now()))

    def pushed(self, name: str) -> Image | None:
        """In the registry, by `REPOSITORY:N`, or by `REPOSITORY@sha256:…`: documented, and not recorded."""
        repository, at, digest = name.partition("@")
        if not at:
            return self.registry.get(name)
        known = self.registry.items()
        return next((i for n, i in known if i.id == digest and n.rpartition(":")[0] == repository), None)

    def create_app(self, name: str, created_at: float | None = None) -> App:
        """A new app without a release; it takes the place of one of the same name."""
        app = App(name=name, created_at=int(created_at or self.now()), repo=Repository())
        self.apps[name] = app
        return app

    def destroy_app(self, app: App) -> None:
        """Deletes the app, its containers, its images that are free to go, and what was due to be deleted of it."""
        for container in self.containers_of(app):
            container.exit(137)
            del self.containers[container.id]
        for image in list(self.images.images.values()):
            if image.labels.get(APP_LABEL) == app.name:
                for tag in self.images.tags_of(image.id):
                    self.images.untag(tag)
                self.images.remove(image.id, self.images_in_use())
        self.dead_images = [due for due in self.dead_images if due.app != app.name]
        self.dead_containers = [due for due in self.dead_containers if due.app != app.name]
        del self.apps[app.name]

    def containers_of(self, app: App) -> list[DockerContainer]:
        """All containers of the app, orphans and exited ones among them, oldest first."""
        return [container for container in self.containers.values() if container.app == app.name]

    def serving(self, app: App) -> list[DockerContainer]:
        """Containers nginx finds alive behind this app."""
        found = (self.containers.get(container_id) for container_id in app.upstream)
        return [container for container in found if container is not None and container.running]

    def current(self, app: App) -> dict[str, DockerContainer | None]:
        """The container that Dokku knows of each process, by dyno; None where it was deleted."""
        return {dyno: self.containers.get(container_id) for dyno, container_id in app.current.items()}

    def images_in_use(self) -> set[str]:
        """The ids of images that have a container, running or not."""
        return {container.image_id for container in self.containers.values()}

    def start_container(self, app: App, image: Image, ref: str, dyno: str, name: str) -> DockerContainer:
        """A new container that runs the image from now on; `ref` is the image's name in it, `name` its own."""
        process, _, index = dyno.partition(".")
        now = self.now()
        start = start_of(image.config, process, app.procfile)
        given = {**self.config_of(app), "DYNO": dyno, "PORT": "5000" if process == "web" else ""}
        shown = {**{key: value for key, value in image.config.env.items() if key not in given}, **self.config_of(app)}
        keys = [f"{key}={masked(key, value)}" for key, value in shown.items()]
        path = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
        container = DockerContainer(
            id=self.new_id(),
            name=name,
            app=app.name,
            process=process,
            index=int(index),
            image_id=image.id,
            image_ref=ref,
            content=image.content,
            labels={**image.labels, "com.dokku.dyno": dyno, "com.dokku.process-type": process},
            env=(*keys, f"DYNO={dyno}", f"PORT={given['PORT']}", path, "BUILD_REV=XXXXXX"),
            address=f"172.31.35.{2 + self.number() % 250}",
            created=now - 0.3,
            started=now,
            pid=80_000 + self.number(),
            start=start,
            given=given,
            config=image.config,
        )
        self.containers[container.id] = container
        if start.runs:
            self.execute(app, "start", " ".join((start.path, *start.args)))
        return container

    def cleanup(self, app: App | None) -> None:
        """Dokku's "Cleaning up...": exited containers, then images no container holds. For one app also tagged ones.

        That is why a second build of a holder cannot start from its own image, and why a failed deploy after
        ps:stop leaves nothing.
        """
        for container in list(self.containers.values()):
            if not container.running and (app is None or container.app == app.name):
                del self.containers[container.id]
        in_use = self.images_in_use()
        for image in list(self.images.images.values()):
            if image.id in in_use:
                continue
            tags = self.images.tags_of(image.id)
            if app is None and not tags:
                self.images.remove(image.id, in_use)
            elif app is not None and image.labels.get(APP_LABEL) == app.name:
                for tag in tags:
                    self.images.untag(tag)
                self.images.remove(image.id, in_use)

    def register_retired(self, app: App, container: DockerContainer, wait: float) -> None:
        """Dead after `wait` seconds: the container, its image, and the images its label names (git:from-image's)."""
        at = self.now() + wait
        self.dead_containers.append(Due(app.name, container.id, at))
        running = {other.image_id for other in self.serving(app)}
        if container.image_id not in running:
            self.dead_images.append(Due(app.name, container.image_id, at))
        image = self.images.images.get(container.image_id)
        for tag in alternate_tags(image.labels.get(ALTERNATE_TAGS, "") if image else ""):
            source = self.images.find(tag)
            if source is not None:
                self.dead_images.append(Due(app.name, source.id, at))

    def retire(self, app: App | None, *, force: bool = False) -> list[Due]:
        """Does what ps:retire does: due containers go, then due images, each without force. Returns what was
        attempted."""
        now = self.now()

        def ripe(due: Due) -> bool:
            return (app is None or due.app == app.name) and (force or due.at <= now)

        containers = [due for due in self.dead_containers if ripe(due)]
        images = [due for due in self.dead_images if ripe(due)]
        self.dead_containers = [due for due in self.dead_containers if due not in containers]
        for due in containers:
            container = self.containers.pop(due.id, None)
            if container is not None:
                container.exit()
        for due in images:
            # An image still held by a container stays on the list until the next round.
            if due.id in self.images_in_use():
                continue
            self.dead_images = [other for other in self.dead_images if other != due]
            self.images.remove(due.id, self.images_in_use())
        return [*containers, *images]


def alternate_tags(value: str) -> list[str]:
    """The image names in the value of such a label, which is a list in JSON or empty."""
    return [tag for tag in value.strip("[]").replace('"', "").replace(",", " ").split() if tag]


def masked(key: str, value: str) -> str:
    """ps:inspect hides every value but those of Dokku's own variables."""
    return value if key.startswith("DOKKU_") or key == "PORT" else "XXXXXX"
