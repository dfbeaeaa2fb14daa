"""The board's polls, with time by hand: their rate, what is too old, what overlaps, what goes wrong."""

import asyncio
from collections import Counter
from datetime import timedelta

import pytest
from msgspec.structs import replace

from tests.incident.facts import T0
from tests.stage import HandClock, StageEngine, current, fleet, listing, probe, release, service, settled
from tui.engine.hosts.connections import UnexpectedReply
from tui.engine.releases.catalog import Listing
from tui.engine.service_monitor import HEALTH_EVERY, RELEASES_EVERY, REMEMBERED, ServiceMonitor
from tui.incident.health_from_probes import STALE_AFTER
from tui.model.errors import HostKeyRefused, Unreachable
from tui.model.health import Health, Probe, ProbeOutcome
from tui.model.host import Capabilities
from tui.model.release import Release, Source, WayBack
from tui.model.service import Service

EVERY = HEALTH_EVERY.total_seconds()
OLD = EVERY * STALE_AFTER


def staged(*services: Service) -> tuple[ServiceMonitor, StageEngine, HandClock]:
    clock = HandClock()
    engine = StageEngine(fleet(*services), clock)
    return ServiceMonitor(engine), engine, clock


def commit(of: Service) -> Release:
    """A release that only the app's repository knows."""
    return Release(app=of.app, commit="9" * 40, origin=Source.REPOSITORY)


class Hanging:
    """Answers nobody until it is let go."""

    def __init__(self) -> None:
        self.free = asyncio.Event()
        self.begun = 0
        self.cancelled = 0

    async def __call__(self) -> None:
        self.begun += 1
        try:
            await self.free.wait()
        except asyncio.CancelledError:
            self.cancelled += 1
            raise


# ── the rate ─────────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_every_service_is_looked_at_at_once_and_then_at_its_own_moment() -> None:
    board, engine, clock = staged()
    board.start()
    await clock.advance(0)
    assert set(engine.looks) == {"api", "billing", "web"}
    moments: dict[str, float] = {}

    async def seen(of: Service) -> Probe:
        moments.setdefault(of.name, clock.monotonic())
        return probe(of, clock.now())

    engine.health = seen
    await clock.advance(EVERY * 1.1)
    assert moments["web"] == pytest.approx(EVERY / 3)
    assert moments["billing"] == pytest.approx(EVERY * 2 / 3)
    assert moments["api"] == pytest.approx(EVERY, rel=0.051)
    await board.stop()


async def test_the_rate_is_steady_however_long_an_answer_takes() -> None:
    board, engine, clock = staged(service("api"))

    async def slow(of: Service) -> Probe:
        await clock.sleep(EVERY / 2)
        return probe(of, clock.now())

    engine.health = slow
    board.start()
    await clock.advance(600)
    assert 600 / EVERY * 0.94 <= len(engine.looks) <= 600 / EVERY * 1.07 + 1
    await board.stop()


async def test_releases_are_asked_for_far_more_seldom_one_service_after_the_other() -> None:
    board, engine, clock = staged()
    most = 0
    under_way = 0

    async def listed(of: Service) -> Listing:
        nonlocal most, under_way
        under_way += 1
        most = max(most, under_way)
        await clock.sleep(1)
        under_way -= 1
        return listing(of, clock.now())

    engine.releases = listed
    board.start()
    await clock.advance(RELEASES_EVERY.total_seconds() * 5)
    assert most == 1
    assert set(Counter(engine.lists).values()) == {5}
    await board.stop()


