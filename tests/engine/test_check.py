"""What `check` finds of a host and a service: the host's answers are recorded ones, the list of releases is given."""

import asyncio
import ssl
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from tests import stage
from tests.fake_host import APP, World
from tests.incident.facts import T0
from tui.cli.commands import check as cli
from tui.dokku import build_settings, commands, holders
from tui.drivers import http_causes
from tui.engine import check
from tui.engine.concurrency import meanwhile
from tui.engine.hosts.app_config import ConfigWatch
from tui.engine.hosts.overview import HostReads
from tui.engine.releases.catalog import Listing
from tui.model.errors import HostKeyRefused, LinkError, Refused
from tui.model.finding import Finding, Result
from tui.model.health import Probe, ProbeOutcome
from tui.model.runbook_numbers import WatchSpec
from tui.model.service import HealthSpec, Service

API = replace(stage.service("api"), app=APP)
LOG = commands.access_logs(APP)
Changed = Callable[[Listing], Listing]


class Engine(stage.StageEngine):
    """The stage's engine, whose links lead to the host in memory and whose URLs answer `outcome`."""

    outcome, detail = ProbeOutcome.HEALTHY, "refused"
    seconds: float | None = 0.01

    def __init__(self, world: World, *services: Any) -> None:
        super().__init__(stage.fleet(*(services or (API,))), world.clock)
        self.links = world.links
        self.configs = ConfigWatch(world.links, world.ledger, world.clock, None)
        self.probes = self  # type: ignore[assignment]
        self.urls: list[str] = []

    async def examined(self, service: Service, *reads: Any) -> Listing:
        return await self.listing(service)

    async def probe(self, service: Any, *args: Any, **how: Any) -> Any:
        if not isinstance(service, str):
            return await super().probe(service)
        self.urls.append(service)
        return Probe(at=T0, url=service, outcome=self.outcome, seconds=self.seconds, status=200, detail=self.detail)


def engine(change: Changed = lambda found: found, world: World | None = None) -> Engine:
    world = world or World()
    world.host.says(LOG, (0, "", ""))
    made = Engine(world)

    async def listed(_: object) -> Listing:
        return change(stage.listing(API, T0))

    made.releases = listed
    return made


async def service(made: Engine, of: Service) -> list[Finding]:
    async with meanwhile() as begin:
        return await check.service(made, of, HostReads(made.links, "main", (of.app,), begin))


async def host(made: Engine) -> list[Finding]:
    async with meanwhile() as begin:
        return await check.host(made, "main", HostReads(made.links, "main", (APP,), begin))


def on(topic: str, findings: list[Finding]) -> list[Finding]:
    return [one for one in findings if one.topic == topic]


def current(**more: Any) -> Changed:
    return lambda found: replace(found, current=replace(found.current, **more))


def record(**more: Any) -> Changed:
    kept = holders.IncidentRecord(app=APP, incident="inc1", by="ana@desk", since=T0, **more)
    return lambda found: replace(found, record=kept)


async def test_a_quiet_service_is_told_what_runs_what_is_kept_and_where_previous_leads() -> None:
    found = await service(engine(), API)
    (back,) = on("way-back", found)
    assert back.result is Result.OK and back.text.startswith("previous is release:4 (")
    assert on("kept-now", found)[0].fix == "" and "rollback keep api" in on("kept-now", found)[0].text
    assert on("retention", found)[0].text.startswith("3 kept, 0 more marked bad")
    assert not [one for one in found if one.topic in ("record", "frozen", "settled", "attempt", "running", "deploy")]


@pytest.mark.parametrize(
    ("change", "topic", "result", "words"),
    [
        (current(branch="frozen-by-inc1"), "frozen", None, ""),
        (record(state="frozen"), "record", Result.FINDING, "is left, and deploys go through"),
        (record(state="open"), "incident", Result.FINDING, "incident inc1 of ana@desk since"),
        (record(state=holders.GUARDING), "guard", Result.NOTE, "follows what was deployed"),
        (current(locked=True), "deploy", Result.NOTE, ""),
        (current(stale_lock=True), "deploy", Result.FINDING, ""),
        (current(git_rev="e" * 40), "attempt", Result.FINDING, "the last deploy attempt (eeeeeeeeee)"),
        (current(containers=()), "running", Result.FINDING, "no container runs"),
        (current(tip="d" * 40), "settled", Result.FINDING, "UNSETTLED"),
    ],
)
async def test_each_state_of_the_app_has_its_line(
    change: Changed, topic: str, result: Result | None, words: str
) -> None:
    found = on(topic, await service(engine(change), API))
    assert [one.result for one in found] == ([result] if result is not None else [])
    assert all(words in one.text and one.fix for one in found if one.result is Result.FINDING)
    assert all(words in one.text for one in found)


