"""Migrations between two small trees: the tool, the target's revision, what undoes the rest."""

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.model.commit_range import Migrated, SourceTree
from tui.ways import plan_warnings
from tui.ways.migration_tools import TOOLS
from tui.ways.migrations_between import compare

RAILS = "class X < ActiveRecord::Migration[7.1]\n  def change\n    add_column :users, :age, :integer\n  end\nend\n"
DJANGO = "from django.db import migrations, models\nclass Migration(migrations.Migration):\n    dependencies = []\n"
KNEX = "exports.up = k => k.schema.createTable('a')\nexports.down = k => k.schema.dropTable('a')\n"
SEQUELIZE = "module.exports = { async up(q) {}, async down(q) { await q.dropTable('a') } }\n"
LARAVEL = (
    "<?php return new class { public function up(): void {} public function down(): void { Schema::drop('a'); } };"
)
GOOSE = "-- +goose Up\nCREATE TABLE a();\n-- +goose Down\nDROP TABLE a;\n"
DBMATE = "-- migrate:up\nCREATE TABLE a();\n-- migrate:down\nDROP TABLE a;\n"
TYPEORM = "export class A1 implements MigrationInterface { async up() {} async down(q) { q.dropTable('a') } }"
ECTO = "defmodule X do\n  use Ecto.Migration\n  def change do\n    create table(:a)\n  end\nend\n"
SEA_ORM = (
    "impl MigrationTrait for Migration {\n  async fn up(&self, m: &SchemaManager) -> Result<(), DbErr> { todo!() }\n"
    "  async fn down(&self, m: &SchemaManager) -> Result<(), DbErr> {\n    m.drop_table(x).await\n  }\n}\n"
)
RELEASE = "defmodule Shop.Release do\n  def rollback(repo, version) do\n  end\nend\n"


def alembic(revision: str, below: str | None, down: str = "op.drop_table('a')") -> str:
    parent = f'"{below}"' if below else "None"
    return (
        f'revision: str = "{revision}"\ndown_revision: str | None = {parent}\n\n'
        f"def upgrade() -> None:\n    op.create_table('a')\n\n\ndef downgrade() -> None:\n    {down}\n"
    )


def tree(files: Mapping[str, str]) -> SourceTree:
    return SourceTree({path: text.encode() for path, text in files.items()}, files.get)


def between(old: Mapping[str, str], new: Mapping[str, str]) -> tuple[Migrated, ...]:
    return compare(tree({**old, **new}), tree(old))


