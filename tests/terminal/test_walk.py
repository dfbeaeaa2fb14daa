"""The newcomer's way: a terminal of 80 by 24, one command, the keyboard."""

import shlex
import sys
from pathlib import Path

from tests.sandboxes import running_sandbox
from tests.sshd import real_sshd
from tests.tmux import Tmux, tmux
from tui.cli.commands import game_day


def walk_to_the_watch(screen: Tmux) -> None:
    screen.sees("DOWN")
    screen.sees("release:4")
    screen.keys("R")
    assert "Service down, all users affected" in screen.sees("How bad is it?")
    screen.keys("Enter")
    plan = screen.sees("CHECKED")
    assert "[ Cancel ] [ Roll api back to release:4 ]" in plan
    screen.keys("Right", "Enter")
    screen.sees("left")


def test_from_the_first_command_to_a_finished_watch(tmp_path: Path) -> None:
    command = f"{sys.executable} -m tui sandbox --pace fast --watch 30s"
    with tmux(tmp_path, command, environ={"ROLLBACK_STATE_DIR": str(tmp_path / "state")}) as screen:
        walk_to_the_watch(screen)
        watching = screen.sees("INC")
        assert "LOGS api" in watching
        closed = screen.sees("RECOVERED", 60)
        assert "frozen until" in closed
        screen.keys("Enter")
        screen.gone("RECOVERED")
        screen.keys("q")
        assert screen.ended() == 0


def test_a_game_day_is_played_unseen_and_told_at_the_end(tmp_path: Path) -> None:
    seed = next(word for word in map(str, range(1000)) if game_day.drawn(word) == "bad-release")
    command = f"{sys.executable} -m tui sandbox --game-day {seed} --pace fast --watch 20s"
    with tmux(tmp_path, command, columns=100, environ={"ROLLBACK_STATE_DIR": str(tmp_path / "state")}) as screen:
        walk_to_the_watch(screen)
        assert "game day" not in screen.screen(), "nothing is told beforehand"
        screen.sees("RECOVERED", 60)
        screen.keys("Enter")
        screen.gone("RECOVERED")
        screen.keys("q")
        assert screen.ended() == 0
        told = screen.screen()
    assert f"game day {seed}: {game_day.TROUBLE['bad-release']}" in told, told
    assert "detect: " in told and "act: " in told and "prove: " in told, told
    assert "missed: " in told and "rollback unfreeze api" in told, "deploys are frozen still"
    assert f"rollback sandbox --game-day {seed}" in told
    assert not (tmp_path / "state" / "journal.sqlite").exists(), "nothing of it is in the journal of real incidents"


def test_over_ssh_the_link_is_cut_and_a_new_login_goes_on(tmp_path: Path) -> None:
    """The console is what a bastion's account runs; its user's link dies while the push is under way."""
    with running_sandbox(tmp_path / "box", pace="recorded") as box:
        state = tmp_path / "state"
        forced = (
            f"export ROLLBACK_STATE_DIR={shlex.quote(str(state))} LC_ALL=C.UTF-8\n"
            f"exec {sys.executable} -m tui --services {shlex.quote(box.services)} --watch 20s"
        )
        with real_sshd(tmp_path / "sshd", forced) as bastion:
            login = (
                f"ssh -tt -p {bastion.port} -i {bastion.identity} -o UserKnownHostsFile={bastion.known_hosts} "
                f"-o IdentitiesOnly=yes -F /dev/null {bastion.user}@127.0.0.1"
            )
            with tmux(tmp_path / "first", login) as screen:
                screen.sees("DOWN")
                screen.sees("release:4")
                for seen, *keys in (
                    ("DOWN", "R"), ("How bad is it?", "Enter"), ("CHECKED", "Right", "Enter"),
                ):  # fmt: skip
                    screen.sees(seen)
                    screen.keys(*keys)
                box.await_that(lambda app: bool(app["lock_held"]))
                screen.command("kill-session", "-t", "main")
            with tmux(tmp_path / "second", login) as screen:
                screen.sees("unfinished: api")
                screen.keys("5")
                offered = screen.sees("unfinished incidents")
                assert "rolling back" in offered or "uncertain" in offered
                screen.keys("Enter")
                screen.sees("left")
                screen.sees("RECOVERED", 90)
        assert box.serves() == "v1.4.0"
        assert len(box.sent("git-receive-pack 'scenextras'")) == 1