@pytest.mark.parametrize(("hours", "long"), [(1, False), (5, True)])
async def test_a_freeze_is_named_with_its_holder_and_asked_about_after_four_hours(hours: int, long: bool) -> None:
    def frozen(found: Listing) -> Listing:
        at = T0 + timedelta(hours=hours)
        return record(state="frozen")(current(branch="frozen-by-inc1", at=at)(found))

    (line,) = on("frozen", await service(engine(frozen), API))
    assert line.text.startswith("deploys are frozen by inc1 of ana@desk") and line.fix == "rollback unfreeze api"
    assert ("was it forgotten?" in line.text) is long


async def test_a_guard_that_ended_without_a_word_is_found() -> None:
    def stale(found: Listing) -> Listing:
        return record(state=holders.GUARDING)(current(at=T0 + timedelta(hours=3))(found))

    (line,) = on("guard", await service(engine(stale), API))
    assert (line.result, line.fix) == (Result.FINDING, "rollback abort api")


async def test_nothing_kept_is_said_with_the_word_that_keeps() -> None:
    def bare(found: Listing) -> Listing:
        return replace(found, releases=found.releases[:1])

    found = await service(engine(bare), API)
    (line,) = on(check.NEVER_KEPT, found)
    assert (line.result, line.fix) == (Result.FINDING, "rollback keep api")


async def test_what_runs_as_the_first_kept_release_has_a_way_back_from_the_next_deploy_on() -> None:
    def first(found: Listing) -> Listing:
        return replace(found, releases=(replace(stage.release(API, 5), running=True, sealed=True),))

    found = await service(engine(first), API)
    assert on("way-back", found)[0].result is Result.NOTE
    assert on("kept-now", found)[0].result is Result.OK


async def test_an_open_keep_is_found_by_its_missing_seal() -> None:
    found = await service(engine(), API)
    assert len(on("seal", found)) == 3, "the stage's holders were not asked whether they are sealed"

    def sealed(listing: Listing) -> Listing:
        return replace(listing, releases=tuple(replace(r, sealed=True) for r in listing.releases))

    assert on("seal", await service(engine(sealed), API)) == []


async def test_a_host_that_is_gone_still_tells_what_needs_no_host() -> None:
    made = engine()

    async def gone(_: object) -> Listing:
        raise LinkError("the host is gone", "look at the network")

    made.releases = gone
    found = await service(made, API)
    assert on("host", found)[0].text == "the host is gone" and on("host", found)[0].fix == "look at the network"
    assert on("watch", found) and on("health", found)


async def test_whose_site_answers_is_looked_for_in_its_own_log_first() -> None:
    world = World()
    web = replace(stage.service("web"), app="web-app")
    told = replace(API, health=HealthSpec(url="http://127.0.0.1:1/ready"))
    made = Engine(world, API, web)
    theirs = commands.access_logs("web-app")

    def marked(argv: tuple[str, ...]) -> None:
        if argv in (LOG, theirs) and made.urls:
            line = f'1.2.3.4 - - [29/Nov/2026:12:00:00 +0000] "GET {made.urls[-1]} HTTP/1.1" 200 2 "-" "x"\n'
            world.host.says(argv, (0, line if argv == where else "", ""))

    world.host.before = marked
    for where, words, result in (
        (LOG, f"is answered by {APP}", Result.OK),
        (theirs, "is answered by another app: web-app", Result.FINDING),
        (None, "is not known", Result.NOTE),
    ):
        world.host.sent.clear()
        (line,) = on("url", await check._urls(made, told))
        assert words in line.text and line.result is result
        assert (theirs in world.host.sent) is (where != LOG)
        assert f"{check.MARK}=" in made.urls[-1]


@pytest.mark.parametrize(
    ("outcome", "error", "fix"),
    [
        (ProbeOutcome.UNREACHABLE, "self-signed certificate", "name its authority with health.ca in services.yaml"),
        (ProbeOutcome.UNREACHABLE, "certificate has expired", f"renew it: certs:report {APP} tells of the one"),
        (ProbeOutcome.UNREACHABLE, "Hostname mismatch, certificate is not valid for 'x'", "a name that it is for"),
        (ProbeOutcome.UNHEALTHY, "", "look at the service, or at its health in services.yaml"),
    ],
)
async def test_a_certificate_that_does_not_fit_has_its_own_fix(outcome: ProbeOutcome, error: str, fix: str) -> None:
    made = engine()
    refused = ssl.SSLCertVerificationError(1, "[SSL: CERTIFICATE_VERIFY_FAILED] (_ssl.c:1006)")
    refused.verify_message = error
    made.outcome, made.detail = outcome, http_causes.words(refused) if error else "HTTP 503"
    (found,) = [one for one in on("health", await service(made, API)) if one.result is Result.FINDING]
    assert fix in found.fix, found


