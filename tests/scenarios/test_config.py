"""Config that changed since the target served: named in the plan, and its values nowhere on this machine."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.harness import local_sandbox
from tests.sandboxes import Done, Sandbox

APP = "scenextras-gateway"
OLD, NEW = "canary-old-8d1f", "canary-new-77ab"


@pytest.fixture(params=["0.35.15", "0.38.27"])
def box(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Sandbox]:
    with local_sandbox(tmp_path, dokku=request.param) as sandbox:
        yield sandbox


def setting(box: Sandbox, line: str) -> None:
    assert box.pull("command", command=f"config:{line}")["exit"] == 0


def plan(box: Sandbox) -> tuple[Done, dict[str, Any], list[str]]:
    done = box.run("gateway", "previous", "--plan", "--json")
    (look,) = (c for c in done.document["checked"] if c["name"] == "config")
    return done, look, [w["text"] for w in done.document["warnings"] if "config" in w["text"]]


def traces(box: Sandbox, *outputs: str) -> list[str]:
    """Where a value of the app's config can be read: outputs and every file this machine keeps."""
    found = [f"output {n}" for n, text in enumerate(outputs) if "canary" in text]
    for path in (p for p in box.state.rglob("*") if p.is_file()):
        if b"canary" in path.read_bytes():
            found.append(str(path))
    return found


def test_values_that_changed_since_it_served_are_named_and_stored_nowhere(box: Sandbox) -> None:
    setting(box, f"set --no-restart {APP} DATABASE_URL={OLD} STAYS={OLD} GOES={OLD}")
    outputs = [box.run("keep", "gateway", "--json"), box.run("status", "gateway", "--json")]
    box.pull("deploy", app=APP, version="v9.0.0", wait=True)
    setting(box, f"set --no-restart {APP} DATABASE_URL={NEW} COMES={NEW}")
    setting(box, f"unset --no-restart {APP} GOES")
    outputs += [box.run("status", "gateway"), box.run("gateway", "--list", "--json")]
    done, look, said = plan(box)
    assert look["result"] == "warning"
    words = "\n".join(said)
    assert "other values than when release" in words
    assert "DATABASE_URL (seen 20" in words
    assert "are gone since" in words
    assert "GOES (seen 20" in words
    assert "are new since" in words
    assert "COMES (seen 20" in words
    assert not any(name in words for name in ("STAYS", "GIT_REV", "APP_NAME", "DOKKU_"))
    back = box.run("gateway", "previous", "--yes", "--json")
    assert back.code == 0, back.stderr
    outputs += [done, back, box.run("check", "gateway", "--json"), box.run("incidents", "--json")]
    assert traces(box, *(text for o in outputs for text in (o.stdout, o.stderr))) == []
    key = box.state / "hash.key"
    assert key.stat().st_mode & 0o777 == 0o600


def test_unchanged_is_said_and_so_is_what_was_never_seen(box: Sandbox) -> None:
    _, look, said = plan(box)
    assert look["result"] == "unknown"
    assert "never saw release" in look["text"]
    assert any("is not known" in text for text in said)
    assert box.run("keep", "gateway").code == 0
    box.pull("deploy", app=APP, version="v9.0.0", wait=True)
    _, look, said = plan(box)
    assert (look["result"], said) == ("ok", [])


def test_looks_are_as_rare_as_the_minute_and_the_deploy_want(box: Sandbox) -> None:
    """A whole rollback with its watch reads them once, for the plan."""
    done = box.run("gateway", "previous", "--yes", "--watch", "60s", "--json")
    assert done.code == 0, done.stderr
    assert (
        len(box.sent(f"config:export --format json {APP}")) - len(box.sent(f"config:export --format json {APP}-")) == 1
    )
