"""What built what runs, from what real containers and hosts tell of themselves."""

import json

import pytest

from tests.dokku.builder_recordings import CONTAINERS
from tui.dokku import builders, reports
from tui.model.observation import Container


def inspected(kind: str) -> tuple[Container, ...]:
    path, labels = CONTAINERS[kind]
    found = {
        "Id": "a" * 64,
        "Name": "/b-hk.web.1",
        "Path": path,
        "State": {"Running": True},
        "Config": {"Labels": labels, "Cmd": ["web"], "Image": "dokku/b-hk:latest"},
    }
    return reports.ps_inspect(json.dumps([found]).encode())


@pytest.mark.parametrize(
    ("kind", "told", "builder"),
    [
        ("herokuish", "herokuish", "herokuish"),
        ("herokuish", None, "herokuish"),
        ("herokuish, back", "dockerfile", "herokuish"),
        ("pack", "pack", "pack"),
        ("pack, worker", None, "pack"),
        ("pack, back", "dockerfile", "pack"),
        ("nixpacks, 0.35", "nixpacks", "nixpacks"),
        ("nixpacks, 0.38", "nixpacks", "nixpacks"),
        ("railpack", "railpack", "railpack"),
        ("dockerfile", "dockerfile", "dockerfile"),
        ("dockerfile", "herokuish", "dockerfile"),
    ],
)
def test_the_builder_of_what_runs(kind: str, told: str | None, builder: str) -> None:
    assert builders.of_app(inspected(kind), told) == builder


def test_without_a_container_the_host_is_believed_and_two_builders_are_none() -> None:
    assert builders.of_app((), "pack") == "pack"
    assert builders.of_app((), None) is None
    assert builders.of_app((*inspected("pack"), *inspected("railpack")), "pack") is None


def test_a_predeploy_is_told_by_the_container() -> None:
    assert inspected("herokuish")[0].predeploy
    assert not inspected("pack")[0].predeploy
