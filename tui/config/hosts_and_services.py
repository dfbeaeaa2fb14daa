"""The hosts and the services of services.yaml, and what has to hold between them: hosts exist, names mean one thing."""

from datetime import timedelta
from pathlib import Path

from tui.config import values, vendors
from tui.config.keys import get, pairs
from tui.config.nodes import Node
from tui.model import readers
from tui.model.destination import is_loopback, parse
from tui.model.service import Expect, HealthSpec, Host, IdentitySpec, RollbackSpec, Service, SmokeSpec, Transport
from tui.model.vendor import Place

RESERVED = (
    "all", "init", "status", "logs", "evidence", "check", "keep", "freeze", "unfreeze", "incidents", "resume", "undo",
    "postmortem", "sandbox", "previous", "current",
)  # fmt: skip
"""words of the command line: no service can be called so"""


def read_hosts(node: Node | None, beside: Path) -> tuple[Host, ...]:
    """The hosts; relative paths start at the folder `beside`."""
    found: list[Host] = []
    path = values.path(beside)
    if node is not None and not node.value:
        node.problem("names no host")
    for key, one in (node.mapping() if node else {}).items():
        keys = one.mapping(("ssh", "identity_file", "known_hosts", "sandbox", "max_parallel", "transport"))
        _check_name(one, key)
        if "ssh" not in keys:
            one.problem("ssh is missing: write user@host or an alias of ~/.ssh/config")
            continue
        destination = keys["ssh"].read(values.ssh) or ""
        sandbox = get(keys, "sandbox", values.yes_no, False)
        if sandbox and destination and not is_loopback(parse(destination).host):
            keys["ssh"].problem(f"{destination!r} is not this machine, but the host is marked sandbox: true")
        found.append(
            Host(
                name=key,
                ssh=destination,
                identity_file=get(keys, "identity_file", path, None),
                known_hosts=get(keys, "known_hosts", path, None),
                sandbox=sandbox,
                max_parallel=get(keys, "max_parallel", values.whole(1, 16), 1),
                transport=get(keys, "transport", values.transport, Transport.ASYNCSSH),
            )
        )
    return tuple(found)


_SERVICE = (
    "title", "host", "app", "order", "health", "smoke", "identity", "rollback", "image_repository", "git_remote",
    "script",
)  # fmt: skip


def read_services(node: Node | None, hosts: list[str], sections: vendors.Sections) -> tuple[Service, ...]:
    """The services, each on one of the `hosts`, with the vendors' `sections`."""
    every = node.mapping() if node else {}
    if node is not None and not node.value:
        node.problem("names no service")
    found: list[Service] = []
    apps: dict[tuple[str, str], str] = {}
    owners = [(n.value["app"].value, key) for key, n in every.items() if "app" in n.names()]
    for key, one in every.items():
        keys = one.mapping((*_SERVICE, *vendors.names(sections, Place.SERVICE)))
        _check_name(one, key)
        if key in RESERVED:
            one.problem(f"{key!r} is a word of the command line; choose another name")
        for owner in (other for app, other in owners if app == key and other != key):
            one.problem(f"is called like the app of {owner!r}; a name has to mean one service")
        made = _service(key, one, keys, hosts, sections)
        if made is None:
            continue
        if (other := apps.setdefault((made.host, made.app), key)) != key:
            keys["app"].problem(f"{made.app!r} is already the app of {other!r}")
        found.append(made)
    return tuple(found)


def _service(
    name: str, node: Node, keys: dict[str, Node], hosts: list[str], sections: vendors.Sections
) -> Service | None:
    missing = [k for k in ("host", "app") if k not in keys]
    for key in missing:
        node.problem(f"{key} is missing")
    host, app = get(keys, "host", str, ""), get(keys, "app", values.app, "")
    if host and hosts and host not in hosts:
        keys["host"].problem(f"{host!r} is no host of this file; known: {', '.join(hosts)}")
    return Service(
        name=name,
        title=(keys["title"].text() if "title" in keys else None) or name,
        host=host,
        app=app,
        order=get(keys, "order", values.whole(0, 9999), 100),
        health=_health(keys["health"]) if "health" in keys else None,
        smoke=tuple(s for item in (keys["smoke"].items() if "smoke" in keys else []) if (s := _smoke(item))),
        identity=_identity(keys["identity"]) if "identity" in keys else None,
        rollback=_rollback(keys["rollback"]) if "rollback" in keys else RollbackSpec(),
        image_repository=get(keys, "image_repository", values.repository, None),
        git_remote=_git_remote(keys.get("git_remote")),
        script=tuple(t for i in (keys["script"].items() if "script" in keys else []) if (t := i.text()) is not None),
        vendors=vendors.read(keys, sections, Place.SERVICE),
    )


