"""Database migrations between two source trees: which tool, up to where the target knows them, what lies between, and
the command that takes them back. It is for people, before the newer release is left, because only that release has the
files that undo them; nothing in here is ever run by this console.
"""

import posixpath
import re
from collections import defaultdict
from collections.abc import Mapping
from graphlib import CycleError, TopologicalSorter

from tui.model.commit_range import Migrated, SourceTree
from tui.text.clean import clean_line
from tui.ways.migration_tools import Tool, ToUndo, folder_of, root_of, text_of, tool_of
from tui.ways.migration_undo import Migration, readable

SHORT = 160
"""characters of a name that are shown"""
_MAYBE = re.compile(r"migrat|versions/|drizzle/|\.sql$|(?:^|/)\d+_[\w-]+\.go$", re.IGNORECASE)
_TEMPLATE = "/script.py.mako"
"""of Alembic: what lies beside it are migrations, however the folder is called"""
_SAFE = re.compile(r"[\w./-]+", re.ASCII)
"""names that may become part of a command: they come out of a repository, and are pasted by people"""


def compare(leaving: SourceTree, target: SourceTree) -> tuple[Migrated, ...]:
    """The migrations between the release that is left and the one to go back to, one for each tool and folder."""
    newer, older = _all(leaving), _all(target)
    found: list[Migrated] = []
    for key in sorted(newer.keys() | older.keys(), key=lambda key: (key[0].name, key[1])):
        one = _between(*key, newer.get(key, {}), older.get(key, {}), leaving, target)
        if one is not None:
            found.append(one)
    return tuple(found)


Revisions = Mapping[str, str]
"""revision → path"""


def _all(tree: SourceTree) -> dict[tuple[Tool, str], dict[str, str]]:
    found: dict[tuple[Tool, str], dict[str, str]] = defaultdict(dict)
    beside = tuple(path.removesuffix(_TEMPLATE[1:]) for path in tree.files if path.endswith(_TEMPLATE))
    for path in sorted(p for p in tree.files if _MAYBE.search(p) or p.startswith(beside)):
        known = tool_of(tree, path)
        if known is None:
            continue
        tool, revision = known
        folder = folder_of(path)
        if path.endswith(("/migration.sql", "/up.sql")):
            folder = folder_of(folder)
        if tool.name == "Alembic":
            named = re.search(r"^revision\b[^=\n]*=\s*[\"']([^\"']+)", text_of(tree, path), re.MULTILINE)
            revision = named[1] if named else revision
        found[tool, folder][revision] = path
    return found


def _between(
    tool: Tool, folder: str, new: Revisions, old: Revisions, leaving: SourceTree, target: SourceTree
) -> Migrated | None:
    added = [Migration(rev, new[rev], text_of(leaving, new[rev])) for rev in new.keys() - old.keys()]
    gone = sorted(old.keys() - new.keys(), key=lambda rev: _key(tool, rev))
    if tool.name == "Django":
        added, gone = _without_squashed(added, gone, old)
    added.sort(key=lambda one: _key(tool, one.revision))
    if tool.name in _CHAINED:
        added = _by_parents(tool, added)
    changed = [new[r] for r in new.keys() & old.keys() if leaving.files[new[r]] != target.files.get(old[r])]
    if not (added or gone or changed):
        return None
    known = (
        _heads(tool, old, target) if tool.name == "Alembic" else max(old, key=lambda rev: _key(tool, rev), default=None)
    )
    mixed = known is not None and any(_key(tool, one.revision) < _key(tool, known) for one in added)
    forward = tuple(_name(one.path) for one in added if not (readable(one.text) and tool.undoes(one, leaving)))
    commands: tuple[str, ...] = ()
    names = (folder, *(known.split(" and ") if known else ()), *(n for one in added for n in (one.revision, one.path)))
    clear = not forward and not gone and (tool.any_order or not mixed) and all(map(_SAFE.fullmatch, names))
    root = root_of(tool, leaving, folder)
    if added and clear and _SAFE.fullmatch(root or "-") and _in_line(tool, added, new, known):
        commands = tuple(tool.down(ToUndo(folder, known, tuple(added), leaving, mixed, root)) or ())
    return Migrated(
        tool=tool.name,
        folder=clean_line(folder, SHORT),
        at=clean_line(root.rstrip("/"), SHORT),
        target=clean_line(known, SHORT) if known else None,
        between=tuple(_name(one.path) for one in added),
        down=commands,
        forward_only=forward,
        only_target=tuple(_name(old[rev]) for rev in gone),
        changed=tuple(sorted(_name(path) for path in changed)),
    )


