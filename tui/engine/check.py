"""Does everything work that an incident will need? Asked in daylight, host by host and service by service.

Nothing is changed. One request a URL carries a mark of this program, because the access log of the app's own site is
the only proof that a URL is answered by this app: a name without a site is answered by the first site of the host.
"""

import secrets
from typing import NamedTuple
from urllib.parse import urlsplit, urlunsplit

from msgspec.structs import replace

from tui.dokku import build_gate, build_settings, commands, freeze_age, reports, shell_lines
from tui.dokku import holders as kept
from tui.dokku.config_values import stamp
from tui.engine import check_access_log, check_holders, check_k3s, same_services_file
from tui.engine.concurrency import meanwhile, together
from tui.engine.drill import drills_on_record as drills
from tui.engine.engine import Engine
from tui.engine.hosts import held_words
from tui.engine.hosts.connections import HELD_OPEN, HELD_OPEN_FIX, UnexpectedReply
from tui.engine.hosts.overview import HostReads
from tui.engine.monitor import health_probing
from tui.engine.releases import build_facts, last_proven
from tui.engine.releases.catalog import Listing, never_kept
from tui.incident import error_rates
from tui.model.errors import ConsoleError, HostKeyRefused, LinkError, Refused
from tui.model.finding import Finding, Result
from tui.model.health import Probe, ProbeOutcome, RequestExtras
from tui.model.incident import Incident
from tui.model.observation import RunningState
from tui.model.release import Release, Target, TargetKind
from tui.model.service import Expect, Host, Service
from tui.releases import choose_release, restart_risk, what_runs
from tui.releases.keepable import known_to_run
from tui.text import numbers
from tui.text.clean import decode
from tui.ways import plan_warnings, previous_twice
from tui.ways import redeploy_current as anew

TESTED = ("0.35", "0.38")
"""versions whose answers were recorded"""
MARK = "rollback-check"
NEVER_KEPT = "never-kept"
"""the topic of a service of which no release is kept"""


async def host(engine: Engine, name: str, reads: HostReads) -> list[Finding]:
    """Key, host key, version, login, what the host can do, what its kept releases cost."""

    def found(topic: str, result: Result, text: str, fix: str = "") -> Finding:
        return Finding(subject=name, topic=topic, result=result, text=text, fix=fix)

    try:
        known = await engine.links.capabilities(name)
    except HostKeyRefused as error:
        return [found("host-key", Result.FINDING, error.message, error.fix)]
    except (LinkError, UnexpectedReply) as error:
        return [found("connection", Result.FINDING, error.message, error.fix)]
    if known.version is None:
        fix = "is this a Dokku host, and does this key belong to its user dokku?"
        return [found("version", Result.FINDING, "the host did not say that it is Dokku", fix)]
    lines = [found("connection", Result.OK, f"key and host key accepted, {known.form.value} command")]
    if ".".join(known.version.split(".")[:2]) in TESTED:
        lines.append(found("version", Result.OK, f"Dokku {known.version}"))
    else:
        words = f"Dokku {known.version}: this console was tried on {' and '.join(TESTED)}; try it on a test app first"
        lines.append(found("version", Result.NOTE, words))
    how = f"holders are kept from deploys by {known.skip_deploy}, from clean-up by {known.skip_cleanup}"
    lines.append(found("capabilities", Result.OK, how))
    words = "what the holders' images cost, and how much is free, this login does not tell: root sees it"
    lines.append(found("disk", Result.NOTE, words, "as root: docker system df, and never docker image prune -a"))
    lines.extend(await check_holders.costs(reads))
    if name in engine.links.held_open():
        lines.append(found("sessions", Result.FINDING, HELD_OPEN, HELD_OPEN_FIX))
    drilled = drills.last(await drills.results(engine.journal), name)
    due = drills.due(drilled, known.version, engine.clock.now())
    fix = " ".join(drill(engine.fleet.host(name))) + ": two minutes in daylight, on an app that nobody needs"
    lines.append(found("drill", Result.NOTE, due or drills.worded(drilled), fix if due else ""))
    return lines