def _git_remote(node: Node | None) -> str | None:
    if node is None:
        return None
    if values.written_login(node.written or ""):
        node.problem("holds a credential; write https://${GIT_TOKEN}@… and set GIT_TOKEN in the environment")
    elif node.written != node.value:  # a variable was put in: what it holds may be a credential, and is not shown
        try:
            return values.remote(str(node.value))
        except ValueError:
            node.problem(f"{node.written!r} is no Git remote; write e.g. git@github.com:team/app.git")
    else:
        return node.read(values.remote)
    return None


def _health(node: Node) -> HealthSpec | None:
    keys = node.mapping(("url", "public_url", "host_header", "expect", "passes", "patience"))
    if "url" not in keys:
        node.problem("url is missing")
        return None
    return HealthSpec(
        url=keys["url"].read(readers.url) or "",
        public_url=get(keys, "public_url", readers.url, None),
        host_header=get(keys, "host_header", values.header_value, None),
        expect=_expect(keys.get("expect")),
        passes=get(keys, "passes", values.whole(1, 20), 3),
        patience=get(keys, "patience", values.duration, timedelta(seconds=60)),
    )


def _smoke(node: Node) -> SmokeSpec | None:
    keys = node.mapping(("url", "expect", "host_header"))
    if "url" not in keys:
        node.problem("url is missing")
        return None
    header = get(keys, "host_header", values.header_value, None)
    return SmokeSpec(url=keys["url"].read(readers.url) or "", expect=_expect(keys.get("expect")), host_header=header)


def _expect(node: Node | None) -> Expect:
    if node is None:
        return Expect()
    keys = node.mapping(("status", "json", "text", "reject_html"))
    return Expect(
        status=get(keys, "status", values.whole(100, 599), 200),
        json=pairs(keys.get("json")),
        text=keys["text"].text() if "text" in keys else None,
        reject_html=get(keys, "reject_html", values.yes_no, True),
    )


def _identity(node: Node) -> IdentitySpec | None:
    keys = node.mapping(("url", "header", "json"))
    if "url" not in keys:
        node.problem("url is missing")
        return None
    if ("header" in keys) == ("json" in keys):
        node.problem("needs either header or json, the place where the service says its release")
    return IdentitySpec(
        url=keys["url"].read(readers.url) or "",
        header=keys["header"].text() if "header" in keys else None,
        json=keys["json"].text() if "json" in keys else None,
    )


def _rollback(node: Node) -> RollbackSpec:
    keys = node.mapping(("expected", "downtime", "stop_first", "settle", "reason"))
    stop_first = get(keys, "stop_first", values.yes_no, False)
    downtime = get(keys, "downtime", values.downtime, None)
    if stop_first and downtime is None and getattr(keys.get("downtime"), "value", "none") == "none":
        node.problem("stop_first: true needs a downtime, e.g. 10s-30s")
    return RollbackSpec(
        expected=get(keys, "expected", values.duration, timedelta(seconds=30)),
        downtime=downtime,
        stop_first=stop_first,
        settle=get(keys, "settle", values.duration, timedelta(0)),
        reason=(keys["reason"].text() if "reason" in keys else None) or "",
    )


def shared_addresses(services: tuple[Service, ...]) -> tuple[str, ...]:
    """Two services that one address answers for: only a host header tells them apart."""
    found: list[str] = []
    asked: dict[tuple[str, str | None], str] = {}
    for service in services:
        if service.health is None:
            continue
        if not service.health.url:
            continue  # it could not be read, which is a problem already
        parts = values.address(service.health.url)
        other = asked.setdefault((parts, service.health.host_header), service.name)
        if other != service.name:
            found.append(
                f"{other} and {service.name} are both asked at {parts} without different host headers: "
                "another app may answer for one of them"
            )
    return tuple(found)


def _check_name(node: Node, key: str) -> None:
    try:
        values.name(key)
    except ValueError as error:
        node.problem(str(error))
