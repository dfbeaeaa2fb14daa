"""Migrations in the trees that people have: several frameworks, databases and projects in one, ways back that are
empty, branches beside the last migration. A command is exact, or there is none."""

import pytest

from tests.ways.test_migrations_between import (
    DBMATE,
    DJANGO,
    ECTO,
    GOOSE,
    KNEX,
    RAILS,
    alembic,
    between,
    tree,
)
from tui.ways import plan_warnings
from tui.ways.migrations_between import compare

Files = dict[str, str]
RAILS_8 = (
    "production:\n  primary:\n    database: x\n  cache:\n    migrations_paths: db/cache_migrate\n"
    "  queue:\n    migrations_paths:\n      - db/queue_migrate\n    host: a/b\n"
)
LATER = "20261102100000"


def rails(change: str) -> str:
    return f"class X < ActiveRecord::Migration[7.1]\n  def change\n    {change}\n  end\nend\n"


def django(*builds_upon: tuple[str, str], more: str = "") -> str:
    return DJANGO.replace("[]", repr(list(builds_upon))) + more


DOWN = {"prisma/migrations/20261102100000_b/migration.sql": "A", "prisma/migrations/20261102100000_b/down.sql": "B"}
TYPEORM = (
    "class B implements MigrationInterface {\n  public async down(q: QueryRunner): Promise<void> {\n"
    '    await q.query(`DROP TABLE "a"`);\n  }\n}'
)

