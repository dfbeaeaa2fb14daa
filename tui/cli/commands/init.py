"""`init`: a host is asked for its apps, and one file is written here: services.yaml. Nothing on the host changes.

The file that is written was read by the reader of services.yaml before, and `check` looks at it right afterwards.
"""

import difflib
import os
from pathlib import Path

from msgspec.structs import replace

from tui import bootstrap
from tui.cli import first_night, init_questions, output, yes_or_no
from tui.cli.commands import check as checks
from tui.cli.commands import init_ci
from tui.cli.exits import Exit
from tui.cli.narrate import Narrator
from tui.cli.options import CommandOptions
from tui.config import values
from tui.config.hosts_and_services import RESERVED
from tui.config.reading import NAME, SHIPPED, bytes_of, decoded
from tui.drivers import whole_file
from tui.drivers.page_fetch import Pages
from tui.engine.engine import Engine
from tui.engine.survey import health
from tui.engine.survey import host as asked
from tui.init_config import addition, document, names
from tui.init_config.document import Proposed, Rules
from tui.init_config.facts import HostFacts
from tui.model.errors import AlreadyThere, ConfigError, Refused
from tui.model.service import Fleet, Host

USAGE = "rollback init dokku@host.example"


def target(options: CommandOptions) -> Path:
    """The file that is meant. Raises ConfigError for the one that is shipped."""
    named = options.services or os.environ.get("ROLLBACK_SERVICES") or NAME
    if named == SHIPPED:
        raise ConfigError("the shipped file belongs to the program", "name another one: --services FILE")
    return Path.cwd() / Path(named).expanduser()


def refuse(options: CommandOptions) -> None:
    """Refuse all that can be refused before anything is asked. Raises ConfigError, AlreadyThere."""
    path = target(options)
    there = os.path.lexists(path)
    init_ci.refuse_existing(options.ci, path)
    if options.add and not there:
        raise ConfigError(f"there is no {path} to add to", USAGE)
    if only_ci(options):
        return
    if there and not options.add:
        raise AlreadyThere(
            f"{path} is there already: it is not written over",
            "--add puts new apps in; or name another: --services FILE",
        )
    if not options.add and options.destination is None:
        raise ConfigError("init needs to know where the host is", USAGE)
    if not path.parent.is_dir():
        raise ConfigError(f"there is no folder {path.parent}", "make it first")
    for text in filter(None, (options.identity_file, options.known_hosts, options.environment)):
        if document.unfit(text):
            raise ConfigError(
                f"{text!r} cannot stand in services.yaml", "write it without variables and unprintable letters"
            )


def only_ci(options: CommandOptions) -> bool:
    """True if only CI's file is asked for, beside a services.yaml that is there."""
    return options.ci is not None and options.destination is None and not options.add


def fleet(options: CommandOptions, before: Fleet | None) -> Fleet:
    """The fleet that the engine is to know: the file that is there, if one is, and the host that is meant. Raises
    ConfigError."""
    host = _meant(options, before)
    if before is None:
        return bootstrap.unwritten(target(options), host)
    return before if host in before.hosts else replace(before, hosts=(*before.hosts, host))


def _meant(options: CommandOptions, before: Fleet | None) -> Host:
    known = before.hosts if before is not None else ()
    if options.destination is None:
        if len(known) != 1:
            raise ConfigError("the file has several hosts", f"name one: {', '.join(h.ssh for h in known)}")
        return known[0]
    try:
        ssh = values.ssh(options.destination)
    except ValueError as error:
        raise ConfigError(str(error), USAGE) from error
    found = next((host for host in known if host.ssh == ssh or host.name == options.destination), None)
    if found is not None:
        return found
    if document.unfit(ssh):
        raise ConfigError(f"{ssh!r} cannot stand in services.yaml", "write it without variables")
    return Host(
        name=names.host(ssh, (host.name for host in known)),
        ssh=ssh,
        identity_file=_whole(options.identity_file),
        known_hosts=_whole(options.known_hosts),
    )


def _whole(text: str | None) -> str | None:
    """A path from the root, as whoever opens it needs it."""
    return None if text is None else os.path.abspath(Path(text).expanduser())  # noqa: PTH100 - no link is followed


def _short(path: str | None) -> str | None:
    """As services.yaml names it: below the home directory with ~, else from the root."""
    if path is None or not Path(path).is_relative_to(Path.home()):
        return path
    return f"~/{Path(path).relative_to(Path.home())}"


async def init(engine: Engine, options: CommandOptions, narrator: Narrator) -> tuple[Exit, output.Document]:
    """Ask, propose, write, check."""
    path = target(options)
    if only_ci(options):
        told = init_ci.told(options.ci, path, _key(engine.fleet), narrator, quiet=options.json)
        return Exit.DONE, {
            "schema": output.SCHEMA,
            "kind": "init",
            "path": str(path),
            "ci": told,
            "exit_code": 0,
            "error": None,
        }
    host = _meant(options, engine.fleet if options.add else None)
    before = bytes_of(path) if options.add else None
    facts = await _facts(engine, options, narrator, host)
    decided = await _decided(facts, options, narrator)
    text, made, left = _text(engine.fleet, facts, host, decided, path, before)
    raw = text.encode()
    bootstrap.read(path, raw)  # what is written can be read: else nothing is
    if before is None:
        whole_file.create(path, text)
    else:
        _show_difference(path, decoded(path, before), text, narrator)
        await yes_or_no.given(options, narrator, f"write this into {path}")
        whole_file.change(path, before, text)
    bootstrap.trust_written(path, before, raw)
    said = f"{len(made)} service{'s' if len(made) != 1 else ''} of {host.ssh}"
    narrator.say(f"wrote {path}: {said}; {document.guesses(text)} guesses say `{document.CHECK}`", "green")
    document_ = await _checked(path, made, engine, options, narrator)
    ci = init_ci.told(options.ci, path, _key(engine.fleet), narrator, quiet=options.json)
    return Exit.DONE, {
        "schema": output.SCHEMA, "kind": "init", "path": str(path), "added": before is not None,
        "services": [{"service": one.name, "app": one.app, "host": host.name} for one in made],
        "left_out": [{"app": app, "reason": why} for app, why in left],
        "ci": ci, **document_, "exit_code": 0, "error": None,
    }  # fmt: skip


