"""Drills on record: what may have been left, when the next one is due, and what is never destroyed."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.incident.facts import T0
from tui.cli.commands import drill as command
from tui.cli.options import CommandOptions
from tui.dokku import drill_files
from tui.dokku.build_settings import Shape
from tui.drivers.journal import Journal
from tui.engine.drill import drills_on_record as drills
from tui.model.drill import PREFIX, DrillBegun, DrillEnd, DrillResult, is_drill
from tui.model.errors import ConfigError
from tui.model.service import Fleet, Host

APP = f"{PREFIX}0a1b2c"
BEGUN = DrillBegun(at=T0, incident="20261123-220000-abcd", app=APP, host="h", ssh="dokku@h.example")
DONE = DrillResult(at=T0, host="h", app=APP, dokku="0.38.27", end=DrillEnd.PROVEN, back_seconds=31.4)
FLEET = Fleet(
    path="/x/services.yaml", environment="", hosts=(Host(name="h", ssh="dokku@h.example"),), services=(), ways=()
)


@pytest.fixture
async def journal(tmp_path: Path) -> AsyncIterator[Journal]:
    found = Journal(tmp_path / "journal.db")
    yield found
    await found.close()


async def test_a_drill_is_unfinished_until_nothing_of_it_is_left(journal: Journal) -> None:
    assert await drills.unfinished(journal) == ()
    await drills.begin(journal, BEGUN)
    assert await drills.unfinished(journal) == (BEGUN,)
    await drills.note(journal, replace(DONE, left=(f"{APP}: no marker",)))
    assert await drills.unfinished(journal) == (BEGUN,)
    await drills.note(journal, DONE)
    assert await drills.unfinished(journal) == ()
    assert [one.left for one in await drills.results(journal)] == [(f"{APP}: no marker",), ()]


async def test_an_entry_of_a_newer_console_hides_no_other(journal: Journal) -> None:
    await journal.ledger_add("", PREFIX, drills.RESULT, '{"new": 1}', T0)
    await drills.note(journal, DONE)
    assert await drills.results(journal) == (DONE,)
    assert await drills.unfinished(journal) == ()


@pytest.mark.parametrize(
    ("change", "version", "days", "said"),
    [
        ({}, "0.38.27", 30, ""),
        ({}, "0.38.27", 31, "31 days ago"),
        ({}, "0.38.28", 1, "it was Dokku 0.38.27 then, and is 0.38.28 now"),
        ({"dokku": ""}, "0.38.28", 1, ""),
        ({}, None, 1, ""),
        ({"end": DrillEnd.FAILED, "back_seconds": None, "why": "no shell"}, "0.38.27", 1, "failed (no shell)"),
    ],
)
def test_when_a_drill_is_due(change: dict[str, object], version: str | None, days: int, said: str) -> None:
    found = drills.due(replace(DONE, **change), version, T0 + timedelta(days=days))
    assert (said in found) if said else not found


def test_a_host_that_was_never_drilled_is_due() -> None:
    assert "no drill" in drills.due(drills.last([DONE], "other"), "0.38.27", T0)
    assert drills.last([DONE, replace(DONE, at=T0 + timedelta(days=1)), DONE], "h") != DONE


@pytest.mark.parametrize(
    "name", ["zz-rollback-drill-", f"{APP}x", f"x{APP}", f"{APP}--incident", "zz-rollback-drill-0A1B2C"]
)
def test_only_the_whole_name_is_a_drills(name: str) -> None:
    assert is_drill(APP) and not is_drill(name)


@given(st.integers(min_value=1, max_value=9), st.sampled_from(["", "sub"]))
def test_no_code_of_the_image_runs_and_nobody_can_reach_it(number: int, build_dir: str) -> None:
    found = dict(drill_files.tree("dokku/x--r1:latest", number, Shape(app=APP, build_dir=build_dir)))
    dockerfile = found["Dockerfile"]
    assert dockerfile.startswith("FROM dokku/x--r1:latest\n") and "\nENTRYPOINT []\n" in dockerfile
    assert 'alternate-tags=""' in dockerfile, "else Dokku takes the image that it is built from away with it"
    assert "EXPOSE" not in dockerfile and not any("web" in text for text in found.values())
    assert found["Procfile"] == f"worker: env -i sh /{drill_files.SCRIPT}\n"
    assert drill_files.READY in found[drill_files.SCRIPT]
    if build_dir:
        assert {f"{build_dir}/{name}" for name in ("Dockerfile", "Procfile", drill_files.SCRIPT)} <= set(found)


def made(destination: str, known: Fleet = FLEET) -> Fleet:
    return command.fleet(CommandOptions(command="drill", destination=destination), known)


@pytest.mark.parametrize("destination", ["h", "dokku@h.example"])
def test_a_host_of_the_file_is_known_by_name_and_by_address(destination: str) -> None:
    found = made(destination)
    (service,) = found.services
    assert (found.hosts, service.host, is_drill(service.app), service.name) == (FLEET.hosts, "h", True, service.app)


def test_another_host_needs_its_address_and_no_file() -> None:
    found = made("dokku@other.example:2222", command.NO_FILE)
    assert [host.ssh for host in found.hosts] == ["dokku@other.example:2222"]
    assert found.services[0].host == found.hosts[0].name and found.ways
    for wrong in ("other", "dokku@", "-oProxyCommand=x@y"):
        with pytest.raises(ConfigError):
            made(wrong)


def test_what_a_drill_left_is_reached_by_its_own_address() -> None:
    found = command.resumable(command.NO_FILE, [BEGUN, replace(BEGUN, app=f"{PREFIX}ffffff")])
    assert [(host.name, host.ssh) for host in found.hosts] == [("h", "dokku@h.example")]
    assert [service.app for service in found.services] == [APP, f"{PREFIX}ffffff"]
