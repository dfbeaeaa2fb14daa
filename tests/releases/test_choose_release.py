"""Which release is meant."""

from dataclasses import dataclass
from datetime import timedelta

import pytest
from msgspec.structs import replace

from tests.incident.facts import OTHER, OURS, T0, THEIRS, container, current
from tui.model.errors import AlreadyThere, Refused
from tui.model.release import Release, Target, TargetKind, WayBack, parse_target
from tui.releases import choose_release, what_runs

PREVIOUS = Target(kind=TargetKind.PREVIOUS)
KEPT = (WayBack(way="kept", available=True, seconds=30),)


@dataclass
class Made:
    """Releases, the highest number served last."""

    count: int = 4

    def __call__(self, **changes: dict[str, object]) -> tuple[Release, ...]:
        made = []
        for number in range(1, self.count + 1):
            values: dict[str, object] = {
                "app": "cyc",
                "number": number,
                "tag": f"pre-deploy-20261123-21000{number}",
                "commit": f"{number}" * 40,
                "last_served": T0 + timedelta(hours=number),
                "holder": f"cyc--r{number}",
                "ways": KEPT,
                **changes.get(f"r{number}", {}),
            }
            made.append(Release(**values))  # type: ignore[arg-type]
        return tuple(made)


def test_previous_is_the_last_that_served() -> None:
    assert choose_release.choose(PREVIOUS, Made()()).release.number == 4


def test_previous_passes_over_what_runs_what_is_bad_and_what_has_no_way_and_says_why() -> None:
    gone = (WayBack(way="kept", available=False, reason="not sealed"),)
    releases = Made()(r4={"running": True}, r3={"bad": "slow"}, r2={"ways": gone})
    choice = choose_release.choose(PREVIOUS, releases)
    assert choice.release.number == 1
    assert dict(choice.skipped) == {
        "release:4": "it runs now",
        "release:3": "marked bad: slow",
        "release:2": "kept: not sealed",
    }


def test_previous_goes_by_time_served_not_by_number() -> None:
    later = T0 + timedelta(days=1)
    assert choose_release.choose(PREVIOUS, Made()(r2={"last_served": later})).release.number == 2


def test_nothing_to_go_back_to_is_said_with_the_reasons() -> None:
    with pytest.raises(Refused, match="marked bad: x"):
        choose_release.choose(PREVIOUS, Made(1)(r1={"bad": "x"}))
    with pytest.raises(Refused, match="no release is kept"):
        choose_release.choose(PREVIOUS, ())


@pytest.mark.parametrize("text", ["release:2", "tag:pre-deploy-20261123-210002", "sha:2222222", "sha:" + "2" * 40])
def test_every_form_of_a_target(text: str) -> None:
    target = parse_target(text)
    assert target is not None
    assert str(target) == text
    assert choose_release.choose(target, Made()()).release.number == 2


@pytest.mark.parametrize(
    "text", ["", "prev", "release:", "release:x", "sha:12345", "tag:v1", "release:-1", "sha:XYZ1234"]
)
def test_what_is_no_target(text: str) -> None:
    assert parse_target(text) is None


def test_explicit_targets_that_cannot_be() -> None:
    releases = Made()(r4={"running": True}, r3={"ways": ()})
    with pytest.raises(AlreadyThere):
        choose_release.choose(Target(kind=TargetKind.RELEASE, value="4"), releases)
    with pytest.raises(Refused, match="no way back"):
        choose_release.choose(Target(kind=TargetKind.RELEASE, value="3"), releases)
    with pytest.raises(Refused, match="release:9 is not known"):
        choose_release.choose(Target(kind=TargetKind.RELEASE, value="9"), releases)


def test_a_target_that_names_two_releases_is_refused() -> None:
    two = tuple(Release(app="cyc", image=f"{host}.example/cyc:4", ways=KEPT) for host in ("old", "new"))
    with pytest.raises(Refused, match="names 2 releases: old"):
        choose_release.choose(Target(kind=TargetKind.IMAGE, value="4"), two)


BUILD = WayBack(way="git", available=True, seconds=29, reason="slow")
GONE = WayBack(way="kept", available=False, reason="not kept")


def test_a_way_that_does_not_lead_there_is_refused_with_the_next_one() -> None:
    releases = Made(2)(r2={"ways": (GONE, BUILD)}, r1={"ways": (GONE,)})
    release = Target(kind=TargetKind.RELEASE, value="2")
    with pytest.raises(Refused, match=r"no way back by kept to release:2: not kept$") as refused:
        choose_release.choose(release, releases, "kept")
    assert refused.value.fix == "git leads there, about 29 s; slow: add --way git"
    assert choose_release.choose(release, releases, "git").release.number == 2
    with pytest.raises(Refused, match="not kept") as refused:
        choose_release.choose(PREVIOUS, releases, "kept")
    assert "--way git and release:2" in refused.value.fix
    with pytest.raises(Refused, match="no way back is known") as refused:
        choose_release.choose(Target(kind=TargetKind.RELEASE, value="1"), releases, "script")
    assert refused.value.fix == "choose another release (--list)"


def test_previous_passes_over_what_its_way_does_not_reach_and_never_takes_a_mere_commit() -> None:
    commit = Release(app="cyc", commit="9" * 40, committed_at=T0 + timedelta(days=9), ways=(BUILD,))
    releases = (commit, *Made()(r4={"ways": (GONE, BUILD)}, r3={"failed": "its check failed"}))
    choice = choose_release.choose(PREVIOUS, releases, "kept")
    assert (choice.release.number, dict(choice.skipped)) == (
        2,
        {"release:4": "kept: not kept", "release:3": "its check failed"},
    )
    with pytest.raises(Refused) as refused:
        choose_release.choose(PREVIOUS, (commit,), "git")
    assert f"rollback cyc sha:{'9' * 10} --way git" in refused.value.fix


