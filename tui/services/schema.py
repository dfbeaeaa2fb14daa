"""Which keys services.yaml has, and what has to hold between them."""

import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import TypeVar

from tui.model.service import (
    Contacts,
    Expect,
    Fleet,
    HealthSpec,
    Host,
    IdentitySpec,
    RollbackSpec,
    Service,
    SeveritySpec,
    SmokeSpec,
    WatchSpec,
)
from tui.services import values
from tui.services.nodes import Node, Problem

WAYS = ("kept", "registry", "runbook", "git", "script")
RESERVED = (
    "all", "status", "logs", "check", "keep", "freeze", "unfreeze", "incidents", "resume", "undo", "postmortem",
    "sandbox",
)  # fmt: skip
"""words of the command line: no service can be called so"""
_SECRET = re.compile(r"(?i)(token|password|passwd|secret|(api|private|access|secret)[_-]?key|dsn|webhook)$")
T = TypeVar("T")
D = TypeVar("D")
TOP = (
    "version", "environment", "hosts", "services", "ways", "retention", "watch", "severities", "contacts", "notify",
    "links", "postmortem_within",
)  # fmt: skip


def read_fleet(root: Node, path: str, problems: list[Problem]) -> Fleet | None:
    """The fleet, as far as it can be read; what cannot is added to `problems`."""
    top = root.mapping(TOP)
    for required in ("version", "hosts", "services"):
        if required not in top:
            root.problem(f"{required} is missing")
    version = top.get("version")
    if version is not None and version.text() not in (None, "1"):
        version.problem(f"{version.value!r} is not known; this console reads version 1")
    hosts = _hosts(top.get("hosts"), Path(path).parent)
    services = _services(top.get("services"), top["hosts"].names() if "hosts" in top else [])
    environment = top["environment"].text() if "environment" in top else "production"
    fleet = Fleet(
        path=path,
        environment=environment or "production",
        hosts=hosts,
        services=tuple(sorted(services, key=lambda s: (s.order, s.name))),
        ways=_ways(top.get("ways")),
        retention=_get(top, "retention", values.whole(1, 100), 5),
        watch=_watch(top.get("watch")),
        severities=_severities(top.get("severities")),
        contacts=_contacts(top.get("contacts")),
        notify=_notify(top.get("notify")),
        links=_links(top.get("links")),
        postmortem_within=_get(top, "postmortem_within", values.duration, timedelta(hours=24)),
        warnings=_warnings(services),
    )
    return None if problems else fleet


# ── hosts and services ───────────────────────────────────────────────────────────────────────────────────────────


def _hosts(node: Node | None, beside: Path) -> tuple[Host, ...]:
    found: list[Host] = []
    path = values.path(beside)
    if node is not None and not node.value:
        node.problem("names no host")
    for key, one in (node.mapping() if node else {}).items():
        keys = one.mapping(("ssh", "identity_file", "known_hosts", "sandbox", "max_parallel"))
        _check_name(one, key)
        if "ssh" not in keys:
            one.problem("ssh is missing: write user@host or an alias of ~/.ssh/config")
            continue
        destination = keys["ssh"].read(values.ssh) or ""
        sandbox = _get(keys, "sandbox", values.yes_no, False)
        if sandbox and destination and not values.is_loopback(destination):
            keys["ssh"].problem(f"{destination!r} is not this machine, but the host is marked sandbox: true")
        found.append(
            Host(
                name=key,
                ssh=destination,
                identity_file=_get(keys, "identity_file", path, None),
                known_hosts=_get(keys, "known_hosts", path, None),
                sandbox=sandbox,
                max_parallel=_get(keys, "max_parallel", values.whole(1, 16), 1),
            )
        )
    return tuple(found)


_SERVICE = (
    "title", "host", "app", "order", "health", "smoke", "identity", "rollback", "image_repository", "git_remote",
    "script", "sentry", "posthog", "ticket",
)  # fmt: skip


