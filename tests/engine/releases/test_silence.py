"""Does nobody get an answer? Our looks, the host's access log, and what is not known."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from tests import stage
from tests.incident.facts import T0
from tui.engine.releases.answers_nobody import Silences
from tui.incident import own_site
from tui.model.health import Probe, ProbeOutcome
from tui.model.ledger import Ledger, Sighting
from tui.model.outcome import Answer, Exited
from tui.model.release import Release
from tui.model.service import Expect, HealthSpec, RequestHeader, Service
from tui.ways.facts import Silence

API = replace(stage.service("api"), health=HealthSpec(url="http://api.example.com/health"))
BAD, GOOD, GONE = ProbeOutcome.UNHEALTHY, ProbeOutcome.HEALTHY, ProbeOutcome.UNREACHABLE
AGENT = '"-" "rollback-console/1"'
USER = '"-" "curl/7.88.1"'


def line(seconds: float, status: int, agent: str) -> str:
    at = T0 + timedelta(seconds=seconds)
    return f'172.17.0.1 - - [{at:%d/%b/%Y:%H:%M:%S} +0000] "GET / HTTP/1.1" {status} 3 {agent}\n'


class _Host:
    """Links to one host, of which reports are asked."""

    def __init__(self, log: str | None, known: Ledger | None = None) -> None:
        self.log = log
        self.asked: list[tuple[str, ...]] = []
        self.ledger = self
        self._known = known or Ledger()

    async def known(self, host: str, app: str) -> Ledger:
        return self._known

    async def ask(self, name: str, argv: tuple[str, ...]) -> Answer:
        self.asked.append(argv)
        text = self.log if argv[0] == "nginx:access-logs" else "  Domains app vhosts: api.example.com b.example\n"
        return Answer(
            argv=argv, outcome=Exited(code=int(text is None)), started_at=T0, seconds=0.1, stdout=(text or "").encode()
        )


def probe(outcome: ProbeOutcome, at: datetime) -> Probe:
    return Probe(at=at, url="http://api.example.com/health", outcome=outcome)


async def found(
    *outcomes: ProbeOutcome, log: str | None = None, earlier: tuple[Probe, ...] = (), service: Service = API
) -> tuple[Silence, int]:
    clock, seen, left = stage.PassingClock(), list(earlier), iter(outcomes)

    async def look(_: Service) -> Probe:
        seen.append(probe(next(left), clock.now()))
        return seen[-1]

    host: Any = _Host(log)
    silences = Silences(host, clock, look, lambda _, since: tuple(p for p in seen if p.at >= since))
    return await silences.of(service), len(seen) - len(earlier)


async def test_an_answer_ends_it_at_the_first_look() -> None:
    assert await found(GOOD) == (Silence(silent=False, words="the service still answers"), 1)


async def test_three_bad_looks_and_a_log_that_shows_ours_and_nothing_good() -> None:
    log = line(-30, 200, USER) + line(-9, 502, USER) + line(0, 503, AGENT) + line(1, 503, AGENT)
    silence, looks = await found(BAD, BAD, BAD, log=log)
    assert (silence.silent, looks) == (True, 3)
    assert silence.words == "no good answer in the last 10 s, to 3 looks and by the host's access log"
    assert (await found(GONE, GONE, GONE, log=log))[0].silent


@pytest.mark.parametrize("status", [200, 302, 404, 401])
async def test_whatever_the_app_itself_still_says_to_others_is_an_answer(status: int) -> None:
    silence, _ = await found(BAD, BAD, BAD, log=line(-8, status, USER) + line(1, 503, AGENT))
    assert not silence.silent and "still answers some requests" in silence.words


UNSURE = [
    None,
    "",
    line(1, 502, USER),
    line(1, 502, AGENT) + "a line of a format of its own\n",
]


@pytest.mark.parametrize("log", UNSURE)
async def test_a_log_that_does_not_say_is_no_proof(log: str | None) -> None:
    silence, _ = await found(BAD, BAD, BAD, log=log)
    assert not silence.silent and "before that is not known" in silence.words


def earlier(outcome: ProbeOutcome, *seconds: float) -> Iterator[Probe]:
    return (probe(outcome, T0 + timedelta(seconds=s)) for s in seconds)


async def test_without_a_log_our_looks_have_to_reach_ten_seconds_back() -> None:
    assert (await found(BAD, BAD, BAD, earlier=tuple(earlier(BAD, -8.5, -4))))[0].silent
    assert not (await found(BAD, BAD, BAD, earlier=tuple(earlier(BAD, -4))))[0].silent
    assert not (await found(BAD, BAD, BAD, earlier=tuple(earlier(GONE, -8.5))))[0].silent
    heard = (*earlier(GOOD, -7), *earlier(BAD, -4))
    assert (await found(BAD, BAD, BAD, earlier=heard, log=line(1, 503, AGENT)))[0] == Silence(
        silent=False, words="the service answered within the last 10 s"
    )


async def test_a_service_whose_health_asks_nothing_that_answers_is_never_silent() -> None:
    worker = replace(API, health=HealthSpec(log="ready"))
    assert not (await found(BAD, BAD, BAD, service=worker, log=line(1, 503, AGENT)))[0].silent


def seen(**changes: Any) -> Ledger:
    values: dict[str, Any] = {
        "source": "git-push", "metadata": "m", "commit": "a" * 40, "first_seen": T0, "last_seen": T0,
        "answered": ("api.example.com/health",),
    }  # fmt: skip
    return Ledger(sightings=(Sighting(**values | changes),))


async def path(service: Service = API, known: Ledger | None = None) -> str:
    host: Any = _Host(None, known or seen())
    nothing: Any = None
    silences = Silences(host, nothing, nothing, nothing)
    return await silences.answered_path(service, Release(app="api", commit="a" * 40))


async def test_a_path_that_answered_through_the_apps_own_site_while_the_release_served() -> None:
    assert await path() == "/health"
    assert await path(known=seen(certain=False)) == ""
    assert await path(known=seen(commit="b" * 40)) == ""
    assert await path(known=seen(answered=("api.example.com/other",))) == ""
    elsewhere = replace(API, health=HealthSpec(url="http://lb.example.com/health"))
    assert await path(elsewhere, seen(answered=("lb.example.com/health",))) == ""
    named = replace(API, health=HealthSpec(url="http://10.0.0.1:8080/health", host_header="B.example:80"))
    assert await path(named, seen(answered=("b.example/health",))) == "/health"


def test_what_dokku_could_not_ask_the_same_way_is_no_address() -> None:
    token = (RequestHeader(name="Authorization", value="x"),)
    for spec in (
        HealthSpec(tcp="h:1"),
        HealthSpec(url="http://a.example/h?token=1"),
        HealthSpec(url="http://u:p@a.example/h"),
        HealthSpec(url="http://a.example/h", headers=token),
        HealthSpec(url="http://a.example/h", expect=Expect(status=(200, 401))),
    ):
        assert own_site.address(replace(API, health=spec)) is None
    assert own_site.address(replace(API, health=HealthSpec(url="http://A.example"))) == ("a.example", "/")
