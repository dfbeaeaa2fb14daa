"""The tools that keep database migrations: where its files lie, how it is told from others that use the same places,
whether a file can be undone, and the command that undoes them. One row a tool in `TOOLS`.

Whatever a tree does not show for certain is "forward-only" or without a command, never a guess: a wrong one destroys
data. The forms follow the tools' own documentation.
"""

import posixpath
import re
from collections.abc import Callable, Iterable
from typing import NamedTuple

from tui.model.commit_range import SourceTree


class Migration(NamedTuple):
    """One migration of a tree."""

    revision: str
    path: str
    text: str
    """empty where it is in the target's tree only"""


class ToUndo(NamedTuple):
    """The migrations that a command has to undo."""

    folder: str
    target: str | None
    """the newest revision that the target knows"""
    between: tuple[Migration, ...]
    """oldest first"""
    tree: SourceTree
    """of the release that is left"""
    mixed: bool
    """some of them are older than the newest that the target knows"""


class Tool(NamedTuple):
    """One tool and the places of its migrations."""

    name: str
    path: re.Pattern[str]
    """its files; the first group is the revision"""
    down: Callable[[ToUndo], Iterable[str] | None]
    """the commands, in order; None: there are none"""
    undoes: Callable[[Migration, SourceTree], bool]
    """whether a migration says how it is undone"""
    sure: Callable[[SourceTree, str], bool] = lambda tree, path: True
    """whether a file at such a path is this tool's"""
    any_order: bool = False
    """the command names what it undoes, so that it is right where older ones came in between, too"""


# ── looking into a tree ──────────────────────────────────────────────────────────────────────────────────────────────


def _above(path: str) -> Iterable[str]:
    """The folders that a path is in, the nearest first; each with its slash."""
    while path:
        path = path.rpartition("/")[0]
        yield f"{path}/" if path else ""


def _says(tree: SourceTree, path: str, name: str, word: str) -> bool:
    """True if a file of that name, in a folder above the path, holds the word."""
    return any(word in text_of(tree, above + name) for above in _above(path))


def text_of(tree: SourceTree, path: str) -> str:
    return tree.content(path) or ""


def _package(word: str) -> Callable[[SourceTree, str], bool]:
    return lambda tree, path: _says(tree, path, "package.json", f'"{word}"')


def _crate(word: str) -> Callable[[SourceTree, str], bool]:
    return lambda tree, path: _says(tree, path, "Cargo.toml", word)


def _holds(word: str) -> Callable[[SourceTree, str], bool]:
    return lambda tree, path: word in text_of(tree, path)


def folder_of(path: str) -> str:
    return posixpath.dirname(path) or "."


# ── whether a migration can be undone ────────────────────────────────────────────────────────────────────────────────


def _never(one: Migration, tree: SourceTree) -> bool:
    return False


def _matching(pattern: str) -> Callable[[Migration, SourceTree], bool]:
    found = re.compile(pattern, re.MULTILINE)
    return lambda one, tree: found.search(one.text) is not None


def _rails(one: Migration, tree: SourceTree) -> bool:
    if "IrreversibleMigration" in one.text:
        return False
    if re.search(r"^\s*def up\b", one.text, re.MULTILINE):
        return re.search(r"^\s*def down\b", one.text, re.MULTILINE) is not None
    if re.search(r"\breversible\b|\brevert\b", one.text):
        return True
    never = r"^\s*(?:execute\b|change_column\b|remove_columns\b|remove_column\s+:\w+,\s*:\w+\s*$|drop_table\s+:\w+\s*$)"
    return "def change" in one.text and re.search(never, one.text, re.MULTILINE) is None


def _django(one: Migration, tree: SourceTree) -> bool:
    if re.search(r"RunPython\(\s*(?:code=)?[\w.]+\s*,?\s*\)", one.text):
        return False
    return "RunSQL(" not in one.text or "reverse_sql" in one.text


def _alembic(one: Migration, tree: SourceTree) -> bool:
    body = one.text.partition("def downgrade")[2]
    lines = [line.strip() for line in body.splitlines()[1:] if line.strip() and not line.strip().startswith("#")]
    return bool(lines) and lines[0] != "pass" and not lines[0].startswith("raise")


def _laravel(one: Migration, tree: SourceTree) -> bool:
    body = re.search(r"function down\(\)[^{]*\{(.*?)\}", one.text, re.DOTALL)
    return body is not None and bool(re.sub(r"//.*", "", body[1]).strip())


def _sibling(ending: str, other: str) -> Callable[[Migration, SourceTree], bool]:
    return lambda one, tree: one.path.removesuffix(ending) + other in tree.files


