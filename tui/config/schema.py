"""Which keys services.yaml has at its top, and the runbook's own numbers below them."""

from datetime import timedelta
from pathlib import Path

from tui.config import values, vendors
from tui.config.hosts_and_services import read_hosts, read_services, shared_addresses
from tui.config.keys import get
from tui.config.nodes import Node, Problem
from tui.model import readers
from tui.model.service import RUNBOOK_SEVERITIES, Contacts, Fleet, SeveritySpec, WatchSpec
from tui.model.vendor import Place
from tui.ways import NAMES

TOP = (
    "version", "environment", "hosts", "services", "ways", "retention", "watch", "severities", "contacts", "notify",
    "links", "postmortem_within",
)  # fmt: skip


def read_fleet(root: Node, path: str, problems: list[Problem], sections: vendors.Sections) -> Fleet | None:
    """The fleet, as far as it can be read; what cannot is added to `problems`."""
    top = root.mapping((*TOP, *vendors.names(sections, Place.TOP)))
    for required in ("version", "hosts", "services"):
        if required not in top:
            root.problem(f"{required} is missing")
    version = top.get("version")
    if version is not None and version.text() not in (None, "1"):
        version.problem(f"{version.value!r} is not known; this console reads version 1")
    hosts = read_hosts(top.get("hosts"), Path(path).parent)
    services = read_services(top.get("services"), top["hosts"].names() if "hosts" in top else [], sections)
    environment = top["environment"].text() if "environment" in top else "production"
    known = (*vendors.names(sections, Place.CONTACTS), "slack", "email")
    contacts = top["contacts"].mapping(known) if "contacts" in top else {}
    fleet = Fleet(
        path=path,
        environment=environment or "production",
        hosts=hosts,
        services=tuple(sorted(services, key=lambda s: (s.order, s.name))),
        ways=_ways(top.get("ways")),
        retention=get(top, "retention", values.whole(1, 100), 5),
        watch=_watch(top.get("watch")),
        severities=_severities(top.get("severities")) or RUNBOOK_SEVERITIES,
        contacts=_contacts(contacts),
        notify=_notify(top.get("notify")),
        vendors=(*vendors.read(contacts, sections, Place.CONTACTS), *vendors.read(top, sections, Place.TOP)),
        links=_links(top.get("links")),
        postmortem_within=get(top, "postmortem_within", values.duration, timedelta(hours=24)),
        warnings=shared_addresses(services),
    )
    return None if problems else fleet


def _ways(node: Node | None) -> tuple[str, ...]:
    if node is None:
        return NAMES
    if not node.value:
        node.problem(f"names no way back; known: {', '.join(NAMES)}")
    found: list[str] = []
    for item in node.items():
        way = item.text()
        if way is not None and way not in NAMES:
            item.problem(f"{way!r} is no way back; known: {', '.join(NAMES)}")
        elif way in found:
            item.problem(f"{way!r} stands twice")
        elif way is not None:
            found.append(way)
    return tuple(found)


def _watch(node: Node | None) -> WatchSpec:
    keys = node.mapping(("after_rollback", "longest", "after_clean_deploy", "error_rate")) if node else {}
    default = WatchSpec()
    made = WatchSpec(
        after_rollback=get(keys, "after_rollback", values.duration, default.after_rollback),
        longest=get(keys, "longest", values.duration, default.longest),
        after_clean_deploy=get(keys, "after_clean_deploy", values.duration, default.after_clean_deploy),
        error_rate=get(keys, "error_rate", values.percentage, default.error_rate),
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
        within = get(keys, "respond_within", values.duration, None)
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


def _contacts(keys: dict[str, Node]) -> Contacts:
    return Contacts(
        slack=tuple(t for i in (keys["slack"].items() if "slack" in keys else []) if (t := i.text()) is not None),
        email=keys["email"].text() if "email" in keys else None,
    )


def _notify(node: Node | None) -> tuple[str, ...]:
    return tuple(n for i in (node.items() if node else []) if (n := i.read(readers.variable)) is not None)


def _links(node: Node | None) -> tuple[tuple[str, str], ...]:
    named = (node.mapping() if node else {}).items()
    return tuple((key, address) for key, one in named if (address := one.read(readers.url)) is not None)
