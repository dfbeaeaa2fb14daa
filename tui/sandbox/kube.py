"""Apps on Dokku's Kubernetes scheduler: their pods, the Secrets with their config, and what Helm thinks of them.

Recorded on 0.35.15 (2026-11-28) against Kubernetes 1.31. A pod is a container here whose name is the pod's. What makes
these apps different for whoever asks over SSH: no container of them is Docker's, so `ps:inspect` says nothing; a Secret
of its own holds the config of each release, and Helm deletes the old one before it knows whether the new one works. A
pod that starts anew without its Secret has no config at all. 0.38.27 keeps one Secret for all releases (read in its
source, not run).
"""

import hashlib

from tui.sandbox.containers import DockerContainer
from tui.sandbox.images import Image
from tui.sandbox.machine import App, Machine

DEFAULT_TIMEOUT = 300
UNREACHABLE = (
    'kubernetes api not available: Get "https://127.0.0.1:6443/version": dial tcp 127.0.0.1:6443: connect: '
    "connection refused"
)
BUSY = "another operation (install/upgrade/rollback) is in progress"
CLUSTER_ENV = {"KUBERNETES_SERVICE_HOST": "10.43.0.1", "KUBERNETES_SERVICE_PORT": "443", "HOME": "/"}


def on_k3s(machine: Machine, app: App) -> bool:
    """True if the app's scheduler is k3s, by its own setting or the host's."""
    return scheduler(machine, app) == "k3s"


def scheduler(machine: Machine, app: App) -> str:
    """The scheduler that deploys the app."""
    chosen = app.properties.get("scheduler-selected") or machine.global_properties.get("scheduler-selected")
    return chosen or "docker-local"


def setting(machine: Machine, app: App, name: str) -> str:
    """A property of `scheduler-k3s:set`, of the app or of the host; "" for neither."""
    key = f"scheduler-k3s-{name}"
    return app.properties.get(key) or machine.global_properties.get(key, "")


def namespace(machine: Machine, app: App) -> str:
    """The namespace into which Helm puts the app."""
    return setting(machine, app, "namespace") or "default"


def timeout(machine: Machine, app: App) -> int:
    """Seconds that a deploy waits for its pods."""
    value = setting(machine, app, "deploy-timeout").removesuffix("s")
    return int(value) if value.isdigit() else DEFAULT_TIMEOUT


def pods(machine: Machine, app: App, process: str = "") -> list[DockerContainer]:
    """The pods in the app's namespace, by name; of all releases that are there."""
    found = (c for c in machine.containers_of(app) if c.namespace == namespace(machine, app))
    return sorted((c for c in found if process in ("", c.process)), key=lambda pod: pod.name)


def put_secret(machine: Machine, app: App) -> tuple[str, str]:
    """Writes the config of a new release. Returns its Secret's name, and the name of the one that it takes the place
    of; "" for none.
    """
    cluster, key = machine.cluster, (namespace(machine, app), app.name)
    old = cluster.newest.get(key, "")
    name = f"env-{app.name}.{int(machine.now())}{machine.number()}" if machine.old else f"env-{app.name}"
    cluster.secrets[name] = machine.config_of(app)
    cluster.newest[key] = name
    return name, old if old != name else ""


def start_pod(machine: Machine, app: App, image: Image, ref: str, dyno: str, secret: str) -> DockerContainer:
    """A new pod with the config that its Secret has now; none if that is gone."""
    process = dyno.partition(".")[0]
    digest = hashlib.sha256(f"{image.id} {secret}".encode()).hexdigest()
    name = f"{app.name}-{process}-{digest[:10]}-{hashlib.sha256(str(machine.number()).encode()).hexdigest()[:5]}"
    pod = machine.start_container(app, image, ref, dyno, name)
    pod.namespace, pod.secret = namespace(machine, app), secret
    port = {"PORT": "5000"} if process == "web" else {}
    pod.given = {"HOSTNAME": name, **machine.cluster.secrets.get(secret, {}), **port, **CLUSTER_ENV}
    return pod


def reschedule(machine: Machine, app: App) -> None:
    """Every pod of the app starts anew, as after a drain, a full memory or a restart of the node."""
    for old in pods(machine, app):
        image = machine.images.images.get(old.image_id) or Image(
            id=old.image_id, content=old.content, labels=old.labels, created=old.created, config=old.config
        )
        new = start_pod(machine, app, image, old.image_ref, old.dyno, old.secret)
        new.log = old.log
        if not old.running:
            new.exit(2)
        app.upstream = [new.id if known == old.id else known for known in app.upstream]
        del machine.containers[old.id]
