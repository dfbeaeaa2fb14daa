"""Keeping releases on the sandbox: what is retained, what is refused, what is destroyed."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.harness import PATIENCE, LocalSandbox, local_sandbox
from tests.sandboxes import Sandbox

APP = "scenextras-gateway"
SEAL = "kept-do-not-build"


@pytest.fixture
def box(tmp_path: Path) -> Iterator[Sandbox]:
    with local_sandbox(tmp_path) as sandbox:
        yield sandbox


def holders(box: Sandbox, app: str = APP) -> list[str]:
    return sorted(name for name in box.look()["apps"] if name.startswith(f"{app}--r"))


def test_only_the_newest_stay_and_never_what_previous_would_take(box: Sandbox) -> None:
    box.run("keep", "gateway")
    oldest = holders(box)[0]
    box.pull("deploy", app=APP, version="v2.0.0", wait=True)
    done = box.run("keep", "gateway", "--json")
    assert done.code == 0, done.stderr
    assert len(holders(box)) == 5
    assert oldest not in holders(box)
    assert box.sent("apps:destroy") == [f"apps:destroy {oldest} --force"]


@pytest.mark.parametrize("dokku", ["0.35.15", "0.38.27"])
def test_a_sealed_holder_holds_what_its_name_says_after_everything(tmp_path: Path, dokku: str) -> None:
    with local_sandbox(tmp_path, dokku=dokku) as box:
        six_bad_deploys_and_all_that_a_host_does(box)


def six_bad_deploys_and_all_that_a_host_does(box: Sandbox) -> None:
    kept = box.run("keep", "gateway", "--json").document["items"][0]["release"]
    version = box.serves("gateway")
    content = next(i["version"] for i in box.look()["images"].values() if f"dokku/{kept['holder']}:latest" in i["tags"])
    assert content == version
    for number in range(6):
        sick = {"health": "503", "check": "ok"}
        done = box.pull("deploy", app=APP, version=f"v9.0.{number}", wait=True, behaviour=sick)
        assert "ok" in str(done["status"]), done
    box.pull("command", command="ps:rebuild --all")
    box.pull("retire", force=True)
    box.pull("restart_host")
    assert box.serves("gateway") == "v9.0.5"
    back = box.run("gateway", f"tag:{kept['tag']}", "--yes", "--json")
    assert back.code == 0, back.stderr
    assert box.serves("gateway") == version
    app = box.app(APP)
    assert [c["version"] for c in app["containers"] if c["id"] in app["current"].values()] == [version]
    assert app["metadata"] == back.document["checks"][0]["evidence"].rsplit(" ", 1)[1]


def test_what_is_not_known_to_run_is_not_kept(box: Sandbox) -> None:
    before = holders(box)
    box.pull("fault", kind="fail_next_deploy", mode="check", app=APP)
    box.pull("deploy", app=APP, version="v2.0.0", wait=True)
    done = box.run("keep", "gateway", "--json")
    assert done.code == 3, done.stderr
    assert "was tried after it" in done.document["items"][0]["error"]["message"]
    assert holders(box) == before


def test_an_image_that_was_started_by_its_tag_is_not_kept_as_the_latest(tmp_path: Path) -> None:
    """A holder is filled from `:latest`; after `tags:deploy` another image runs, and no report of Dokku says so."""
    with local_sandbox(tmp_path, dokku="plugins") as box:
        before = holders(box, "scenextras")
        tag = next(i["tag"] for i in box.run("api", "--list", "--json").document["items"] if i["tag"])
        assert box.pull("command", command=f"tags:deploy scenextras {tag}")["exit"] == 0
        done = box.run("keep", "api", "--json")
        assert (done.code, holders(box, "scenextras")) == (3, before), done.stdout
        assert f"dokku/scenextras:{tag}" in done.document["items"][0]["error"]["message"]


def test_a_rebuild_that_failed_is_not_kept_where_the_host_tells_of_it(tmp_path: Path) -> None:
    """Of the same commit, so metadata and GIT_REV agree; but `:latest` is the image that failed."""
    with local_sandbox(tmp_path, dokku="0.38.27") as box:
        before = holders(box)
        box.pull("fault", kind="fail_next_deploy", mode="check", app=APP)
        assert box.pull("command", command=f"ps:rebuild {APP}")["exit"] == 1
        done = box.run("keep", "gateway", "--json")
        assert (done.code, holders(box)) == (3, before), done.stdout
        assert "the last deploy" in done.document["items"][0]["error"]["message"]


def pushes_to_another_branch(box: Sandbox) -> None:
    box.pull("deploy", app=APP, version="v9.9.9", branch="feature", wait=True)


def names_an_image_that_is_nowhere(box: Sandbox) -> None:
    assert box.pull("command", command=f"git:from-image {APP} team/gateway:nope")["exit"] == 1


def is_refused_by_a_lock(box: Sandbox) -> None:
    box.pull("fault", kind="hold_lock", app=APP)
    assert box.pull("command", command=f"ps:rebuild {APP}")["exit"] == 1
    box.pull("faults/clear")


@pytest.mark.parametrize("attempt", [pushes_to_another_branch, names_an_image_that_is_nowhere, is_refused_by_a_lock])
def test_an_attempt_that_built_nothing_is_no_reason_not_to_keep(
    tmp_path: Path, attempt: Callable[[Sandbox], None]
) -> None:
    """0.38 writes each of these down as a build that was abandoned."""
    with local_sandbox(tmp_path, dokku="0.38.27") as box:
        attempt(box)
        assert "abandoned" in str(box.pull("command", command=f"builds:list {APP}")["stdout"])
        done = box.run("keep", "gateway")
        assert done.code == 0, done.stderr


@pytest.mark.parametrize("dokku", ["0.35.15", "0.38.27"])
def test_the_commit_that_was_tried_is_read_where_the_team_has_it_written(tmp_path: Path, dokku: str) -> None:
    with local_sandbox(tmp_path, dokku=dokku) as box:
        box.pull("command", command=f"git:set {APP} rev-env-var COMMIT_SHA")
        box.pull("deploy", app=APP, version="v2.0.0", wait=True)  # GIT_REV is that of the deploy before
        (found,) = box.run("status", "gateway", "--json").document["items"]
        assert found["restart_risk"] is None
        done = box.run("keep", "gateway")
        assert done.code == 0, done.stderr
        box.pull("command", command=f"git:set {APP} rev-env-var")
        box.pull("deploy", app=APP, version="v3.0.0", wait=True)
        done = box.run("keep", "gateway")
        assert done.code == 3 and "rev-env-var GIT_REV" in done.stderr, done.stderr


def test_a_holder_that_was_deployed_all_the_same_is_stopped_and_named(tmp_path: Path) -> None:
    with local_sandbox(tmp_path, pace="0.25", speed=5) as box:
        box.pull("fault", kind="slow_command", when={"command_prefix": f"git-receive-pack '{APP}--r"}, seconds=3)
        running = box.begin("keep", "gateway")
        box.await_sent(f"config:set --no-restart {APP}--r", running)
        (new,) = (n for n in holders(box) if "--r5--" in n)
        box.pull("command", command=f"config:unset --no-restart {new} DOKKU_SKIP_DEPLOY")
        _, err = running.communicate(timeout=100)
        assert running.returncode == 5, err
        assert f"{new} was deployed" in err
        assert [c["status"] for c in box.app(new)["containers"] if c["status"] == "running"] == []


def test_an_app_whose_deploy_is_running_is_not_kept(box: Sandbox) -> None:
    before = holders(box)
    box.pull("fault", kind="hold_lock", app=APP)
    done = box.run("keep", "gateway")
    assert done.code == 3
    assert "a deploy" in done.stderr
    assert holders(box) == before


def test_a_deploy_in_the_middle_of_a_keep_leaves_no_holder(tmp_path: Path) -> None:
    with local_sandbox(tmp_path, pace="0.25", speed=5) as box:
        before = holders(box)
        running = box.begin("keep", "gateway")
        box.await_sent(f"config:set --no-restart {APP}--r", running)
        box.pull("deploy", app=APP, version="v2.0.0", wait=False)
        _, err = running.communicate(timeout=100)
        assert running.returncode == 3, err
        assert "changed while it was kept" in err or "a deploy is running" in err
        assert holders(box) == before


def test_keep_and_back_on_the_newer_dokku(tmp_path: Path) -> None:
    with local_sandbox(tmp_path, dokku="0.38.27") as box:
        assert box.run("api", "previous", "--yes").code == 0
        assert box.serves() == "v1.4.0"
        kept = box.run("keep", "gateway", "--json")
        assert kept.code == 0, kept.stderr
        version = box.serves("gateway")
        box.pull("deploy", app=APP, version="v2.0.0", wait=True)
        back = box.run("gateway", "previous", "--yes", "--json")
        assert back.code == 0, back.stderr
        assert box.serves("gateway") == version
        assert box.run("check").code in (0, 3)


def kept_items(box: Sandbox, *words: str) -> list[dict[str, object]]:
    done = box.run("keep", *words, "--json")
    assert done.code in (0, 9), done.stderr
    items: list[dict[str, object]] = done.document["items"]
    return items


def test_two_keeps_at_once_make_one_holder(tmp_path: Path) -> None:
    with local_sandbox(tmp_path, pace="0.25", speed=5) as box:
        before = holders(box)
        both = [box.begin("keep", "gateway", "--json") for _ in range(2)]
        ends = [(one.communicate(timeout=100), one.returncode) for one in both]
        assert sorted(code for _, code in ends) == [0, 9], ends
        new = [name for name in holders(box) if name not in before]
        assert len(new) == 1
        assert box.app(new[0])["properties"]["git-deploy-branch"] == SEAL


def test_what_a_keep_that_died_left_behind_is_no_way_back_and_is_made_anew(box: Sandbox) -> None:
    left = f"{APP}--r5--pre-deploy-20260101-000000"
    running = box.app(APP)["metadata"]
    box.pull("command", command=f"apps:create {left}")
    pairs = f"ROLLBACK_SCHEMA=1 ROLLBACK_RELEASE=5 ROLLBACK_COMMIT={running}"
    box.pull("command", command=f"config:set --no-restart {left} {pairs}")
    (item,) = kept_items(box, "gateway")
    assert item["error"] is None
    assert left not in holders(box)
    (new,) = (n for n in holders(box) if box.app(n)["config"].get("ROLLBACK_COMMIT") == running)
    assert box.app(new)["properties"]["git-deploy-branch"] == SEAL


def test_what_was_never_deployed_is_not_kept(box: Sandbox) -> None:
    box.pull("remove_app", app=APP)
    box.pull("command", command=f"apps:create {APP}")
    before = holders(box)
    done = box.run("keep", "gateway", "--json")
    assert done.code == 3, done.stderr
    assert "never deployed" in done.document["items"][0]["error"]["message"]
    assert holders(box) == before


def test_every_service_is_kept_from_cron_though_one_cannot_be(box: Sandbox) -> None:
    box.pull("fault", kind="hold_lock", app=APP)
    done = box.run("keep", "--all", "--json")
    assert done.code == 3, done.stderr
    items = {item["service"]: item for item in done.document["items"]}
    failed = {name: item["error"]["code"] for name, item in items.items() if item["error"]}
    assert failed == {"search": "already-there", "gateway": "refused"}
    assert len(items) == 4


def test_a_holder_whose_image_was_removed_by_hand_is_refused_before_anything_is_sent(box: Sandbox) -> None:
    items = kept_items(box, "gateway")
    release = items[0]["release"]
    assert isinstance(release, dict)
    box.pull("deploy", app=APP, version="v2.0.0", wait=True)
    box.pull("remove_image", app=release["holder"])
    done = box.run("gateway", release["name"], "--yes", "--json")
    assert done.code == 3, done.stderr
    assert "its image is gone from the host" in done.document["error"]["message"]
    assert (box.serves("gateway"), box.sent("git:set scenextras-gateway deploy-branch")) == ("v2.0.0", [])
    plan = box.run("gateway", "previous", "--plan", "--json").document
    assert plan["to"]["number"] == release["number"] - 1
    assert any("its image is gone" in skipped["reason"] for skipped in plan["skipped"])


def test_nothing_is_destroyed_while_an_incident_is_open(box: Sandbox) -> None:
    oldest = holders(box)[0]
    box.pull("command", command=f"apps:create {APP}--incident")
    box.pull("deploy", app=APP, version="v2.0.0", wait=True)
    for number in range(3):
        assert box.run("keep", "gateway").code == 0
        box.pull("deploy", app=APP, version=f"v2.0.{number}", wait=True)
    assert oldest in holders(box)
    assert not box.sent("apps:destroy")
    refused = box.run("keep", "gateway", "--remove-all", "--yes", "--json")
    assert refused.code == 8, refused.stderr
    assert oldest in holders(box)


def test_everything_is_taken_away_only_after_a_yes_and_only_what_is_ours(tmp_path: Path) -> None:
    with local_sandbox(tmp_path, speed=1) as box:  # what was made a moment ago is somebody's: moments are real here
        stranger = f"{APP}--r9--pre-deploy-20260101-000000"
        box.pull("command", command=f"apps:create {stranger}")
        box.pull("command", command=f"config:set --no-restart {stranger} OWNER=ann")
        before = holders(box)
        asked = box.run("keep", "gateway", "--remove-all")
        assert (asked.code, holders(box)) == (3, before)
        assert all(name in asked.stderr for name in before)
        done = box.run("keep", "gateway", "--remove-all", "--yes", "--json")
        assert done.code == 5, "not 3: the others are gone"
        (item,) = done.document["items"]
        assert item["stays"][0]["app"] == stranger
        assert "4 of 5 are gone" in item["error"]["message"]
        assert holders(box) == [stranger]
        assert box.serves("gateway")


def test_a_frozen_app_keeps_its_record(box: Sandbox) -> None:
    assert box.run("freeze", "gateway", "--yes").code == 0
    done = box.run("keep", "gateway", "--remove-all", "--yes")
    assert done.code == 3
    assert "rollback unfreeze gateway" in done.stderr
    assert f"{APP}--incident" in box.look()["apps"]


# ── a keep that fails: nothing is left, or it is named ───────────────────────────────────────────────────────────────


@pytest.fixture
def here(tmp_path: Path) -> Iterator[LocalSandbox]:
    """In this process, under a clock that does not wait."""
    with local_sandbox(tmp_path) as sandbox:
        yield sandbox


NEW = f"{APP}--r5"


def test_a_keep_that_fails_takes_its_holder_away_again(here: Sandbox) -> None:
    before = holders(here)
    here.pull("fault", kind="fail_command", when={"command_prefix": f"git:set {NEW}"}, stderr=" !     no")
    done = here.run("keep", "gateway", "--json")
    assert (done.code, holders(here)) == (3, before), done.stderr
    assert "what was begun is undone" in done.document["items"][0]["error"]["message"]


def test_a_holder_that_cannot_be_taken_away_again_is_named_with_what_does_it(here: Sandbox) -> None:
    here.pull("fault", kind="fail_command", when={"command_prefix": f"git-receive-pack '{NEW}"})
    here.pull("fault", kind="fail_command", when={"command_prefix": f"apps:destroy {NEW}"})
    done = here.run("keep", "gateway", "--json")
    (half,) = (name for name in holders(here) if name.startswith(NEW))
    assert done.code == 5, done.stderr
    error = done.document["items"][0]["error"]
    assert half in error["message"]
    assert error["fix"] == "rollback keep gateway"
    assert here.run(*error["fix"].split()[1:]).code == 0
    assert half not in holders(here)


def test_a_holder_whose_creation_was_cut_off_is_taken_away_once_it_came(here: Sandbox) -> None:
    before = holders(here)
    when = {"command_prefix": f"apps:create {NEW}"}
    here.pull("fault", kind="drop_connection", when=when)
    here.pull("fault", kind="slow_command", when=when, seconds=2)
    done = here.run("keep", "gateway", "--json")
    assert (done.code, holders(here)) == (3, before), done.stderr


def test_what_is_sealed_is_kept_whatever_cannot_be_read_afterwards(here: Sandbox) -> None:
    here.pull("fault", kind="fail_command", when={"command_prefix": f"config:export --format json {NEW}"})
    (item,) = kept_items(here, "gateway")
    assert item["error"] is None
    release = item["release"]
    assert isinstance(release, dict)
    assert release["number"] == 5


def test_what_is_kept_already_is_so_though_its_time_cannot_be_noted(here: Sandbox) -> None:
    here.pull("fault", kind="fail_command", when={"command_prefix": "config:set --no-restart"}, stderr=" !     no")
    assert here.run("keep", "search").code == 9, "it is kept all the same"


@pytest.mark.parametrize("app", ["acme-customer-portal-production-eu-west", "shop.acme.example"])
def test_an_app_whose_name_is_long_or_a_domain_is_kept_and_comes_back(box: Sandbox, app: str) -> None:
    box.pull("app", name=app, builder="pack")
    services = Path(box.services)
    services.write_text(services.read_text().replace("patience: 12s", f"patience: {PATIENCE}"))
    kept = box.run("keep", app, "--json")
    assert kept.code == 0, kept.stderr
    assert box.run("keep", app).code == 9, "known as its own"
    holder = kept.document["items"][0]["release"]["holder"]
    assert len(holder) <= 63 and holder.startswith(app[:17])
    sick = box.pull("deploy", app=app, version="v2.0.0", behaviour={"error_rate": 1.0}, wait=True)
    assert sick["status"] == "ok", sick
    listed = box.run(app, "--list")
    assert "release:1" in listed.stdout and "kept" in listed.stdout, listed.stderr
    done = box.run(app, "previous", "--yes", "--json")
    assert (done.code, box.app(app)["serves"]) == (0, "v1.0.0"), done.stderr
    assert box.run("unfreeze", app, "--yes").code == 0
