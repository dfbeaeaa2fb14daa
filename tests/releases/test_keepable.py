"""What is known to run, of images and archives: as recorded on 0.35.15 and 0.38.27, 2026-11-28."""

from datetime import UTC, datetime, timedelta

import pytest
from msgspec.structs import replace

from tests.dokku.builder_recordings import GIT_ARCHIVE, GIT_IMAGE
from tui.dokku import reports
from tui.model.errors import Refused
from tui.model.observation import Container, RunningState
from tui.releases.keepable import known_to_run

TIP = "90050b844dd947a9b32229d630e397899fde1841"


def state(source: str, metadata: str, report: str) -> RunningState:
    git = reports.git_report(report.encode())
    assert git.updated_at is not None
    web = Container(id="a", process="web", image="i", created_at=git.updated_at + timedelta(seconds=20))
    return RunningState(
        app="b-fi", at=datetime(2026, 11, 28, tzinfo=UTC), source=source, metadata=metadata, git_rev=TIP,
        branch="master", tip=TIP, refs=(("master", TIP),), locked=False, containers=(web,),
        source_image=git.source_image, updated_at=git.updated_at,
    )  # fmt: skip


IMAGE = state("docker-image", "team/fi:1.0.0", GIT_IMAGE)
ARCHIVE = state("tar", "--", GIT_ARCHIVE)


@pytest.mark.parametrize("now", [IMAGE, ARCHIVE])
def test_dokkus_own_commit_names_what_runs(now: RunningState) -> None:
    assert known_to_run(now) == TIP


def test_an_image_is_spoken_of_by_its_name_and_an_archive_by_dokkus_commit() -> None:
    assert (IMAGE.commit, ARCHIVE.commit) == (None, TIP)


def old(now: RunningState) -> tuple[Container, ...]:
    return tuple(replace(c, created_at=datetime(2026, 11, 1, tzinfo=UTC)) for c in now.containers)


@pytest.mark.parametrize(
    "now",
    [
        replace(IMAGE, source_image="team/fi:2.0.0"),
        replace(IMAGE, source_image=None),
        replace(IMAGE, containers=old(IMAGE)),
        replace(ARCHIVE, containers=old(ARCHIVE)),
        replace(ARCHIVE, git_rev="f" * 40),
        replace(ARCHIVE, updated_at=None),
        replace(ARCHIVE, containers=tuple(replace(c, created_at=None) for c in ARCHIVE.containers)),
    ],
)
def test_a_deploy_that_may_have_failed_is_not_what_runs(now: RunningState) -> None:
    with pytest.raises(Refused, match="may be another one than what runs"):
        known_to_run(now)