async def test_what_runs_is_asked_at_once_when_a_service_that_was_well_is_so_no_more() -> None:
    """A bad release that just went live: nobody waits for the minute to end. Once, however long it lasts or flaps."""
    board, engine, clock = staged(service("api"))
    outcome = ProbeOutcome.HEALTHY

    async def seen(of: Service) -> Probe:
        return probe(of, clock.now(), outcome)

    engine.health = seen
    board.start()
    await clock.advance(30)
    assert len(engine.lists) == 1
    outcome = ProbeOutcome.UNHEALTHY
    await clock.advance(EVERY * 1.2)
    assert len(engine.lists) == 2 and clock.monotonic() < RELEASES_EVERY.total_seconds()
    for flapping in (ProbeOutcome.HEALTHY, ProbeOutcome.UNHEALTHY) * 2:
        outcome = flapping
        await clock.advance(EVERY * 1.2)
    assert len(engine.lists) <= 3, "what was asked just now is not asked again"
    await board.stop()


async def test_a_service_that_was_never_well_here_is_asked_in_its_turn() -> None:
    board, engine, clock = staged(service("api"))

    async def seen(of: Service) -> Probe:
        return probe(of, clock.now(), ProbeOutcome.UNHEALTHY)

    engine.health = seen
    board.start()
    await clock.advance(30)
    assert len(engine.lists) == 1
    await board.stop()


async def test_only_so_many_looks_are_remembered() -> None:
    board, engine, _ = staged(service("api"))
    for _ in range(REMEMBERED + 5):
        await board.look("api")
    assert len(board.status("api").probes) == REMEMBERED < len(engine.looks)


async def test_a_service_without_a_health_url_is_unknown_and_never_asked() -> None:
    board, engine, clock = staged(service("api"), service("worker", health=False))
    board.start()
    await clock.advance(60)
    assert board.status("worker").health is Health.UNKNOWN
    assert "worker" not in engine.looks
    assert await board.look("worker") is None
    await board.stop()


def test_services_come_in_the_order_of_the_file_then_by_name() -> None:
    board, _, _ = staged(service("b", order=2), service("z", order=1), service("a", order=2))
    assert [s.service.name for s in board.statuses()] == ["z", "a", "b"]


# ── age ──────────────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_what_is_no_longer_answered_grows_old_and_is_called_so() -> None:
    board, engine, clock = staged(service("api"))
    board.start()
    await clock.advance(EVERY * 3)
    assert board.status("api").health is Health.OK
    hanging = Hanging()

    async def never(of: Service) -> Probe:
        await hanging()
        return probe(of, clock.now())

    engine.health = never
    last = board.status("api").last
    assert last is not None
    await clock.advance((last.at - clock.now()).total_seconds() + OLD)
    assert board.status("api").health is Health.OK
    await clock.advance(EVERY)
    stale = board.status("api")
    assert stale.health is Health.STALE and stale.bad_since is None
    assert stale.last == last, "what was seen last is still said, with its own time"
    hanging.free.set()
    await clock.advance(EVERY)
    assert board.status("api").health is Health.OK
    await board.stop()


async def test_since_when_it_is_bad_is_the_first_bad_look_and_not_said_while_answers_disagree() -> None:
    board, engine, clock = staged(service("api"))

    async def bad(of: Service) -> Probe:
        return probe(of, clock.now(), ProbeOutcome.UNHEALTHY)

    await board.look("api")
    engine.health = bad
    await clock.advance(EVERY)
    await board.look("api")
    assert (board.status("api").health, board.status("api").bad_since) == (Health.DEGRADED, None)
    await clock.advance(EVERY)
    await board.look("api")
    assert (board.status("api").health, board.status("api").bad_since) == (Health.DOWN, T0 + HEALTH_EVERY)


async def test_since_when_it_is_bad_outlasts_the_probes_and_whether_it_began_here_is_known() -> None:
    board, engine, clock = staged(service("api"))
    outcome = ProbeOutcome.UNHEALTHY

    async def seen(of: Service) -> Probe:
        return probe(of, clock.now(), outcome)

    async def looks(count: int) -> None:
        for _ in range(count):
            await board.look("api")
            await clock.advance(EVERY)

    engine.health = seen
    await looks(REMEMBERED + 5)
    found = board.status("api")
    assert (found.bad_since, found.began_here) == (T0, False), "it was down when the console opened"
    outcome = ProbeOutcome.HEALTHY
    await looks(1)
    outcome, began = ProbeOutcome.UNREACHABLE, clock.now()
    await looks(1)
    outcome = ProbeOutcome.UNHEALTHY
    await looks(2)
    found = board.status("api")
    assert (found.bad_since, found.began_here) == (began, True)


