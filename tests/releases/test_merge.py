"""One list out of every source: what belongs together, what is believed, and where it is from."""

from msgspec.structs import replace

from tests.incident.facts import OTHER, OURS, T0, THEIRS, current, later
from tui.model.history import Commit
from tui.model.ledger import Ledger, Remark, RemarkKind, Sighting
from tui.model.release import Release, Source
from tui.releases import merge, what_runs

HELD = Release(
    app="cyc", number=1, tag="pre-deploy-20261123-210001", commit=THEIRS, served_as=(OURS,), last_served=T0,
    holder="cyc--r1--pre-deploy-20261123-210001", origin=Source.HOLDER,
)  # fmt: skip


def sighting(commit: str | None, seconds: float, **more: object) -> Sighting:
    values: dict[str, object] = {
        "source": "git-push", "metadata": commit, "commit": commit,
        "first_seen": later(seconds), "last_seen": later(seconds + 60),
    }  # fmt: skip
    return Sighting(**(values | more))  # type: ignore[arg-type]


def commit(identity: str, subject: str = "words") -> Commit:
    return Commit(id=identity, parent=None, subject=subject, author="Ana", at=T0)


def merged(*holders: Release, commits: tuple[Commit, ...] = (), ledger: Ledger | None = None) -> tuple[Release, ...]:
    return merge.merged(holders, commits, ledger or Ledger(), app="cyc", who={"inc1": "me@box"})


def test_what_the_sources_know_of_one_commit_is_one_release() -> None:
    ledger = Ledger(sightings=(sighting(THEIRS, 100, last_healthy=later(130)),))
    (found,) = merged(HELD, commits=(commit(THEIRS, "Faster"),), ledger=ledger)
    assert (found.number, found.subject, found.last_served, found.last_healthy) == (1, "Faster", later(160), later(130))
    assert dict(found.told) == {
        "author": Source.REPOSITORY,
        "committed_at": Source.REPOSITORY,
        "subject": Source.REPOSITORY,
        "deployed_at": Source.LEDGER,
        "last_healthy": Source.LEDGER,
        "last_served": Source.LEDGER,
    }


def test_a_commit_of_ours_is_the_release_it_brought_back() -> None:
    ledger = Ledger(sightings=(sighting(OURS, 100, attempt="inc1.1"),))
    (found,) = merged(HELD, commits=(commit(OURS, "Go back"),), ledger=ledger)
    assert (found.commit, found.subject, found.last_served, found.deployed_by) == (THEIRS, None, later(160), "me@box")
    assert merged(ledger=ledger) == ()


def test_an_older_sighting_does_not_set_the_host_back() -> None:
    (found,) = merged(HELD, ledger=Ledger(sightings=(sighting(THEIRS, -7200),)))
    assert found.last_served == T0


def test_a_commit_that_nobody_saw_serve_is_no_previous_release() -> None:
    seen = Ledger(sightings=(sighting(OTHER, 0),))
    found = {r.commit: r for r in merged(commits=(commit(OTHER), commit("9" * 40)), ledger=seen)}
    assert found[OTHER].served
    assert found[OTHER].origin is Source.LEDGER
    assert not found["9" * 40].served


def test_images_are_known_by_their_names() -> None:
    image = sighting(None, 0, source="docker-image", metadata="r.example/cyc:4")
    (found,) = merged(ledger=Ledger(sightings=(image, sighting(None, 5, source="tar", metadata="--"))))
    assert (found.image, found.commit, found.source) == ("r.example/cyc:4", None, "docker-image")
    now = replace(current(), source="docker-image", metadata="r.example/cyc:4")
    assert [r.running for r in what_runs.with_running((found,), now)] == [True]


def test_remarks_of_this_machine_are_said_and_the_hosts_word_is_kept() -> None:
    bad = Remark(kind=RemarkKind.BAD, commit=THEIRS, at=T0, reason="left by incident inc1")
    (found,) = merged(HELD, ledger=Ledger(remarks=(bad,)))
    assert (found.bad, dict(found.told)["bad"]) == ("left by incident inc1", Source.LEDGER)
    (said,) = merged(replace(HELD, bad="slow"), ledger=Ledger(remarks=(bad,)))
    assert said.bad == "slow"


def test_a_failure_counts_only_against_what_never_served() -> None:
    remarks = tuple(Remark(kind=RemarkKind.FAILED, commit=c, at=later(50), reason="failed") for c in (OTHER, THEIRS))
    ledger = Ledger(sightings=(sighting("9" * 40, 0),), remarks=remarks)
    found = {r.commit: r.failed for r in merged(HELD, commits=(commit(OTHER),), ledger=ledger)}
    assert found == {THEIRS: None, OTHER: "failed", "9" * 40: None}
    tried = replace(current(metadata="9" * 40), git_rev=THEIRS)
    assert merge.with_failure((HELD,), tried) == (HELD,)


def test_the_last_attempt_is_failed_only_when_nothing_is_under_way() -> None:
    known = (Release(app="cyc", commit=OTHER),)
    tried = replace(current(), git_rev=OTHER)
    assert merge.with_failure(known, tried)[0].failed
    for other in (replace(tried, locked=True), replace(tried, locked=None), current()):
        assert merge.with_failure(known, other)[0].failed is None


def test_the_running_release_stands_once_and_first() -> None:
    known = merged(HELD, commits=(commit(THEIRS), commit(OTHER)), ledger=Ledger(sightings=(sighting(OTHER, 5),)))
    found = what_runs.with_running(known, current(metadata=OTHER))
    assert [(r.commit, r.running) for r in found] == [(OTHER, True), (THEIRS, False)]
