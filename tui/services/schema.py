"""Which keys services.yaml has, and what has to hold between them."""

import re
from collections.abc import Callable
from datetime import timedelta
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
_SECRET = re.compile(r"(?i)(token|password|passwd|secret|api_?key|dsn)$")
T = TypeVar("T")
TOP = (
    "version", "environment", "hosts", "services", "ways", "retention", "watch", "severities", "contacts", "notify",
    "links",
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
    hosts = _hosts(top.get("hosts"))
    services = _services(top.get("services"), hosts)
    environment = top["environment"].text() if "environment" in top else "production"
    retention = top["retention"].read(values.whole(1, 100)) if "retention" in top else 5
    fleet = Fleet(
        path=path,
        environment=environment or "production",
        hosts=hosts,
        services=tuple(sorted(services, key=lambda s: (s.order, s.name))),
        ways=_ways(top.get("ways")),
        retention=retention or 5,
        watch=_watch(top.get("watch")),
        severities=_severities(top.get("severities")),
        contacts=_contacts(top.get("contacts")),
        notify=_notify(top.get("notify")),
        links=_pairs(top.get("links")),
        warnings=_warnings(services),
    )
    return None if problems else fleet


# ── hosts and services ───────────────────────────────────────────────────────────────────────────────────────────


def _hosts(node: Node | None) -> tuple[Host, ...]:
    found: list[Host] = []
    for key, one in (node.mapping() if node else {}).items():
        keys = one.mapping(("ssh", "identity_file", "known_hosts", "sandbox", "max_parallel"))
        _check_name(one, key)
        if "ssh" not in keys:
            one.problem("ssh is missing: write user@host or an alias of ~/.ssh/config")
            continue
        destination = keys["ssh"].read(values.ssh) or ""
        sandbox = bool(_get(keys, "sandbox", values.yes_no, False))
        if sandbox and destination and not values.is_loopback(destination):
            keys["ssh"].problem(f"{destination!r} is not this machine, but the host is marked sandbox: true")
        found.append(
            Host(
                name=key,
                ssh=destination,
                identity_file=keys["identity_file"].text() if "identity_file" in keys else None,
                known_hosts=keys["known_hosts"].text() if "known_hosts" in keys else None,
                sandbox=sandbox,
                max_parallel=_get(keys, "max_parallel", values.whole(1, 16), 1) or 1,
            )
        )
    return tuple(found)


_SERVICE = (
    "title", "host", "app", "order", "health", "smoke", "identity", "rollback", "image_repository", "git_remote",
    "script", "sentry", "posthog", "ticket",
)  # fmt: skip


def _services(node: Node | None, hosts: tuple[Host, ...]) -> tuple[Service, ...]:
    every = node.mapping() if node else {}
    if node is not None and not every:
        node.problem("names no service")
    found: list[Service] = []
    apps: dict[tuple[str, str], str] = {}
    named_apps = {n.mapping()["app"].value: key for key, n in every.items() if _has_app(n)}
    for key, one in every.items():
        keys = one.mapping(_SERVICE)
        _check_name(one, key)
        if key in RESERVED:
            one.problem(f"{key!r} is a word of the command line; choose another name")
        if (owner := named_apps.get(key)) not in (None, key):
            one.problem(f"is called like the app of {owner!r}; a name has to mean one service")
        made = _service(key, one, keys, hosts)
        if made is None:
            continue
        if (other := apps.setdefault((made.host, made.app), key)) != key:
            keys["app"].problem(f"{made.app!r} is already the app of {other!r}")
        found.append(made)
    return tuple(found)


def _has_app(node: Node) -> bool:
    return isinstance(node.value, dict) and "app" in node.value and isinstance(node.value["app"].value, str)


def _service(name: str, node: Node, keys: dict[str, Node], hosts: tuple[Host, ...]) -> Service | None:
    missing = [k for k in ("host", "app") if k not in keys]
    for key in missing:
        node.problem(f"{key} is missing")
    if missing:
        return None
    host, app = keys["host"].text(), keys["app"].read(values.app)
    known = [h.name for h in hosts]
    if host is not None and known and host not in known:
        keys["host"].problem(f"{host!r} is no host of this file; known: {', '.join(known)}")
    if host is None or app is None:
        return None
    extras: list[tuple[str, str]] = []
    for section in ("sentry", "posthog", "ticket"):
        extras += [(f"{section}.{key}", value) for key, value in _pairs(keys.get(section))]
    return Service(
        name=name,
        title=(keys["title"].text() if "title" in keys else None) or name,
        host=host,
        app=app,
        order=_get(keys, "order", values.whole(0, 9999), 100) or 0,
        health=_health(keys["health"]) if "health" in keys else None,
        smoke=tuple(s for item in (keys["smoke"].items() if "smoke" in keys else []) if (s := _smoke(item))),
        identity=_identity(keys["identity"]) if "identity" in keys else None,
        rollback=_rollback(keys["rollback"]) if "rollback" in keys else RollbackSpec(),
        image_repository=keys["image_repository"].text() if "image_repository" in keys else None,
        git_remote=keys["git_remote"].text() if "git_remote" in keys else None,
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
        host_header=keys["host_header"].text() if "host_header" in keys else None,
        expect=_expect(keys.get("expect")),
        passes=_get(keys, "passes", values.whole(1, 20), 3) or 3,
    )


def _smoke(node: Node) -> SmokeSpec | None:
    keys = node.mapping(("url", "expect", "host_header"))
    if "url" not in keys:
        node.problem("url is missing")
        return None
    header = keys["host_header"].text() if "host_header" in keys else None
    return SmokeSpec(url=keys["url"].read(values.url) or "", expect=_expect(keys.get("expect")), host_header=header)


def _expect(node: Node | None) -> Expect:
    if node is None:
        return Expect()
    keys = node.mapping(("status", "json", "text", "reject_html"))
    return Expect(
        status=_get(keys, "status", values.whole(100, 599), 200) or 200,
        json=_pairs(keys.get("json")),
        text=keys["text"].text() if "text" in keys else None,
        reject_html=bool(_get(keys, "reject_html", values.yes_no, True)),
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
    stop_first = bool(_get(keys, "stop_first", values.yes_no, False))
    downtime = _get(keys, "downtime", values.downtime, None)
    if stop_first and downtime is None:
        node.problem("stop_first: true needs a downtime, e.g. 10s-30s")
    return RollbackSpec(
        expected=_get(keys, "expected", values.duration, None) or timedelta(seconds=30),
        downtime=downtime,
        stop_first=stop_first,
        settle=_get(keys, "settle", values.duration, None) or timedelta(0),
        reason=(keys["reason"].text() if "reason" in keys else None) or "",
    )


# ── the runbook's numbers ────────────────────────────────────────────────────────────────────────────────────────


def _ways(node: Node | None) -> tuple[str, ...]:
    if node is None:
        return WAYS
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
    rate = _get(keys, "error_rate", values.percentage, default.error_rate)
    made = WatchSpec(
        after_rollback=_get(keys, "after_rollback", values.duration, None) or default.after_rollback,
        longest=_get(keys, "longest", values.duration, None) or default.longest,
        after_clean_deploy=_get(keys, "after_clean_deploy", values.duration, None) or default.after_clean_deploy,
        error_rate=default.error_rate if rate is None else rate,
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


def _pairs(node: Node | None) -> tuple[tuple[str, str], ...]:
    """A mapping of free names to plain values; none of them may be a secret."""
    found: list[tuple[str, str]] = []
    for key, one in (node.mapping() if node else {}).items():
        if _SECRET.search(key):
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


def _get(keys: dict[str, Node], name: str, reader: Callable[[str], T], default: T | None) -> T | None:
    return keys[name].read(reader) if name in keys else default
