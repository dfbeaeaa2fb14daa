"""The keys of services.yaml at its top, and the runbook's own numbers below them."""

from datetime import timedelta
from pathlib import Path
from typing import Any

from tui.config import values, vendors
from tui.config.hosts_and_services import host, read_hosts, read_services, shared_addresses
from tui.config.nodes import Node, Problems
from tui.config.service_keys import LINKS, service, watch
from tui.config.shapes import FileKey, Found, Keys, Many, Named, Text, read
from tui.model import value_parsers
from tui.model.runbook_numbers import RUNBOOK_SEVERITIES, Budgets, Contacts, SeveritySpec, WatchSpec
from tui.model.service import Fleet
from tui.model.vendor import SectionPlace
from tui.ways import NAMES

FREE = "x-"
"""how keys at the top begin that nobody reads: parts to be taken over by aliases and `<<`"""


def _version(text: str) -> int:
    if text != "1":
        raise ValueError(f"{text!r} is not known; this console reads version 1")
    return 1


def _way(text: str) -> str:
    if text not in NAMES:
        raise ValueError(f"{text!r} is no way back; known: {', '.join(NAMES)}")
    return text


value_parsers.PATTERNS |= {_version: "1", _way: "|".join(NAMES)}


def _severity(found: Found) -> Any:
    within = found["respond_within"]
    worded = found["response"] or (found.at("respond_within").value if within is not None else "Next business day")
    return lambda level: SeveritySpec(**{**found.all(), "level": level, "response": worded})


_SEVERITY = Keys(
    keys=(
        FileKey(
            name="criteria",
            shape=Text(),
            words="When an incident has this level.",
            required=True,
            example="Service down",
        ),
        FileKey(
            name="respond_within",
            shape=value_parsers.duration,
            words="The time from detection to response.",
            told="the next business day",
            example="5m",
        ),
        FileKey(name="response", shape=Text(), words="The same in words.", told="respond_within", example="at once"),
        FileKey(name="action", shape=Text(), words="What is done then.", required=True, example="Rollback NOW"),
    ),
    make=_severity,
)
_BUDGETS = Keys(
    keys=tuple(
        FileKey(
            name=name,
            shape=value_parsers.duration,
            words=words,
            default=getattr(Budgets(), name),
            told=f"{getattr(Budgets(), name).total_seconds():.0f}s",
            example=example,
        )
        for name, words, example in (
            ("confirm", "To see that the trouble is real; after it: roll back.", "45s"),
            ("roll_back", "From the first change of the host to the target serving.", "2m"),
            ("verify", "To prove that it is well.", "1m"),
        )
    ),
    make=lambda found: Budgets(**found.all()),
)


