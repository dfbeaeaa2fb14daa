"""The last look before a push: what its steps have set must hold still."""

import asyncio
from datetime import UTC, datetime
from typing import Any, cast

import pytest
from msgspec.structs import replace

from tests.dokku.builder_recordings import git_report, report
from tests.incident import facts
from tui.dokku import build_gate
from tui.dokku.build_settings import Shape
from tui.engine.hosts.connections import HostConnections
from tui.engine.incident import look_before_push
from tui.model.outcome import Answer, Exited
from tui.model.plan import Plan, Step, StepKind

AT = datetime(2026, 11, 28, tzinfo=UTC)


class _Host:
    """A host that answers two reports, and forgets a source image as often as it may."""

    def __init__(self, *images: str, selected: str = "", mute: bool = False) -> None:
        self.images, self.selected, self.mute = list(images), selected, mute
        self.written: list[tuple[str, ...]] = []

    async def ask_checked(self, name: str, argv: tuple[str, ...]) -> bytes:
        if argv[0] == "git:report":
            return git_report(self.images[0], 1795871569).encode()
        return report("cyc builder", ("Builder computed selected", self.selected)).encode()

    async def ask(self, name: str, argv: tuple[str, ...]) -> Answer:
        text = b"" if self.mute else await self.ask_checked(name, argv)
        return Answer(
            argv=argv, outcome=Exited(code=int(self.mute)), stdout=text, stderr=b"", started_at=AT, seconds=0.1
        )

    async def write_checked(self, name: str, argv: tuple[str, ...], **_: Any) -> None:
        self.written.append(argv)
        self.images.pop(0)


def plan(**shape: Any) -> Plan:
    gate = build_gate.gate(Shape(app="cyc", builder="dockerfile", **shape))
    steps = [Step(id=n.id, kind=StepKind.SETTING, title=n.title, argv=n.argv, writes=True) for n in gate.needs]
    return replace(facts.plan(), gate=gate.seen, steps=tuple(steps))


def closed(host: _Host, made: Plan) -> str:
    return asyncio.run(look_before_push.closed(cast("HostConnections", host), made, "inc1"))


def test_an_older_plan_and_one_that_still_holds_go_through() -> None:
    assert closed(_Host("surprise"), facts.plan()) == ""
    assert closed(_Host(""), plan()) == ""
    assert closed(_Host("", selected="dockerfile"), plan(selected="pack", own_selected="pack")) == ""


def test_a_source_image_that_was_written_again_is_forgotten_again() -> None:
    """A CI that repeats its tag deploys nothing, exits 1, and has written it (both versions)."""
    host = _Host("team/fi:2.1.0", "")
    assert closed(host, plan(source_image="team/fi:2.1.0")) == ""
    assert host.written == [("git:set", "cyc", "source-image")]
    assert "team/fi:2.1.0" in closed(_Host("team/fi:2.1.0", "team/fi:2.1.0"), plan(source_image="team/fi:2.1.0"))


@pytest.mark.parametrize(
    ("host", "shape", "why"),
    [
        (_Host("team/fi:3"), {}, "team/fi:3"),
        (_Host("", selected="pack"), {}, "pack, not none"),
        (_Host("", selected="pack"), {"selected": "pack"}, "pack, not dockerfile"),
        (_Host("", selected=""), {"selected": "dockerfile"}, "none, not dockerfile"),
    ],
)
def test_what_nobody_planned_closes_it_and_nothing_is_written(host: _Host, shape: dict[str, Any], why: str) -> None:
    assert why in closed(host, plan(**shape))
    assert host.written == []


def test_a_builder_that_is_not_told_keeps_back_only_a_push_that_had_to_set_it() -> None:
    assert closed(_Host("", mute=True), plan()) == ""
    assert "could not be read" in closed(_Host("", mute=True), plan(selected="pack", own_selected="pack"))


def test_a_builder_that_was_unknown_when_it_was_planned_must_be_none_or_the_dockerfile() -> None:
    made = plan(unknown=("builder",))
    assert closed(_Host(""), made) == closed(_Host("", selected="dockerfile"), made) == ""
    assert "pack" in closed(_Host("", selected="pack"), made)