# ── commands ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def _to(form: str, nothing: str) -> Callable[[ToUndo], Iterable[str]]:
    """A command that goes back to the target's revision; `nothing` is its word for before the first one."""
    return lambda un: [form.format(to=un.target or nothing, folder=un.folder, count=len(un.between))]


def _each(form: str) -> Callable[[ToUndo], Iterable[str]]:
    """A command for each migration, the newest first."""
    return lambda un: [
        form.format(revision=one.revision, file=posixpath.basename(one.path), folder=un.folder)
        for one in reversed(un.between)
    ]


def _oldest(form: str) -> Callable[[ToUndo], Iterable[str]]:
    """A command that undoes everything from the oldest one on."""
    return lambda un: [
        form.format(revision=un.between[0].revision, file=posixpath.basename(un.between[0].path), folder=un.folder)
    ]


def _migrate_app(un: ToUndo) -> Iterable[str]:
    label = posixpath.basename(posixpath.dirname(un.folder))
    managers = sorted((p for p in un.tree.files if posixpath.basename(p) == "manage.py"), key=len)
    return [f"python {managers[0] if managers else 'manage.py'} migrate {label} {un.target or 'zero'}"]


def _downgrade(un: ToUndo) -> Iterable[str] | None:
    heads = un.target.split(" and ") if un.target else ["base"]
    if len(heads) > 1:
        return None
    flask = "current_app" in text_of(un.tree, f"{folder_of(un.folder)}/env.py")
    return [f"{'flask db' if flask else 'alembic'} downgrade {heads[0]}"]


def _mix(tree: SourceTree) -> str:
    return text_of(tree, "mix.exs")


def _ecto(un: ToUndo) -> Iterable[str]:
    oldest = un.between[0].revision
    for path in sorted(un.tree.files):
        if posixpath.basename(path) != "release.ex":
            continue
        text = text_of(un.tree, path)
        found, name = re.search(r"defmodule ([\w.]+)\.Release do", text), re.search(r"app: :(\w+)", _mix(un.tree))
        if found and name and "def rollback(" in text:
            return [f"bin/{name[1]} eval '{found[1]}.Release.rollback({found[1]}.Repo, {oldest})'"]
    return [f"mix ecto.rollback --to {oldest}"]


def _prisma(un: ToUndo) -> Iterable[str]:
    told: list[str] = []
    for one in reversed(un.between):
        told.append(f"npx prisma db execute --file {folder_of(one.path)}/down.sql --schema prisma/schema.prisma")
        told.append(f"npx prisma migrate resolve --rolled-back {one.revision}")
    return told


def _typeorm(un: ToUndo) -> Iterable[str] | None:
    sources = [p for p in un.tree.files if re.fullmatch(r"data-?source\.[jt]s", posixpath.basename(p).lower())]
    if len(sources) != 1:
        return None
    return [f"npx typeorm migration:revert -d {sources[0]}" for _ in un.between]


def _rails_down(un: ToUndo) -> Iterable[str]:
    if un.mixed:
        return _each("bin/rails db:migrate:down VERSION={revision}")(un)
    return [f"bin/rails db:migrate VERSION={un.target or 0}"]


def _golang(un: ToUndo) -> Iterable[str]:
    to = f"goto {int(un.target)}" if un.target else f"down {len(un.between)}"
    return [f"sh -c 'migrate -path {un.folder} -database \"$DATABASE_URL\" {to}'"]


