"""Which pushes may leave, and what has to be set for them: by the settings that hosts were seen to obey."""

import pytest
from msgspec.structs import replace

from tui.dokku import build_gate
from tui.dokku.build_settings import Shape
from tui.dokku.reports import Checks

PLAIN = Shape(app="a", builder="dockerfile", scheduler="docker-local")
USUAL = Checks(disabled="none", skipped="none")


def test_a_plain_app_needs_nothing() -> None:
    found = build_gate.gate(PLAIN, USUAL)
    assert (found.needs, found.restore) == ((), ())
    assert build_gate.unkeepable(PLAIN) is None


@pytest.mark.parametrize(
    ("changed", "before"),
    [
        ({"selected": "herokuish", "own_selected": "herokuish"}, "herokuish"),
        ({"selected": "pack"}, ""),  # the host's own, for every app
        ({"buildpacks": "https://example.com/bp.git"}, ""),
        ({"keys": ("BUILDPACK_URL", "GREETING")}, ""),
        ({"global_keys": ("BUILDPACK_URL",)}, ""),
        ({"selected": "null", "own_selected": "null"}, "null"),
    ],
)
def test_whatever_stands_in_for_our_dockerfile_is_outvoted_and_what_was_set_is_noted(
    changed: dict[str, object], before: str
) -> None:
    found = build_gate.gate(replace(PLAIN, **changed), USUAL)
    assert [need.argv for need in found.needs] == [("builder:set", "a", "selected", "dockerfile")]
    assert found.restore == (("builder-selected", before),)


def test_what_an_earlier_push_had_to_set_is_still_to_be_given_back() -> None:
    mine = replace(PLAIN, selected="dockerfile", own_selected="dockerfile", keys=("BUILDPACK_URL",))
    found = build_gate.gate(mine, USUAL, (("builder-selected", "herokuish"), ("newer", "x")))
    assert found.needs == ()
    assert found.restore == (("builder-selected", "herokuish"), ("newer", "x"))
    changed = replace(mine, selected="pack", own_selected="pack")  # somebody set it since
    assert build_gate.gate(changed, USUAL, found.restore).restore == (("newer", "x"), ("builder-selected", "pack"))


def test_the_source_image_is_forgotten_and_not_given_back() -> None:
    found = build_gate.gate(replace(PLAIN, source_image="team/fi:2.1.0"), USUAL)
    assert [need.argv for need in found.needs] == [("git:set", "a", "source-image")]
    assert found.restore == ()


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"keys": ("DOKKU_CNB_EXPERIMENTAL",), "experimental": True}, "config:unset --no-restart a"),
        ({"global_keys": ("DOKKU_CNB_EXPERIMENTAL",), "experimental": True}, "config:unset --no-restart --global"),
        ({"options": ("--env", "X=1")}, "--env"),
        ({"options": ("--env=X=1",)}, "--env=X=1"),
        ({"options": ("-eX=1",)}, "-eX=1"),
        ({"options": ("-v", "/a:/b")}, "-v"),
        ({"options": ("--mount", "type=bind")}, "--mount"),
        ({"options": ("--clear-cache",), "builder": "pack"}, "--clear-cache"),
        ({"options": ("--target=prod",)}, "--target"),
        ({"options": ("--pull=always",)}, "--pull"),
        ({"unknown": ("buildpacks",), "builder": "pack"}, "does not tell the buildpacks"),
        ({"unknown": ("config keys",), "builder": "herokuish"}, "does not tell the config keys"),
        ({"unknown": ("builder",), "builder": None}, "does not tell the builder"),
        ({"unknown": ("docker-options",), "builder": "nixpacks"}, "does not tell the docker-options"),
    ],
)
def test_what_cannot_be_gated_is_refused(changed: dict[str, object], why: str) -> None:
    assert why in (build_gate.unavailable(replace(PLAIN, **changed)) or "")


@pytest.mark.parametrize(
    "changed",
    [
        {"keys": ("DOKKU_CNB_EXPERIMENTAL",)},  # 0.38 does not read it
        {"options": ("--build-arg", "A=--target", "--label=x", "--pull=false", "-q"), "builder": "pack"},
        {"options": ("--newer-than-this",)},  # its own ordinary build takes it
        {"unknown": ("storage", "nginx")},
        # that a Dockerfile built what runs is known: what else was asked is a caution
        {"unknown": ("buildpacks",)},
        {"unknown": ("config keys", "the list of its config keys")},
        {"unknown": ("builder",)},
        {"unknown": ("docker-options",)},
        {"builder": "railpack"},
    ],
)
def test_what_is_harmless_is_not(changed: dict[str, object]) -> None:
    assert build_gate.unkeepable(replace(PLAIN, **changed)) is None


def test_what_changed_since_the_plan_is_named() -> None:
    planned = build_gate.seen(PLAIN, USUAL)
    assert build_gate.changes(planned, planned) == ()
    now = build_gate.seen(
        replace(PLAIN, selected="pack", unknown=("buildpacks",)), Checks(disabled="web", skipped="none")
    )
    assert build_gate.changes(planned, now) == (
        "builder selected was none, is pack",
        "checks was disabled none, skipped none, is disabled web, skipped none",
    )


def test_what_is_not_read_again_is_named_and_no_change() -> None:
    planned = build_gate.seen(PLAIN, USUAL)
    gaps = replace(PLAIN, unknown=("builder", "buildpacks", "docker-options", "config keys"))
    now = build_gate.seen(gaps, None)
    assert build_gate.changes(planned, now) == ()
    expected = ("builder selected", "buildpacks", "config keys that choose a builder", "build options", "checks")
    assert build_gate.unread(planned, now) == expected
    assert build_gate.unread(now, now) == ()


def test_what_was_unknown_when_it_was_planned_counts_where_it_would_have_changed_the_plan() -> None:
    planned = build_gate.seen(replace(PLAIN, unknown=("builder", "buildpacks", "config keys")), None)
    assert build_gate.changes(planned, build_gate.seen(PLAIN, USUAL)) == ()
    assert build_gate.changes(planned, build_gate.seen(replace(PLAIN, selected="dockerfile"), USUAL)) == ()
    now = replace(PLAIN, selected="pack", keys=("BUILDPACK_URL",))
    assert build_gate.changes(planned, build_gate.seen(now, USUAL)) == (
        "builder selected was unknown, is pack",
        "config keys that choose a builder was unknown, is BUILDPACK_URL",
    )


def test_giving_back_leaves_what_it_does_not_know() -> None:
    given = build_gate.restoring("a", (("newer", "x"), ("builder-selected", "")))
    assert given == (("builder:set", "a", "selected"),)