# ── overlap ──────────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_a_look_that_is_still_under_way_is_not_begun_again_and_holds_up_no_other() -> None:
    board, engine, clock = staged(service("api"), service("web"))
    hanging = Hanging()

    async def api_hangs(of: Service) -> Probe:
        if of.name == "api":
            await hanging()
        return probe(of, clock.now())

    engine.health = api_hangs
    board.start()
    await clock.advance(EVERY * 20)
    assert hanging.begun == 1
    assert engine.looks.count("web") >= 18
    await board.stop()
    assert hanging.cancelled == 1


async def test_one_question_about_releases_at_a_time_however_many_ask() -> None:
    board, engine, clock = staged(service("api"))
    hanging = Hanging()

    async def listed(of: Service) -> Listing:
        await hanging()
        return listing(of, clock.now())

    engine.releases = listed
    asked = [asyncio.create_task(board.refresh("api")) for _ in range(5)]
    await settled()
    asked[0].cancel()
    await settled()
    assert hanging.begun == 1 and not hanging.cancelled, "who goes away takes the answer from nobody"
    hanging.free.set()
    await asyncio.gather(*asked[1:])
    assert board.status("api").listing is not None
    await board.refresh("api")
    assert hanging.begun == 2
    await board.stop()


async def test_every_source_is_another_question_than_what_runs() -> None:
    board, engine, _ = staged(service("api"))
    await asyncio.gather(board.refresh("api"), board.refresh("api", every_source=True))
    assert (engine.lists, engine.sources) == (["api"], ["api"])


async def test_what_every_source_said_stays_in_the_list_while_the_same_release_runs() -> None:
    board, engine, clock = staged(service("api"))
    api = board.engine.service("api")

    async def catalogued(of: Service) -> Listing:
        found = listing(of, clock.now())
        more = (*found.releases, commit(of))
        return replace(found, releases=more, host=Capabilities(version="0.35.15"))

    engine.releases = catalogued
    await board.refresh("api", every_source=True)
    engine.releases = engine.listed
    await board.refresh("api")
    status = board.status("api")
    assert status.listing is not None and commit(api).name in [r.name for r in status.listing.releases]

    async def deployed(of: Service) -> Listing:
        return replace(listing(of, clock.now()), current=current(api, clock.now(), 6))

    engine.releases = deployed
    await board.refresh("api")
    status = board.status("api")
    assert status.listing is not None and commit(api).name not in [r.name for r in status.listing.releases]
    assert status.catalogued_at is None


async def test_a_poll_shows_what_is_new_on_the_host_and_never_stamps_what_it_did_not_ask() -> None:
    board, engine, clock = staged(service("api"))
    api = board.engine.service("api")

    async def catalogued(of: Service) -> Listing:
        found = listing(of, clock.now())
        slow = WayBack(way="git", available=True, seconds=40.0)
        more = (*(replace(r, ways=(*r.ways, slow)) for r in found.releases), commit(of))
        return replace(found, releases=more, host=Capabilities(version="0.35.15"))

    async def changed(of: Service) -> Listing:
        found = listing(of, clock.now())
        marked = tuple(replace(r, bad="left by incident x1") if r.number == 4 else r for r in found.releases)
        return replace(found, releases=(*marked, release(of, 9)))

    engine.releases = catalogued
    await board.refresh("api", every_source=True)
    engine.releases = changed
    await clock.advance(60)
    await board.refresh("api")
    status = board.status("api")
    assert status.listing is not None
    known = {r.name: r for r in status.listing.releases}
    assert known["release:4"].bad == "left by incident x1", "another console's mark"
    assert "release:9" in known, "another console's keep"
    assert commit(api).name in known
    assert [w.way for w in known["release:3"].ways] == ["kept", "git"]
    assert (status.listed_at, status.catalogued_at) == (T0 + timedelta(seconds=60), T0)


