"""A host's word on its apps: reports of all at once, and of one alone where that failed.

Eight reports cover every app with one command each. What a broken app holds back is asked of each app by itself; what
cannot be read then is named in the app's facts, and holds nothing else up. `ps:report` is asked app by app: for all at
once it takes 0.6 s an app and says nothing at all where the scheduler of one app does not answer.
"""

from collections.abc import Callable

from tui.dokku import app_reports, build_settings, commands, holders, reports
from tui.engine.concurrency import together
from tui.engine.hosts.connections import HostConnections, unusable
from tui.init_config import mounts
from tui.init_config.facts import AppFacts, HostFacts, PortMapping
from tui.model.errors import ConsoleError, LinkError, UnexpectedReply
from tui.text.clean import clean_line

PATIENCE = 90.0
"""seconds for a report of all apps"""
NEVER = "never deployed"
Report = dict[str, str]
Say = Callable[[str], None]


async def look(links: HostConnections, name: str, say: Say, without: frozenset[str] = frozenset()) -> HostFacts:
    """The facts of the host of that name, its apps `without` aside; health is not asked for. Raises LinkError,
    UnexpectedReply where not even the list of apps can be had."""
    at = links.described(name)
    listed = reports.apps_list(await links.ask_checked(name, commands.apps_list()))
    ours = [app for app in listed if holders.is_ours(app)]
    apps = sorted({*listed} - {*ours} - without)
    facts = HostFacts(ssh=at.ssh, identity_file=at.identity_file, known_hosts=at.known_hosts, kept=len(ours))
    if not apps:
        return facts
    say(f"{len(apps)} apps on {at.ssh}" + (f", and {len(ours)} that hold kept releases or records" if ours else ""))
    told = await together(_reports(links, name, apps, alone=len(ours) > len(apps)), _deployed(links, name, apps))
    by_app, ps = told
    found: list[AppFacts] = []
    left: list[tuple[str, str]] = []
    for app in apps:
        state, why = ps[app]
        if state is not None and state.deployed is False:
            left.append((app, NEVER))
        else:
            found.append(_facts(app, by_app[app], state, why))
    return HostFacts(
        ssh=at.ssh,
        identity_file=at.identity_file,
        known_hosts=at.known_hosts,
        apps=await together(*(_checks(links, name, one, by_app[one.app][0]) for one in found)) if found else (),
        left_out=tuple(left),
        kept=len(ours),
    )


Told = tuple[dict[str, Report], dict[str, str]]
"""of one app: plugin → report, plugin → why there is none"""


async def _reports(links: HostConnections, name: str, apps: list[str], *, alone: bool) -> dict[str, Told]:
    """Every app's reports. `alone`: most apps of this host are no services, and are not asked about."""
    told = await together(*(_report(links, name, plugin, apps, alone) for plugin in app_reports.PLUGINS))
    found: dict[str, Told] = {app: ({}, {}) for app in apps}
    for plugin, (by_app, lost) in zip(app_reports.PLUGINS, told, strict=True):
        for app in apps:
            if app in by_app:
                found[app][0][plugin] = by_app[app]
            else:
                found[app][1][plugin] = lost.get(app, "it says nothing of this app")
    return found


async def _report(
    links: HostConnections, name: str, plugin: str, apps: list[str], alone: bool
) -> tuple[dict[str, Report], dict[str, str]]:
    found: dict[str, Report] = {}
    if not alone:
        answer = await links.ask(name, app_reports.report_all(plugin), timeout=PATIENCE)
        found = {app: said for app, said in app_reports.by_app(answer.stdout).items() if said}
        if not answer.ok and found:
            found.popitem()  # the last one may have been cut short
    missing = [app for app in apps if app not in found]
    lost: dict[str, str] = {}
    answers = await together(*(links.ask(name, commands.report(plugin, app)) for app in missing)) if missing else ()
    for app, answer in zip(missing, answers, strict=True):
        said = reports.text_report(answer.stdout) if answer.ok else {}
        if said:
            found[app] = said
        else:
            lost[app] = why_not(unusable(answer)) if not answer.ok else "it cannot be read"
    return found, lost


async def _deployed(
    links: HostConnections, name: str, apps: list[str]
) -> dict[str, tuple[reports.PsReport | None, str]]:
    answers = await together(*(links.ask(name, commands.ps_report(app), timeout=PATIENCE) for app in apps))
    found: dict[str, tuple[reports.PsReport | None, str]] = {}
    for app, answer in zip(apps, answers, strict=True):
        try:
            if not answer.ok:
                raise unusable(answer)
            found[app] = (reports.ps_report(answer.stdout), "")
        except UnexpectedReply as error:
            found[app] = (None, why_not(error))
    return found


def _facts(app: str, told: Told, state: reports.PsReport | None, why: str) -> AppFacts:
    said, lost = told

    def of(plugin: str) -> Report:
        return said.get(plugin, {})

    builder, scheduler = of("builder"), of("scheduler")
    unread = [(f"{plugin}:report", reason) for plugin, reason in lost.items()]
    if state is None:
        unread.append(("ps:report", why))
    return AppFacts(
        app=app,
        running=state.running if state is not None else None,
        processes=app_reports.scale(state.statuses) if state is not None else (),
        domains=app_reports.domains(of("domains")),
        ports=tuple(PortMapping(scheme=scheme, port=port) for scheme, port in app_reports.ports(of("ports"))),
        mounts=mounts.split(of("storage").get("storage deploy mounts", "")),
        checks_disabled=of("checks").get("checks disabled list"),
        builder=builder.get("builder computed selected") or builder.get("builder detected") or None,
        scheduler=scheduler.get("scheduler computed selected") or None,
        branch=_branch(of("git")),
        unread=tuple(unread),
    )


def _branch(git: Report) -> str | None:
    wanted = ("git deploy branch", "git computed deploy branch", "git global deploy branch")
    return next((branch for label in wanted if (branch := git.get(label))), None)


async def _checks(links: HostConnections, name: str, one: AppFacts, said: dict[str, Report]) -> AppFacts:
    """The same with the paths that the app's own checks ask, as far as its repository tells. Raises LinkError."""
    from msgspec.structs import replace

    if one.branch is None:
        return one
    appjson = _path(said.get("app-json", {}))
    checks = build_settings.DEFAULTS["checks"]
    try:
        files = await links.git.archive(links.host(name), one.app, one.branch, (appjson, checks))
    except LinkError:
        raise
    except ConsoleError:  # deployed from an image: there is no such branch, and nothing is lost
        return one
    return replace(one, check_paths=app_reports.check_paths(files.get(appjson), files.get(checks)))


def _path(report: Report) -> str:
    labels = ("app json appjson path", "app json selected", "app json computed appjson path")
    return next((path for label in labels if (path := report.get(label))), build_settings.DEFAULTS["appjson"])


def why_not(error: ConsoleError) -> str:
    """An error's own words, short enough for a comment."""
    return clean_line(error.message, 160)
