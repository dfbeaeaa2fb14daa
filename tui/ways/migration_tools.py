"""The tools that keep database migrations: where their files lie, how each is told from others that use the same
places, and the command that undoes them. One row a tool in `TOOLS`; `migration_undo` says which can be undone.

Whatever a tree does not show for certain is "forward-only" or without a command, never a guess: a wrong one destroys
data. The forms follow the tools' own documentation.
"""

import posixpath
import re
from collections.abc import Callable, Iterable
from typing import NamedTuple

from tui.model.commit_range import SourceTree
from tui.ways import migration_undo as undo
from tui.ways.migration_undo import Migration


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
    root: str = ""
    """the project's folder in the tree, where the command is typed; with its slash, empty at the top"""


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
    root: re.Pattern[str] | None = None
    """the files that a project's folder is known by, which the command has to be typed in"""
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


def _of_alembic(tree: SourceTree, path: str) -> bool:
    """True below `versions/`, or beside Alembic's template where that folder has another name."""
    beside = any(above + "script.py.mako" in tree.files for above in _above(path))
    return (beside or "versions/" in path) and "down_revision" in text_of(tree, path)


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


def _migrate_app(un: ToUndo) -> Iterable[str] | None:
    app = posixpath.dirname(un.folder)
    told = re.search(r"^[ \t]+label\s*=\s*[\"'](\w+)[\"']", text_of(un.tree, f"{app}/apps.py"), re.MULTILINE)
    managers = [p for p in un.tree.files if posixpath.basename(p) == "manage.py"]
    over = next((above + "manage.py" for above in _above(un.folder + "/") if above + "manage.py" in managers), None)
    if over is None and len(managers) > 1:
        return None
    label = told[1] if told else posixpath.basename(app)
    return [f"python {over or (managers[0] if managers else 'manage.py')} migrate {label} {un.target or 'zero'}"]


def _downgrade(un: ToUndo) -> Iterable[str] | None:
    heads = un.target.split(" and ") if un.target else ["base"]
    ini = f"{un.root}alembic.ini"
    sections = re.findall(r"^script_location\s*=", text_of(un.tree, ini), re.MULTILINE)
    if len(heads) > 1 or len(sections) > 1:
        return None
    flask = "current_app" in text_of(un.tree, f"{folder_of(un.folder)}/env.py")
    return [f"{'flask db' if flask else 'alembic'} downgrade {heads[0]}"]


def _ecto(un: ToUndo) -> Iterable[str] | None:
    oldest = un.between[0].revision
    repos = {folder_of(p) for p in un.tree.files if re.fullmatch(rf"{re.escape(un.root)}priv/\w+/migrations/\d+_.*", p)}
    if len(repos) > 1 or not un.folder.endswith("priv/repo/migrations") or un.root.startswith("apps/"):
        return None  # which Repo it is, the tree does not show for certain
    for path in sorted(p for p in un.tree.files if p.startswith(un.root)):
        if posixpath.basename(path) != "release.ex":
            continue
        text = text_of(un.tree, path)
        mix = text_of(un.tree, f"{un.root}mix.exs")
        found, name = re.search(r"defmodule ([\w.]+)\.Release do", text), re.search(r"app: :(\w+)", mix)
        if found and name and "def rollback(" in text:
            return [f"bin/{name[1]} eval '{found[1]}.Release.rollback({found[1]}.Repo, {oldest})'"]
    return [f"mix ecto.rollback --to {oldest}"]


def _prisma(un: ToUndo) -> Iterable[str]:
    above = folder_of(un.folder)
    places = (f"{above}/schema.prisma", f"{folder_of(above)}/schema.prisma", f"{above}/schema")
    schema = next((place for place in places if place in un.tree.files), places[0]).removeprefix(un.root)
    told: list[str] = []
    for one in reversed(un.between):
        down = f"{folder_of(one.path)}/down.sql".removeprefix(un.root)
        # `migrate resolve --rolled-back` refuses what was applied: https://www.prisma.io/docs/cli/migrate/resolve
        forget = f"DELETE FROM _prisma_migrations WHERE migration_name = '{one.revision}'"  # noqa: S608 - a name of safe letters, for people to run
        told.append(f"npx prisma db execute --file {down} --schema {schema}")
        told.append(f'sh -c "echo \\"{forget}\\" | npx prisma db execute --stdin --schema {schema}"')
    return told