async def runbook(engine: Engine, name: str) -> list[Finding]:
    """Findings on the commands that stock Dokku lacks. None where the host cannot be asked: `host` says so."""
    try:
        known = await engine.links.capabilities(name, runbook=True)
    except (LinkError, UnexpectedReply):
        return []
    if known.version is None:
        return []
    if known.runbook:
        words = f"the runbook's commands exist: {', '.join(known.runbook)}"
        return [Finding(subject=name, topic="runbook", result=Result.OK, text=words)]
    words = "the runbook's ps:rollback and tags:deploy do not exist here; the way back is `rollback keep`"
    return [Finding(subject=name, topic="runbook", result=Result.NOTE, text=words)]


async def service(engine: Engine, of: Service, reads: HostReads) -> list[Finding]:
    """Its health, its URLs, its build, what is kept, and who holds it.

    What leads to the look at an image is asked first: nothing waits for the rest.
    """
    async with meanwhile() as begin:
        config = engine.configs.read(of)
        listed = begin(engine.examined(of, reads, config))
        urls = begin(_urls(engine, of))
        told = begin(build_facts.examined(engine.links, of.app, reads, config))
        try:
            found = await listed
            looks = begin(check_holders.newest(engine, of, found))
            build = (await told).shape(of.app, found.current)
        except (ConsoleError, reports.Unreadable) as error:
            return [*_said(engine, of), *await urls, _line(of, "host", Result.FINDING, error.message, error.fix)]
        found, looked = await looks
        pods, locks = await together(check_k3s.lines(engine, of, found), _locks(engine, of, reads))
        lines = [*_said(engine, of), *await urls]
    return [
        *lines,
        *_build(of, build),
        *looked,
        *pods,
        *_kept(engine, of, found, build, last_proven.last(await engine.incidents(), of.host, of.app)),
        *_state(engine.links.described(of.host), of, found),
        *locks,
        *await _incidents(engine, of),
    ]


async def outside(engine: Engine, services: tuple[Service, ...]) -> list[Finding]:
    """The findings of all that is asked and told beside the hosts, as far as it is set up; nothing is written there."""
    found = await together(*(one.check(services) for one in engine.outside.checks))
    return [line for lines in found for line in lines]


def drill(at: Host) -> tuple[str, ...]:
    """The commands of a timed drill of that host."""
    return (f"rollback drill {at.name}",)


def _said(engine: Engine, of: Service) -> list[Finding]:
    """The words of services.yaml on this service that the console goes by."""
    watch, back = engine.fleet.watch_of(of.name), of.rollback
    limit, watched = error_rates.percent(watch.error_rate), numbers.length(watch.after_rollback)
    words = f"watched {watched} after a rollback, {limit} of failed requests are too many"
    if back.settle:
        words += f"; its answers count {numbers.length(back.settle)} after a deploy"
    lines = [_line(of, "watch", Result.OK, words)]
    if of.owner:
        lines.append(_line(of, "owner", Result.OK, f"it belongs to {of.owner}"))
    lines += [_line(of, "link", Result.OK, f"{name}: {url}") for name, url in engine.fleet.links_of(of.name)]
    return lines


def _line(of: Service, topic: str, result: Result, text: str, fix: str = "") -> Finding:
    return Finding(subject=of.name, topic=topic, result=result, text=text, fix=fix)


# ── URLs ─────────────────────────────────────────────────────────────────────────────────────────────────────────


