"""The plan that deploys a numbered image by its digest, by table."""

import pytest
from msgspec.structs import replace

from tests.incident.facts import THEIRS, container, current
from tests.ways.test_git import RUNNING, SERVICE, facts
from tui.incident import landed, verify
from tui.model.errors import Refused
from tui.model.observation import Landed
from tui.model.plan import Plan
from tui.model.release import Release, Source, Target, TargetKind, matches
from tui.model.verification import Verdict
from tui.releases import choose_release, what_runs
from tui.ways import registry
from tui.ways.way import Seen

REPOSITORY = "registry.example/dokku/cyc"
DIGEST = f"sha256:{'a' * 64}"
PUSHED = replace(SERVICE, image_repository=REPOSITORY)
IMAGE = Release(app="cyc", image=f"{REPOSITORY}:4", origin=Source.REGISTRY)


def made() -> Plan:
    return registry.WAY.plan(facts(service=PUSHED, target=IMAGE, digest=DIGEST))


def test_numbers_are_releases_newest_first_and_other_tags_are_none() -> None:
    found = registry.numbered("cyc", REPOSITORY, ("9", "stable", "10", "latest", "1.2", "²", "9"))
    assert [r.name for r in found] == ["image:10", "image:9"]
    assert len(registry.numbered("cyc", REPOSITORY, tuple(map(str, range(100))))) == registry.NEWEST
    assert matches(Target(kind=TargetKind.IMAGE, value="10"), found[0])
    assert not any(r.served for r in found)
    assert [r.name for r in choose_release.newest_first(found[::-1])] == ["image:10", "image:9"]


def test_the_image_is_named_by_its_digest() -> None:
    plan = made()
    assert plan.decisive is not None
    assert plan.decisive.argv == ("git:from-image", "cyc", f"{REPOSITORY}@{DIGEST}")
    assert plan.proof is not None
    assert (plan.proof.source, plan.proof.metadata) == ("docker-image", f"{REPOSITORY}@{DIGEST}")
    with pytest.raises(ValueError, match="image_repository"):
        registry.WAY.plan(facts(target=IMAGE, digest=DIGEST))
    with pytest.raises(ValueError, match="digest"):
        registry.WAY.plan(facts(service=PUSHED, target=IMAGE))


def test_only_an_image_of_the_services_own_repository_is_asked_for() -> None:
    assert registry.WAY.image(PUSHED, IMAGE) == (REPOSITORY, "4")
    with pytest.raises(Refused, match="no image of the service's registry"):
        registry.WAY.image(PUSHED, RUNNING)


def test_whatever_branch_it_moved_before_it_failed_the_old_release_serves() -> None:
    moved = replace(current(tip="9" * 40), git_rev="9" * 40, refs=(("main", "9" * 40), ("origin/main", THEIRS)))
    assert landed.landed(made(), (moved,), reported=True) is Landed.NO
    restarted = replace(moved, containers=(container("other"),))
    assert landed.landed(made(), (restarted,), reported=True) is Landed.UNKNOWN
    done = replace(moved, source="docker-image", metadata=f"{REPOSITORY}@{DIGEST}", containers=(container("other"),))
    assert landed.landed(made(), (done,), reported=False) is Landed.YES
    assert {c.verdict for c in verify.identity(made(), done)} == {Verdict.PASSED}


@pytest.mark.parametrize(
    ("release", "images", "reason"),
    [
        (IMAGE, None, "the registry could not be asked"),
        (IMAGE, frozenset({"5"}), "the registry does not have its image"),
        (
            replace(IMAGE, image="other.example/cyc:4"),
            frozenset[str](),
            "which image of the registry it is is not known",
        ),
        (RUNNING, frozenset[str](), "which image of the registry it is is not known"),
        (IMAGE, frozenset({"4"}), ""),
    ],
)
def test_it_is_available_or_says_why_not(release: Release, images: frozenset[str] | None, reason: str) -> None:
    found = registry.WAY.offer(release, PUSHED, Seen(images=images))
    assert (found.available, found.reason) == (not reason, reason)
    assert "names no image_repository" in registry.WAY.offer(release, SERVICE, Seen(images=images)).reason


def test_what_runs_is_known_by_the_number_its_containers_were_started_by() -> None:
    running = replace(container(), named=f"{REPOSITORY}:4")
    now = replace(current(containers=(running,)), source="docker-image", metadata=f"{REPOSITORY}@{DIGEST}")
    assert now.image == f"{REPOSITORY}:4"
    assert what_runs.running((IMAGE,), now).name == "image:4"
    assert replace(now, containers=(running, replace(running, id="b", named="dokku/cyc:latest"))).image is None