# ── asking ───────────────────────────────────────────────────────────────────────────────────────────────────────


async def _facts(engine: Engine, options: CommandOptions, narrator: Narrator, host: Host) -> HostFacts:
    """The facts that the host tells, and its apps' answers. Raises Refused where there is nothing to write."""
    if (await engine.links.capabilities(host.name)).version is None:
        fix = "is this a Dokku host, and does this key belong to its user dokku?"
        raise Refused(f"{host.ssh} did not say that it is Dokku: nothing was written", fix)
    known = frozenset(s.app for s in engine.fleet.services if s.host == host.name)
    facts = await asked.look(engine.links, host.name, narrator.say, known)
    facts = replace(facts, identity_file=_short(host.identity_file), known_hosts=_short(host.known_hosts))
    if not facts.apps:
        raise _nothing(facts, host, known)
    narrator.say(f"asking {len(facts.apps)} apps which URL says that they are well")
    pages = Pages()
    try:
        facts = await health.of_all(engine.links, host.name, facts, bootstrap.reached_at(engine, host), pages.look)
        if narrator.interactive and not options.yes:
            facts = await init_questions.addresses(facts, narrator, pages.look)
    finally:
        await pages.close()
    return facts


def _nothing(facts: HostFacts, host: Host, known: frozenset[str]) -> Refused:
    never = ", ".join(app for app, _ in facts.left_out)
    if known:
        more = f" (never deployed: {never})" if never else ""
        return AlreadyThere(f"every app of {host.ssh} has its service already{more}")
    if never:
        return Refused(
            f"no app of {host.ssh} was ever deployed: {never}; nothing was written", "deploy one, then again"
        )
    kept = f" but {facts.kept} that hold kept releases" if facts.kept else ""
    return Refused(f"{host.ssh} has no app{kept}: nothing was written", "create and deploy one, then again")


def _key(fleet: Fleet) -> str | None:
    """The private key that the file names first."""
    return next((host.identity_file for host in fleet.hosts if host.identity_file), None)


async def _decided(facts: HostFacts, options: CommandOptions, narrator: Narrator) -> document.Decisions:
    if narrator.interactive and not options.yes:
        return await init_questions.decisions(facts, narrator, options.environment, environment=not options.add)
    return document.Decisions(
        environment=options.environment or "production", environment_given=options.environment is not None
    )


# ── writing ──────────────────────────────────────────────────────────────────────────────────────────────────────


def _text(
    fleet: Fleet, facts: HostFacts, host: Host, decided: document.Decisions, path: Path, before: bytes | None
) -> tuple[str, tuple[Proposed, ...], tuple[tuple[str, str], ...]]:
    """The file's new text, the services that are new in it, and the apps without one. Raises Refused, ConfigError."""
    rules = Rules(reserved=RESERVED, app_fits=_app_fits)
    made, left = document.services(facts, host.name, rules, decided, there=fleet.services)
    if not made:
        reasons = "; ".join(f"{app}: {why}" for app, why in left)
        raise Refused(
            f"no app of {host.ssh} can be a service: {reasons}; nothing was written",
            "`rollback help services` says what a services.yaml needs",
        )
    if before is None:
        return document.whole(facts, rules, decided), made, left
    text = decoded(path, before)
    try:
        text = addition.put_in(text, "services", (document.service_block(one) for one in made))
        if host not in bootstrap.read(path, before).hosts:
            text = addition.put_in(text, "hosts", [document.host_lines(facts, host.name)])
    except addition.NoRoom as error:
        lines = "\n".join(line for one in made for line in document.indented(document.service_block(one), 2))
        raise Refused(f"{path}: {error}: nothing was written. To be put in by hand:\n{lines}") from error
    return text, made, left


def _app_fits(app: str) -> bool:
    try:
        return bool(values.app(app))
    except ValueError:
        return False


def _show_difference(path: Path, before: str, after: str, narrator: Narrator) -> None:
    colours = {"+": "green", "-": "red"}
    for line in difflib.unified_diff(before.splitlines(), after.splitlines(), str(path), str(path), lineterm=""):
        narrator.say(line, colours.get(line[:1], "dim"))


async def _checked(
    path: Path, made: tuple[Proposed, ...], before: Engine, options: CommandOptions, narrator: Narrator
) -> output.Document:
    """The document of `check` on the new services."""
    engine = bootstrap.engine(str(path), accept_host_key=options.accept_host_key, clock=before.clock)
    try:
        found = await checks.findings(engine, tuple(engine.service(one.name) for one in made))
        never = checks.never_kept(found)
        if not options.json:
            checks.show_wrong(found, narrator)
            first_night.warn(never, narrator)
    finally:
        await engine.close()
    return {"check": [checks.item(one) for one in found], "never_kept": list(never)}