async def test_a_healthy_answer_out_of_a_cache_is_a_note() -> None:
    made = engine()
    made.detail = "from a cache, 60 s old: the service itself was not asked"
    (found,) = on("health", await service(made, API))
    assert (found.result, made.detail in found.text, "no cache answers" in found.fix) == (Result.NOTE, True, True)
    made.detail = ""
    (found,) = on("health", await service(made, API))
    assert found.result is Result.OK


async def test_a_url_that_does_not_answer_is_looked_for_in_no_log() -> None:
    made = engine()
    made.outcome = ProbeOutcome.UNREACHABLE
    (line,) = on("url", await check._urls(made, API))
    assert (line.result, line.fix) == (Result.FINDING, "is the address right?")


@pytest.mark.parametrize(
    ("version", "result"), [("0.35.15", Result.OK), ("0.38.27", Result.OK), ("0.40.0", Result.NOTE)]
)
async def test_a_version_that_was_not_tried_is_said(version: str, result: Result) -> None:
    world = World()
    world.host.says(("version",), (0, f"dokku version {version}\n", ""))
    found = await host(engine(world=world))
    (line,) = on("version", found)
    assert line.result is result and version in line.text
    assert on("capabilities", found)[0].text.count("kept from") == 1


async def test_a_host_that_cannot_be_asked_is_one_line() -> None:
    world = World()
    world.host.says(("version",), HostKeyRefused("the host's key is another", "rollback help keys"))
    (line,) = await host(engine(world=world))
    assert (line.topic, line.fix) == ("host-key", "rollback help keys")
    world = World()
    world.host.says(("version",), LinkError("the host is gone"))
    (line,) = await host(engine(world=world))
    assert line.topic == "connection"
    world = World()
    world.host.says(("version",), (0, "GNU bash, version 5\n", ""))
    found = await host(engine(world=world))
    assert [one.text for one in found] == ["the host did not say that it is Dokku"]


def test_a_refusal_of_previous_is_the_finding_where_something_is_kept() -> None:
    made = engine()
    found = stage.listing(API, T0)
    build = build_settings.Shape(app=APP)
    line = check._no_way_back(made, API, found, build, Refused("all are bad", "x"))
    assert (line.topic, line.result, line.text) == ("way-back", Result.FINDING, "all are bad")


async def test_each_line_is_told_when_it_is_known_in_the_order_of_the_file() -> None:
    world, late = World(), asyncio.Event()
    web, job = (replace(stage.service(name), app=f"{name}-app") for name in ("web", "job"))
    for app in (APP, web.app, job.app):
        world.host.says(commands.access_logs(app), (0, "", ""))
    world.host.takes(*(f"{plugin}:report" for plugin in build_settings.REPORTS), "config:keys", "config:get")
    made, told, done = Engine(world, API, web, job), list[str](), list[str]()

    async def listed(of: Service) -> Listing:
        if of == web:
            await late.wait()
        done.append(of.name)
        return stage.listing(of, T0)

    made.releases = listed
    looking = asyncio.create_task(cli.findings(made, (API, web, job), lambda line: told.append(line.subject)))
    while "job" not in done or API.name not in told:
        await asyncio.sleep(0)
    await stage.settled()
    assert list(dict.fromkeys(told)) == ["main", API.name], "job is known, and waits for its turn"
    late.set()
    found = await looking
    assert told == [one.subject for one in found]
    assert list(dict.fromkeys(told)) == ["main", API.name, web.name, job.name, "services"][: len(dict.fromkeys(told))]


async def test_what_was_not_timed_is_healthy_in_no_0_ms() -> None:
    made = engine()
    made.seconds = None
    (found,) = on("health", await service(made, API))
    assert found.text.startswith("healthy, refused (http://") and " ms" not in found.text


async def test_a_short_watch_and_a_small_limit_are_told_as_they_are() -> None:
    """90 s were "2 min", 20 s "0 min"."""
    made = engine()
    short = replace(made.fleet, watch=WatchSpec(after_rollback=timedelta(seconds=20), error_rate=0.005))
    made.fleet = short
    (found,) = on("watch", await service(made, API))
    assert found.text.startswith("watched 20 s after a rollback, 0.5% of failed requests are too many")
