"""The one place that sends `run`: what it asks first, over which connection, and what it never lets through."""

from collections.abc import Callable
from typing import Any

import pytest

from tests import stage
from tests.dokku.test_holder_looks import GONE, HOLDER, LOCAL, NEW, OLD, THERE
from tests.incident.facts import T0
from tui.dokku import holder_looks as words
from tui.engine.hosts import holder_looks
from tui.engine.hosts.connections import HostConnections
from tui.engine.hosts.gate import Gate
from tui.engine.hosts.ledger import LedgerKeeper
from tui.model.errors import Unreachable
from tui.model.holder_look import ImageState
from tui.model.host import Form, Link, LinkState
from tui.model.outcome import Answer, Exited

Said = dict[tuple[str, ...], tuple[int, str, str]]
LOOK = ("run", HOLDER, words.PROGRAM)


class Host:
    """Answers what it was given; `replaced` after a command means that the next goes over another connection."""

    form = Form.FORCED

    def __init__(self, said: Said, replaced_after: str = "") -> None:
        self.said, self.replaced_after = said, replaced_after
        self.connection = 1
        self.link = Link(state=LinkState.LIVE, since=T0)
        self.sent: list[tuple[str, ...]] = []

    async def connect(self) -> None: ...

    async def greeting(self) -> None:
        return None

    async def drop(self) -> None: ...

    async def close(self) -> None: ...

    async def run(self, argv: tuple[str, ...], *, only_on: int | None = None, **how: Any) -> Answer:
        if only_on not in (None, self.connection):
            raise Unreachable("the connection was replaced meanwhile")
        self.sent.append(argv)
        code, out, err = self.said.get(argv, (1, "", ""))
        if argv[0] == self.replaced_after:
            self.connection += 1
        return Answer(
            argv=argv,
            outcome=Exited(code=code),
            started_at=T0,
            seconds=0.1,
            stdout=out.encode(),
            stderr=err.encode(),
        )

    def stream(self, argv: tuple[str, ...]) -> stage.NoStream:
        raise AssertionError(argv)


def said(version: str = "0.35.15", options: str = OLD, err: str = THERE) -> Said:
    return {
        ("version",): (0, f"dokku version {version}\n", ""),
        ("config:export", "--format", "json", HOLDER): (0, '{"ROLLBACK_SCHEMA": "1"}', ""),
        words.options_report(HOLDER): (0, options, ""),
        words.scheduler_report(HOLDER): (0, LOCAL, ""),
        LOOK: (1, "", err),
    }


def links(host: Host) -> HostConnections:
    clock, journal = stage.HandClock(), stage.MemoryJournal()
    nothing: Any = None
    make: Callable[[str], Any] = lambda _: host  # noqa: E731
    return HostConnections(stage.fleet(), Gate(journal, clock), nothing, clock, make, LedgerKeeper(journal))


@pytest.mark.parametrize(
    ("told", "found"),
    [
        (said(), ImageState.THERE),
        (said(err=GONE), ImageState.GONE),
        (said("0.38.27", NEW, GONE), ImageState.GONE),
        (said(err="something else"), ImageState.UNKNOWN),
    ],
)
async def test_a_look_is_remembered_with_what_it_found(told: Said, found: ImageState) -> None:
    host = Host(told)
    on = links(host)
    look = await holder_looks.look(on, "main", "scenextras", HOLDER)
    assert (look.image, host.sent[-1]) == (found, LOOK)
    assert (await on.ledger.known("main", "scenextras")).looks == (look,)


@pytest.mark.parametrize(
    "host",
    [
        Host(said(options=OLD.replace(words.OPTION, ""))),
        Host(said(options=OLD.replace(words.OPTION, "--entrypoint=/bin/sh"))),
        Host(said(), replaced_after="scheduler:report"),
        Host(said("0.36.2")),
        Host({}),
    ],
    ids=["no option", "another entrypoint", "another connection", "another version", "says nothing"],
)
async def test_run_is_never_sent_where_its_entrypoint_was_not_read_on_the_same_connection(host: Host) -> None:
    look = await holder_looks.look(links(host), "main", "scenextras", HOLDER)
    assert look.image is ImageState.UNKNOWN and look.why
    assert not [argv for argv in host.sent if argv[0] == "run"]


@pytest.mark.parametrize("argv", [("run", "api", "sh"), ("run", "api", words.PROGRAM), LOOK])
async def test_the_gate_lets_no_other_run_through(argv: tuple[str, ...]) -> None:
    host = Host(said())
    on = links(host)
    with pytest.raises(AssertionError, match="would start"):
        await on.ask("main", argv)
    with pytest.raises(AssertionError, match="would start"):
        await on.gate.write(host, "main", argv, timeout=1.0)
    assert host.sent == []
