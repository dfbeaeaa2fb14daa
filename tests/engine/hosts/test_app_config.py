"""Looks at an app's variables: when one is due, and that nothing of a value comes out whatever the host says."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from msgspec.structs import replace

from tests.incident.facts import OTHER, current
from tui.drivers.digest import KeyedDigest
from tui.drivers.journal import Journal
from tui.engine.hosts.app_config import ConfigWatch
from tui.engine.hosts.ledger import LedgerKeeper
from tui.model.errors import Unreachable
from tui.model.outcome import Answer, Exited, TimedOut
from tui.model.service import RollbackSpec, Service

SECRET = "canary-3f9c"
AT = datetime(2026, 11, 23, tzinfo=UTC)


class Clock:
    seconds = 0.0

    def now(self) -> datetime:
        return AT

    def monotonic(self) -> float:
        return self.seconds

    async def sleep(self, seconds: float) -> None:
        self.seconds += seconds


class Said:
    """Links that give one answer."""

    def __init__(self) -> None:
        self.answer: Answer | Unreachable = ok(b"{}")
        self.asked: list[tuple[str, ...]] = []

    async def ask(self, name: str, argv: tuple[str, ...]) -> Answer:
        self.asked.append(argv)
        if isinstance(self.answer, Unreachable):
            raise self.answer
        return self.answer


def ok(stdout: bytes) -> Answer:
    return Answer(argv=("config:export",), outcome=Exited(code=0), stdout=stdout, stderr=b"", started_at=AT, seconds=0)


@pytest.fixture
async def watched(tmp_path: Path) -> AsyncIterator[tuple[ConfigWatch, Said, Clock]]:
    journal, clock, said = Journal(tmp_path / "journal.sqlite"), Clock(), Said()
    digest = KeyedDigest(tmp_path / "key")
    yield ConfigWatch(said, LedgerKeeper(journal), clock, digest), said, clock  # type: ignore[arg-type]
    await journal.close()


SERVICE = Service(name="api", title="API", host="h", app="cyc", order=1, rollback=RollbackSpec())


async def test_a_look_is_due_after_a_minute_or_a_deploy_and_not_during_one(
    watched: tuple[ConfigWatch, Said, Clock],
) -> None:
    configs, said, clock = watched
    for _ in range(3):
        await configs.note(SERVICE, current())
    assert len(said.asked) == 1
    await configs.note(SERVICE, current(metadata=OTHER, locked=True))
    assert len(said.asked) == 1
    await configs.note(SERVICE, current(metadata=OTHER))
    clock.seconds += 59
    await configs.note(SERVICE, current(metadata=OTHER))
    assert len(said.asked) == 2
    clock.seconds += 1
    await configs.note(SERVICE, current(metadata=OTHER))
    assert len(said.asked) == 3


@pytest.mark.parametrize(
    "answer",
    [
        ok(f'{{"A": "{SECRET}"'.encode()), ok(f'{{"A": ["{SECRET}"]}}'.encode()), ok(SECRET.encode() + b"\xff"),
        replace(ok(SECRET.encode()), outcome=Exited(code=1), stderr=SECRET.encode()),
        replace(ok(SECRET.encode()), outcome=TimedOut(after=20.0)), Unreachable("the host is gone"),
    ],
)  # fmt: skip
async def test_what_cannot_be_read_is_unknown_and_quoted_nowhere(
    watched: tuple[ConfigWatch, Said, Clock], answer: Answer | Unreachable
) -> None:
    configs, said, _ = watched
    said.answer = answer
    looked = await configs.look(SERVICE)
    assert looked.seen is None
    assert looked.why
    assert SECRET not in repr(looked)
    assert (await configs.ledger.known("h", "cyc")).configs == ()


async def test_names_are_kept_values_are_hashes_and_dokkus_own_are_left_out(
    watched: tuple[ConfigWatch, Said, Clock],
) -> None:
    configs, said, _ = watched
    own = f'"GIT_REV":"{OTHER}","APP_NAME":"cyc","DOKKU_APP_TYPE":"dockerfile","NO_VHOST":"1"'
    said.answer = ok(f'{{"A":"{SECRET}","B":"{SECRET}","\\u001b[2JC":"",{own}}}'.encode())
    seen = (await configs.look(SERVICE)).seen
    assert seen is not None
    names = [name for name, _ in seen.keys]
    assert sorted(names) == sorted(["A", "B", "␛[2JC"])
    assert len({digest for _, digest in seen.keys}) == 3, "equal values must not be seen to be equal"
    assert SECRET not in repr(seen)
