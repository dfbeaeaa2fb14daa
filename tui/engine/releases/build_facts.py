"""Asking a host how an app is built, and what else a plan wants to know before it is confirmed."""

import shlex
from collections.abc import Callable, Coroutine
from typing import Any, NamedTuple

from msgspec.structs import replace

from tui import ways
from tui.dokku import (
    app_config,
    build_gate,
    build_settings,
    builders,
    capabilities,
    commands,
    commit_files,
    holders,
    reports,
    shell_lines,
)
from tui.engine.concurrency import together
from tui.engine.hosts.app_config import ConfigRead
from tui.engine.hosts.connections import HostConnections, UnexpectedReply
from tui.engine.hosts.overview import HostReads
from tui.model.commit_range import CommitRange
from tui.model.observation import RunningState
from tui.model.outcome import Answer
from tui.model.release import Release, WayBack
from tui.model.service import Service
from tui.text.clean import decode
from tui.ways import plan_warnings

Ask = Callable[[tuple[str, ...]], Coroutine[Any, Any, Answer]]


class Told(NamedTuple):
    """A host's answers on how an app is built, question by question."""

    answers: dict[tuple[str, ...], Answer]
    obeys: bool
    """this host obeys DOKKU_CNB_EXPERIMENTAL"""
    left: tuple[str, ...] = ()
    """plugins that were not asked, because nobody needs to know"""

    def shape(self, app: str, current: RunningState | None = None) -> build_settings.Shape:
        """The shape of the app's build."""
        found = build_settings.read(app, self.answers, current, experimental=self.obeys)
        return replace(found, unknown=tuple(name for name in found.unknown if name not in self.left))


async def read(links: HostConnections, service: Service, current: RunningState | None = None) -> build_settings.Shape:
    """The shape of the app's build as its settings are now. Raises LinkError."""
    return (await asked(links, service.host, service.app)).shape(service.app, current)


async def asked(links: HostConnections, host: str, app: str, config: ConfigRead | None = None) -> Told:
    """The answers that tell the shape; what `config` reads anyhow is not asked twice. Raises LinkError."""
    questions = build_settings.questions(app)
    return await _asked(links, host, app, questions, lambda argv: _ask(links, host, app, argv, config))


async def examined(links: HostConnections, app: str, reads: HostReads, config: ConfigRead) -> Told:
    """The answers that tell what is kept and how it is built, by reads that others share: without what only two
    releases are compared by. Raises LinkError."""
    plugins = {commands.report(plugin, app): plugin for plugin in build_settings.REPORTS}
    left = build_settings.COMPARED
    questions = tuple(argv for argv in build_settings.questions(app) if plugins.get(argv) not in left)

    async def ask(argv: tuple[str, ...]) -> Answer:
        if argv in plugins:
            return await reads.report(plugins[argv], app)
        return await _ask(links, reads.host, app, argv, config)

    return (await _asked(links, reads.host, app, questions, ask))._replace(left=left)


async def gate(links: HostConnections, host: str, app: str) -> Told:
    """The answers that tell what decides what becomes of a push. Raises LinkError."""
    questions = build_settings.gate_questions(app)
    return await _asked(links, host, app, questions, lambda argv: _ask(links, host, app, argv, None))


async def _asked(links: HostConnections, host: str, app: str, questions: tuple[tuple[str, ...], ...], ask: Ask) -> Told:
    told, obeys = await together(_told(links, host, app, questions, ask), _experimental(links, host))
    return Told(answers=told, obeys=obeys)


def seen_by_gate(told: Told, app: str, current: RunningState) -> tuple[tuple[str, str], ...]:
    """Everything that decides what becomes of a push to the app, name → value."""
    checks = told.answers[commands.report("checks", app)]
    of = told.shape(app, current)
    return build_gate.seen(of, reports.checks_report(checks.stdout) if checks.ok else None)


async def _told(
    links: HostConnections, host: str, app: str, asked: tuple[tuple[str, ...], ...], ask: Ask
) -> dict[tuple[str, ...], Answer]:
    """Question → answer, and what is still to be asked where a host does not list names. Raises LinkError."""
    told = dict(zip(asked, await together(*map(ask, asked)), strict=True))
    more = build_settings.further_questions(app, told)
    return told | dict(zip(more, await together(*(links.ask(host, argv) for argv in more)), strict=True))


async def _ask(links: HostConnections, host: str, app: str, argv: tuple[str, ...], config: ConfigRead | None) -> Answer:
    """The facts about the host are shared by all who ask at the same time. Raises LinkError."""
    if app not in argv:
        return await links.ask_once(host, argv)
    of_config = argv[0].startswith("config:")
    return await config.answer(argv) if of_config and config is not None else await links.ask(host, argv)