EXACT: dict[str, tuple[Files, Files, str, tuple[str, ...]]] = {
    "rails, several databases": (
        {"config/database.yml": RAILS_8, "db/migrate/1_a.rb": RAILS},
        {f"db/migrate/{LATER}_b.rb": RAILS},
        "",
        (f"bin/rails db:migrate:down:primary VERSION={LATER}",),
    ),
    "rails, another of several databases": (
        {"config/database.yml": RAILS_8},
        {f"db/queue_migrate/{LATER}_b.rb": RAILS},
        "",
        (f"bin/rails db:migrate:down:queue VERSION={LATER}",),
    ),
    "rails, two folders of one database": (
        {"bin/rails": "", "db/migrate/20261101100005_a.rb": RAILS, "engines/pay/db/migrate/20261101100000_a.rb": RAILS},
        {f"engines/pay/db/migrate/{LATER}_b.rb": RAILS},
        "",
        (f"bin/rails db:migrate:down VERSION={LATER}",),
    ),
    "rails, below a folder": (
        {"backend/Gemfile": "", "backend/db/migrate/20261101100000_a.rb": RAILS},
        {f"backend/db/migrate/{LATER}_b.active_storage.rb": RAILS},
        "backend",
        ("bin/rails db:migrate VERSION=20261101100000",),
    ),
    "django, two projects": (
        {"a/manage.py": "", "bb/manage.py": "", "bb/users/migrations/0001_initial.py": DJANGO},
        {"bb/users/migrations/0002_x.py": django(("users", "0001_initial"))},
        "",
        ("python bb/manage.py migrate users 0001_initial",),
    ),
    "django, a label of its own": (
        {"manage.py": "", "core/auth/apps.py": "class C(AppConfig):\n    label = 'corp_auth'\n"},
        {"core/auth/migrations/0001_initial.py": DJANGO},
        "",
        ("python manage.py migrate corp_auth zero",),
    ),
    "alembic, a folder of another name": (
        {"app/db/script.py.mako": "", "app/db/revisions/a.py": alembic("a", None)},
        {"app/db/revisions/b.py": alembic("b", "a")},
        "",
        ("alembic downgrade a",),
    ),
    "alembic, two branches above the target": (
        {"api/alembic.ini": "", "api/db/versions/a.py": alembic("a", None)},
        {"api/db/versions/b.py": alembic("b", "a"), "api/db/versions/c.py": alembic("c", "a")},
        "api",
        ("alembic downgrade a",),
    ),
    "alembic, described": (
        {},
        {
            "alembic/versions/a.py": 'revision = "a"\ndown_revision = None\n\ndef downgrade() -> None:\n'
            '    """Downgrade schema."""\n    # ### commands auto generated ###\n    op.drop_table("a")\n'
        },
        "",
        ("alembic downgrade base",),
    ),
    "prisma, below a folder": (
        {"package.json": "", "packages/db/package.json": "", "packages/db/prisma/schema.prisma": ""},
        {f"packages/db/{path}": text for path, text in DOWN.items()},
        "packages/db",
        (
            f"npx prisma db execute --file prisma/migrations/{LATER}_b/down.sql --schema prisma/schema.prisma",
            f'sh -c "echo \\"DELETE FROM _prisma_migrations WHERE migration_name = \'{LATER}_b\'\\" | '
            'npx prisma db execute --stdin --schema prisma/schema.prisma"',
        ),
    ),
    "knex, its file elsewhere": (
        {"server/package.json": '{"knex":1}', "server/src/knexfile.js": ""},
        {f"server/src/migrations/{LATER}_b.js": KNEX},
        "server",
        (f"npx knex migrate:down {LATER}_b.js --knexfile src/knexfile.js",),
    ),
    "knex, in TypeScript": (
        {"package.json": '{"knex":1}'},
        {
            f"migrations/{LATER}_b.ts": "export async function down(knex: Knex): Promise<void> {\n"
            "  await knex.schema.dropTable('a')\n}\n"
        },
        "",
        (f"npx knex migrate:down {LATER}_b.ts",),
    ),
    "sequelize, taken apart": (
        {"package.json": '{"sequelize":1}'},
        {f"migrations/{LATER}-b.js": "module.exports = { down: async ({ context: q }) => {\n  await q.drop('a')\n} }"},
        "",
        (f"npx sequelize-cli db:migrate:undo --name {LATER}-b.js",),
    ),
    "typeorm, as modules": (
        {"package.json": '{"type": "module"}', "src/data-source.ts": ""},
        {"src/migrations/1795000000002-B.ts": TYPEORM},
        "",
        ("npx typeorm-ts-node-esm migration:revert -d src/data-source.ts",),
    ),
    "dbmate, another folder": (
        {},
        {f"sql/migrations/{LATER}_b.sql": DBMATE},
        "",
        ("dbmate -d sql/migrations rollback",),
    ),
    "doctrine, a namespace of its own": (
        {},
        {
            f"src/Migrations/Version{LATER}.php": "namespace App\\Migrations;\n"
            "public function down(Schema $s): void { $this->addSql('x'); }"
        },
        "",
        (f"php bin/console doctrine:migrations:execute --down -n 'App\\Migrations\\Version{LATER}'",),
    ),
    "laravel, with a function inside": (
        {"artisan": ""},
        {
            "database/migrations/2026_11_02_100000_b.php": "public function down(): void\n{\n"
            "    Schema::table('a', function (Blueprint $t) {\n        $t->dropColumn('x');\n    });\n}"
        },
        "",
        ("php artisan migrate:rollback --force --step=1",),
    ),
    "ecto, in one line": (
        {"mix.exs": "app: :shop,"},
        {f"priv/repo/migrations/{LATER}_b.exs": "def up, do: Oban.up()\ndef down, do: Oban.down(version: 11)\n"},
        "",
        (f"mix ecto.rollback --to {LATER}",),
    ),
    "ecto, an execute with its reverse": (
        {"mix.exs": "app: :shop,"},
        {f"priv/repo/migrations/{LATER}_b.exs": 'def change do\n  execute "CREATE a", "DROP a"\nend\n'},
        "",
        (f"mix ecto.rollback --to {LATER}",),
    ),
}


@pytest.mark.parametrize(("old", "new", "at", "down"), EXACT.values(), ids=EXACT)
def test_the_command_is_exact_for_the_tree(old: Files, new: Files, at: str, down: tuple[str, ...]) -> None:
    (found,) = between(old, new)
    assert (found.down, found.at, found.forward_only) == (down, at, ())
    said = "\n".join(plan_warnings.database(found))
    assert (f", in {at}: " in said) is bool(at)


