"""A service of several apps or hosts: each part is a service by the name that tells it from the others."""

from pathlib import Path

import pytest

from tests.config.fleets import load_text, problems

HOSTS = "version: 1\nhosts:\n  east: {ssh: dokku@east.example}\n  west: {ssh: dokku@west.example}\nservices:\n"


@pytest.mark.parametrize(
    ("written", "places"),
    [
        ("app: api, parts: [{host: east}, {host: west}]", {"x.east": ("east", "api"), "x.west": ("west", "api")}),
        ("host: east, parts: [{app: a}, {app: b}]", {"x.a": ("east", "a"), "x.b": ("east", "b")}),
        (
            "host: east, parts: [{app: a}, {app: b}, {app: a, host: west}]",
            {"x.a.east": ("east", "a"), "x.b": ("east", "b"), "x.west": ("west", "a")},
        ),
    ],
)
def test_a_part_is_named_by_what_tells_it_from_the_others(
    tmp_path: Path, written: str, places: dict[str, tuple[str, str]]
) -> None:
    fleet = load_text(f"{HOSTS}  x: {{title: Shop, order: 7, {written}}}\n  y: {{host: west, app: y}}\n", tmp_path)
    parts = fleet.parts("x")
    assert {s.name: (s.host, s.app) for s in parts} == places
    assert {(s.part_of, s.order) for s in parts} == {("x", 7)}
    assert all(s.title.startswith("Shop: ") for s in parts)
    assert [s.name for s in fleet.services if not s.part_of] == ["y"]
    assert fleet.parts("y") == fleet.parts("") == ()


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("parts: [{host: east, app: a}]", "names fewer than two"),
        ("parts: []", "names fewer than two"),
        ("parts: [{host: east}, {host: west}]", "app is missing, here and in the service"),
        ("parts: [{app: a}, {app: b}]", "host is missing, here and in the service"),
        ("app: a, parts: [{host: east}, {host: east}]", "names the same app on the same host twice"),
        ("app: a, parts: [{host: east}, {host: north}]", "'north' is no host of this file"),
        ("app: a, parts: [{host: east}, {host: west, hots: 1}]", "hots"),
        ("app: y, parts: [{host: east}, {host: west}]", "'y' is already the app of"),
        ("host: east", "app is missing"),
    ],
)
def test_what_is_wrong_with_parts_is_said(tmp_path: Path, written: str, said: str) -> None:
    found = problems(f"{HOSTS}  y: {{host: west, app: y}}\n  x: {{{written}}}\n", tmp_path)
    assert any(said in text for _, text in found), found


def test_a_part_may_not_be_called_like_another_service(tmp_path: Path) -> None:
    text = f"{HOSTS}  x: {{app: a, parts: [{{host: east}}, {{host: west}}]}}\n  x.east: {{host: west, app: b}}\n"
    assert any("would be called 'x.east'" in said for _, said in problems(text, tmp_path))


def test_one_host_under_two_names_is_one_host(tmp_path: Path) -> None:
    again = HOSTS.replace("services:", "  again: {ssh: dokku@EAST.example}\nservices:")
    ((line, said),) = problems(f"{again}  x: {{host: east, app: a}}\n  y: {{host: again, app: a}}\n", tmp_path)
    assert (line, said) == (
        8,
        "services.y.app: 'a' is already the app of 'x': the hosts east and again are one, dokku@east.example",
    )
    assert load_text(f"{again}  x: {{host: east, app: a}}\n  y: {{host: again, app: b}}\n", tmp_path).services
    assert load_text(f"{HOSTS}  x: {{host: east, app: a}}\n  y: {{host: west, app: a}}\n", tmp_path).services
