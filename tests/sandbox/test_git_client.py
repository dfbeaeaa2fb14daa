"""The real git client against the sandbox's repositories: whatever it can do to a Dokku host it can do here."""

from __future__ import annotations

import gzip
import io
import tarfile
from pathlib import Path

import pytest

from tests.sandbox.gitclient import GitClient
from tests.sandbox.guest import Guest, go_back, keeping, source
from tui.sandbox.sandbox_process import World

BOTH = pytest.mark.parametrize("world", ["0.35.15", "0.38.27"], indirect=True)


@pytest.fixture
def git(world: World, tmp_path: Path) -> GitClient:
    return GitClient(world.about, tmp_path / "colleague")


async def metadata(guest: Guest, app: str = "scenextras") -> str:
    return (await guest.ok(f"apps:report {app} --app-deploy-source-metadata")).strip()


async def serves(guest: Guest, service: str = "api") -> str:
    return (await guest.get(service)).headers["x-release"]


async def slow_down(guest: Guest, command: str) -> None:
    """Leaves time to kill its client in the middle, also on a busy machine."""
    await guest.control("/fault", kind="slow_deploy", factor=5.0, when={"command_prefix": command})


def members(tar: bytes) -> dict[str, bytes]:
    with tarfile.open(fileobj=io.BytesIO(tar)) as opened:
        files = {entry.name: opened.extractfile(entry) for entry in opened.getmembers()}
    return {name: file.read() for name, file in files.items() if file is not None}


# --- reading


async def test_a_clone_is_whole_and_sound(guest: Guest, git: GitClient) -> None:
    clone = await git.clone("scenextras")
    assert (await git.git("fsck", "--strict", "--full", cwd=clone)).exit == 0
    log = (await git.text("log", "--format=%an: %s", cwd=clone)).splitlines()
    assert log[0] == "Boris Weber: Store thumbnails by key"
    assert len(log) == 6
    assert (clone / "VERSION").read_text() == "v1.5.0\n"
    assert await git.text("rev-parse", "HEAD", cwd=clone) == await metadata(guest)
    assert (await git.text("describe", "--tags", cwd=clone)) == "v1.5.0"


async def test_ls_remote_and_fetch_see_what_was_pushed_since(guest: Guest, git: GitClient) -> None:
    clone = await git.clone("scenextras")
    pushed = await guest.push("scenextras", source("v1.6.0"))
    listed = await git.text("ls-remote", git.remote("scenextras"), "refs/heads/main")
    assert listed.split() == [pushed.commit, "refs/heads/main"]
    await git.text("fetch", "--quiet", "origin", cwd=clone)
    assert await git.text("rev-parse", "origin/main", cwd=clone) == pushed.commit
    assert await git.text("show", "origin/main:VERSION", cwd=clone) == "v1.6.0"


async def test_partial_clones_are_whole_and_shallow_ones_can_push(guest: Guest, git: GitClient) -> None:
    """A filter is ignored with a warning, as on the recorded hosts."""
    partial = await git.git("clone", "--filter=blob:none", "--branch", "main", git.remote("scenextras"), "partial")
    assert partial.exit == 0, partial.err
    assert "warning: filtering not recognized by server, ignoring" in partial.err
    await git.text("clone", "--quiet", "--depth=1", "--branch=main", git.remote("scenextras"), "shallow")
    shallow = git.folder / "shallow"
    assert await git.text("rev-list", "--count", "HEAD", cwd=shallow) == "1"
    await git.commit(shallow, {"VERSION": "v1.6.0\n", "behaviour.json": "{}"})
    pushed = await git.git("push", "origin", "HEAD:main", cwd=shallow)
    assert pushed.exit == 0, pushed.err
    assert await serves(guest) == "v1.6.0"


async def test_a_missing_app_cannot_be_cloned(git: GitClient) -> None:
    missing = await git.git("clone", git.remote("nope"), "nope")
    assert missing.exit == 128
    assert "Could not read from remote repository" in missing.err


async def test_archive_holds_what_git_itself_would_put_there(guest: Guest, git: GitClient) -> None:
    names = (await guest.ok("apps:list")).splitlines()
    holder = next(name for name in names if name.startswith("scenextras--r4--"))
    clone = await git.clone(holder)
    for paths in ((), (".rollback",), (".rollback/Procfile", "Dockerfile")):
        theirs = await git.git("archive", f"--remote={git.remote(holder)}", "main", *paths)
        assert theirs.exit == 0, theirs.err
        ours = await git.git("archive", "main", *paths, cwd=clone)
        assert members(theirs.out) == members(ours.out)