UNSURE: dict[str, tuple[Files, Files]] = {
    "rails, a database of no known name": ({}, {f"db/animals_migrate/{LATER}_b.rb": RAILS}),
    "rails, a main database that is called otherwise": (
        {"config/database.yml": RAILS_8.replace("primary", "main")},
        {f"db/migrate/{LATER}_b.rb": RAILS},
    ),
    "django, a branch beside the target and its merge": (
        {"manage.py": "", "o/migrations/0001_a.py": DJANGO, "o/migrations/0002_a.py": django(("o", "0001_a"))},
        {
            "o/migrations/0002_b.py": django(("o", "0001_a")),
            "o/migrations/0003_merge.py": django(("o", "0002_a"), ("o", "0002_b")),
        },
    ),
    "django, no project above": ({"a/manage.py": "", "b/manage.py": ""}, {"c/o/migrations/0001_a.py": DJANGO}),
    "alembic, a branch beside the head": (
        {"alembic/versions/a.py": alembic("a", None), "alembic/versions/b.py": alembic("b", "a")},
        {"alembic/versions/c.py": alembic("c", "a")},
    ),
    "alembic, a merge over several lines": (
        {"alembic/versions/a.py": alembic("a", None), "alembic/versions/b.py": alembic("b", "a")},
        {
            "alembic/versions/m.py": 'revision = "m"\ndown_revision = (\n    "b",\n    "c",\n)\n'
            "def downgrade():\n    op.x()\n"
        },
    ),
    "alembic, two databases in one file": (
        {"alembic.ini": "[x]\nscript_location = a\n[y]\nscript_location = b\n"},
        {"b/versions/y.py": alembic("y", None)},
    ),
    "ecto, an umbrella": (
        {"apps/shop/mix.exs": "app: :shop,"},
        {f"apps/shop/priv/repo/migrations/{LATER}_b.exs": ECTO},
    ),
    "ecto, a second database": ({"mix.exs": "app: :shop,"}, {f"priv/animals_repo/migrations/{LATER}_b.exs": ECTO}),
    "goose, in Go": (
        {"db/00001_a.sql": GOOSE},
        {"db/00002_b.go": "goose.AddMigrationContext(Up2, Down2)", "db/00003_c.sql": GOOSE},
    ),
    "entity framework, two databases": (
        {"A/AModelSnapshot.cs": "", "B/BModelSnapshot.cs": ""},
        {f"B/Migrations/{LATER}_B.cs": "override void Down(MigrationBuilder b) { b.DropTable(); }"},
    ),
}


@pytest.mark.parametrize(("old", "new"), UNSURE.values(), ids=UNSURE)
def test_where_no_command_is_exact_there_is_none(old: Files, new: Files) -> None:
    (found,) = between(old, new)
    assert (found.down, found.forward_only) == ((), ())
    assert set(found.between) == {path.rpartition("/")[2] for path in new}
    assert any("by hand" in words for words in plan_warnings.database(found))


@pytest.mark.parametrize(
    "change",
    [
        "safety_assured { execute 'x' }",
        "change_table(:a) { |t| t.remove :b }",
        "remove_column(:a, :b)",
        "change_column_default :a, :b, 5",
        "remove_index :a, name: 'x'",
        "drop_table :a, if_exists: true",
        "remove_foreign_key :a, column: :b_id",
        "User.update_all(a: 1)",
        "User.find_each(&:save!)",
        "reversible do |dir|\n dir.up { execute 'x' }\n end",
        "remove_columns :a, :b, :c",
    ],
)
def test_what_rails_cannot_take_back_is_forward_only(change: str) -> None:
    (found,) = between({}, {f"db/migrate/{LATER}_a.rb": rails(change)})
    assert found.forward_only and not found.down


@pytest.mark.parametrize(
    "change",
    [
        "remove_column :a, :b, :integer",
        "remove_columns :a, :b, type: :string",
        "remove_index :a, :b",
        "change_column_default :a, :b, from: nil, to: 5",
        "drop_table :a do |t|\n t.string :x\n end",
        "reversible do |dir|\n dir.up { execute 'x' }\n dir.down { execute 'y' }\n end",
        "rename_column :a, :b, :c",
        "remove_foreign_key :a, :b",
        "add_reference :a, :b,\n      foreign_key: true",
        "# execute nothing\n add_column :a",
    ],
)
def test_what_rails_can_take_back_has_its_command(change: str) -> None:
    (found,) = between({}, {f"db/migrate/{LATER}_a.rb": rails(change)})
    assert found.down and not found.forward_only


@pytest.mark.parametrize(
    ("operation", "back"),
    [
        ("RunPython(f, migrations.RunPython.noop)", True),
        ("RunPython(code=f, reverse_code=g)", True),
        ("RunPython(\n    f,\n    elidable=True,\n)", False),
        ("RunPython(f, atomic=False)", False),
        ("RunPython(f, hints={'a': (1, 2)})", False),
        ("RunSQL('a', 'b')", True),
        ("RunSQL('a, b')", False),
        ("RunSQL('a', reverse_sql='b'), migrations.RunSQL('c')", False),
        ("RunSQL([('a', [1])], state_operations=[])", False),
    ],
)
def test_each_operation_of_django_has_to_say_its_reverse(operation: str, back: bool) -> None:
    text = django(more=f"    operations = [migrations.{operation}]\n")
    (found,) = between({"manage.py": ""}, {"o/migrations/0001_a.py": text})
    assert (bool(found.down), bool(found.forward_only)) == (back, not back)