def _services(node: Node | None, hosts: list[str]) -> tuple[Service, ...]:
    every = node.mapping() if node else {}
    if node is not None and not node.value:
        node.problem("names no service")
    found: list[Service] = []
    apps: dict[tuple[str, str], str] = {}
    owners = [(n.value["app"].value, key) for key, n in every.items() if "app" in n.names()]
    for key, one in every.items():
        keys = one.mapping(_SERVICE)
        _check_name(one, key)
        if key in RESERVED:
            one.problem(f"{key!r} is a word of the command line; choose another name")
        for owner in (other for app, other in owners if app == key and other != key):
            one.problem(f"is called like the app of {owner!r}; a name has to mean one service")
        made = _service(key, one, keys, hosts)
        if made is None:
            continue
        if (other := apps.setdefault((made.host, made.app), key)) != key:
            keys["app"].problem(f"{made.app!r} is already the app of {other!r}")
        found.append(made)
    return tuple(found)


def _service(name: str, node: Node, keys: dict[str, Node], hosts: list[str]) -> Service | None:
    missing = [k for k in ("host", "app") if k not in keys]
    for key in missing:
        node.problem(f"{key} is missing")
    host, app = _get(keys, "host", str, ""), _get(keys, "app", values.app, "")
    if host and hosts and host not in hosts:
        keys["host"].problem(f"{host!r} is no host of this file; known: {', '.join(hosts)}")
    extras: list[tuple[str, str]] = []
    for section in ("sentry", "posthog", "ticket"):
        extras += [(f"{section}.{key}", value) for key, value in _pairs(keys.get(section))]
    return Service(
        name=name,
        title=(keys["title"].text() if "title" in keys else None) or name,
        host=host,
        app=app,
        order=_get(keys, "order", values.whole(0, 9999), 100),
        health=_health(keys["health"]) if "health" in keys else None,
        smoke=tuple(s for item in (keys["smoke"].items() if "smoke" in keys else []) if (s := _smoke(item))),
        identity=_identity(keys["identity"]) if "identity" in keys else None,
        rollback=_rollback(keys["rollback"]) if "rollback" in keys else RollbackSpec(),
        image_repository=_get(keys, "image_repository", values.repository, None),
        git_remote=_get(keys, "git_remote", values.remote, None),
        script=tuple(t for i in (keys["script"].items() if "script" in keys else []) if (t := i.text()) is not None),
        extras=tuple(extras),
    )


def _health(node: Node) -> HealthSpec | None:
    keys = node.mapping(("url", "public_url", "host_header", "expect", "passes"))
    if "url" not in keys:
        node.problem("url is missing")
        return None
    return HealthSpec(
        url=keys["url"].read(values.url) or "",
        public_url=_get(keys, "public_url", values.url, None),
        host_header=_get(keys, "host_header", values.header_value, None),
        expect=_expect(keys.get("expect")),
        passes=_get(keys, "passes", values.whole(1, 20), 3),
    )


def _smoke(node: Node) -> SmokeSpec | None:
    keys = node.mapping(("url", "expect", "host_header"))
    if "url" not in keys:
        node.problem("url is missing")
        return None
    header = _get(keys, "host_header", values.header_value, None)
    return SmokeSpec(url=keys["url"].read(values.url) or "", expect=_expect(keys.get("expect")), host_header=header)


def _expect(node: Node | None) -> Expect:
    if node is None:
        return Expect()
    keys = node.mapping(("status", "json", "text", "reject_html"))
    return Expect(
        status=_get(keys, "status", values.whole(100, 599), 200),
        json=_pairs(keys.get("json"), shown=True),
        text=keys["text"].text() if "text" in keys else None,
        reject_html=_get(keys, "reject_html", values.yes_no, True),
    )


def _identity(node: Node) -> IdentitySpec | None:
    keys = node.mapping(("url", "header", "json"))
    if "url" not in keys:
        node.problem("url is missing")
        return None
    if ("header" in keys) == ("json" in keys):
        node.problem("needs either header or json, the place where the service says its release")
    return IdentitySpec(
        url=keys["url"].read(values.url) or "",
        header=keys["header"].text() if "header" in keys else None,
        json=keys["json"].text() if "json" in keys else None,
    )


