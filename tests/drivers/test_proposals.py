"""Proposals on disk: taken once, with everything that became of them; no other file is read or written."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace

from tests.incident import stories
from tests.incident.facts import later
from tui.drivers import paths
from tui.drivers.proposals import Proposals, new_id
from tui.model.errors import ConfigError, Refused
from tui.model.proposal import ID, VALID_FOR, Proposal, ProposalEntry, ProposalWord


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("ROLLBACK_STATE_DIR", str(tmp_path / "state"))
    return tmp_path / "state"


def made(minutes: int = 0, reason: str = "") -> Proposal:
    at = later(0) + timedelta(minutes=minutes)
    return Proposal(id=new_id(), plan=stories.made(), made_at=at, file="/s.yaml", address="dokku@h", reason=reason)


def entry(word: ProposalWord, by: str = "me@box") -> ProposalEntry:
    return ProposalEntry(at=later(60), word=word, by=by, why="because")


def test_what_is_stored_is_read_again_for_its_owner_alone(state: Path) -> None:
    one = made(reason="password=hunter2hunter2")
    Proposals().put(one)
    read = Proposals().read(one.id)
    assert (read.plan, read.made_at) == (one.plan, one.made_at)
    assert "hunter2hunter2" not in (state / "proposals" / f"{one.id}.json").read_text()
    assert (state / "proposals" / f"{one.id}.json").stat().st_mode & 0o077 == 0


@pytest.mark.parametrize(
    "name", ["plan-00000000", "../journal", "plan-0", "/etc/passwd", "", "plan-0000000g", "plan-*"]
)
def test_what_is_no_proposal_is_refused(name: str, state: Path) -> None:
    Proposals().put(made())
    with pytest.raises(Refused, match="there is no plan"):
        Proposals().read(name)


def test_it_is_taken_once_even_by_many_at_once() -> None:
    one = made()
    Proposals().put(one)

    def take(number: int) -> str:
        try:
            Proposals().take(one.id, entry(ProposalWord.CONFIRMED, by=f"p{number}@box"))
        except Refused as error:
            return error.message
        return ""

    with ThreadPoolExecutor(8) as pool:
        said = list(pool.map(take, range(8)))
    assert said.count("") == 1
    assert all("carried out once" in line for line in said if line)
    assert Proposals().taken(one.id) and len(Proposals().entries(one.id)) == 1


def test_every_word_stays_on_record_and_what_nobody_answered_is_cleared() -> None:
    answered, ignored = made(), made()
    store = Proposals()
    store.put(answered)
    store.put(ignored)
    store.note(answered.id, entry(ProposalWord.REFUSED))
    store.note(answered.id, entry(ProposalWord.REFUSED))
    late = replace(made(), made_at=later(0) + VALID_FOR + timedelta(seconds=1))
    store.put(late)
    assert [one.id for one in store.all()] == [late.id, answered.id]
    assert [one.word for one in store.entries(answered.id)] == [ProposalWord.REFUSED] * 2


def test_a_link_in_its_place_is_followed_by_nobody(state: Path, tmp_path: Path) -> None:
    one = made()
    Proposals().put(one)
    target = tmp_path / "victim"
    (state / "proposals" / f"{one.id}.log").symlink_to(target)
    with pytest.raises(ConfigError, match="is a link"):
        Proposals().note(one.id, entry(ProposalWord.REFUSED))
    assert not target.exists()


def test_a_torn_file_is_refused(state: Path) -> None:
    one = made()
    Proposals().put(one)
    (state / "proposals" / f"{one.id}.json").write_text("{")
    with pytest.raises(Refused, match="cannot be read"):
        Proposals().read(one.id)
    other = made()
    Proposals().put(other)
    assert [found.id for found in Proposals().all()] == [other.id], "it holds nobody up"
    assert ID.fullmatch(one.id)


def test_an_entry_that_was_torn_off_hides_no_other() -> None:
    """The power went while it was written: the list, and what comes after it, can be read."""
    one = made()
    Proposals().put(one)
    Proposals().note(one.id, entry(ProposalWord.REFUSED))
    log = next(paths.state_dir().glob("proposals/*.log"))
    with log.open("ab") as file:
        file.write(b'{"at": "2026')
    Proposals().note(one.id, entry(ProposalWord.CONFIRMED))
    assert [e.word for e in Proposals().entries(one.id)] == [ProposalWord.REFUSED, ProposalWord.CONFIRMED]