async def test_archive_of_an_annotated_tag_can_be_compressed(git: GitClient) -> None:
    clone = await git.clone("scenextras")
    await git.text("tag", "--annotate", "--message", "marked", "marked", "v1.2.0", cwd=clone)
    assert (await git.git("push", "origin", "marked", cwd=clone)).exit == 0
    packed = await git.git("archive", "--format=tar.gz", f"--remote={git.remote('scenextras')}", "marked", "VERSION")
    assert packed.exit == 0, packed.err
    assert members(gzip.decompress(packed.out)) == {"VERSION": b"v1.2.0\n"}


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("main", "Procfile", "no-such-file"), "pathspec 'no-such-file' did not match any files"),
        (("no-such-branch", "Procfile"), "no such ref: no-such-branch"),
    ],
)
async def test_archive_of_what_is_not_there_is_refused_in_gits_words(
    git: GitClient, words: tuple[str, ...], said: str
) -> None:
    refused = await git.git("archive", f"--remote={git.remote('scenextras')}", *words)
    assert refused.exit != 0
    assert refused.out == b""
    assert said in refused.err


# --- pushing


@BOTH
async def test_the_whole_way_back_with_git_alone(guest: Guest, git: GitClient) -> None:
    """Keep what runs, a bad release, freeze, go back, CI's push while frozen, unfreeze: nothing but git and ssh."""
    old = (await git.ssh("version")).out == b"dokku version 0.35.15\n"
    team = await git.clone("scenextras")
    await git.commit(team, source("v1.6.0") | {"behaviour.json": "{}"})
    assert (await git.git("push", "--quiet", "origin", "HEAD:main", cwd=team)).exit == 0

    holder = "scenextras--r5--pre-deploy-20261123-231005"
    assert (await git.ssh("apps:create", holder)).exit == 0
    skip = (
        f"config:set --no-restart {holder} DOKKU_SKIP_DEPLOY=true DOKKU_SKIP_CLEANUP=true"
        if old
        else f"ps:set {holder} skip-deploy true"
    )
    assert (await git.ssh(skip)).exit == 0
    keeper = git.folder / "keeper"
    await git.text("init", "--quiet", "--initial-branch=main", "keeper")
    await git.commit(keeper, keeping("scenextras"))
    kept = await git.git("push", git.remote(holder), "HEAD:main", cwd=keeper)
    assert kept.exit == 0
    assert "-----> Skipping deployment" in kept.err
    assert (await git.ssh(f"git:set {holder} deploy-branch kept-do-not-build")).exit == 0

    await git.commit(team, {"VERSION": "v1.7.0\n", "behaviour.json": '{"health": "not_ready", "check": "ok"}'})
    bad = await git.git("push", "origin", "HEAD:main", cwd=team)
    assert bad.exit == 0, bad.err
    assert (await serves(guest), (await guest.get("api", "/healthcheck/ready")).json()) == (
        "v1.7.0",
        {"status": "starting"},
    )

    assert (await git.ssh("git:set scenextras deploy-branch frozen-by-inc1")).exit == 0
    await git.text("checkout", "--quiet", "-b", "way-back", cwd=team)
    await git.text("rm", "--quiet", "-r", ".", cwd=team)
    back = await git.commit(team, go_back(holder, "inc1.1"))
    pushed = await git.git("push", "origin", "way-back:frozen-by-inc1", cwd=team)
    assert pushed.exit == 0, pushed.err
    prefix = "remote: \x1b[1G" if old else "remote: "
    assert f"{prefix}=====> Application deployed:        \n" in pushed.err
    assert await serves(guest) == "v1.6.0"
    assert await metadata(guest) == back
    assert '"rollback.attempt": "inc1.1"' in await guest.ok("ps:inspect scenextras")

    await git.text("checkout", "--quiet", "main", cwd=team)
    await git.commit(team, {"VERSION": "v1.8.0\n", "behaviour.json": "{}"})
    frozen = await git.git("push", "origin", "HEAD:main", cwd=team)
    assert frozen.exit == 0
    assert "WARNING: deploy did not complete, you must push to frozen-by-inc1." in frozen.err
    assert await serves(guest) == "v1.6.0"
    assert (await git.ssh("ps:rebuild", holder)).exit == 1

    assert (await git.ssh("git:set scenextras deploy-branch main")).exit == 0
    again = await git.git("push", "origin", "HEAD:main", cwd=team)
    assert (again.exit, again.err) == (0, "Everything up-to-date\n")
    assert await serves(guest) == "v1.6.0"
    assert (await git.ssh("git:sync --build scenextras /home/dokku/scenextras main")).exit == 0
    assert await serves(guest) == "v1.8.0"


async def test_an_old_line_is_rejected_unless_forced(guest: Guest, git: GitClient) -> None:
    team = await git.clone("scenextras")
    tip = await metadata(guest)
    plain = await git.git("push", "origin", "HEAD~1:main", cwd=team)
    assert plain.exit == 1
    assert "! [rejected]" in plain.err
    assert await metadata(guest) == tip
    forced = await git.git("push", "--force", "origin", "HEAD~1:main", cwd=team)
    assert forced.exit == 0, forced.err
    assert await serves(guest) == "v1.4.0"
    assert await metadata(guest) == await git.text("rev-parse", "HEAD~1", cwd=team)


