"""A services.yaml for what was seen of a host. Whatever is a guess says `please check` in its line.

Everything from outside is in quotes or in a comment of one line; a value that the file cannot hold as it is (a
variable, a credential) is left out and said.
"""

import textwrap
from collections.abc import Callable, Iterable

from tui.init_config import mounts, names, pages
from tui.init_config.facts import AppFacts, HealthFound, HostFacts, Whose
from tui.model.service import Service
from tui.model.value import Value
from tui.text.clean import clean_line
from tui.text.secret_patterns import credential

CHECK = "please check"
WIDE = 118
"""letters of a comment's line"""
LOCAL = "docker-local"
LAST_ORDER = 9999
_PLAIN = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./~")
_WORDS = frozenset({"y", "n", "yes", "no", "on", "off", "true", "false", "null", "~"})


class Rules(Value):
    """The rules of the reader of services.yaml."""

    reserved: tuple[str, ...]
    """words that no service may be called by"""
    app_fits: Callable[[str], bool]


class Decisions(Value):
    """The decisions of a person, who alone knows; what nobody was asked about is a guess, and marked."""

    environment: str = "production"
    environment_given: bool = False
    stop_first: tuple[tuple[str, bool], ...] = ()
    """apps about which somebody said whether they are stopped first"""


class Proposed(Value):
    """One service as it will stand in the file."""

    name: str
    app: str
    lines: tuple[str, ...]
    """its lines below its name, without indentation of their own"""


def services(
    facts: HostFacts, host: str, rules: Rules, decisions: Decisions, *, there: Iterable[Service] = ()
) -> tuple[tuple[Proposed, ...], tuple[tuple[str, str], ...]]:
    """The services of a host that is called `host` in the file, and the apps that get none, each with the reason.

    `there`: what the file has already. A name has to mean one service there, whether it is a service's or an app's.
    """
    by_app, before = {one.app: one for one in facts.apps}, tuple(there)
    named = {service.name for service in before}
    used = named | {service.app for service in before}
    first = min(max((service.order for service in before), default=0) + 10, LAST_ORDER)
    left, made = list(facts.left_out), list[Proposed]()
    for number, app in enumerate(names.ordered(by_app)):
        if not rules.app_fits(app) or unfit(app):
            left.append((app, "services.yaml takes no app of such a name"))
            continue
        name = names.service(app, used | (set(by_app) - {app}), rules.reserved)
        if app in named or name is None:
            left.append((app, "another service has that name"))
            continue
        used.add(name)
        lines = _service(by_app[app], host, min(first + 10 * number, LAST_ORDER), decisions, facts.apps)
        made.append(Proposed(name=name, app=app, lines=tuple(lines)))
    return tuple(made), tuple(left)


def whole(facts: HostFacts, rules: Rules, decisions: Decisions) -> str:
    """The whole file. Without any service it is none that the reader would take: ask `services` first."""
    host = names.host(facts.ssh)
    made, left = services(facts, host, rules, decisions)
    lines = [
        *comment(
            f"Written by `rollback init {facts.ssh}`. Every value can be changed here; what says `{CHECK}` is a guess. "
            "`rollback check` says what does not hold, `rollback help services` what else can be written."
        ),
        "version: 1",
        f"environment: {scalar(decisions.environment)}" + ("" if decisions.environment_given else f"  # {CHECK}"),
        "",
        "hosts:",
        *indented(host_lines(facts, host), 2),
        "",
        *comment(f"`rollback all` takes them by `order`, lowest first: what others depend on before the rest. {CHECK}"),
        "services:",
    ]
    for one in made:
        lines += indented(service_block(one), 2)
    lines += remarks(left)
    return "\n".join(lines) + "\n"


def host_lines(facts: HostFacts, name: str) -> list[str]:
    """The host's part of the file."""
    found = [f"{scalar(name)}:", f"  ssh: {scalar(facts.ssh)}"]
    if facts.identity_file:
        found.append(f"  identity_file: {scalar(facts.identity_file)}")
    if facts.known_hosts:
        found.append(f"  known_hosts: {scalar(facts.known_hosts)}")
    return found


def service_block(one: Proposed) -> list[str]:
    """The service's part of the file."""
    return [f"{scalar(one.name)}:", *indented(one.lines, 2)]


def remarks(left: Iterable[tuple[str, str]]) -> list[str]:
    """Comments that name the apps without a service, by reason."""
    by_reason: dict[str, list[str]] = {}
    for app, why in left:
        by_reason.setdefault(why, []).append(app)
    found: list[str] = []
    for why, apps in sorted(by_reason.items()):
        found += comment(f"No service, {why}: {', '.join(sorted(apps))}")
    return ["", *found] if found else []


# ── one service ──────────────────────────────────────────────────────────────────────────────────────────────────


def _service(one: AppFacts, host: str, order: int, decisions: Decisions, every: tuple[AppFacts, ...]) -> list[str]:
    lines = [f"host: {scalar(host)}", f"app: {scalar(one.app)}", f"order: {order}"]
    for report, why in one.unread:
        lines += comment(f"{report} could not be read: {why}. {CHECK}")
    if one.running in ("false", "mixed"):
        lines += comment(f"not all of its containers ran when this was written. {CHECK}")
    if one.scheduler not in (None, LOCAL):
        lines += comment(f"it runs on the scheduler {one.scheduler}")
    if one.builder not in (None, "dockerfile"):
        lines += comment(f"it is built by {one.builder}")
    return [*lines, *_health(one, every), *_rollback(one, decisions)]


