"""The whole host as one JSON document, for `GET /state`."""

from dataclasses import asdict
from typing import Any

from tui.sandbox import kube
from tui.sandbox.containers import DockerContainer
from tui.sandbox.host import Call, SandboxHost
from tui.sandbox.machine import App
from tui.sandbox.web import USER_REQUESTS_A_SECOND


def snapshot(host: SandboxHost) -> dict[str, Any]:
    """Apps by name, images by id, what is due to be deleted, every command and push so far, the armed faults."""
    machine = host.machine
    return {
        "dokku": machine.version,
        "apps": {name: app_state(host, app) for name, app in machine.apps.items()},
        "images": {
            image.id: {
                "tags": machine.images.tags_of(image.id),
                "version": image.content.version,
                "commit": image.content.commit,
                "labels": image.labels,
                "frame": image.config.frame,
                "env": image.config.env,
            }
            for image in machine.images.images.values()
        },
        "secrets": {name: sorted(values) for name, values in machine.cluster.secrets.items()},
        "executed": [asdict(entry) for entry in machine.executed],
        "dead_images": [due.id for due in machine.dead_images],
        "dead_containers": [due.id for due in machine.dead_containers],
        "commands": [call_state(call) for call in host.calls],
        "pushes": [asdict(push) for push in host.pushes],
        "faults": [asdict(fault) for fault in host.faults.armed],
    }


def app_state(host: SandboxHost, app: App) -> dict[str, Any]:
    """One app: Dokku's files about it, its refs, its containers and the version it serves."""
    machine = host.machine
    image = machine.images.find(app.image)
    serving = machine.serving(app)
    return {
        "config": app.config,
        "properties": app.properties,
        "refs": app.repo.refs(),
        "head": app.repo.head_name(),
        "image": image.id if image is not None else None,
        "image_version": image.content.version if image is not None else None,
        "serves": serving[0].content.version if serving else None,
        "containers": [container_state(container) for container in machine.containers_of(app)],
        "current": app.current,
        "upstream": app.upstream,
        "scale": app.scale,
        "deployed": app.deployed,
        "scheduler": kube.scheduler(machine, app),
        "helm": machine.cluster.helm.get((kube.namespace(machine, app), app.name), ""),
        "restore": app.restore,
        "deploy_source": app.deploy_source,
        "metadata": app.metadata,
        "source_image": app.source_image,
        "lock_file": app.lock_file,
        "lock_held": app.lock_held,
        "checks_disabled": app.checks_disabled,
        "checks_skipped": app.checks_skipped,
        "port": app.port,
        "requests_a_second": host.sites.traffic.get(app.name, USER_REQUESTS_A_SECOND),
        "builds": [{"id": build.id, "source": build.source, "status": build.display} for build in app.builds],
    }


def container_state(container: DockerContainer) -> dict[str, Any]:
    """One container, with the numbers of its requests and lines of log so far."""
    return {
        "id": container.id,
        "name": container.name,
        "status": container.status,
        "image": container.image_id,
        "version": container.content.version,
        "labels": container.labels,
        "process": container.dyno,
        "path": container.start.path,
        "args": list(container.start.args),
        "runs": container.runs,
        "pod": container.namespace,
        "sees": container.sees(),
        "started": container.started,
        "restarts": container.restarts,
        "requests": container.requests,
    }


def call_state(call: Call) -> dict[str, Any]:
    """One command: what was sent, when, over which connection, and how it ended."""
    return {
        "number": call.number,
        "connection": call.client.connection,
        "command": call.line,
        "started": call.started,
        "ended": call.ended,
        "exit": call.exit,
        "aborted": call.aborted,
        "client_gone": call.client.gone,
        "phases": call.reached,
    }