def _name(path: str) -> str:
    base = posixpath.basename(path)
    if base in ("migration.sql", "up.sql"):
        base = posixpath.basename(posixpath.dirname(path))
    return clean_line(base, SHORT)


def _key(tool: Tool, revision: str) -> tuple[tuple[tuple[int, str], ...], str]:
    """Sorts by the numbers in it, of any length."""
    numbers = re.findall(r"\d+", revision) if tool.name != "Alembic" else []
    return tuple((len(plain), plain) for plain in (part.lstrip("0") for part in numbers)), revision


_CHAINED = ("Alembic", "Django")
"""tools whose migrations name those that they build upon"""


def _pairs(text: str) -> set[str]:
    """The names in Django's pairs of app and migration."""
    return set(re.findall(r"\(\s*[\"']\w+[\"']\s*,\s*[\"'](\w+)[\"']\s*,?\s*\)", text))


def _parents(tool: Tool, text: str) -> set[str]:
    """What a migration builds upon; for Django with those of other apps."""
    if tool.name == "Django":
        told = re.search(r"\bdependencies\b[^=\n]*=\s*\[(.*?)(?:\]|\Z)", text, re.DOTALL)
        return _pairs(told[1]) if told else set()
    told = re.search(r"^down_revision\b[^=\n]*=\s*(\([^)]*\)|\[[^\]]*\]|.+?$)", text, re.MULTILINE)
    return set(re.findall(r"[\"']([^\"']+)[\"']", told[1])) if told else set()


def _heads(tool: Tool, old: Revisions, tree: SourceTree) -> str | None:
    """The revisions that no other builds upon."""
    below = {parent for path in old.values() for parent in _parents(tool, text_of(tree, path))}
    return " and ".join(sorted(set(old) - below)) or None


def _by_parents(tool: Tool, added: list[Migration]) -> list[Migration]:
    """Each behind those that it builds upon; as they are where they build upon one another in a circle."""
    by_name = {one.revision: one for one in added}
    order = TopologicalSorter(
        {name: _parents(tool, one.text) & by_name.keys() - {name} for name, one in by_name.items()}
    )
    try:
        return [by_name[name] for name in order.static_order()]
    except CycleError:
        return added


def _in_line(tool: Tool, added: list[Migration], new: Revisions, known: str | None) -> bool:
    """True if going back to what the target knows undoes all that is added: each builds upon it or upon one another. A
    branch beside it stays where it is. Django's one command undoes only what builds upon its target, each on the last.
    """
    if tool.name not in _CHAINED:
        return True
    fine = {known} if known else set[str]()
    for one in added:
        parents = _parents(tool, one.text)
        if tool.name == "Django":
            parents &= new.keys()
            if parents - fine:
                return False
            fine = {one.revision}
        elif parents - fine:
            return False
        else:
            fine.add(one.revision)
    return True


def _without_squashed(added: list[Migration], gone: list[str], old: Revisions) -> tuple[list[Migration], list[str]]:
    """Without those that only stand for others the target knows: Django holds them for applied, and so they change
    nothing; nor are the others gone."""
    stood_for = {one.revision: _pairs(one.text.partition("replaces")[2].partition("]")[0]) for one in added}
    same = {name for name, others in stood_for.items() if others and others <= old.keys()}
    replaced = set[str]().union(*(stood_for[name] for name in same))
    return [one for one in added if one.revision not in same], [name for name in gone if name not in replaced]