def top(sections: vendors.Sections, beside: Path, shared: WatchSpec) -> Keys[Found]:
    """The shape of the whole file. Hosts and services are read apart: they have to fit each other."""
    one = service(sections, beside, shared)
    contacts = Keys(
        keys=(
            *vendors.shapes(sections, SectionPlace.CONTACTS),
            FileKey(
                name="slack",
                shape=Many(Text()),
                words="Channels that are told, named to people.",
                default=(),
                told="none",
                example='["#incidents"]',
            ),
            FileKey(
                name="email",
                shape=Text(),
                words="An address, named to people.",
                told="none",
                example="team@example.com",
            ),
        ),
        make=lambda found: found,
    )
    return Keys(
        keys=(
            FileKey(name="version", shape=_version, words="Of this file's form: 1.", required=True, example="1"),
            FileKey(
                name="environment",
                shape=Text(),
                words="What these services are, shown as a band: production, staging or another word.",
                default="production",
                told="production",
                example="staging",
            ),
            FileKey(
                name="hosts",
                shape=Named(item=host(beside), name=values.name),
                words="The Dokku servers, by name.",
                required=True,
            ),
            FileKey(
                name="defaults",
                shape=one,
                words="What services have in common, with the keys of a service. Mappings are merged key by key; lists "
                "and plain values of a service replace those here, and `KEY: null` takes none.",
                told="none",
                example="{host: dokku, health: {passes: 5}}",
            ),
            FileKey(
                name="services", shape=Named(item=one, name=values.name), words="The services, by name.", required=True
            ),
            FileKey(
                name="ways",
                shape=Many(_way),
                words="Ways back, the preferred one first; another is taken only by `--way`.",
                default=NAMES,
                told=", ".join(NAMES),
                example="[kept, git]",
            ),
            FileKey(
                name="retention",
                shape=values.whole(1, 100),
                words="Kept releases of each app; older ones go.",
                default=5,
                told="5",
                example="10",
            ),
            FileKey(
                name="watch",
                shape=watch(WatchSpec()),
                words="Watching times and the limit of all services.",
                default=WatchSpec(),
            ),
            FileKey(
                name="budgets",
                shape=_BUDGETS,
                words="How long the runbook gives each step; the console says when one takes longer.",
                default=Budgets(),
            ),
            FileKey(
                name="severities",
                shape=Named(item=_SEVERITY),
                words="The levels of an incident, by name, the gravest first.",
                default=(),
                told="P1 to P4 of the runbook",
            ),
            FileKey(name="contacts", shape=contacts, words="Whom the runbook tells.", told="none"),
            FileKey(
                name="notify",
                shape=Many(value_parsers.variable),
                words="Names of environment variables that hold apprise addresses, which are told of every milestone.",
                default=(),
                told="none",
                example="[DISCORD_URL]",
            ),
            FileKey(
                name="links",
                shape=LINKS,
                words="Pages for people, by name, shown with every service.",
                default=(),
                told="none",
                example="{status: https://status.example.com}",
            ),
            FileKey(
                name="postmortem_within",
                shape=value_parsers.duration,
                words="How soon a post-mortem has to be scheduled.",
                default=timedelta(hours=24),
                told="24h",
                example="48h",
            ),
            FileKey(
                name="postmortem_template",
                shape=values.path(beside),
                words="The team's own form of a post-mortem: a Markdown file with fields (`rollback help postmortem`).",
                default="",
                told="the runbook's",
                example="docs/postmortem.md",
            ),
            *vendors.shapes(sections, SectionPlace.TOP),
        ),
        make=lambda found: found,
        free=FREE,
    )


def read_fleet(root: Node, path: str, problems: Problems, sections: vendors.Sections) -> Fleet | None:
    """The fleet, as far as it can be read; what cannot is added to `problems`."""
    beside = Path(path).parent
    shape = top(sections, beside, WatchSpec())
    nodes = root.mapping(shape.names(), FREE, shape.below)
    for key in shape.keys:
        if key.required and key.name not in nodes:
            root.problem(f"{key.name} is missing")
    apart = ("hosts", "services", "defaults")
    made = {
        key.name: key.default if key.name not in nodes or (one := read(key.shape, nodes[key.name])) is None else one
        for key in shape.keys
        if key.name not in apart
    }
    _ways(nodes.get("ways"))
    hosts = read_hosts(nodes.get("hosts"), host(beside))
    named = tuple(nodes["hosts"].names()) if "hosts" in nodes else ()
    places = {one.name: one.ssh.lower() for one in hosts}
    services = read_services(
        nodes.get("services"), nodes.get("defaults"), named, places, service(sections, beside, made["watch"])
    )
    contacts: Found | None = made["contacts"]
    below = dict(contacts.nodes) if contacts is not None else {}
    settings = (*vendors.read(below, sections, SectionPlace.CONTACTS), *vendors.read(nodes, sections, SectionPlace.TOP))
    if problems:
        return None
    return Fleet(
        path=path,
        environment=made["environment"] or "production",
        hosts=hosts,
        services=tuple(sorted(services, key=lambda s: (s.order, s.name))),
        ways=made["ways"],
        retention=made["retention"],
        watch=made["watch"],
        budgets=made["budgets"],
        severities=tuple(make(level) for level, make in made["severities"]) or RUNBOOK_SEVERITIES,
        contacts=Contacts(slack=contacts["slack"], email=contacts["email"]) if contacts is not None else Contacts(),
        notify=made["notify"],
        vendors=settings,
        links=made["links"],
        postmortem_within=made["postmortem_within"],
        postmortem_template=made["postmortem_template"],
        warnings=shared_addresses(services),
    )


def _ways(node: Node | None) -> None:
    if node is None:
        return
    if not node.value:
        node.problem(f"names no way back; known: {', '.join(NAMES)}")
    seen: set[str] = set()
    for item in node.items():
        if isinstance(item.value, str) and item.value in seen:
            item.problem(f"{item.value!r} stands twice")
        seen.add(str(item.value))