def _typeorm(un: ToUndo) -> Iterable[str] | None:
    sources = [
        p
        for p in un.tree.files
        if p.startswith(un.root) and re.fullmatch(r"data-?source\.[jt]s", posixpath.basename(p).lower())
    ]
    if len(sources) != 1:
        return None
    module = re.search(r'"type"\s*:\s*"module"', text_of(un.tree, f"{un.root}package.json"))
    typescript = "typeorm-ts-node-esm" if module else "typeorm-ts-node-commonjs"
    program = typescript if sources[0].endswith(".ts") else "typeorm"
    return [f"npx {program} migration:revert -d {sources[0].removeprefix(un.root)}" for _ in un.between]


_RAILS = re.compile(r"(?:^|.*/)db/(?:\w+_)?migrate/(\d+)_[\w.]+\.rb")


def _rails_databases(un: ToUndo) -> dict[str, str]:
    """Folder of migrations → the name of its database, as config/database.yml gives it."""
    found: dict[str, str] = {}
    keys: list[tuple[int, str]] = []
    listed = False
    for line in text_of(un.tree, f"{un.root}config/database.yml").splitlines():
        told = re.match(r"(\s*)(?:(-)\s*|([\w<*]+):\s*)(.*)", line)
        if told is None or line.lstrip().startswith(("#", "<%")):
            continue
        indent, item, key, value = len(told[1]), told[2], told[3], told[4]
        if key:
            while keys and keys[-1][0] >= indent:
                keys.pop()
            listed = key == "migrations_paths"
            if not listed:
                keys.append((indent, key))
        if listed and keys and (item or key):
            for path in re.findall(r"[\w./-]+/[\w./-]+", value):
                found[path] = keys[-1][1]
    return found


def _rails_down(un: ToUndo) -> Iterable[str] | None:
    """One command where that is exact; one a migration where others share the database; by name where there are several
    databases, for which Rails takes no other (db:migrate with VERSION undoes nothing there)."""
    folders = {folder_of(p) for p in un.tree.files if p.startswith(un.root) and _RAILS.fullmatch(p)}
    databases = _rails_databases(un)
    here = un.folder.removeprefix(un.root)
    own = re.fullmatch(r"db/\w+_migrate", here) is not None
    if databases or own:
        config = text_of(un.tree, f"{un.root}config/database.yml")
        primary = "primary" if re.search(r"^[ \t]+primary:", config, re.MULTILINE) else None
        name = databases.get(here) or (primary if here == "db/migrate" else None)
        return None if name is None else _each(f"bin/rails db:migrate:down:{name} VERSION={{revision}}")(un)
    if un.mixed or len(folders) > 1:
        return _each("bin/rails db:migrate:down VERSION={revision}")(un)
    return [f"bin/rails db:migrate VERSION={un.target or 0}"]


def _golang(un: ToUndo) -> Iterable[str]:
    to = f"goto {int(un.target)}" if un.target else f"down {len(un.between)}"
    return [f"sh -c 'migrate -path {un.folder} -database \"$DATABASE_URL\" {to}'"]


def _goose(un: ToUndo) -> Iterable[str] | None:
    if any(folder_of(p) == un.folder and re.search(r"/\d+_\w+\.go$", p) for p in un.tree.files):
        return None  # migrations in Go are in a program of the team's own
    return _to("goose -dir {folder} down-to {to}", "0")(un)


def _flyway(un: ToUndo) -> Iterable[str]:
    # it undoes until one is below its target: what is named is undone, too
    return [f"flyway undo -target={un.between[0].revision}"]


def _dbmate(un: ToUndo) -> Iterable[str]:
    return _each("dbmate rollback" if un.folder == "db/migrations" else "dbmate -d {folder} rollback")(un)