_STAMP = r"\d{14}"
TOOLS = (
    Tool(
        "Rails", re.compile(r"(?:^|.*/)db/migrate/(\d+)_\w+\.rb"),
        _rails_down, _rails, any_order=True,
    ),
    Tool(
        "Alembic", re.compile(r"(?:^|.*/)(?:alembic|migrations)/versions/(\w+)\.py"), _downgrade, _alembic,
        sure=_holds("down_revision"), any_order=True,
    ),
    Tool(
        "Django", re.compile(r".*/migrations/(\d{4}_\w+)\.py"), _migrate_app, _django,
        sure=_holds("migrations.Migration"),
    ),
    Tool(
        "Ecto", re.compile(rf"(?:^|.*/)priv/\w+/migrations/({_STAMP})_\w+\.exs"), _ecto,
        _matching(r"^\s*def (?:change|down)\b"),
    ),
    Tool(
        "Prisma", re.compile(rf"(?:^|.*/)prisma/migrations/({_STAMP}_\w+)/migration\.sql"), _prisma,
        _sibling("migration.sql", "down.sql"), any_order=True,
    ),
    Tool("Drizzle", re.compile(r"(?:^|.*/)drizzle/(?:migrations/)?(\d{4}_\w+)\.sql"), lambda un: None, _never),
    Tool(
        "Laravel", re.compile(r"(?:^|.*/)database/migrations/(\d{4}_\d\d_\d\d_\d{6}_\w+)\.php"),
        _to("php artisan migrate:rollback --force --step={count}", ""), _laravel,
    ),
    Tool(
        "Doctrine", re.compile(rf"(?:^|.*/)migrations/Version({_STAMP})\.php"),
        _each("php bin/console doctrine:migrations:execute --down -n 'DoctrineMigrations\\Version{revision}'"),
        _matching(r"function down\("), any_order=True,
    ),
    Tool(
        "Phinx", re.compile(rf"(?:^|.*/)db/migrations/({_STAMP})_\w+\.php"),
        _to("vendor/bin/phinx rollback -t {to}", "0"), _matching(r"function (?:change|down)\("),
    ),
    Tool(
        "Flyway", re.compile(r"(?:^|.*/)V(\d+(?:[._]\d+)*)__[^/]+\.sql"), _to("flyway undo -target={to}", "0"),
        lambda one, tree: any(
            re.fullmatch(rf"U{re.escape(one.revision)}__.+\.sql", posixpath.basename(p)) for p in tree.files
        ),
    ),
    Tool(
        "Diesel", re.compile(r"(?:^|.*/)migrations/([\d-]+)_\w+/up\.sql"),
        _to("diesel migration revert -n {count}", ""), _sibling("up.sql", "down.sql"), sure=_crate("diesel"),
    ),
    Tool(
        "sqlx", re.compile(r"(?:^|.*/)migrations/(\d+)_\w+\.up\.sql"),
        _to("sqlx migrate revert --target-version {to}", "0"), _sibling(".up.sql", ".down.sql"), sure=_crate("sqlx"),
    ),
    Tool(
        "golang-migrate", re.compile(r"(?:^|.*/)(\d+)_\w+\.up\.sql"),
        _golang,
        _sibling(".up.sql", ".down.sql"),
    ),
    Tool(
        "goose", re.compile(r"(?:^|.*/)(\d+)_\w+\.sql"), _to("goose -dir {folder} down-to {to}", "0"),
        _matching(r"^-- \+goose Down\b"), sure=_holds("+goose Up"),
    ),
    Tool(
        "dbmate", re.compile(r"(?:^|.*/)migrations/(\d+)_\w+\.sql"), _each("dbmate rollback"),
        _matching(r"^-- migrate:down\b"), sure=_holds("migrate:up"),
    ),
    Tool(
        "TypeORM", re.compile(r"(?:^|.*/)migrations?/(\d{13})-[\w-]+\.[jt]s"), _typeorm, _matching(r"\bdown\("),
        sure=_holds("MigrationInterface"),
    ),
    Tool(
        "Sequelize", re.compile(rf"(?:^|.*/)migrations/({_STAMP})-[\w-]+\.[cm]?[jt]s"),
        _each("npx sequelize-cli db:migrate:undo --name {file}"), _matching(r"\bdown\b\s*[:(=]"),
        sure=_package("sequelize"), any_order=True,
    ),
    Tool(
        "node-pg-migrate", re.compile(r"(?:^|.*/)migrations/(\d+)_[\w-]+\.[cm]?[jt]s"),
        _to("npx node-pg-migrate down {count}", ""), _matching(r"\bdown\b\s*[:(=]|function down\b"),
        sure=_package("node-pg-migrate"),
    ),
    Tool(
        "Knex", re.compile(rf"(?:^|.*/)migrations/({_STAMP})_[\w-]+\.[cm]?[jt]s"),
        _each("npx knex migrate:down {file}"), _matching(r"\bdown\b\s*[:(=]|function down\b"),
        sure=_package("knex"), any_order=True,
    ),
    Tool(
        "Entity Framework", re.compile(rf"(?:^|.*/)Migrations/({_STAMP}_\w+)(?<!\.Designer)\.cs"),
        _to("dotnet ef database update {to}", "0"), _matching(r"\bvoid Down\("),
    ),
)  # fmt: skip


def tool_of(tree: SourceTree, path: str) -> tuple[Tool, str] | None:
    """The tool whose migration a file is, and its revision."""
    for tool in TOOLS:
        found = tool.path.fullmatch(path)
        if found is not None and tool.sure(tree, path):
            return tool, found[1]
    return None


def is_one(path: str) -> bool:
    """True if a file may be a migration, by its path alone."""
    return any(tool.path.fullmatch(path) for tool in TOOLS if tool.name not in ("goose", "golang-migrate", "Flyway"))