async def _urls(engine: Engine, of: Service) -> list[Finding]:
    spec = of.health
    if spec is None:
        fix = f"services.yaml: services.{of.name}.health.url, or tcp, websocket or log for what has no URL"
        _, said = await check_access_log.look(engine, of)
        return [_line(of, "health", Result.FINDING, "no health URL", fix), *said]
    lines: list[Finding] = []
    seen = await health_probing.probe(engine.probes, of)
    for one in seen.parts or (seen,) if seen is not None else ():
        topic = "public" if one.url == spec.public_url else "health"
        if one.outcome is ProbeOutcome.HEALTHY:
            time = "" if one.seconds is None else f" in {numbers.milliseconds(one.seconds)}"
            took = f"healthy{time}{f', {one.detail}' * bool(one.detail)} ({one.url})"
            fix = "an address that no cache answers: a service that is down looks healthy by this one"
            lines.append(_line(of, topic, Result.NOTE, took, fix) if one.detail else _line(of, topic, Result.OK, took))
        else:
            fix = _cure(of, one.detail)
            lines.append(_line(of, topic, Result.FINDING, f"{one.outcome}: {one.detail} ({one.url})", fix))
    if any(not url.startswith("https:") for url in (spec.url, spec.public_url) if url and spec.headers):
        words = "its health headers go over plain http: whoever is on the way can read what they hold"
        lines.append(_line(of, "headers", Result.NOTE, words, "an https address, or one on this network alone"))
    asked = ((spec.url, spec.host_header), (spec.public_url, None))
    marked = await together(*(_marked(engine, of, url, header) for url, header in asked if url is not None))
    log, said = await check_access_log.look(engine, of)  # once for all: our requests are among its last lines
    lines.extend(await together(*(_whose(engine, of, one, log) for one in marked)))
    return [*lines, *said]


def _cure(of: Service, detail: str) -> str:
    if "nobody who is trusted here" in detail:
        return "a certificate of your own: name its authority with health.ca in services.yaml"
    if "certificate has expired" in detail:
        return f"renew it: certs:report {of.app} tells of the one that Dokku has"
    if "certificate is not valid for" in detail:
        return "an address by a name that it is for, in services.yaml; an IP address with health.host_header"
    if "sent on to" in detail:
        return "the address that it leads to, in services.yaml, or one that answers itself"
    return "look at the service, or at its health in services.yaml"


class _Marked(NamedTuple):
    """A request with our mark."""

    url: str
    mark: str
    probe: Probe


async def _marked(engine: Engine, of: Service, url: str, header: str | None) -> _Marked:
    mark = f"{MARK}={secrets.token_hex(8)}"
    parts = urlsplit(url)
    marked = urlunsplit(parts._replace(query=f"{parts.query}&{mark}" if parts.query else mark))
    expect = of.health.expect if of.health is not None else Expect()
    asking = replace(RequestExtras.of(of, url), host_header=header)
    return _Marked(url, mark, await engine.probes.probe(marked, expect, asking, fresh=True))


async def _whose(engine: Engine, of: Service, one: _Marked, log: str | LinkError) -> Finding:
    """Whose site answers a URL: the mark of our request is in the access log of that app, `log` of this one."""
    url = one.url
    if one.probe.outcome is ProbeOutcome.UNREACHABLE:
        return _line(of, "url", Result.FINDING, f"{url} does not answer: {one.probe.detail}", "is the address right?")
    others = [s.app for s in engine.fleet.services if s.host == of.host and s.app != of.app]
    try:
        if isinstance(log, LinkError):
            raise log
        by = of.app if one.mark in log else await _logged(engine, of.host, one.mark, others)
    except LinkError as error:
        return _line(of, "url", Result.NOTE, f"whose site answers {url} is not known: {error.message}")
    if by == of.app:
        return _line(of, "url", Result.OK, f"{url} is answered by {of.app}")
    if by is not None:
        fix = f"a name that has a site: `domains:report {of.app}`, or health.host_header in services.yaml"
        return _line(of, "url", Result.FINDING, f"{url} is answered by another app: {by}", fix)
    words = f"whose site answers {url} is not known: our request stands in no access log of this host's services"
    return _line(of, "url", Result.NOTE, words)


async def _logged(engine: Engine, host: str, mark: str, apps: list[str]) -> str | None:
    """The first of these apps in whose access log the request of that mark is. Raises LinkError."""
    told = await together(*(engine.links.ask(host, commands.access_logs(app)) for app in apps))
    return next((app for app, log in zip(apps, told, strict=True) if log.ok and mark in decode(log.stdout)), None)


# ── what is on the host ──────────────────────────────────────────────────────────────────────────────────────────


