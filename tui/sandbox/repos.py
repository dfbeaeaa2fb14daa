"""Real bare repositories, one per app, through dulwich.

What flows in: files to commit, names to resolve, packs (through a quarantine: objects of a refused push never
arrive, as with git). What flows out: commit ids, trees as flat ``path → bytes``, refs.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from dulwich.object_store import BaseObjectStore, DiskObjectStore, iter_tree_contents
from dulwich.objects import Blob, Commit, ObjectID, Tag, Tree
from dulwich.refs import Ref
from dulwich.repo import Repo

ZERO = "0" * 40


class BadRef(Exception):
    """A name that resolves to no commit; ``str()`` is the name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Signature:
    who: str
    at: int


class Quarantine:
    """Objects of one push: visible to its deploy, and kept only if the push is accepted."""

    def __init__(self, repo: Repository) -> None:
        self._repo = repo
        self._path = Path(tempfile.mkdtemp(prefix="incoming-", dir=repo.path / "objects"))
        self.store = DiskObjectStore.init(str(self._path))
        self.store.add_alternate_path(str(repo.path / "objects"))

    def receive(self, read_all: Callable[[int], bytes], read_some: Callable[[int], bytes]) -> None:
        """Blocks: call it in a thread. Raises whatever dulwich raises for a torn pack."""
        self.store.add_thin_pack(read_all, read_some)

    def keep(self) -> None:
        pack = self._repo.path / "objects" / "pack"
        pack.mkdir(exist_ok=True)
        for file in (self._path / "pack").iterdir():
            shutil.move(file, pack / file.name)

    def drop(self) -> None:
        self.store.close()
        shutil.rmtree(self._path, ignore_errors=True)


class Repository:
    """One app's bare repository; refs are text, ids are 40 hex digits."""

    def __init__(self, path: Path, repo: Repo) -> None:
        self.path = path
        self.repo = repo

    @classmethod
    def create(cls, path: Path) -> Repository:
        path.parent.mkdir(parents=True, exist_ok=True)
        repo = Repo.init_bare(str(path), mkdir=True)
        repo.refs.set_symbolic_ref(Ref(b"HEAD"), Ref(b"refs/heads/master"))
        return cls(path, repo)

    def delete(self) -> None:
        self.repo.close()
        shutil.rmtree(self.path, ignore_errors=True)

    @property
    def store(self) -> BaseObjectStore:
        return self.repo.object_store

    def refs(self) -> dict[str, str]:
        """Every ref but HEAD, sorted by name."""
        found = {name.decode(): value.decode() for name, value in self.repo.refs.as_dict().items()}
        return dict(sorted((name, value) for name, value in found.items() if name != "HEAD"))

    def ref(self, name: str) -> str | None:
        value = self.repo.refs.read_ref(Ref(name.encode()))
        return None if value is None else value.decode()

    def branch(self, name: str) -> str | None:
        return self.ref(f"refs/heads/{name}")

    def head(self) -> str | None:
        try:
            return self.repo.refs[Ref(b"HEAD")].decode()
        except KeyError:
            return None

    def head_name(self) -> str:
        target = self.repo.refs.get_symrefs().get(Ref(b"HEAD"), Ref(b""))
        return target.decode()

    def set_head(self, branch: str) -> None:
        self.repo.refs.set_symbolic_ref(Ref(b"HEAD"), Ref(f"refs/heads/{branch}".encode()))

    def set_ref(self, name: str, commit: str | None) -> None:
        if commit is None:
            self.repo.refs.remove_if_equals(Ref(name.encode()), None)
        else:
            self.repo.refs[Ref(name.encode())] = ObjectID(commit.encode())

    def commit(self, files: dict[str, bytes], *, message: str, author: Signature, parents: tuple[str, ...] = ()) -> str:
        """Writes a commit with exactly these files; moves no ref."""
        commit = Commit()
        commit.tree = write_tree(self.store, files)
        commit.parents = [ObjectID(parent.encode()) for parent in parents]
        commit.author = commit.committer = author.who.encode()
        commit.author_time = commit.commit_time = author.at
        commit.author_timezone = commit.commit_timezone = 0
        commit.message = message.encode()
        self.store.add_object(commit)
        return commit.id.decode()

    def resolve(self, name: str) -> str:
        """A branch, tag, ``HEAD`` or (abbreviated) id to a commit id. Raises BadRef."""
        for candidate in (name, f"refs/tags/{name}", f"refs/heads/{name}"):
            try:
                value = self.repo.refs[Ref(candidate.encode())]
            except (KeyError, ValueError):
                continue
            return self._peel(value)
        if 4 <= len(name) <= 40 and all(letter in "0123456789abcdef" for letter in name):
            for oid in self.store.iter_prefix(name.encode()):
                if isinstance(self.store[oid], (Commit, Tag)):
                    return self._peel(oid)
        raise BadRef(name)

    def _peel(self, oid: ObjectID) -> str:
        found = self.store[oid]
        while isinstance(found, Tag):
            found = self.store[found.object[1]]
        return found.id.decode()

    def copy_all(self, other: Repository) -> None:
        """Every object of another repository, as a fetch would."""
        if other is not self:
            other.repo.fetch(self.repo)


def write_tree(store: BaseObjectStore, files: dict[str, bytes]) -> ObjectID:
    tree = Tree()
    folders: dict[str, dict[str, bytes]] = {}
    for path, data in files.items():
        folder, slash, rest = path.partition("/")
        if slash:
            folders.setdefault(folder, {})[rest] = data
            continue
        blob = Blob.from_string(data)
        store.add_object(blob)
        tree.add(path.encode(), 0o100644, blob.id)
    for folder, inside in folders.items():
        tree.add(folder.encode(), 0o040000, write_tree(store, inside))
    store.add_object(tree)
    return tree.id


def read_files(store: BaseObjectStore, commit: str) -> dict[str, bytes]:
    """The tree of a commit, flat. Raises KeyError for an id the store does not have."""
    found = store[ObjectID(commit.encode())]
    if not isinstance(found, Commit):
        raise KeyError(commit)
    files: dict[str, bytes] = {}
    for entry in iter_tree_contents(store, found.tree):
        blob = store[entry.sha] if entry.sha else None
        if isinstance(blob, Blob) and entry.path is not None:
            files[entry.path.decode()] = blob.data
    return files
