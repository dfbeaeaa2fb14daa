"""Looks at an app's variables: when one is due, and that nothing of a value comes out whatever the host says."""

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from msgspec.structs import replace

from tests.incident.facts import OTHER, current
from tui.dokku import commands
from tui.drivers.journal import Journal
from tui.drivers.keyed_hash import KeyedDigest
from tui.engine.concurrency import together
from tui.engine.hosts.app_config import ConfigWatch
from tui.engine.hosts.ledger import LedgerKeeper
from tui.model.errors import LinkError, Unreachable
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


async def test_one_read_answers_all_questions_about_the_variables_and_none_of_them_with_a_value(
    watched: tuple[ConfigWatch, Said, Clock],
) -> None:
    configs, said, _ = watched
    config = {"GIT_REV": OTHER, "SECRET": SECRET, "DOKKU_APP_TYPE": "herokuish", "GIT_REV_OF": SECRET}
    said.answer = ok(json.dumps(config).encode())
    read = configs.read(SERVICE)
    keys, kind = commands.config_keys("cyc"), commands.config_get("cyc", "DOKKU_APP_TYPE")
    told = await together(read.answer(keys), read.answer(kind))
    assert await read.tried() == OTHER and [argv[0] for argv in said.asked] == ["config:export"]
    assert [answer.argv for answer in told] == [keys, kind]
    assert told[0].stdout.decode().split() == sorted(config) and told[1].stdout == b"herokuish\n"
    assert read.looked is not None and SECRET not in repr(read.looked)
    said.answer = ok(b'{"SECRET": "canary-3f9c"}')
    bare = configs.read(SERVICE, always=True)
    unset = await bare.answer(kind)
    assert await bare.tried() is None and (unset.code, unset.stdout, unset.stderr) == (1, b"", b""), "as Dokku says it"


async def test_where_the_variables_are_not_read_each_question_is_asked_by_itself(
    watched: tuple[ConfigWatch, Said, Clock],
) -> None:
    configs, said, _ = watched
    keys, rev = commands.config_keys("cyc"), commands.config_get("cyc", "GIT_REV")
    for why in (ok(b"no JSON"), ok(b"{}")):
        said.answer, said.asked = why, []
        if why.stdout == b"{}":
            await configs.note(SERVICE, current())  # a look was just made: none is due
            said.asked.clear()
        read = configs.read(SERVICE)
        await read.answer(keys)
        await read.tried()
        assert said.asked[-2:] == [keys, rev] and len(said.asked) == (3 if why.stdout != b"{}" else 2)
    said.answer = Unreachable("the host is gone")
    with pytest.raises(LinkError):
        await configs.read(SERVICE).tried()