def _build(of: Service, build: build_settings.Shape) -> list[Finding]:
    why = build_gate.unkeepable(build)
    if why is not None:
        return [_line(of, "build", Result.FINDING, why, "use another way back: git, registry, script (services.yaml)")]
    if (skipped := build_gate.skipped(build)) is not None:
        return [_line(of, "build", Result.FINDING, skipped, "end that before a deploy or a rollback is to go live")]
    where = f"{build.dockerfile}" + (f" in {build.build_dir}" if build.build_dir else "")
    lines = [_line(of, "build", Result.OK, f"built from {where}; processes from {build.procfile}")]
    if build.unknown:
        words = f"the host did not tell {', '.join(build.unknown)}: their usual settings are assumed"
        lines.append(_line(of, "build", Result.NOTE, words))
    return lines


def _kept(
    engine: Engine, of: Service, found: Listing, build: build_settings.Shape, proven: Incident | None
) -> list[Finding]:
    lines: list[Finding] = []
    possible = build_facts.possible(found.releases, build)
    longest = engine.fleet.watch_of(of.name).longest
    held = previous_twice.refusal(of.name, possible, found.current, found.record, engine.clock.now(), longest)
    if held is not None:
        lines.append(_line(of, "back", Result.NOTE, held[1].message, held[1].fix))
    try:
        target = choose_release.choose(Target(kind=TargetKind.PREVIOUS), possible).release
        words = f"previous is {target.name} ({target.tag or target.commit or 'unknown'})"
        lines.append(_line(of, "way-back", Result.OK, words))
        lines.append(_line(of, "proven", Result.NOTE, last_proven.of_holder(target, proven)))
    except Refused as error:
        lines.append(_no_way_back(engine, of, found, build, error))
    holders = [r for r in possible if r.holder is not None]
    counted = [r for r in holders if r.bad is None]
    words = (
        f"{len(counted)} kept, {len(holders) - len(counted)} more marked bad; the newest {engine.fleet.retention} stay"
    )
    lines.append(_line(of, "retention", Result.OK, words))
    for release in holders:
        if release.unread is not None or release.sealed is None:
            words = f"{release.holder} could not be read: {release.unread or 'whether it is sealed is not known'}"
            lines.append(_line(of, "seal", Result.FINDING, words, f"ask by hand: {_by_hand(engine, of, release)}"))
        elif not release.sealed:
            words = f"{release.holder} is not sealed: a keep died, or is at work"
            lines.append(_line(of, "seal", Result.FINDING, words, f"rollback keep {of.name}"))
    running = what_runs.running(found.releases, found.current)
    if running.holder is None:
        try:
            known_to_run(found.current)
            words = f"what runs ({running.name}) is not kept: before the next deploy, rollback keep {of.name}"
            lines.append(_line(of, "kept-now", Result.NOTE, words))
        except Refused as error:
            lines.append(_line(of, "kept-now", Result.FINDING, f"could not be kept: {error.message}", error.fix))
    else:
        lines.append(_line(of, "kept-now", Result.OK, f"what runs is {running.name}, kept as {running.holder}"))
    return lines


def _by_hand(engine: Engine, of: Service, release: Release) -> str:
    argv = commands.config_export if release.unread is not None else commands.git_report
    return shell_lines.ssh_line(engine.links.described(of.host), argv(release.holder or ""))


def _no_way_back(engine: Engine, of: Service, found: Listing, build: build_settings.Shape, error: Refused) -> Finding:
    """Why `previous` names nothing: what is kept begins with what runs, or nothing is kept, or something else."""
    kept_now = [release for release in found.releases if release.holder is not None]
    possible = build_gate.unkeepable(build) is None
    if possible and never_kept(engine.fleet, found):
        words = "no release is kept, so there is no way back"
        return _line(of, NEVER_KEPT, Result.FINDING, words, f"rollback keep {of.name}")
    if possible and kept_now and all(release.running for release in kept_now):
        words = "what runs is the first release that is kept: from the next deploy on there is a way back to it"
        return _line(of, "way-back", Result.NOTE, words)
    return _line(of, "way-back", Result.FINDING, error.message, f"run `rollback keep {of.name}` before each deploy")


