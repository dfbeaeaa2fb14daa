"""The service table: its order, its groups, its search, and that 200 services stay apart at every width."""

import itertools
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace
from rich.cells import cell_len

from tests.console.scenes import API, INCIDENT, NOW, closed, started
from tests.stage import current, listing, probe, release, service
from tui.console.drawing import labels, rows, service_rows
from tui.console.drawing.palette import Palette
from tui.console.drawing.service_rows import Arrangement
from tui.dokku.holders import IncidentRecord
from tui.engine.service_monitor import ServiceStatus
from tui.model.health import Health, Probe, ProbeOutcome

PALETTE = Palette()


def status(name: str, health: Health = Health.OK, *, host: str = "main", owner: str | None = None) -> ServiceStatus:
    return ServiceStatus(service=replace(service(name), host=host, owner=owner), health=health)


FLEET = (
    status("api", Health.OK, owner="core"),
    status("web", Health.DOWN, host="edge", owner="web"),
    status("cron", Health.UNKNOWN),
    status("mail", Health.DEGRADED, host="edge"),
)


def names(*, words: str = "", **wanted: str) -> list[tuple[str, list[str]]]:
    found = [s for s in FLEET if service_rows.fits(s, words)]
    groups = service_rows.arranged(found, {}, Arrangement(**wanted))
    return [(heading, [s.service.name for s in statuses]) for heading, statuses in groups]


def test_orders_and_groups() -> None:
    assert names() == [("", ["api", "web", "cron", "mail"])]
    assert names(order="name") == [("", ["api", "cron", "mail", "web"])]
    assert names(order="trouble") == [("", ["web", "mail", "cron", "api"])]
    assert names(group="host") == [("host edge", ["web", "mail"]), ("host main", ["api", "cron"])]
    assert names(group="owner") == [("core", ["api"]), ("no owner named", ["cron", "mail"]), ("web", ["web"])]


def test_where_there_are_many_the_trouble_comes_first_by_itself() -> None:
    every = [status(f"s{n:02}") for n in range(service_rows.MANY)]
    assert Arrangement().ordered_by(len(every)) == "listed"
    ((_, found),) = service_rows.arranged([*every, status("z", Health.DOWN)], {}, Arrangement())
    assert found[0].service.name == "z"
    ((_, found),) = service_rows.arranged([*every, status("z", Health.DOWN)], {}, Arrangement(order="listed"))
    assert found[-1].service.name == "z"


@pytest.mark.parametrize(
    ("words", "found"),
    [("", 4), ("a", 4), ("EDGE", 2), ("edge mail", 1), ("core", 1), ("nothing", 0), ("[", 0)],
)
def test_every_word_is_looked_for_in_every_name(words: str, found: int) -> None:
    assert sum(service_rows.fits(s, words) for s in FLEET) == found


@pytest.mark.parametrize("cells", [60, 80, 98, 120, 160, 240])
def test_two_hundred_services_stay_apart_and_no_row_is_too_wide(cells: int) -> None:
    every = [
        status(f"payments-production-{n:03}-worker", Health.DOWN if n % 9 == 0 else Health.OK, host=f"host-{n % 50:02}")
        for n in range(200)
    ]
    groups = service_rows.arranged(every, {}, Arrangement())
    head, lines = service_rows.table(groups, {}, selected=None, now=NOW, cells=cells, palette=PALETTE)
    said = [rows.text(line.draw()) for line in lines]
    assert len(said) == 200 and max(map(cell_len, said)) <= cells
    assert rows.width(head) <= cells
    if cells >= 120:
        assert len(set(said)) == 200 and "HOST" in rows.text(head)
    assert all("DOWN" in line for line in said[:23]) and "DOWN" not in said[23]


def test_a_name_is_cut_in_its_middle_where_it_is_cut_at_all() -> None:
    assert rows.fit_middle("payments-production-017-worker", 18) == "payments-…7-worker"
    assert rows.fit_middle("api", 6) == "api   "
    for cells in range(1, 40):
        assert cell_len(rows.fit_middle("支払い-production-ワーカー", cells)) == cells


def test_each_cell_of_the_strip_has_the_colour_of_its_own_time() -> None:
    bad = [probe(service("api"), NOW - timedelta(seconds=n), ProbeOutcome.UNHEALTHY) for n in range(880, 500, -5)]
    good = [probe(service("api"), NOW - timedelta(seconds=n), ProbeOutcome.HEALTHY) for n in range(300, 0, -5)]
    found = service_rows.strip(
        ServiceStatus(service=service("api"), health=Health.OK, probes=(*bad, *good)), NOW, 8, PALETTE
    )
    looks = [look for _, look in found]
    assert looks[0] == "down" and "ok" in looks and sum(len(text) for text, _ in found) == 8