async def test_a_listing_is_as_old_as_its_question() -> None:
    board, engine, clock = staged(service("api"))
    hanging = Hanging()

    async def slow(of: Service) -> Listing:
        found = listing(of, clock.now())
        await hanging()
        return found

    engine.releases = slow
    asked = asyncio.create_task(board.refresh("api", every_source=True))
    await clock.advance(20)
    engine.releases = engine.listed
    await board.refresh("api")
    assert board.status("api").listed_at == T0 + timedelta(seconds=20)
    hanging.free.set()
    await asked
    status = board.status("api")
    assert (status.listed_at, status.catalogued_at) == (T0 + timedelta(seconds=20), T0), "the later question counts"


# ── trouble ──────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (Unreachable("main: no answer within 10 s", "is it up?"), "main: no answer within 10 s (is it up?)"),
        (UnexpectedReply("`apps:report`: exit 1"), "`apps:report`: exit 1"),
        (
            HostKeyRefused("the key changed", "look at known_hosts", fingerprint="SHA256:abc", changed=True),
            "the key changed SHA256:abc (look at known_hosts)",
        ),
        (ValueError("not a report"), "ValueError: not a report"),
    ],
)
async def test_why_a_host_could_not_be_asked_is_shown_and_what_it_said_before_stays(
    error: Exception, words: str
) -> None:
    board, engine, clock = staged(service("api"))
    await board.refresh("api")
    told = 0

    def heard() -> None:
        nonlocal told
        told += 1

    unsubscribe = board.subscribe(heard)

    async def fails(of: Service) -> Listing:
        raise error

    engine.releases = fails
    await clock.advance(60)
    await board.refresh("api")
    status = board.status("api")
    assert status.trouble == words
    assert status.listing is not None and status.listed_at == T0
    assert told == 1
    engine.releases = engine.listed
    await board.refresh("api")
    assert (board.status("api").trouble, board.status("api").listed_at) == ("", T0 + timedelta(seconds=60))
    unsubscribe()
    await board.refresh("api")
    assert told == 2


async def test_a_poll_that_fails_by_our_fault_is_reported_and_comes_again() -> None:
    board, engine, clock = staged(service("api"), service("web"))
    told: list[int] = []
    board.subscribe(lambda: told.append(len(board.errors)))

    async def api_dies(of: Service) -> Probe:
        if of.name == "api":
            raise RuntimeError("our own fault")
        return probe(of, clock.now())

    engine.health = api_dies
    board.start()
    await clock.advance(EVERY * 4)
    assert board.errors and board.errors[0] == "a poll failed: RuntimeError: our own fault"
    assert max(told) >= 1, "and whoever shows it is told"
    assert board.status("api").health is Health.UNKNOWN
    assert board.status("web").health is Health.OK
    engine.health = engine.well
    await clock.advance(EVERY * 2)
    assert board.status("api").health is Health.OK, "one fault must not blind the console for good"
    await board.stop()


async def test_a_fault_in_reading_one_services_releases_leaves_the_others_alone() -> None:
    board, engine, clock = staged(service("api", order=1), service("web", order=2))

    async def api_dies(of: Service) -> Listing:
        if of.name == "api":
            raise RuntimeError("our own fault")
        return listing(of, clock.now())

    engine.releases = api_dies
    board.start()
    await clock.advance(RELEASES_EVERY.total_seconds() * 2)
    assert any("our own fault" in error for error in board.errors)
    assert board.status("web").listing is not None
    await board.stop()


async def test_the_end_leaves_no_task_behind() -> None:
    board, engine, clock = staged()
    hanging = Hanging()

    async def never(of: Service) -> Listing:
        await hanging()
        return listing(of, clock.now())

    engine.releases = never
    before = asyncio.all_tasks()
    board.start()
    await clock.advance(EVERY)
    await board.stop()
    await settled()
    assert asyncio.all_tasks() <= before
    assert hanging.cancelled == 1
