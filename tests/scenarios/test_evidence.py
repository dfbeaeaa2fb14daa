"""Error rates of a pretend host's own access log, before, while and after a release is rolled back."""

import asyncio
import contextlib
import re
import subprocess
from collections.abc import AsyncIterator, Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.harness import local_sandbox
from tests.sandboxes import Done, Sandbox
from tui import bootstrap
from tui.engine.engine import Engine
from tui.engine.ports import Outside
from tui.incident import error_rates
from tui.incident.error_rates import Word
from tui.model.evidence import Measurement, NewIssues, Phase, Rate, RateSource
from tui.model.service import Service

APP = "scenextras"


@pytest.fixture
def box(tmp_path: Path) -> Iterator[Sandbox]:
    with local_sandbox(tmp_path, scenario="traffic", speed=1) as sandbox:
        yield sandbox


def by_source(document: dict[str, Any], source: str) -> dict[str, Any]:
    found: dict[str, Any] = next(r for r in document["items"] if r["source"] == source)
    return found


def evidence(box: Sandbox, seconds: int = 8) -> dict[str, Any]:
    done = box.run("evidence", "api", "--for", f"{seconds}s", "--json")
    assert done.code == 0, done.stderr
    return done.document


class Running:
    """A rollback that is being watched, and what it has said."""

    def __init__(self, box: Sandbox, watch: str) -> None:
        self.process: subprocess.Popen[str] = box.begin("api", "previous", "--yes", "--watch", watch, "--json")

    def until(self, said: str) -> None:
        assert self.process.stderr is not None
        for line in self.process.stderr:
            if line.strip() == said:
                return
        raise AssertionError(f"it never said {said!r}")

    def end(self) -> Done:
        out, err = self.process.communicate(timeout=100)
        return Done(code=self.process.returncode, stdout=out, stderr=err)


def test_over_before_under_after_and_the_watch_ends_recovered(box: Sandbox) -> None:
    before = evidence(box)
    log = by_source(before, "access log")
    assert (before["verdict"], before["decided_by"], log["over_by_bare_rule"]) == ("over", "access log", True)
    assert log["interval"][0] > 0.01 and log["excluded"] >= 3 and log["unparsed"] == 0 and log["covered"] == 1.0
    assert by_source(before, "own probes")["failed"] == 0
    assert before["p95"] is not None and before["timed_by"] == "own probes"
    writes = ("apps:create", "config:set", "git:set", "git-receive-pack")
    assert not [c for c in box.look()["commands"] if c["command"].startswith(writes)]

    done = box.run("api", "previous", "--yes", "--watch", "15s", "--json")
    assert done.code == 0, done.stderr
    document = done.document
    assert document["closing"] == "recovered"
    assert document["close_reason"].startswith("healthy to the end of the watch; access log: 0 of ")
    assert ": under 1%" in document["close_reason"]
    assert [m["phase"] for m in document["measurements"]] == ["before", "switch", "after", "after", "after"]
    assert "after: more than 1% of requests? UNDER 1% by access log" in done.stderr
    assert "switch: what it cost; it counts for no verdict" in done.stderr
    kept = box.run("incidents", "--json").document["items"][0]
    assert kept["closing"] == "recovered"


def test_a_target_that_fails_as_well_is_not_recovered(box: Sandbox) -> None:
    running = Running(box, "60s")
    running.until("watching")
    box.pull("behaviour", app=APP, error_rate=0.05)
    done = running.end()
    assert done.code == 6, done.stderr
    assert done.document["asking"] == "watch-breached"
    assert done.document["error"]["message"].startswith("not recovered: access log: ")
    assert len([m for m in done.document["measurements"] if m["phase"] == "after"]) == 1, "it came early"


@contextlib.asynccontextmanager
async def engine_on(
    box: Sandbox, monkeypatch: pytest.MonkeyPatch, outside: Outside | None = None
) -> AsyncIterator[Engine]:
    monkeypatch.setenv("ROLLBACK_STATE_DIR", str(box.state))
    engine = bootstrap.engine(box.services)
    if outside is not None:
        engine.outside = engine.evidence._outside = outside
    engine.evidence.follow((engine.service("api"),), must=True)
    try:
        yield engine
    finally:
        await engine.close()


def now(engine: Engine, since: datetime) -> Measurement:
    return engine.evidence.now(engine.service("api"), Phase.BEFORE, since)


async def until(engine: Engine, since: datetime, condition: Callable[[Rate], bool], *, probing: bool = False) -> Rate:
    """Wait until the access log's rate is so."""
    async with asyncio.timeout(60):
        while True:
            if probing:
                await engine.probe(engine.service("api"))
            found = now(engine, since).of(RateSource.ACCESS_LOG)
            assert found is not None
            if condition(found):
                return found
            await asyncio.sleep(0.1)


