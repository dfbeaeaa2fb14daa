"""A person's own keys and theme: what the file may say, and that nothing in it means two things or shuts anybody in."""

from pathlib import Path

import pytest

from tests.console.scenes import started
from tui.config import console_file
from tui.config.console_file import ConsoleFile
from tui.config.reading import ServicesError
from tui.console import actions_and_keys
from tui.console.rebinding import BEGINS, keymap


def written(folder: Path, text: str) -> dict[str, str]:
    file = folder / "console.yaml"
    file.write_text(text)
    return {console_file.VARIABLE: str(file)}


def refused(folder: Path, text: str) -> str:
    with pytest.raises(ServicesError) as error:
        keymap(console_file.read(written(folder, text)))
    return error.value.message


def test_no_file_is_no_problem_but_a_named_one_that_is_missing_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    assert console_file.read({}) == ConsoleFile()
    with pytest.raises(ServicesError, match="cannot be read"):
        console_file.read({console_file.VARIABLE: str(tmp_path / "none.yaml")})


def test_what_it_says_is_read(tmp_path: Path) -> None:
    environ = written(tmp_path, "theme: light\nmouse: false\nkeys:\n  roll-back: [f5, ctrl+r]\n  log.search: ','\n")
    found = console_file.read(environ)
    assert (found.theme, found.mouse, found.path) == ("light", False, environ[console_file.VARIABLE])
    assert keymap(found) == {"roll-back": "f5,ctrl+r", "log.search": "comma"}
    assert console_file.read(written(tmp_path, "")).theme == "terminal"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("theme: dark\n", "1: theme: 'dark' is no theme: one of terminal, light, high-contrast, colour-blind"),
        ("mouse: maybe\n", "1: mouse: 'maybe': true or false"),
        ("them: light\n", "1: them"),
        ("keys:\n  rollback: R\n", "2: keys.rollback: there is no such action"),
        ("keys:\n  zoom: escape\n", "2: keys.zoom: escape is taken for good"),
        ("keys:\n  close: x\n", "2: keys.close: there is no such action"),
        ("keys:\n  zoom: ''\n", "2: keys.zoom: no key"),
        ("keys:\n  zoom: zz top\n", "2: keys.zoom: 'zz top' is no key"),
        ("keys:\n  zoom: a\n", "2: keys.zoom: a is timeline's: give one of them another key"),
        ("keys:\n  log.wrap: z\n", "2: keys.log.wrap: z is zoom's"),
        ("keys:\n  zoom: x\n  help: x\n", "2: keys.zoom: x is help's (line 3)"),
        ("keys:\n  roll-back: x\n", "2: keys.roll-back: x: this begins what may change a host: a capital letter"),
        ("keys: R\n", "1: keys: actions with their keys"),
        ("[1, 2]\n", "1:"),
        ("theme: [light]\n", "1: theme"),
        ("keys: {zoom: [a", "is no YAML"),
        ("\x00", "no YAML"),
    ],
)
def test_what_cannot_be_is_refused_with_line_key_and_fix(tmp_path: Path, text: str, said: str) -> None:
    message = refused(tmp_path, text)
    assert said in message and "console.yaml" in message


def test_two_actions_may_change_places_and_panels_may_share_a_key(tmp_path: Path) -> None:
    assert keymap(console_file.read(written(tmp_path, "keys:\n  zoom: r\n  ask-again: z\n")))
    assert keymap(console_file.read(written(tmp_path, "keys:\n  log.wrap: b\n")))


def test_every_action_that_begins_a_change_is_known_by_its_name() -> None:
    names = {actions_and_keys.identity(a) for a in actions_and_keys.ACTIONS}
    assert names >= BEGINS
    everywhere = [a for a in actions_and_keys.ACTIONS if a.where == actions_and_keys.EVERYWHERE and a.keys.isalpha()]
    capitals = {actions_and_keys.identity(a) for a in everywhere if a.keys.isupper()}
    assert capitals == BEGINS


async def test_the_keys_of_a_person_work_and_are_the_ones_that_are_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ROLLBACK_STATE_DIR", str(tmp_path))
    found = keymap(console_file.read(written(tmp_path, "keys:\n  logs: x\n  services.order: v\n  roll-back: f5\n")))
    async with started(tmp_path, (80, 24)) as scene:
        app = scene.app
        app.set_keymap(found)
        said = await scene.settle()
        assert " x Logs" in said and " F5 Roll back" in said and " R Roll back" not in said
        await scene.pilot.press("R")
        assert not app.frame.panels.work
        await scene.pilot.press("v")
        assert app.frame.board.arrangement.order == "trouble"
        await scene.pilot.press("x")
        assert app.keyboard.at is app.frame.logs
        await scene.pilot.press("f5")
        await scene.until(lambda: app.frame.panels.work, "opened")
        # the mouse: a hint is as good as its key, a click on a choice moves, a second one takes a harmless one
        await scene.settle()
        hint = (await scene.settle()).splitlines()[-1]
        await scene.pilot.click("#hint", offset=(hint.index("Close"), 0))
        await scene.until(lambda: not app.frame.panels.work, "closed by a click")
