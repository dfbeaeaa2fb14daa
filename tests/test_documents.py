"""Documents are held to the code: every room is on the map, every word has a place, the diagram is the table's."""

import re
from collections import Counter
from pathlib import Path

import pytest

from tui.incident.transitions import allowed
from tui.model.command_words import COMMANDS

TUI = Path(__file__).parents[1] / "tui"
GUIDE = (TUI / "README.md").read_text()
MAP = (TUI / "__init__.py").read_text()
README = (TUI.parent / "README.md").read_text()
PAGES = {path.stem: path.read_text() for path in sorted((TUI / "help").glob("*.md"))}


def rooms() -> list[str]:
    found = [p for p in sorted(TUI.iterdir()) if p.is_dir() or p.suffix == ".py"]
    return [f"{p.name}/" if p.is_dir() else p.name for p in found if not p.name.startswith("__")]


def section(title: str) -> str:
    return GUIDE.split(f"\n## {title}\n")[1].split("\n## ")[0]


@pytest.mark.parametrize("room", rooms())
def test_every_room_is_on_the_map(room: str) -> None:
    assert f"| `{room}` |" in section("The map")
    assert room == "help/" or f"\n    {room.removesuffix('.py')} " in MAP, "the docstring of `tui`"


def test_the_diagram_is_drawn_from_the_table() -> None:
    assert f"```mermaid\n{allowed.diagram()}\n```" in GUIDE, "write what `allowed.diagram()` returns"


def test_every_word_of_the_glossary_has_one_meaning_and_a_place() -> None:
    rows = re.findall(r"^\| (\w+) \| ([^|]+) \| `([\w/.]+)` \|$", section("Glossary"), re.MULTILINE)
    assert len(rows) > 15
    assert len({word for word, _, _ in rows}) == len(rows)
    assert [place for _, _, place in rows if not (TUI / place).exists()] == []


@pytest.mark.parametrize("document", [GUIDE, "\n".join(PAGES.values())], ids=["guide", "pages"])
def test_files_that_are_named_exist(document: str) -> None:
    named = set(re.findall(r"`((?:tui|tests)/[\w/]+(?:\.\w+)?/?)`", document))
    assert named
    assert [one for one in sorted(named) if not (TUI.parent / one).exists()] == []


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_is_documented(command: str) -> None:
    assert re.search(rf"rollback (?:[\w./-]+ )*{command}\b", PAGES["commands"]), f"nothing of `rollback {command}`"


def test_every_page_is_linked_at_the_door_and_every_link_leads_somewhere() -> None:
    at_the_door = set(re.findall(r"\]\(tui/help/([\w-]+)\.md\)", README))
    assert at_the_door == set(PAGES)
    for folder, text in ((TUI.parent, README), (TUI, GUIDE), *((TUI / "help", text) for text in PAGES.values())):
        links = re.findall(r"\]\(([^)#:]+)\)", text)
        assert [one for one in links if not (folder / one).exists()] == []


def test_the_door_is_read_in_a_few_minutes() -> None:
    assert len(README.splitlines()) <= 130
    assert [page for page in re.findall(r"rollback help ([a-z-]+)", README) if page not in PAGES] == []


def test_a_surprising_line_names_the_one_test_that_explains_it() -> None:
    marks = [
        (str(path.relative_to(TUI)), name)
        for path in sorted(TUI.rglob("*.py"))
        for name in re.findall(r"^ *# explained by (\w+)$", path.read_text(), re.MULTILINE)
    ]
    found = Counter(
        name
        for path in Path(__file__).parent.rglob("test_*.py")
        for name in re.findall(r"^(?:async )?def (test_\w+)\(", path.read_text(), re.MULTILINE)
    )
    assert len(marks) > 10
    assert [(path, name) for path, name in marks if found[name] != 1] == []