CASES: tuple[tuple[str, dict[str, str], dict[str, str], str | None, tuple[str, ...]], ...] = (
    (
        "Rails",
        {"db/migrate/20261101100000_create_users.rb": RAILS},
        {"db/migrate/20261102100000_a.rb": RAILS, "db/migrate/20261103100000_b.rb": RAILS},
        "20261101100000",
        ("bin/rails db:migrate VERSION=20261101100000",),
    ),
    (
        "Rails",
        {"db/migrate/20261105100000_create_users.rb": RAILS},
        {"db/migrate/20261102100000_merged_late.rb": RAILS},
        "20261105100000",
        ("bin/rails db:migrate:down VERSION=20261102100000",),
    ),
    (
        "Django",
        {"manage.py": "", "shop/orders/migrations/0001_initial.py": DJANGO},
        {"shop/orders/migrations/0002_order_total.py": DJANGO, "shop/orders/migrations/__init__.py": ""},
        "0001_initial",
        ("python manage.py migrate orders 0001_initial",),
    ),
    (
        "Django",
        {"src/manage.py": ""},
        {"src/blog/migrations/0001_initial.py": DJANGO},
        None,
        ("python src/manage.py migrate blog zero",),
    ),
    (
        "Alembic",
        {"alembic.ini": "", "alembic/versions/1a2b_users.py": alembic("1a2b", None)},
        {"alembic/versions/0c3d_b.py": alembic("0c3d", "ffff"), "alembic/versions/ffff_a.py": alembic("ffff", "1a2b")},
        "1a2b",
        ("alembic downgrade 1a2b",),
    ),
    (
        "Alembic",
        {"migrations/env.py": "from flask import current_app", "migrations/versions/1a2b_.py": alembic("1a2b", None)},
        {"migrations/versions/2b3c_.py": alembic("2b3c", "1a2b")},
        "1a2b",
        ("flask db downgrade 1a2b",),
    ),
    (
        "Ecto",
        {"mix.exs": "app: :shop,", "lib/shop/release.ex": RELEASE, "priv/repo/migrations/20261101100000_a.exs": ECTO},
        {"priv/repo/migrations/20261102100000_b.exs": ECTO, "priv/repo/migrations/20261103100000_c.exs": ECTO},
        "20261101100000",
        ("bin/shop eval 'Shop.Release.rollback(Shop.Repo, 20261102100000)'",),
    ),
    ("Ecto", {}, {"priv/repo/migrations/20261102100000_b.exs": ECTO}, None, ("mix ecto.rollback --to 20261102100000",)),
    (
        "Prisma",
        {"prisma/migrations/20261101100000_init/migration.sql": "CREATE"},
        {
            "prisma/migrations/20261102100000_b/migration.sql": "ALTER",
            "prisma/migrations/20261102100000_b/down.sql": "ALTER",
        },
        "20261101100000_init",
        (
            "npx prisma db execute --file prisma/migrations/20261102100000_b/down.sql --schema prisma/schema.prisma",
            'sh -c "echo \\"DELETE FROM _prisma_migrations WHERE migration_name = \'20261102100000_b\'\\" | '
            'npx prisma db execute --stdin --schema prisma/schema.prisma"',
        ),
    ),
    (
        "goose",
        {"db/migrations/00001_a.sql": GOOSE},
        {"db/migrations/00002_b.sql": GOOSE},
        "00001",
        ("goose -dir db/migrations down-to 00001",),
    ),
    (
        "golang-migrate",
        {"migrations/000001_a.up.sql": "x", "migrations/000001_a.down.sql": "x"},
        {"migrations/000002_b.up.sql": "x", "migrations/000002_b.down.sql": "x"},
        "000001",
        ("sh -c 'migrate -path migrations -database \"$DATABASE_URL\" goto 1'",),
    ),
    (
        "sqlx",
        {"Cargo.toml": "sqlx = 1", "migrations/1_a.up.sql": "x", "migrations/1_a.down.sql": "x"},
        {"migrations/2_b.up.sql": "x", "migrations/2_b.down.sql": "x"},
        "1",
        ("sqlx migrate revert --target-version 1",),
    ),
    (
        "Diesel",
        {"Cargo.toml": "diesel = 2"},
        {"migrations/2026-11-02-100000_b/up.sql": "x", "migrations/2026-11-02-100000_b/down.sql": "x"},
        None,
        ("diesel migration revert -n 1",),
    ),
    (
        "Flyway",
        {"src/main/resources/db/migration/V1_9__a.sql": "x"},
        {"src/main/resources/db/migration/V1_10__b.sql": "x", "src/main/resources/db/migration/U1_10__b.sql": "x"},
        "1_9",
        ("flyway undo -target=1_10",),
    ),
    (
        "Knex",
        {"package.json": '{"dependencies":{"knex":"3"}}', "migrations/20261101100000_a.js": KNEX},
        {"migrations/20261102100000_b.js": KNEX, "migrations/20261103100000_c.js": KNEX},
        "20261101100000",
        ("npx knex migrate:down 20261103100000_c.js", "npx knex migrate:down 20261102100000_b.js"),
    ),
    (
        "Sequelize",
        {"api/package.json": '{"dependencies":{"sequelize":"6"}}'},
        {"api/migrations/20261102100000-b.js": SEQUELIZE},
        None,
        ("npx sequelize-cli db:migrate:undo --name 20261102100000-b.js",),
    ),
    (
        "TypeORM",
        {"src/data-source.ts": "new DataSource()", "src/migrations/1795000000001-A.ts": TYPEORM},
        {"src/migrations/1795000000002-B.ts": TYPEORM},
        "1795000000001",
        ("npx typeorm-ts-node-commonjs migration:revert -d src/data-source.ts",),
    ),
    (
        "node-pg-migrate",
        {"package.json": '{"dependencies":{"node-pg-migrate":"7"}}'},
        {"migrations/1795000000002_b.js": KNEX},
        None,
        ("npx node-pg-migrate down 1",),
    ),
    (
        "Laravel",
        {"database/migrations/2026_11_01_100000_a.php": LARAVEL},
        {"database/migrations/2026_11_02_100000_b.php": LARAVEL},
        "2026_11_01_100000_a",
        ("php artisan migrate:rollback --force --step=1",),
    ),
    (
        "Doctrine",
        {"migrations/Version20261101100000.php": "function down("},
        {"migrations/Version20261102100000.php": "public function down(Schema $schema): void {$this->addSql('x');}"},
        "20261101100000",
        ("php bin/console doctrine:migrations:execute --down -n 'DoctrineMigrations\\Version20261102100000'",),
    ),
    (
        "Phinx",
        {"db/migrations/20261101100000_a.php": "function change()"},
        {"db/migrations/20261102100000_b.php": "function change()"},
        "20261101100000",
        ("vendor/bin/phinx rollback -t 20261101100000",),
    ),
    (
        "SeaORM",
        {"migration/src/m20261101_000001_a.rs": SEA_ORM},
        {"migration/src/m20261102_000001_b.rs": SEA_ORM},
        "m20261101_000001_a",
        ("sea-orm-cli migrate down -n 1",),
    ),
    ("dbmate", {}, {"db/migrations/20261102100000_b.sql": DBMATE}, None, ("dbmate rollback",)),
    (
        "Entity Framework",
        {"Migrations/20261101100000_A.cs": "void Down(", "Migrations/20261101100000_A.Designer.cs": ""},
        {
            "Migrations/20261102100000_B.cs": "override void Down(MigrationBuilder b) { b.DropTable(1); }",
            "Migrations/20261102100000_B.Designer.cs": "",
        },
        "20261101100000_A",
        ("dotnet ef database update 20261101100000_A",),
    ),
)  # fmt: skip