async def test_a_stale_lease_stops_before_anything_is_sent(guest: Guest, git: GitClient) -> None:
    team = await git.clone("scenextras")
    other = await guest.push("scenextras", source("v1.6.0"))
    await git.commit(team, {"VERSION": "v1.7.0\n"})
    stale = await git.git("push", "--force-with-lease", "origin", "HEAD:main", cwd=team)
    assert stale.exit == 1
    assert "(stale info)" in stale.err
    assert await metadata(guest) == other.commit


async def test_a_pack_with_deltas_against_what_the_server_has_is_understood(guest: Guest, git: GitClient) -> None:
    team = await git.clone("scenextras")
    long = "".join(f"line {number} of a long file\n" for number in range(5000))
    await git.commit(team, source("v1.6.0") | {"long.txt": long, "behaviour.json": "{}"})
    assert (await git.git("push", "--quiet", "origin", "HEAD:main", cwd=team)).exit == 0
    await git.commit(team, {"long.txt": long + "one more\n", "VERSION": "v1.7.0\n"})
    thin = await git.git("push", "--thin", "origin", "HEAD:main", cwd=team)
    assert thin.exit == 0, thin.err
    assert await serves(guest) == "v1.7.0"
    fresh = git.folder / "fresh"
    await git.text("clone", "--quiet", "--branch", "main", git.remote("scenextras"), "fresh")
    assert (fresh / "long.txt").read_text() == long + "one more\n"
    assert (await git.git("fsck", "--strict", "--full", cwd=fresh)).exit == 0


async def test_a_failed_deploy_declines_the_push_and_the_ref_stays(guest: Guest, git: GitClient) -> None:
    team = await git.clone("scenextras")
    tip = await metadata(guest)
    await git.commit(team, {"behaviour.json": '{"build_fails": true}'})
    failed = await git.git("push", "origin", "HEAD:main", cwd=team)
    assert failed.exit == 1
    assert "! [remote rejected] HEAD -> main (pre-receive hook declined)" in failed.err
    assert " !     App build failed" in failed.err
    assert (await guest.refs())["refs/heads/main"] == tip
    # What was refused never arrived: the same push sends its objects again and fails again.
    assert (await git.git("push", "origin", "HEAD:main", cwd=team)).exit == 1


async def test_tags_and_branches_travel_and_are_deleted_without_a_deploy(guest: Guest, git: GitClient) -> None:
    team = await git.clone("scenextras")
    tip = await metadata(guest)
    await git.text("tag", "seen", cwd=team)
    await git.text("tag", "--annotate", "--message", "marked", "marked", cwd=team)
    assert (await git.git("push", "origin", "seen", "marked", cwd=team)).exit == 0
    assert {"refs/tags/seen", "refs/tags/marked"} <= (await guest.refs()).keys()
    gone = await git.git("push", "origin", ":refs/tags/seen", cwd=team)
    assert gone.exit == 0, gone.err
    assert "refs/tags/seen" not in await guest.refs()
    assert (await metadata(guest), await serves(guest)) == (tip, "v1.5.0")


async def test_a_killed_git_push_runs_to_its_end_on_the_host(guest: Guest, git: GitClient) -> None:
    team = await git.clone("scenextras")
    commit = await git.commit(team, {"VERSION": "v1.6.0\n", "behaviour.json": "{}"})
    await slow_down(guest, "git-receive-pack")
    await git.killed_at(b"Building scenextras", "git", "push", "origin", "HEAD:main", cwd=team)
    assert (await guest.run("apps:locked scenextras")).out == "Deploy lock exists\n"
    await guest.until(metadata=commit, lock_file=False)
    assert await serves(guest) == "v1.6.0"
    assert (await guest.refs())["refs/heads/main"] == commit
    again = await git.git("push", "origin", "HEAD:main", cwd=team)
    assert (again.exit, again.err) == (0, "Everything up-to-date\n")


async def test_a_killed_ssh_deploy_dies_with_its_client_and_the_branch_has_moved(guest: Guest, git: GitClient) -> None:
    before = await guest.app()
    older = (await guest.refs())["refs/tags/v1.3.0"]
    sync = f"git:sync --build scenextras /home/dokku/scenextras {older}"
    await slow_down(guest, "git:sync")
    await git.killed_at(b"Building scenextras", "ssh", *git.ssh_options, "dokku@127.0.0.1", sync)
    after = await guest.until(lock_held=False)
    assert after["metadata"] == before["metadata"]
    assert after["refs"]["refs/heads/main"] == older
    assert await serves(guest) == "v1.5.0"
    call = next(call for call in (await guest.state())["commands"] if call["command"] == sync)
    assert (call["aborted"], call["exit"]) == (True, None)
    assert (await guest.run(sync)).exit == 0
    assert await serves(guest) == "v1.3.0"