@pytest.mark.parametrize(
    "new",
    [
        {"alembic/versions/a.py": 'revision = "a"\ndown_revision = None\ndef downgrade():\n  """None."""\n  pass\n'},
        {
            "package.json": '{"knex":1}',
            f"migrations/{LATER}_b.ts": "export async function down(k: Knex): Promise<void> {}",
        },
        {
            "package.json": '{"knex":1}',
            f"migrations/{LATER}_b.js": "exports.down = async () => { throw new Error('no') }",
        },
        {"package.json": '{"node-pg-migrate":1}', "migrations/1795000000002_b.js": "exports.down = false"},
        {"package.json": '{"sequelize":1}', f"migrations/{LATER}-b.js": "async down (q) {\n  /**\n * Here.\n */\n}"},
        {"src/data-source.ts": "", "migrations/1795000000002-B.ts": TYPEORM.replace("await q", "// await q")},
        {"db/00002_b.sql": "-- +goose Up\nA;\n-- +goose Down\n-- +goose StatementBegin\n-- +goose StatementEnd\n"},
        {"db/00002_b.go": "goose.AddMigration(up, nil)"},
        {"migrations/000001_a-b.up.sql": "x", "migrations/000001_a-b.down.sql": "-- nothing\n"},
        {"Cargo.toml": "sqlx", "migrations/20260201000000_b.sql": "x"},
        {
            "Cargo.toml": "diesel",
            "migrations/2026-11-02-1_b/up.sql": "x",
            "migrations/2026-11-02-1_b/down.sql": "-- Here.",
        },
        {f"db/migrations/{LATER}_b.sql": "-- migrate:up\nx;\n-- migrate:down\n"},
        {f"priv/repo/migrations/{LATER}_b.exs": 'def change do\n  execute "CREATE EXTENSION x"\nend'},
        {f"priv/repo/migrations/{LATER}_b.exs": "def up do\n  1\nend\ndef down do\n  :ok\nend"},
        {"database/migrations/2026_11_02_100000_b.php": "public function down()\n{\n throw new Exception('no');\n}"},
        {f"migrations/Version{LATER}.php": "function down() { $this->throwIrreversibleMigrationException(); }"},
        {f"db/migrations/{LATER}_b.php": "public function change() { $this->table('a')->removeColumn('x'); }"},
        {f"Migrations/{LATER}_B.cs": "protected override void Down(MigrationBuilder b)\n{\n\n}"},
        {"src/db/migrations/meta/_journal.json": "{}", "src/db/migrations/0001_cool_name.sql": "x"},
        {"prisma/migrations/20261102100000_add-user/migration.sql": "A"},
        {f"db/migrate/{LATER}_a.rb": "def up\n  x\nend\n\ndef down\nend\n"},
        {"migration/src/m20261102_000001_b.rs": "MigrationTrait\nasync fn down(&self) -> Result<(), X> { todo!() }"},
    ],
)
def test_a_way_back_that_is_empty_is_none(new: Files) -> None:
    (found,) = between({}, new)
    assert found.forward_only == found.between != () and not found.down


def test_ones_that_stand_for_others_change_nothing() -> None:
    """Django holds a squashed migration for applied where those that it replaces are."""
    old = {"manage.py": "", "o/migrations/0001_a.py": DJANGO, "o/migrations/0002_b.py": django(("o", "0001_a"))}
    squashed = django(more="    replaces = [('o', '0001_a'), ('o', '0002_b')]\n")
    new = {"manage.py": "", "o/migrations/0001_squashed_0002_b.py": squashed}
    assert between(old, new) == () and compare(tree(new), tree(old)) == ()


@pytest.mark.parametrize(
    ("path", "is_one"),
    [
        ("db/changelog/db.changelog-master.yaml", True),
        ("src/main/resources/db/changelog/001-init.xml", True),
        ("migration/src/lib.rs", True),
        ("config/Migrations/20200101_X.php", True),
        ("db/migration/V2__B.java", True),
        ("CHANGELOG.md", False),
        ("docs/changelog/2020.md", False),
        ("src/migration/Foo.tsx", False),
        ("api/versions/v2.py", False),
        ("app/models/user.py", False),
    ],
)
def test_what_no_tool_here_undoes_is_listed_as_a_migration(path: str, is_one: bool) -> None:
    assert plan_warnings.is_migration(path) is is_one