def deployed(name: str, ago: timedelta | None, number: int = 5) -> ServiceStatus:
    """A service whose release was deployed so long ago; None: the host did not say when, only when it was started."""
    of = service(name)
    now = current(of, NOW)
    made = None if ago is None else NOW - ago
    box = replace(now.containers[0], created_at=made, started_at=NOW - timedelta(seconds=9))
    kept = release(of, number, at=NOW, running=True)
    if number == 5:
        kept = replace(kept, number=None)
    found = replace(listing(of, NOW), releases=(kept,), current=replace(now, containers=(box,)))
    return ServiceStatus(service=of, health=Health.OK, listing=found)


def drawn(every: list[ServiceStatus], cells: int) -> list[str]:
    groups = service_rows.arranged(every, {}, Arrangement(order="listed"))
    _, lines = service_rows.table(groups, {}, selected=None, now=NOW, cells=cells, palette=PALETTE)
    return [rows.text(line.draw()) for line in lines]


@pytest.mark.parametrize(
    ("ago", "number", "narrow", "wide"),
    [
        (timedelta(days=2), 4, "release:4 2d ", "release:4 2d "),
        (timedelta(minutes=12), 5, "sha:5abcdef 12m ", "sha:5abcdef012 12m "),
        (timedelta(seconds=20), 5, "sha:5abcdef <1m ", "sha:5abcdef012 <1m "),
        (timedelta(hours=5), 5, "sha:5abcdef0 5h ", "sha:5abcdef012 5h "),
        (None, 4, "release:4  ", "release:4  "),
        (timedelta(hours=-1), 4, "release:4  ", "release:4  "),
    ],
)
def test_a_release_has_its_age_where_the_host_says_when_it_was_deployed(
    ago: timedelta | None, number: int, narrow: str, wide: str
) -> None:
    """When it was started last says nothing: a restart of the host changes that."""
    every = [deployed("api", ago, number)]
    for cells in (60, 80):
        assert narrow in drawn(every, cells)[0]
    for cells in (90, 120, 200):
        assert wide in drawn(every, cells)[0]


def test_a_thousand_rows_change_for_the_age_of_a_release_once_a_minute_at_most() -> None:
    every = [deployed(f"s{n:04}", timedelta(seconds=7 * n + 3)) for n in range(1000)]
    shown = [[labels.release_aged(s, NOW + timedelta(seconds=n), 19) for s in every] for n in range(61)]
    changed = [sum(now != before for now, before in zip(*row, strict=True)) for row in itertools.pairwise(shown)]
    assert sum(changed) <= 1000 and max(changed) < 50


@pytest.mark.parametrize("ascii_only", [False, True])
def test_a_time_in_which_it_was_down_is_seen_without_colour(ascii_only: bool) -> None:
    """Not as a blank, and not as a time in which nobody looked."""
    palette = Palette(colour=False, ascii_only=ascii_only)
    bad = tuple(probe(service("api"), NOW - timedelta(seconds=n), ProbeOutcome.UNHEALTHY) for n in range(100, 0, -5))
    found = service_rows.strip(ServiceStatus(service=service("api"), probes=bad), NOW, 8, palette)
    assert {text for text, look in found if look == "down"}.isdisjoint({" ", "  ", palette.sign("dot")})
    assert "down" in {look for _, look in found}


@pytest.mark.parametrize(("of", "said"), [(INCIDENT, ""), ("other-1", "INCIDENT of ops@laptop")])
async def test_the_record_of_an_incident_that_was_just_closed_here_is_nobody_elses(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, of: str, said: str
) -> None:
    """The host was asked before the record was removed."""
    monkeypatch.setenv("ROLLBACK_STATE_DIR", str(tmp_path))
    async with started(tmp_path, (120, 40)) as scene:
        await scene.lead(*closed())
        listings = scene.controller.board._listings
        record = IncidentRecord(app=API.app, incident=of, by="ops@laptop", state="watching")
        listings[API.name] = replace(listings[API.name], record=record)
        shown = await scene.settle()
    row = next(line for line in shown.splitlines() if " api " in line and "<5s" in line and "LIVE" not in line)
    assert ("INCIDENT" in row) is bool(said) and said[:14] in row


def looked(outcome: ProbeOutcome, seconds: float | None, **more: Any) -> Probe:
    return Probe(at=NOW, url="u", outcome=outcome, seconds=seconds, **more)


@pytest.mark.parametrize(
    ("seen", "said", "brief", "http"),
    [
        (looked(ProbeOutcome.HEALTHY, 0.004, status=200), "HTTP 200 in 4ms", "HTTP 200 4ms", "200"),
        (looked(ProbeOutcome.HEALTHY, None), "well", "well", "-"),
        (looked(ProbeOutcome.HEALTHY, 0.0002), "well in <1ms", "well <1ms", "-"),
        (looked(ProbeOutcome.UNREACHABLE, None, detail="no route"), "no route", "no answer", "none"),
        (None, "not looked at yet", "not looked at yet", "-"),
    ],
)
def test_a_look_is_told_with_the_time_that_it_has_and_no_other(
    seen: Probe | None, said: str, brief: str, http: str
) -> None:
    """A port, a log and what did not answer were `HTTP none in -`."""
    assert (labels.answered(seen), labels.answered(seen, brief=True), labels.http(seen)) == (said, brief, http)