def _doctrine(un: ToUndo) -> Iterable[str]:
    told: list[str] = []
    for one in reversed(un.between):
        space = re.search(r"^namespace ([\w\\]+);", one.text, re.MULTILINE)
        name = f"{space[1] if space else 'DoctrineMigrations'}\\Version{one.revision}"
        told.append(f"php bin/console doctrine:migrations:execute --down -n '{name}'")
    return told


def _knex(un: ToUndo) -> Iterable[str] | None:
    files = [p.removeprefix(un.root) for p in un.tree.files if re.fullmatch(r"(.*/)?knexfile\.[cm]?[jt]s", p)]
    files = [] if any("/" not in p for p in files) else files
    if len(files) > 1:
        return None
    return _each("npx knex migrate:down {file}" + (f" --knexfile {files[0]}" if files else ""))(un)


def _entity_framework(un: ToUndo) -> Iterable[str] | None:
    if sum(p.endswith("ModelSnapshot.cs") for p in un.tree.files) > 1:
        return None  # which DbContext it is has to be said, and the file's place does not say it
    return _to("dotnet ef database update {to}", "0")(un)


_STAMP = r"\d{14}"
_NODE, _RUST, _PHP = re.compile(r"package\.json"), re.compile(r"Cargo\.toml"), re.compile(r"composer\.json")
TOOLS = (
    Tool(
        "Rails", _RAILS, _rails_down, undo.rails, root=re.compile(r"Gemfile|bin/rails"), any_order=True,
    ),
    Tool(
        "Alembic", re.compile(r"(?:^|.*/)(\w+)\.py"), _downgrade, undo.alembic,
        sure=_of_alembic, root=re.compile(r"alembic\.ini"), any_order=True,
    ),
    Tool(
        "Django", re.compile(r".*/migrations/(?!__init__)(\w+)\.py"), _migrate_app, undo.django,
        sure=_holds("class Migration("),
    ),
    Tool(
        "Ecto", re.compile(rf"(?:^|.*/)priv/\w+/migrations/({_STAMP})_\w+\.exs"), _ecto, undo.ecto,
        root=re.compile(r"mix\.exs"),
    ),
    Tool(
        "Prisma", re.compile(rf"(?:^|.*/)migrations/({_STAMP}_[\w-]+)/migration\.sql"), _prisma,
        undo.sibling("migration.sql", "down.sql"), root=_NODE, any_order=True,
    ),
    Tool(
        "Drizzle", re.compile(r"(?:^|.*/)(\d{4}_\w+)\.sql"), lambda un: None, undo.never,
        sure=lambda tree, path: "drizzle/" in path or f"{folder_of(path)}/meta/_journal.json" in tree.files,
    ),
    Tool(
        "Laravel", re.compile(r"(?:^|.*/)database/migrations/(\d{4}_\d\d_\d\d_\d{6}_\w+)\.php"),
        _to("php artisan migrate:rollback --force --step={count}", ""), undo.braced("function down"),
        root=re.compile(r"artisan"),
    ),
    Tool(
        "Doctrine", re.compile(rf"(?:^|.*/)migrations/(?:\w+/)*Version({_STAMP})\.php", re.IGNORECASE), _doctrine,
        undo.braced("function down"), root=_PHP, any_order=True,
    ),
    Tool(
        "Phinx", re.compile(rf"(?:^|.*/)db/migrations/({_STAMP})_\w+\.php"),
        _to("vendor/bin/phinx rollback -t {to}", "0"), undo.phinx, root=_PHP,
    ),
    Tool(
        "Flyway", re.compile(r"(?:^|.*/)V(\d+(?:[._]\d+)*)__[^/]+\.(?:sql|java|kt)"), _flyway,
        lambda one, tree: any(
            re.fullmatch(rf"U{re.escape(one.revision)}__.+\.(?:sql|java|kt)", posixpath.basename(p)) for p in tree.files
        ),
    ),
    Tool(
        "Diesel", re.compile(r"(?:^|.*/)migrations/([\d-]+)_\w+/up\.sql"),
        _to("diesel migration revert -n {count}", ""), undo.sibling("up.sql", "down.sql"), sure=_crate("diesel"),
        root=_RUST,
    ),
    Tool(
        "sqlx", re.compile(r"(?:^|.*/)migrations/(\d+)_[\w-]+?(?:\.up)?(?<!\.down)\.sql"),
        _to("sqlx migrate revert --target-version {to}", "0"), undo.sibling(".up.sql", ".down.sql"),
        sure=_crate("sqlx"), root=_RUST,
    ),
    Tool(
        "SeaORM", re.compile(r"(?:^|.*/)(m\d{8}_\d{6}_\w+)\.rs"), _to("sea-orm-cli migrate down -n {count}", ""),
        undo.sea_orm, sure=_holds("MigrationTrait"),
    ),
    Tool(
        "golang-migrate", re.compile(r"(?:^|.*/)(\d+)_[\w.-]+\.up\.sql"), _golang, undo.sibling(".up.sql", ".down.sql"),
    ),
    Tool(
        "goose", re.compile(r"(?:^|.*/)(\d+)_[\w-]+\.(?:sql|go)"), _goose, undo.goose,
        sure=lambda tree, path: any(mark in text_of(tree, path) for mark in ("+goose Up", "goose.AddMigration")),
    ),
    Tool(
        "dbmate", re.compile(r"(?:^|.*/)migrations/(\d+)_[\w-]+\.sql"), _dbmate, undo.below("-- migrate:down"),
        sure=_holds("migrate:up"),
    ),
    Tool(
        "TypeORM", re.compile(r"(?:^|.*/)migrations?/(\d{13})-[\w-]+\.[jt]s"), _typeorm, undo.braced("down"),
        sure=_holds("MigrationInterface"), root=_NODE,
    ),
    Tool(
        "Sequelize", re.compile(rf"(?:^|.*/)migrations/({_STAMP})-[\w-]+\.[cm]?[jt]s"),
        _each("npx sequelize-cli db:migrate:undo --name {file}"), undo.braced("down"),
        sure=_package("sequelize"), root=_NODE, any_order=True,
    ),
    Tool(
        "node-pg-migrate", re.compile(r"(?:^|.*/)migrations/(\d+)_[\w-]+\.[cm]?[jt]s"),
        _to("npx node-pg-migrate down {count}", ""), undo.braced("down"), sure=_package("node-pg-migrate"), root=_NODE,
    ),
    Tool(
        "Knex", re.compile(rf"(?:^|.*/)migrations/({_STAMP})_[\w-]+\.[cm]?[jt]s"), _knex, undo.braced("down"),
        sure=_package("knex"), root=_NODE, any_order=True,
    ),
    Tool(
        "Entity Framework", re.compile(rf"(?:^|.*/)Migrations/(?:\w+/)?({_STAMP}_\w+)(?<!\.Designer)\.cs"),
        _entity_framework, undo.braced("void Down"), root=re.compile(r".*\.csproj"),
    ),
)  # fmt: skip


def tool_of(tree: SourceTree, path: str) -> tuple[Tool, str] | None:
    """The tool whose migration a file is, and its revision."""
    for tool in TOOLS:
        found = tool.path.fullmatch(path)
        if found is not None and tool.sure(tree, path):
            return tool, found[1]
    return None


def root_of(tool: Tool, tree: SourceTree, folder: str) -> str:
    """The project's folder above some migrations, with its slash; empty at the top, and where nothing tells it."""
    if tool.root is None:
        return ""
    for above in _above(f"{folder}/"):
        if any(p.startswith(above) and tool.root.fullmatch(p[len(above) :]) for p in tree.files):
            return above
    return ""


_ANYWHERE = ("Alembic", "Drizzle", "goose", "golang-migrate", "Flyway", "SeaORM")
"""tools whose files no path alone tells"""


def is_one(path: str) -> bool:
    """True if a file may be a migration, by its path alone."""
    return any(tool.path.fullmatch(path) for tool in TOOLS if tool.name not in _ANYWHERE)