async def test_a_lost_stream_is_attached_again_and_what_was_not_seen_is_said(
    box: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with engine_on(box, monkeypatch) as engine:
        await until(engine, engine.clock.now(), lambda r: (r.total or 0) >= 60)
        since = engine.clock.now()
        box.pull("ssh", listening=False)
        box.pull("cut")
        lost = await until(engine, since, lambda r: "stream lost" in r.note)
        assert error_rates.combined(now(engine, since)).word is not Word.UNDER
        await asyncio.sleep(1.5)
        box.pull("ssh", listening=True)
        back = await until(engine, since, lambda r: (r.total or 0) > (lost.total or 0) + 60)
        assert back.covered is not None and 0 < back.covered < 1
        assert "of the window seen" in back.note


async def test_a_rotated_log_goes_on(box: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    async with engine_on(box, monkeypatch) as engine:
        since = engine.clock.now()
        await until(engine, since, lambda r: (r.total or 0) >= 60)
        box.pull("access_log", app=APP, rotate=True)
        found = await until(engine, since, lambda r: (r.total or 0) >= 240)
        assert not found.note or "window seen" in found.note


async def test_a_json_log_is_counted_with_its_response_times(box: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    box.pull("access_log", app=APP, format="json")
    async with engine_on(box, monkeypatch) as engine:
        since = engine.clock.now()
        found = await until(engine, since, lambda r: (r.failed or 0) >= 3, probing=True)
        assert found.unparsed == 0 and found.excluded > 0
        measured = now(engine, since)
        assert measured.timed_by is RateSource.ACCESS_LOG and measured.p50 == pytest.approx(0.012, rel=0.06)


async def test_a_format_that_nobody_reads_gives_no_verdict_and_shows_no_request(
    box: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with engine_on(box, monkeypatch) as engine:
        await until(engine, engine.clock.now(), lambda r: (r.total or 0) >= 60)
        box.pull("access_log", app=APP, format="strange")
        since = engine.clock.now()
        found = await until(engine, since, lambda r: r.unparsed >= 60)
        assert re.search(r"not understood, like 000\.0+\.0+", found.note) and "scenes" not in found.note
        reading = error_rates.of(found, 0.01)
        assert reading is not None and reading.word is Word.UNSURE and "not understood" in reading.why


async def test_without_an_access_log_that_is_said(box: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    box.pull("access_log", app=APP, format="off", rotate=True)
    async with engine_on(box, monkeypatch) as engine:
        since = engine.clock.now()
        found = await until(engine, since, lambda r: "not even our probes" in r.note, probing=True)
        assert (found.failed, found.total) == (None, None)
        assert error_rates.combined(now(engine, since)).reading is None


class Tracker:
    """Somebody outside who counts."""

    source = RateSource.SENTRY

    def __init__(self, *, answers: bool) -> None:
        self.answers = answers
        self.asked = 0
        self.closed = False

    def covers(self, service: Service) -> bool:
        return service.name == "api"

    async def rate(self, service: Service, since: datetime, until: datetime) -> Rate:
        self.asked += 1
        if not self.answers:
            await asyncio.Event().wait()
        return Rate(source=self.source, since=since, until=until, failed=30, total=1000, lag=45.0)

    async def new_issues(self, service: Service, since: datetime, until: datetime) -> NewIssues:
        return NewIssues(since=since, until=until, total=1, titles=("UndefinedColumnError",))

    async def close(self) -> None:
        self.closed = True


async def test_who_counts_outside_is_asked_beside_and_waited_for_in_vain_only_so_long(
    box: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    good, dumb = Tracker(answers=True), Tracker(answers=False)
    dumb.source = RateSource.POSTHOG
    monkeypatch.setattr("tui.engine.monitor.error_rates.PATIENCE", 0.2)
    async with engine_on(box, monkeypatch, Outside(rates=(good, dumb), issues=good)) as engine:
        api, web = engine.service("api"), engine.service("gateway")
        since = engine.clock.now() - timedelta(seconds=30)
        found = await engine.evidence.measure(api, Phase.BEFORE, since)
        sentry, posthog = found.of(RateSource.SENTRY), found.of(RateSource.POSTHOG)
        assert sentry is not None and sentry.failed == 30
        assert posthog is not None and posthog.failed is None and "no answer within" in posthog.note
        assert found.issues is not None and found.issues.titles == ("UndefinedColumnError",)
        assert error_rates.combined(found).word is Word.OVER
        assert now(engine, since).of(RateSource.SENTRY) == sentry, "what it said last stays known"
        assert (await engine.evidence.measure(web, Phase.BEFORE, since)).of(RateSource.SENTRY) is None
        assert good.asked == 1
    assert good.closed and dumb.closed


async def test_a_host_gives_room_for_so_many_logs_and_the_one_that_matters_has_it(
    box: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tui.engine.monitor.error_rates.PER_HOST", 2)
    async with engine_on(box, monkeypatch) as engine:
        engine.evidence.follow(engine.fleet.services)
        since = engine.clock.now()

        def note(name: str) -> str:
            found = engine.evidence.now(engine.service(name), Phase.BEFORE, since).of(RateSource.ACCESS_LOG)
            assert found is not None
            return found.note

        crowded = [s.name for s in engine.fleet.services if "no room" in note(s.name)]
        assert len(crowded) == 2 and "api" not in crowded
        engine.evidence.follow((engine.service(crowded[0]),), must=True)
        assert "no room" not in note(crowded[0]) and "no room" not in note("api")
        async with asyncio.timeout(20):
            while "no line has come" in note(crowded[0]):
                await asyncio.sleep(0.05)