@pytest.mark.parametrize(
    ("tool", "old", "new", "target", "down"), CASES, ids=lambda part: part if type(part) is str else ""
)
def test_each_tool_is_known_with_the_targets_revision_and_what_undoes_the_rest(
    tool: str, old: dict[str, str], new: dict[str, str], target: str | None, down: tuple[str, ...]
) -> None:
    (found,) = between(old, new)
    assert (found.tool, found.target, found.down, found.forward_only) == (tool, target, down, ())
    assert found.between


def test_every_tool_has_its_case() -> None:
    assert {tool.name for tool in TOOLS} - {case[0] for case in CASES} == {"Drizzle"}


@pytest.mark.parametrize(
    "new",
    [
        {"db/migrate/20261102100000_a.rb": RAILS.replace("add_column", "execute 'x' #")},
        {"db/migrate/20261102100000_a.rb": "def up\n  execute 'x'\nend\n"},
        {"db/migrate/20261102100000_a.rb": "def up\nend\ndef down\n  raise ActiveRecord::IrreversibleMigration\nend"},
        {"shop/orders/migrations/0002_x.py": DJANGO + "operations = [migrations.RunPython(forwards)]"},
        {"shop/orders/migrations/0002_x.py": DJANGO + "operations = [migrations.RunSQL('x')]"},
        {"alembic/versions/2b_.py": alembic("2b", None, "pass")},
        {"alembic/versions/2b_.py": alembic("2b", None, "raise NotImplementedError")},
        {"priv/repo/migrations/20261102100000_b.exs": "def up do\nend\n"},
        {"prisma/migrations/20261102100000_b/migration.sql": "ALTER"},
        {"drizzle/0002_b.sql": "ALTER"},
        {"db/V2__b.sql": "ALTER"},
        {"migrations/000002_b.up.sql": "x"},
        {"db/migrations/00002_b.sql": "-- +goose Up\nALTER"},
        {"database/migrations/2026_11_02_100000_b.php": "public function down(): void { // nothing\n }"},
        {"package.json": '{"dependencies":{"knex":"3"}}', "migrations/20261102100000_b.js": "exports.up = k => k"},
    ],
)
def test_what_says_no_way_back_is_forward_only_and_gets_no_command(new: dict[str, str]) -> None:
    (found,) = between({}, new)
    assert found.forward_only == found.between and not found.down
    assert any("forward-only" in words for words in plan_warnings.database(found))


