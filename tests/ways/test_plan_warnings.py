"""What a plan says before anybody confirms: compared with what the holder remembers, and unknown where it does not."""

from datetime import UTC, datetime

import pytest

from tui.dokku import build_settings
from tui.incident.config_drift import Drift
from tui.model.commit_range import CommitRange
from tui.model.observation import Container, RunningState
from tui.model.plan import WarningLevel
from tui.model.release import Release
from tui.ways import plan_warnings

AT = datetime(2026, 11, 23, tzinfo=UTC)
SHAPE = build_settings.Shape(app="api", builder="dockerfile", scheduler="docker-local", mounts="", ports="http:80:5000")
KEPT = build_settings.Kept(release=3, processes=(("web", 1),), mounts="", ports="http:80:5000", config_keys=("A", "B"))
TARGET = Release(app="api", number=3)
FILES = (("Procfile", "web: x\n"),)


def current(*processes: str) -> RunningState:
    return RunningState(
        app="api", at=AT, containers=tuple(Container(id=f"{n}", process=p) for n, p in enumerate(processes))
    )


def said(now: RunningState, **changes: object) -> list[tuple[WarningLevel, str]]:
    facts = {"shape": SHAPE, "kept": KEPT, "files": FILES, "between": CommitRange()} | changes
    found = plan_warnings.Findings(**facts)  # type: ignore[arg-type]
    return [(c.severity, c.text) for c in plan_warnings.cautions(found, TARGET, now)]


def test_where_nothing_changed_nothing_is_said() -> None:
    assert said(current("web")) == []


def test_a_process_that_would_vanish_forbids_the_plan_until_it_is_meant() -> None:
    ((severity, text),) = said(current("web", "worker", "worker"))
    assert severity is WarningLevel.BLOCK
    assert "the 2 that run now would stop" in text
    assert "ps:scale api worker=0" in text
    both = (("Procfile", "web: x\nworker: y\n"),)
    assert not [text for severity, text in said(current("web", "worker"), files=both) if severity is WarningLevel.BLOCK]


def test_without_a_procfile_only_web_comes_back() -> None:
    assert said(current("web"), files=()) == []
    assert [severity for severity, _ in said(current("web", "worker"), files=())] == [WarningLevel.BLOCK]


@pytest.mark.parametrize("path", ["Procfile", "ops/Procfile"])
def test_the_procfile_in_the_build_directory_counts(path: str) -> None:
    of = build_settings.Shape(app="api", build_dir="api", procfile=path)
    files = ((f"api/{path}", "web: x\nworker: y\n"),)
    found = [severity for severity, _ in said(current("web", "worker"), shape=of, files=files)]
    assert WarningLevel.BLOCK not in found


def test_a_scale_that_does_not_come_back_by_itself_is_said() -> None:
    kept = build_settings.Kept(release=3, processes=(("web", 3), ("worker", 2)), mounts="", ports="", config_keys=())
    files = (("Procfile", "web: x\nworker: y\n"),)
    texts = " ".join(text for _, text in said(current("web"), kept=kept, files=files))
    assert "after going back, `ps:scale api worker=2`" in texts
    assert "web: release:3 ran 3, now 1 run" in texts


def test_a_process_that_was_started_since_is_said() -> None:
    files = (("Procfile", "web: x\nworker: y\n"),)
    texts = " ".join(text for _, text in said(current("web", "worker", "worker"), files=files))
    assert "worker: release:3 ran none, now 2 run; the scale stays as it is now" in texts
    assert "web:" not in texts


def test_unknown_is_not_none() -> None:
    texts = {text: severity for severity, text in said(current("web"), between=CommitRange(unknown="no commit"))}
    assert texts == {"whether migrations lie between is not known: no commit": WarningLevel.WARN}
    ((severity, text),) = ((c.severity, c.text) for c in plan_warnings.config(Drift(unknown="nobody looked"), TARGET))
    assert (severity, "which config keys changed since is not known: nobody looked" in text) == (
        WarningLevel.NOTE,
        True,
    )


def test_migrations_have_to_be_confirmed_by_name() -> None:
    between = CommitRange(migrations=tuple(f"migrations/{n}.py" for n in range(7)), tasks=("release: migrate",))
    found = said(current("web"), between=between)
    assert [severity for severity, _ in found] == [WarningLevel.TYPE, WarningLevel.WARN]
    assert found[0][1].endswith("migrations/4.py and 2 more")


def test_what_surrounds_a_release_is_compared_by_name_only() -> None:
    of = build_settings.Shape(app="api", mounts="/data:/data", ports="http:80:8000", unknown=("nginx",))
    texts = " ".join(text for _, text in said(current("web"), shape=of, moved=("a → b",)))
    for part in (
        "mounts were none",
        "are /data:/data",
        "ports were http:80:5000",
        "a → b",
        "nginx",
    ):
        assert part in texts


def test_an_empty_port_map_is_no_app_without_ports() -> None:
    """Dokku then takes the ports that it detects (recorded: `ports-map` empty, `ports-map-detected` http:80:5000)."""
    bare = build_settings.Shape(app="api", mounts="", ports="")
    had_none = build_settings.Kept(release=3, processes=(("web", 1),), mounts="", ports="", config_keys=())
    own, detected = "http:80:5000", "not set (Dokku detects them)"
    assert said(current("web"), shape=bare, kept=had_none) == []
    ((_, lost),) = said(current("web"), shape=bare)
    assert lost == f"ports were {own} when release:3 was kept, are {detected}; they stay so"
    ((_, made),) = said(current("web"), kept=had_none)
    assert made == f"ports were {detected} when release:3 was kept, are {own}; they stay so"


def test_config_keys_are_named_with_when_they_were_seen_to_change_and_never_with_a_value() -> None:
    drift = Drift(names_known=True, then=AT, changed=(("A", AT),), removed=(("B", None),), added=(("C", AT),))
    said = [(c.severity, c.text) for c in plan_warnings.config(drift, TARGET)]
    assert said == [
        (
            WarningLevel.WARN,
            "config keys have other values than when release:3 last served here (2026-11-23 00:00Z): "
            "A (seen 2026-11-23 00:00Z)",
        ),
        (WarningLevel.WARN, "config keys are gone since release:3 last served here (2026-11-23 00:00Z): B"),
        (
            WarningLevel.NOTE,
            "config keys are new since release:3 last served here (2026-11-23 00:00Z): C (seen 2026-11-23 00:00Z)",
        ),
    ]


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("alembic/versions/1.py", True), ("api/alembic/versions/1.py", True), ("app/migrations/0001.py", True),
        ("schema.sql", True), ("alembic/env.py", False), ("src/immigrations/a.py", False), ("versions/1.py", False),
    ],
)  # fmt: skip
def test_migrations_are_known_by_where_they_lie(path: str, expected: bool) -> None:
    assert plan_warnings.is_migration(path) is expected