def _rollback(node: Node) -> RollbackSpec:
    keys = node.mapping(("expected", "downtime", "stop_first", "settle", "reason"))
    stop_first = _get(keys, "stop_first", values.yes_no, False)
    downtime = _get(keys, "downtime", values.downtime, None)
    if stop_first and downtime is None and getattr(keys.get("downtime"), "value", "none") == "none":
        node.problem("stop_first: true needs a downtime, e.g. 10s-30s")
    return RollbackSpec(
        expected=_get(keys, "expected", values.duration, timedelta(seconds=30)),
        downtime=downtime,
        stop_first=stop_first,
        settle=_get(keys, "settle", values.duration, timedelta(0)),
        reason=(keys["reason"].text() if "reason" in keys else None) or "",
    )


# ── the runbook's numbers ────────────────────────────────────────────────────────────────────────────────────────


def _ways(node: Node | None) -> tuple[str, ...]:
    if node is None:
        return WAYS
    if not node.value:
        node.problem(f"names no way back; known: {', '.join(WAYS)}")
    found: list[str] = []
    for item in node.items():
        way = item.text()
        if way is not None and way not in WAYS:
            item.problem(f"{way!r} is no way back; known: {', '.join(WAYS)}")
        elif way in found:
            item.problem(f"{way!r} stands twice")
        elif way is not None:
            found.append(way)
    return tuple(found)


def _watch(node: Node | None) -> WatchSpec:
    keys = node.mapping(("after_rollback", "longest", "after_clean_deploy", "error_rate")) if node else {}
    default = WatchSpec()
    made = WatchSpec(
        after_rollback=_get(keys, "after_rollback", values.duration, default.after_rollback),
        longest=_get(keys, "longest", values.duration, default.longest),
        after_clean_deploy=_get(keys, "after_clean_deploy", values.duration, default.after_clean_deploy),
        error_rate=_get(keys, "error_rate", values.percentage, default.error_rate),
    )
    if node is not None and made.longest < made.after_rollback:
        node.problem("longest is shorter than after_rollback")
    return made


def _severities(node: Node | None) -> tuple[SeveritySpec, ...]:
    found: list[SeveritySpec] = []
    for level, one in (node.mapping() if node else {}).items():
        keys = one.mapping(("criteria", "respond_within", "response", "action"))
        for required in ("criteria", "action"):
            if required not in keys:
                one.problem(f"{required} is missing")
        within = _get(keys, "respond_within", values.duration, None)
        worded = keys["response"].text() if "response" in keys else None
        found.append(
            SeveritySpec(
                level=level,
                criteria=(keys["criteria"].text() if "criteria" in keys else None) or "",
                response=worded or (keys["respond_within"].value if within is not None else "Next business day"),
                respond_within=within,
                action=(keys["action"].text() if "action" in keys else None) or "",
            )
        )
    return tuple(found)


def _contacts(node: Node | None) -> Contacts:
    keys = node.mapping(("pagerduty", "slack", "email")) if node else {}
    return Contacts(
        pagerduty=_pairs(keys.get("pagerduty")),
        slack=tuple(t for i in (keys["slack"].items() if "slack" in keys else []) if (t := i.text()) is not None),
        email=keys["email"].text() if "email" in keys else None,
    )


def _notify(node: Node | None) -> tuple[str, ...]:
    return tuple(n for i in (node.items() if node else []) if (n := i.read(values.variable)) is not None)


def _links(node: Node | None) -> tuple[tuple[str, str], ...]:
    named = (node.mapping() if node else {}).items()
    return tuple((key, address) for key, one in named if (address := one.read(values.url)) is not None)


def _pairs(node: Node | None, *, shown: bool = False) -> tuple[tuple[str, str], ...]:
    """A mapping of free names to plain values; none of them may be a secret, unless everybody is `shown` them."""
    found: list[tuple[str, str]] = []
    for key, one in (node.mapping() if node else {}).items():
        if not shown and _SECRET.search(key):
            one.problem("is a secret: name the environment variable that holds it, with a key that ends in _env")
            continue
        text = one.text()
        if text is not None:
            found.append((key, text))
    return tuple(found)


def _warnings(services: tuple[Service, ...]) -> tuple[str, ...]:
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


def _get(keys: dict[str, Node], name: str, reader: Callable[[str], T], default: D) -> T | D:
    """What stands under `name`, or the default where nothing does (or nothing that can be read: a problem by then)."""
    made = keys[name].read(reader) if name in keys else None
    return default if made is None else made