def _state(at: Host, of: Service, found: Listing) -> list[Finding]:
    lines: list[Finding] = []
    record, current = found.record, found.current
    if record is not None and record.frozen and not kept.is_frozen(current.branch):
        words = f"the record of {_holder(record)} is left, and deploys go through"
        lines.append(_line(of, "record", Result.FINDING, words, f"rollback unfreeze {of.name}"))
    elif record is not None and record.frozen:
        words = f"deploys are frozen by {_holder(record)}: CI stays green{_long(record, current)}"
        lines.append(_line(of, "frozen", Result.FINDING, words, f"rollback unfreeze {of.name}"))
    elif record is not None:
        words, fix = held_words.said(record, current.at), held_words.way_on(of.name, record, current.at)
        if record.guarding:
            lines.append(_line(of, "guard", Result.FINDING if fix else Result.NOTE, words, fix))
        else:
            lines.append(_line(of, "incident", Result.FINDING, words, fix or "rollback resume, or ask them"))
    elif what_runs.settled(current, what_runs.running(found.releases, current)) is False and current.commit is not None:
        tip = (current.tip or "nothing")[:10]
        words = f"UNSETTLED: {current.commit[:10]} serves, {current.branch} stands at {tip}: a rebuild deploys that"
        argv = commands.git_sync_own(of.app, current.branch or "BRANCH")
        lines.append(_line(of, "settled", Result.FINDING, words, f"push the fix, or {shell_lines.ssh_line(at, argv)}"))
    if current.locked:
        lines.append(_line(of, "deploy", Result.NOTE, plan_warnings.deploy_runs(of.app)))
    if current.stale_lock:
        fix = shell_lines.ssh_line(at, commands.apps_unlock(of.app))
        lines.append(_line(of, "deploy", Result.FINDING, plan_warnings.lock_is_left(of.app), fix))
    if what_runs.rebuilt(found.releases, current):
        words = f"NOT WHAT WAS DEPLOYED LAST: a rebuild replaced {(current.commit or 'unknown')[:10]} by something else"
        lines.append(_line(of, "rebuilt", Result.FINDING, words, f"rollback {of.name} previous, or deploy the fix"))
    elif words := what_runs.half_way(current):
        lines.append(_line(of, "half-way", Result.FINDING, words, f"rollback {of.name} previous, or deploy the fix"))
    elif risk := restart_risk.risk(current):
        fix = anew.cure(of, at, what_runs.running(found.releases, current))
        lines.append(_line(of, "attempt", Result.FINDING, risk, fix))
    if current.restarting:
        words = "its containers do not stay up: Docker starts them again and again"
        lines.append(_line(of, "running", Result.FINDING, words, f"rollback logs {of.name}"))
    if not current.serving:
        lines.append(_line(of, "running", Result.FINDING, "no container runs", f"rollback {of.name} --list"))
    return lines


def _long(record: kept.IncidentRecord, current: RunningState) -> str:
    """How long deploys have been held back, where that is long."""
    return freeze_age.doubt(freeze_age.age(record, current.branch, current.at))


def _holder(record: kept.IncidentRecord) -> str:
    since = f" since {stamp(record.began)}" if record.began else ""
    why = f" ({record.reason})" if record.reason else ""
    return f"{record.incident or 'unknown'} of {record.by or 'unknown'}{since}{why}"


async def _locks(engine: Engine, of: Service, reads: HostReads) -> list[Finding]:
    """The lock of a take-over: while it is there, nobody can take the incident over. Unread, `host` says so."""
    try:
        names = (await reads.overview()).names
        if kept.takeover_lock(of.app) not in names:
            return []
    except (LinkError, UnexpectedReply):
        return []
    words, fix = await held_words.lock(engine.links, of.name, of.host, of.app)
    return [_line(of, "lock", Result.FINDING, words, f"where nobody is at it any more: {fix}")]


async def _incidents(engine: Engine, of: Service) -> list[Finding]:
    known, lost = await engine.records.open()
    return [
        *(
            _line(of, "incident", Result.FINDING, f"{one.id} is open here ({one.state})", f"rollback resume {one.id}")
            for one in known
            if same_services_file.concerns(engine.fleet, of, one)
        ),
        *(_line(of, "incident", Result.FINDING, one.why, one.fix) for one in lost if one.service == of.name),
    ]
