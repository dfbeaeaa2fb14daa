"""The apps' repositories: dulwich's, bare and in memory, served over SSH like any other.

What flows in: files to commit, names to resolve, packs (through a quarantine: objects of a refused push never arrive,
as with git). What flows out: commit ids, trees as flat `path → bytes`, refs.
"""

from dataclasses import dataclass

from dulwich.object_store import BaseObjectStore, MemoryObjectStore, iter_tree_contents
from dulwich.objects import Blob, Commit, ObjectID, RawObjectID, ShaFile, Tag, Tree
from dulwich.refs import Ref
from dulwich.repo import MemoryRepo

from tui.sandbox import clock

ZERO = "0" * 40


class BadRef(Exception):
    """A name that resolves to no commit; `str()` is the name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Signature:
    """Who made a commit, `Name <address>`, and when, in seconds since the epoch."""

    who: str
    at: int


class Quarantine(MemoryObjectStore):
    """Objects of one push: its deploy sees them with the app's own, and they stay only if the push is accepted."""

    def __init__(self, kept: BaseObjectStore) -> None:
        super().__init__()
        self._kept = kept

    def get_raw(self, name: RawObjectID | ObjectID) -> tuple[int, bytes]:
        """An object of the push, or else of the app. Raises KeyError."""
        try:
            return super().get_raw(name)
        except KeyError:
            return self._kept.get_raw(name)

    def __getitem__(self, name: ObjectID | RawObjectID) -> ShaFile:
        try:
            return super().__getitem__(name)
        except KeyError:
            return self._kept[name]

    def keep(self) -> None:
        """The push is accepted: its objects become the app's."""
        for name in self:
            self._kept.add_object(self[name])


class Repository:
    """One app's bare repository, in memory; refs are text, ids are 40 hex digits."""

    def __init__(self) -> None:
        self.repo = MemoryRepo()
        self.repo.refs.set_symbolic_ref(Ref(b"HEAD"), Ref(b"refs/heads/master"))
        self.moved: dict[str, int] = {}
        """when each ref was written last, in seconds since the epoch, by its full name"""

    @property
    def store(self) -> BaseObjectStore:
        """The objects."""
        return self.repo.object_store

    def refs(self) -> dict[str, str]:
        """Every ref but HEAD, sorted by name."""
        found = {name.decode(): value.decode() for name, value in self.repo.refs.as_dict().items()}
        return dict(sorted((name, value) for name, value in found.items() if name != "HEAD"))

    def ref(self, name: str) -> str | None:
        """The id that a ref has, given by its full name; None if there is no such ref."""
        value = self.repo.refs.read_ref(Ref(name.encode()))
        return None if value is None else value.decode()

    def branch(self, name: str) -> str | None:
        """The tip of a branch; None if there is no such branch."""
        return self.ref(f"refs/heads/{name}")

    def head(self) -> str | None:
        """The commit that HEAD leads to; None while its branch has none."""
        try:
            return self.repo.refs[Ref(b"HEAD")].decode()
        except KeyError:
            return None

    def head_name(self) -> str:
        """The full name of the branch that HEAD means."""
        target = self.repo.refs.get_symrefs().get(Ref(b"HEAD"), Ref(b""))
        return target.decode()

    def set_head(self, branch: str) -> None:
        """Lets HEAD mean this branch, which need not exist."""
        self.repo.refs.set_symbolic_ref(Ref(b"HEAD"), Ref(f"refs/heads/{branch}".encode()))

    def set_ref(self, name: str, commit: str | None) -> None:
        """Moves or creates a ref, given by its full name; None deletes it."""
        if commit is None:
            self.repo.refs.remove_if_equals(Ref(name.encode()), None)
            self.moved.pop(name, None)
        else:
            self.moved[name] = int(clock.now())
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
        """A branch, tag, `HEAD` or (abbreviated) id to a commit id. Raises BadRef."""
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

    def copy_all(self, other: "Repository") -> None:
        """Every object of another repository, as a fetch would."""
        if other is not self:
            for name in self.store:
                other.store.add_object(self.store[name])


def write_tree(store: BaseObjectStore, files: dict[str, bytes]) -> ObjectID:
    """Puts the files into the store, folders and all. Returns the id of their tree."""
    tree = Tree()
    folders: dict[str, dict[str, bytes]] = {}
    for path, data in files.items():
        folder, slash, rest = path.partition("/")
        if slash:
            folders.setdefault(folder, {})[rest] = data
            continue
        blob = Blob.from_string(data)
        if blob.id not in store:  # the same file in every release; adding copies it
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
