"""Every way back is in the one list, and whoever reads the page on ways or a command's help finds all of them."""

import importlib
import pkgutil
import re
from pathlib import Path

import pytest
from msgspec.structs import replace

from tests.ways import cases
from tui import ways
from tui.cli import options
from tui.model.errors import ConfigError
from tui.model.plan import Plan
from tui.model.release import Release, Target, TargetKind, WayBack
from tui.model.service import Service
from tui.ways.facts import Facts
from tui.ways.plan import Deed, build, deploy
from tui.ways.way import Seen, Way

ROOT = Path(__file__).parents[2]


def test_the_file_of_every_way_is_in_the_list_and_named_like_it() -> None:
    modules = [importlib.import_module(f"tui.ways.{m.name}") for m in pkgutil.iter_modules(ways.__path__)]
    found: dict[str, Way] = {m.__name__: m.WAY for m in modules if "WAY" in vars(m) and "Seen" in vars(m)}
    assert {f"tui.ways.{way.name}": way for way in ways.WAYS} == found
    assert len(set(ways.NAMES)) == len(ways.WAYS)


def test_every_way_has_recorded_plans() -> None:
    assert {way for way, _, _ in cases.TARGETS.values()} == set(ways.NAMES)
    assert {name.partition(" ")[0]: plan.way for name, plan in cases.plans()} == {
        name: way for name, (way, _, _) in cases.TARGETS.items()
    }


def test_the_page_has_a_row_for_every_way() -> None:
    text = (ROOT / "tui/help/ways.md").read_text(encoding="utf-8")
    section = text.partition("\n## ")[0]
    assert tuple(re.findall(r"(?m)^\| `([a-z]+)` \|", section)) == ways.NAMES


class _Echo(Way):
    """A way that nobody has: the least that a way has to say."""

    name = "echo"

    def offer(self, release: Release, service: Service, seen: Seen) -> WayBack:
        return (
            WayBack(way=self.name, available=True) if release.commit else self.unavailable("no commit is known of it")
        )

    def plan(self, facts: Facts) -> Plan:
        step = deploy(facts, ("echo", facts.service.app), "say it", 1.0)
        return build(facts, Deed(way=self.name, step=step, proves=False))


def test_a_way_has_to_say_its_name_its_offer_and_its_deed_and_no_more() -> None:
    way = _Echo()
    offers = [way.offer(release, cases.SERVICE, Seen()) for release in (cases.KEPT, replace(cases.KEPT, commit=None))]
    assert [(found.available, found.reason) for found in offers] == [(True, ""), (False, "no commit is known of it")]
    target = Target(kind=TargetKind.PREVIOUS)
    assert way.named(cases.SERVICE, target, (), None) is None
    assert way.releases(cases.SERVICE, Seen()) == ()
    assert way.image(cases.SERVICE, cases.KEPT) is None
    assert way.seen_to_lead(replace(cases.KEPT, ways=(offers[0],))) == "echo leads there"
    made = way.plan(cases.facts())
    assert [step.id for step in made.steps] == ["record", "sign", "compare", "freeze", "deploy"]
    assert (made.way, made.expected, made.outlives, made.frozen_branch) == ("echo", 1.0, False, "frozen-by-inc1")


@pytest.mark.parametrize("command", ["api", "undo"])
def test_the_help_of_a_command_lists_every_way(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        options.parse([command, "--help"])
    assert f"--way {{{','.join(ways.NAMES)}}}" in capsys.readouterr().out
    with pytest.raises(ConfigError, match=", ".join(f"'{name}'" for name in ways.NAMES)):
        options.parse(["api", "previous", "--way", "guess"])