def test_older_ones_that_came_in_between_get_no_command_that_would_undo_others() -> None:
    (found,) = between({"db/migrations/00005_a.sql": GOOSE}, {"db/migrations/00003_late.sql": GOOSE})
    assert found.between == ("00003_late.sql",) and not found.down and not found.forward_only
    assert any("by hand" in words for words in plan_warnings.database(found))


def test_late_ones_of_a_tool_that_undoes_each_by_its_name_get_their_commands() -> None:
    late = "prisma/migrations/20261101100000_late"
    new = {f"{late}/migration.sql": "ALTER", f"{late}/down.sql": "ALTER"}
    (found,) = between({"prisma/migrations/20261105100000_a/migration.sql": "CREATE"}, new)
    assert [line for line in found.down if "20261101100000_late" in line] == list(found.down) != []


def test_what_only_the_target_has_and_what_was_changed_is_said_and_gets_no_command() -> None:
    old = {"db/migrate/20261101100000_a.rb": RAILS, "db/migrate/20261102100000_gone.rb": RAILS}
    new = {"db/migrate/20261101100000_a.rb": RAILS + "# later", "db/migrate/20261103100000_b.rb": RAILS}
    (found,) = compare(tree(new), tree(old))
    assert found.only_target == ("20261102100000_gone.rb",) and found.changed == ("20261101100000_a.rb",)
    assert found.between == ("20261103100000_b.rb",) and not found.down
    said = "\n".join(plan_warnings.database(found))
    assert "its tasks would run them" in said and "no command undoes" in said


def test_two_heads_are_named_and_lead_nowhere_for_certain() -> None:
    old = {"alembic/versions/a.py": alembic("a1", None), "alembic/versions/b.py": alembic("b1", None)}
    (found,) = between(old, {"alembic/versions/c.py": alembic("c1", "a1")})
    assert found.target == "a1 and b1" and not found.down


def test_several_tools_and_apps_are_told_apart() -> None:
    found = between(
        {"manage.py": ""},
        {"a/migrations/0001_x.py": DJANGO, "b/migrations/0001_x.py": DJANGO, "ui/drizzle/0001_y.sql": "x"},
    )
    assert [(one.tool, one.folder) for one in found] == [
        ("Django", "a/migrations"), ("Django", "b/migrations"), ("Drizzle", "ui/drizzle"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    "path",
    [
        "README.md",
        "docs/migrations.md",
        "src/migrate.py",
        "app/migrations/__init__.py",
        "schema.sql",
        "a/versions/x.py",
    ],
)
def test_what_only_looks_like_one_is_none(path: str) -> None:
    assert between({}, {path: "x"}) == ()


@pytest.mark.parametrize(
    "new",
    [
        {"alembic/versions/x.py": alembic("a; rm -rf /", None)},
        {"$(id)/alembic/versions/x.py": alembic("a", None)},
        {"db `id`/migrate/db/migrate/20261102100000_a.rb": RAILS},
    ],
)
def test_names_out_of_a_repository_never_become_part_of_a_command_that_a_shell_obeys(new: dict[str, str]) -> None:
    (found,) = between({}, new)
    assert found.between and not found.down


@given(st.dictionaries(st.sampled_from([path for case in CASES for path in case[2]]), st.text(max_size=80), max_size=6))
def test_whatever_is_in_the_files_nothing_is_raised(files: dict[str, str]) -> None:
    for one in (*compare(tree(files), tree({})), *compare(tree({}), tree(files))):
        assert all(isinstance(words, str) for words in plan_warnings.database(one))