def _health(one: AppFacts, every: tuple[AppFacts, ...]) -> list[str]:
    found, lines = one.health, list[str]()
    for where, why in one.passed_over:
        lines += comment(f"{where}: {why}")
    if found is None or unfit(found.page.url) or unfit(found.page.host_header or ""):
        why = "nothing that says whether it is well was found" if one.web else "it has no web process"
        return [*lines, *comment(f"no health URL: {why}. {CHECK}")]
    expect = pages.expected(found.page, found.again)
    lines += [line for text in _doubts(one, found, expect, every) for line in comment(text)]
    lines += ["health:", f"  url: {quoted(found.page.url)}"]
    if found.page.host_header:
        lines.append(f"  host_header: {scalar(found.page.host_header)}")
    return [*lines, f"  expect: {_expect(expect)}"]


def _expect(what: pages.Expected) -> str:
    parts = [f"status: {what.status}"]
    if what.json:
        parts.append(f"json: {{{', '.join(f'{scalar(key)}: {scalar(value)}' for key, value in what.json)}}}")
    if what.text is not None:
        parts.append(f"text: {scalar(what.text)}")
    if what.web_page:
        parts.append("reject_html: false")
    return f"{{{', '.join(parts)}}}"


def _doubts(one: AppFacts, found: HealthFound, expect: pages.Expected, every: tuple[AppFacts, ...]) -> list[str]:
    """The doubts about the proposed health check that a person should know."""
    page, said = found.page, list[str]()
    if page.status is None or not 200 <= page.status < 300:
        said.append(
            f"it answered HTTP {page.status} when this was written: what a healthy answer is, is not known. {CHECK}"
        )
    elif pages.worth(page, own_check=found.own_check) is pages.Worth.ILL:
        said.append(
            f"it said that it is not well when this was written: what it says when it is, is not known. {CHECK}"
        )
    elif expect.web_page:
        said.append(f"it answers with a web page: a path that says whether the service is well is better. {CHECK}")
    elif not expect.says_something:
        said.append(f"only its status is expected: nothing in its answer says more. {CHECK}")
    if found.whose is Whose.UNKNOWN:
        said.append(f"a made-up host name gets the same answer: whose site this is, is not known. {CHECK}")
    if expect.says_something and found.page.status is not None:
        for other in every:
            seen = other.health
            if other.app != one.app and seen is not None and pages.meets(seen.page, expect):
                said.append(f"{other.app} answers the same: only the address tells them apart")
                break
    return said


def _rollback(one: AppFacts, decisions: Decisions) -> list[str]:
    writer = mounts.single_writer(one.mounts)
    told = dict(decisions.stop_first).get(one.app)
    local = one.scheduler in (None, LOCAL)
    if writer is not None and told is not False and local and not several(one):
        mount, sign = writer
        said = (
            [] if told else comment(f"it mounts {mount} ({sign}): two containers must not write there at once? {CHECK}")
        )
        reason = f"one writer: {mount}"
        why = "" if unfit(reason) else f", reason: {quoted(clean_line(reason, 120))}"
        return [*said, f"rollback: {{expected: 45s, downtime: 10s-30s, stop_first: true{why}}}"]
    lines: list[str] = []
    if writer is not None and told is None:
        why = "several containers share it already" if several(one) else "this scheduler cannot stop first"
        lines += comment(f"it mounts {writer[0]} ({writer[1]}), but {why}: it is not stopped first. {CHECK}")
    if one.checks_disabled not in (None, "none"):
        lines += comment("its checks are disabled: a deploy stops the old containers before the new ones answer")
        return [*lines, "rollback: {expected: 30s, downtime: 7s-15s}"]
    return [*lines, "rollback: {expected: 30s, downtime: none}"]


def several(one: AppFacts) -> bool:
    """True if several containers of one process type run side by side all the time."""
    return any(count > 1 for _, count in one.processes)


def guesses(text: str) -> int:
    """The number of lines of a file that ask a person to look."""
    return sum(line.rstrip().endswith(CHECK) for line in text.splitlines())


# ── text ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def unfit(text: str) -> bool:
    """True if the reader would not take it as it is: a variable, a credential, more than one harmless line."""
    return "${" in text or bool(credential(text)) or clean_line(text, 4000) != text


def scalar(text: str) -> str:
    """A plain value, in quotes where YAML could take it for something else."""
    plain = bool(text) and set(text) <= _PLAIN and text[0].isalpha() and text.lower() not in _WORDS
    return text if plain else quoted(text)


def quoted(text: str) -> str:
    """A plain value in double quotes. Only for text without control characters."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def comment(text: str) -> list[str]:
    """Lines of a comment, for any text."""
    return [f"# {line}" for line in textwrap.wrap(clean_line(text, 2000), WIDE, break_on_hyphens=False)]


def indented(lines: Iterable[str], by: int) -> list[str]:
    """The same lines further right."""
    return [f"{' ' * by}{line}" if line else line for line in lines]
