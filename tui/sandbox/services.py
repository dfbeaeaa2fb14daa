"""The services.yaml that fits this sandbox: the team's four services, on loopback."""

from dataclasses import dataclass

from tui.sandbox.host import SandboxHost
from tui.sandbox.server import SshHouse


@dataclass(frozen=True, slots=True, kw_only=True)
class TeamService:
    """One service of the team's as services.yaml has it; `word` is what its health says when it is well."""

    name: str
    title: str
    app: str
    order: int
    health: str
    word: str
    rollback: str = "{expected: 30s, downtime: none}"


SERVICES = (
    TeamService(
        name="search",
        title="Go Search Engine",
        app="scenextras-autocomplete",
        order=10,
        health="/health",
        word="healthy",
        rollback=(
            "{expected: 45s, downtime: 10s-30s, stop_first: true, settle: 5s, reason: BadgerDB requires stop-rebuild}"
        ),
    ),
    TeamService(
        name="transcription",
        title="Go Transcription Service",
        app="scenextras-transcription",
        order=20,
        health="/health",
        word="ok",
    ),
    TeamService(name="api", title="Python API", app="scenextras", order=30, health="/healthcheck/ready", word="ready"),
    TeamService(
        name="gateway", title="Go Auth Gateway", app="scenextras-gateway", order=40, health="/health", word="ok"
    ),
)


def services_of(host: SandboxHost) -> tuple[TeamService, ...]:
    """The team's services, and those that were made on request."""
    made = (
        TeamService(name=name, title=name, app=name, order=100 + number, health="/health", word="ok")
        for number, name in enumerate(host.stories)
        if name in host.machine.apps
    )
    return (*SERVICES, *made)


def services_yaml(host: SandboxHost, ssh: SshHouse) -> str:
    """The text of a services.yaml with the host, its keys and all services. Needs open ports."""
    lines = [
        "# Written by the sandbox for this run; it ends with it.",
        "version: 1",
        "environment: sandbox",
        "hosts:",
        "  sandbox:",
        f"    ssh: dokku@127.0.0.1:{ssh.port}",
        f"    identity_file: {ssh.identity_file}",
        f"    known_hosts: {ssh.known_hosts}",
        "    sandbox: true",
        "services:",
    ]
    return "\n".join([*lines, *service_lines(host, named="sandbox", address="127.0.0.1"), ""])


def service_lines(host: SandboxHost, *, named: str, address: str) -> list[str]:
    """The services of services.yaml, on the host that it calls `named`, answering at this address."""
    lines: list[str] = []
    for service in services_of(host):
        base = f"http://{address}:{host.machine.apps[service.app].port}"
        lines += [
            f"  {service.name}:",
            f"    title: {service.title}",
            f"    host: {named}",
            f"    app: {service.app}",
            f"    order: {service.order}",
            f'    health: {{url: "{base}{service.health}", patience: 12s, '
            f"expect: {{status: 200, json: {{status: {service.word}}}}}}}",
            f'    smoke: [{{url: "{base}/ping", expect: {{status: 200, text: pong}}}}]',
            f'    identity: {{url: "{base}/", header: X-Release}}',
            f"    rollback: {service.rollback}",
        ]
    return lines