def test_a_bad_mark_is_carried_over_by_commit() -> None:
    releases = Made()(r1={"left_bad": (("3" * 40, "left in the night"),)})
    assert [r.number for r in choose_release.marked(releases) if r.bad == "left in the night"] == [3]


def test_what_runs_is_named_by_its_commit_by_ours_and_by_our_label() -> None:
    releases = Made()(r2={"commit": THEIRS}, r3={"served_as": (OURS,)})
    assert what_runs.running(releases, current(metadata=THEIRS)).number == 2
    ours = (container(attempt="inc.1"),)
    assert what_runs.running(releases, current(metadata=OURS, containers=ours)).number == 3
    assert what_runs.running(releases, current(metadata=OTHER)).number is None


def test_an_archive_that_serves_after_one_that_failed_is_told_by_the_second_in_which_it_was_made() -> None:
    releases = Made()(r2={"deployed_at": T0}, r3={"deployed_at": T0 + timedelta(seconds=1)})
    web = replace(container(), created_at=T0 + timedelta(milliseconds=400), image="sha256:1")
    job = replace(web, process="worker", created_at=T0 - timedelta(seconds=3))
    failed = replace(current(metadata="--", containers=(web, job)), source="tar", updated_at=T0 + timedelta(hours=1))
    assert what_runs.running(releases, failed).number == 2
    for other in (
        replace(failed, containers=(web, replace(job, image="sha256:2"))),
        replace(failed, containers=(web, replace(job, created_at=None))),
        replace(failed, containers=(replace(web, created_at=T0 + timedelta(seconds=9)), job)),
        replace(failed, source="docker-image"),
    ):
        assert what_runs.running(releases, other).number is None
    twice = Made()(r2={"deployed_at": T0}, r3={"deployed_at": T0})
    assert what_runs.running(twice, failed).number is None


def test_a_commit_of_ours_whose_containers_lost_our_label_was_rebuilt_and_is_nobodys_release() -> None:
    releases = Made()(r3={"served_as": (OURS,)})
    now = current(metadata=OURS)
    assert what_runs.rebuilt(releases, now)
    found = what_runs.running(releases, now)
    assert (found.name, found.number, found.commit, found.running) == ("rebuilt", None, None, True)
    assert choose_release.choose(PREVIOUS, what_runs.with_running(releases, now)).release.number == 4
    half = (container(attempt="inc.1"), container("bbbbbbbbbbbb"))
    assert not what_runs.rebuilt(releases, current(metadata=OURS, containers=half)), "while containers are replaced"
    assert not what_runs.rebuilt(releases, current(metadata=OURS, containers=()))
    own = Made()(r3={"served_as": (OURS,), "commit": OURS})
    assert not what_runs.rebuilt(own, now), "a commit that a team pushed itself carries no label"


def test_what_a_deploy_left_that_died_after_its_switch_is_nobodys_release_unless_it_is_labelled() -> None:
    releases = Made()(r2={"commit": THEIRS}, r3={"served_as": (OURS,)})
    theirs = replace(container(), upcoming=True)
    for named in (THEIRS, OURS):
        found = what_runs.running(releases, current(metadata=named, containers=(theirs, container("bbbbbbbbbbbb"))))
        assert (found.number, found.commit, found.said) == (None, None, what_runs.HALF_WAY)
    stopped = current(metadata=THEIRS, containers=(container(), replace(theirs, running=False)))
    assert what_runs.running(releases, stopped).number == 2, "it does not serve"
    ours = (replace(container(attempt="inc.1"), upcoming=True, release="3"),)
    assert what_runs.running(releases, current(metadata=OURS, containers=ours)).number == 3


def test_a_release_label_without_our_attempt_proves_nothing() -> None:
    labelled = replace(container(attempt="inc.1"), release="1")
    inherited = replace(container(), release="1")
    assert what_runs.running(Made()(), current(metadata=OTHER, containers=(labelled,))).number == 1
    assert what_runs.running(Made()(), current(metadata=OTHER, containers=(inherited,))).number is None


def test_a_deploy_of_ours_that_died_half_way_is_no_release_also_where_the_one_before_it_is_not_kept() -> None:
    labelled = replace(container(attempt="inc.1"), release="1")
    died = replace(current(metadata=THEIRS, containers=(labelled,)), git_rev=OURS)
    found = what_runs.running(Made()(), died)
    assert (found.number, found.commit, found.said) == (None, None, what_runs.HALF_WAY)
    assert what_runs.running(Made()(), replace(died, git_rev=THEIRS)).number == 1, "Dokku names the same commit"


def test_where_only_what_runs_is_kept_no_keep_of_it_is_advised() -> None:
    """`keep` would say that it is kept, and nothing would have changed."""
    kept, bad = Made(2)(r2={"running": True}, r1={"bad": "slow"})[::-1]
    with pytest.raises(Refused) as refused:
        choose_release.choose(PREVIOUS, (kept, bad))
    assert "rollback keep" not in refused.value.fix and "deploy the fix as usual" in refused.value.fix
    with pytest.raises(Refused) as refused:
        choose_release.choose(PREVIOUS, (replace(kept, holder=None), bad))
    assert "rollback keep cyc" in refused.value.fix