async def _experimental(links: HostConnections, host: str) -> bool:
    """True if the host obeys DOKKU_CNB_EXPERIMENTAL; 0.38 does not, and nobody recorded what lies between."""
    return not capabilities.at_least((await links.capabilities(host)).version, (0, 38))


async def files_of(links: HostConnections, host: str, holder: str) -> dict[str, str]:
    """The files in a holder's folder, by the paths they had. Raises LinkError, and UnexpectedReply for what is no
    answer."""
    try:
        found = await links.git.archive(links.host(host), holder, holders.FILES_BRANCH, (holders.FILES_FOLDER,))
    except UnexpectedReply as error:
        raise UnexpectedReply(f"the files of {holder} cannot be read: {error.message}") from error
    return {
        path.removeprefix(f"{holders.FILES_FOLDER}/"): decode(content)
        for path, content in found.items()
        if path.startswith(f"{holders.FILES_FOLDER}/")
    }


def possible(releases: tuple[Release, ...], of: build_settings.Shape | None) -> tuple[Release, ...]:
    """The same releases; ways on which the app's shape decides are not available where it forbids them, and why."""
    skipped, unavailable = (None, None) if of is None else (build_gate.skipped(of), build_gate.unavailable(of))
    if skipped is None and unavailable is None:
        return releases

    def without(offer: WayBack) -> WayBack:
        way = ways.of(offer.way)
        why = (skipped if way.deploys else None) or (unavailable if way.shaped else None)
        return way.unavailable(why) if offer.available and why is not None else offer

    return tuple(replace(r, ways=tuple(without(w) for w in r.ways)) for r in releases)


async def findings(
    links: HostConnections,
    service: Service,
    current: RunningState,
    leaving: Release,
    target: Release,
    of: build_settings.Shape,
) -> plan_warnings.Findings:
    """The findings that a plan tells beside its steps. Raises LinkError, UnexpectedReply; what could not be known is
    said in it."""
    files, lying = await together(
        _of_holder(links, service.host, target),
        between(links, service, leaving, target, of),
    )
    kept_facts = build_settings.read_facts(files.get(build_settings.FACTS_FILE))
    placed, moved = build_settings.placed(of, files, kept_facts)
    return plan_warnings.Findings(
        shape=of,
        kept=kept_facts,
        baked=_baked(target, kept_facts, files, of),
        files=tuple(sorted(placed.items())),
        moved=moved,
        between=lying,
    )


def _baked(
    target: Release, kept: build_settings.Kept | None, files: dict[str, str], of: build_settings.Shape
) -> commit_files.Baked:
    """The part of the config of then that the target's image brings along."""
    names = target.config_keys or app_config.own_names((kept.config_keys if kept is not None else None) or ())
    paths = dict(kept.paths) if kept is not None else {}
    app_json = files.get(paths.get("appjson", build_settings.DEFAULTS["appjson"]))
    return commit_files.Baked(
        builder=target.builder or builders.DOCKERFILE,
        gone=tuple(sorted({*names} - {*of.keys, *of.global_keys})) if of.listed else (),
        in_env=(kept is not None and kept.predeploy) or (app_json is not None and commit_files.has_predeploy(app_json)),
    )


async def _of_holder(links: HostConnections, host: str, target: Release) -> dict[str, str]:
    return {} if target.holder is None else await files_of(links, host, target.holder)


async def between(
    links: HostConnections, service: Service, leaving: Release, target: Release, of: build_settings.Shape | None = None
) -> CommitRange:
    """Migrations between two releases, and tasks and cron tasks of the one that is left. Raises LinkError."""
    of = of or build_settings.Shape(app=service.app)
    if leaving.commit is None or target.commit is None:
        which = "what runs now" if leaving.commit is None else target.name
        return CommitRange(unknown=f"{which} is known by no commit")

    def app_json(content: Callable[[str], str | None]) -> str | None:
        return next(filter(None, map(content, build_settings.places(of.appjson, of.build_dir))), None)

    def tasks(content: Callable[[str], str | None]) -> tuple[str, ...]:
        procfile = (content(path) for path in build_settings.places(of.procfile, of.build_dir))
        return commit_files.tasks(next(filter(None, procfile), None), app_json(content))

    def cron(content: Callable[[str], str | None]) -> tuple[str, ...] | None:
        # Dokku takes the app.json of a source image, which no commit has
        return None if of.source_image else commit_files.cron(app_json(content))

    from tui.ways import migrations_between  # fifty patterns, which only a plan needs

    host = links.host(service.host)
    wanted = plan_warnings.is_migration
    found = await links.git.between(
        host, service.app, leaving.commit, target.commit, wanted, tasks, migrations_between.compare, cron
    )
    at = links.described(service.host)

    def line(command: str) -> str:
        return shell_lines.ssh_line(at, ("run", service.app, *shlex.split(command)))

    typed = tuple(replace(one, down=tuple(map(line, one.down))) for one in found.databases)
    return replace(found, databases=typed)
