"""Backups: what a dump brings back, what cannot harm the warehouse, and that loads go on afterwards."""

import os
import shutil
import signal
import subprocess
import sys
from types import SimpleNamespace

import psycopg
import pytest
from psycopg import sql
from upath import UPath

from austin_crime import backup, config, errors, nightly, restore
from austin_crime.warehouse import programs
from local_stack.provisioning import postgres as local_postgres
from sample_portal.publisher import week
from testing.catalog import catalog_of, rows_of
from testing.waiting import wait_for

pytestmark = pytest.mark.slow


@pytest.fixture
def backups(warehouse, tmp_path, monkeypatch):
    """Return the folder of backups, and have the wheel's programs found."""
    monkeypatch.setenv("AUSTIN_CRIME_POSTGRES_PROGRAMS", str(local_postgres.programs_folder()))
    return tmp_path / "landing-backups"


@pytest.fixture
def loaded(sample_portal, warehouse, first_load):
    """Return the portal after a first load and that of a week later."""
    week.pass_week(sample_portal.store, added=20, edited=30, removed=3)
    nightly.run_nightly("week")
    return sample_portal


def use_new_database(postgres, monkeypatch, name):
    """Make an empty warehouse, which the settings name from now on."""
    owner_url, reader_url = postgres.create_warehouse(name)
    monkeypatch.setenv("AUSTIN_CRIME_WAREHOUSE_URL", owner_url)
    return SimpleNamespace(owner_url=owner_url, reader_url=reader_url)


def test_a_restored_warehouse_has_the_same_rows_rights_and_comments_and_loads_go_on_incrementally(
    loaded, warehouse, backups, postgres, monkeypatch
):
    rows, catalog = rows_of(warehouse.owner_url), catalog_of(warehouse.owner_url)
    # PostgreSQL writes a view's definition with other casts once it was dumped; its rows, columns and rights tell whether it is the same.
    del catalog["views"]
    backup.back_up()
    [path] = backups.iterdir()
    postgres.drop_database(psycopg.conninfo.conninfo_to_dict(warehouse.owner_url)["dbname"])
    new = use_new_database(postgres, monkeypatch, "restored")

    restore.restore(UPath(path))

    assert rows_of(new.owner_url) == rows
    assert catalog_of(new.owner_url).items() >= catalog.items()
    with psycopg.connect(new.reader_url) as reader:
        assert reader.execute("select count(*) from mart.crimes").fetchone()[0] > 2_000
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            reader.execute("select raw from ops.rejected_reports")
    week.pass_week(loaded.store, added=20, edited=30, removed=3)
    nightly.run_nightly("after")
    with psycopg.connect(new.owner_url) as connection:
        query = "select status, planned_against, whole_month_count < 40, fetched_count < 1000, skipped_month_count > 100 from ops.loads"
        after = connection.execute(f"{query} where load_id = 'after'").fetchone()
        assert after == ("published", "week", True, True, True)
        assert connection.execute("select count(*) from mart.crimes").fetchone()[0] == loaded.report_count()


def test_a_warehouse_with_data_is_replaced_only_if_its_name_is_typed(
    loaded, warehouse, backups, monkeypatch, capsys
):
    backup.back_up()
    [path] = backups.iterdir()
    database = path.name.split("-")[0]
    week.pass_week(loaded.store, added=20, edited=30, removed=3)
    nightly.run_nightly("later")
    rows = rows_of(warehouse.owner_url)

    monkeypatch.setattr("builtins.input", lambda question: "warehouse")
    with pytest.raises(SystemExit, match=f"Nothing was restored: expected '{database}', got 'warehouse'"):
        restore.main([path.name])
    with pytest.raises(SystemExit, match="Nothing was restored"):
        restore.main([path.name, "--confirm", "other"])
    assert rows_of(warehouse.owner_url) == rows

    restore.main([path.name, "--confirm", database])
    assert "later" not in str(rows_of(warehouse.owner_url)["ops.loads"])
    assert f"Restored {path} into the database {database}" in capsys.readouterr().out


def test_a_damaged_backup_leaves_the_warehouse_as_it_was(loaded, warehouse, backups):
    backup.back_up()
    [path] = backups.iterdir()
    rows = rows_of(warehouse.owner_url)
    whole = path.read_bytes()

    for damaged in (b"", b"no dump", whole[:-5_000], whole[: len(whole) // 2]):
        path.write_bytes(damaged)
        with pytest.raises((errors.BackupFailed, errors.RestoreRefused), match="restored"):
            restore.restore(UPath(path))

    assert rows_of(warehouse.owner_url) == rows


def test_a_killed_restore_leaves_the_warehouse_as_it_was(loaded, warehouse, backups, monkeypatch):
    backup.back_up()
    [path] = backups.iterdir()
    rows = rows_of(warehouse.owner_url)
    with psycopg.connect(warehouse.owner_url) as reader:
        # The restore waits for whoever reads; it is killed while it does, in the middle of its transaction.
        reader.execute("select count(*) from mart.crimes")
        process = subprocess.Popen(
            [sys.executable, "-m", "austin_crime.restore", path.name, "--confirm", path.name.split("-")[0]],
            env=os.environ | {"PYTHONPATH": str(config.ROOT / "include")},
        )
        waiting = "select count(*) from pg_locks where not granted"
        with psycopg.connect(warehouse.owner_url, autocommit=True) as other:
            wait_for("The restore", lambda: other.execute(waiting).fetchone()[0] > 0, 60)
        process.send_signal(signal.SIGKILL)
        process.wait(timeout=30)
    with psycopg.connect(warehouse.owner_url, autocommit=True) as other:
        others = "select count(*) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()"
        wait_for("The end of its session", lambda: other.execute(others).fetchone()[0] == 0, 60)

    assert rows_of(warehouse.owner_url) == rows


def test_a_running_load_is_not_disturbed_by_a_backup_and_refuses_a_restore(loaded, warehouse, backups):
    from austin_crime import steps

    week.pass_week(loaded.store, added=20, edited=30, removed=3)
    load = steps.plan_load("running")
    backup.back_up()
    [path] = backups.iterdir()

    with pytest.raises(SystemExit, match=r"Nothing was restored. Load running \(python\) has been running"):
        restore.main([path.name, "--confirm", path.name.split("-")[0]])

    for item in steps.list_batches(load):
        steps.load_batch(**item)
    assert steps.settle_months(load) >= 1


def test_only_the_newest_backups_are_kept_and_those_of_others_are_not_touched(
    warehouse, backups, monkeypatch
):
    database = psycopg.conninfo.conninfo_to_dict(warehouse.owner_url)["dbname"]
    backups.mkdir()
    old = [backups / f"{database}-2020010{day}T000000Z.dump" for day in range(1, 6)]
    others = [backups / "other-20200101T000000Z.dump", backups / f"{database}-notes.txt"]
    unfinished, fresh = backups / f"{database}-20200107T000000Z.dump.part", backups / "now.dump.part"
    for path in (*old, *others, unfinished, fresh):
        path.write_bytes(b"12345")
    os.utime(unfinished, (0, 0))
    monkeypatch.setenv("AUSTIN_CRIME_KEEP_BACKUPS", "2")

    would = backup.back_up(dry_run=True)
    assert {*old, *others, unfinished, fresh} == set(backups.iterdir())
    done = backup.back_up()

    left = set(backups.iterdir()) - {*others, fresh}
    assert len(left) == 2
    assert old[-1] in left
    assert "Would remove 5 older files, 25 bytes" in would
    assert "Removed 5 older files, 25 bytes; the newest 2 backups are kept." in done


def test_a_backup_in_an_object_store_is_restored(loaded, warehouse, backups, bucket, postgres, monkeypatch):
    monkeypatch.setenv("AUSTIN_CRIME_BACKUP_URL", f"s3://{bucket.name}/backups")
    rows = rows_of(warehouse.owner_url)

    backup.back_up()
    [name] = [item.key for item in bucket.objects.all()]
    new = use_new_database(postgres, monkeypatch, "restored_from_store")
    restore.restore(restore.find(name.rpartition("/")[2]))

    assert rows_of(new.owner_url) == rows


def test_a_missing_pg_dump_is_refused_with_what_to_install(warehouse, tmp_path, monkeypatch):
    old = tmp_path / "programs" / "pg_dump"
    old.parent.mkdir()
    old.write_text("#!/bin/sh\necho 'pg_dump (PostgreSQL) 9.6.24'\n")
    old.chmod(0o755)
    monkeypatch.setenv("PATH", str(old.parent))

    with pytest.raises(errors.ProgramMissing) as refusal:
        backup.back_up()

    for part in (f"{old} of version 9", "postgresql-client-18", "AUSTIN_CRIME_POSTGRES_PROGRAMS"):
        assert part in str(refusal.value)
    assert not (tmp_path / "landing-backups").exists()


def test_a_failed_pg_dump_leaves_no_backup(warehouse, backups, monkeypatch):
    folder = backups.parent / "programs"
    folder.mkdir()
    for name in ("pg_restore", "psql"):
        (folder / name).symlink_to(local_postgres.binary(name))
    broken = folder / "pg_dump"
    broken.write_text(
        '#!/bin/sh\n[ "$1" = --version ] && { echo "pg_dump (PostgreSQL) 18.1"; exit; }\necho half; echo no more space >&2; exit 1\n'
    )
    broken.chmod(0o755)
    monkeypatch.setenv("AUSTIN_CRIME_POSTGRES_PROGRAMS", str(folder))

    with pytest.raises(errors.BackupFailed, match="no more space"):
        backup.back_up()

    assert not list(backups.glob("*.dump"))


def test_the_password_is_not_among_the_arguments_of_pg_dump(warehouse):
    conninfo, environment = programs.login()

    password = psycopg.conninfo.conninfo_to_dict(warehouse.owner_url)["password"]
    assert password not in conninfo
    assert environment["PGPASSWORD"] == password


def test_a_server_without_the_readers_role_is_refused_before_anything_changes(backups, warehouse, postgres):
    backup.back_up()
    [path] = backups.iterdir()
    with local_postgres.temporary_server() as bare:
        with psycopg.connect(bare.url("postgres", "postgres"), autocommit=True) as connection:
            connection.execute(sql.SQL("drop owned by austin_crime_reader; drop role austin_crime_reader"))
            connection.execute("create database elsewhere owner austin_crime_owner")
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("AUSTIN_CRIME_WAREHOUSE_URL", bare.owner_url("elsewhere"))
            with pytest.raises(errors.RestoreRefused, match="no role austin_crime_reader"):
                restore.restore(UPath(path))


def test_migrations_that_a_backup_lacks_are_applied(warehouse, backups, postgres, monkeypatch):
    backup.back_up()
    [path] = backups.iterdir()
    newer = backups.parent / "sql"
    shutil.copytree(config.SQL_DIR, newer)
    (newer / "schema" / "999_newer.sql").write_text("create table ops.newer (load_id text);")
    monkeypatch.setattr(config, "SQL_DIR", newer)
    new = use_new_database(postgres, monkeypatch, "of_newer_schema")

    restore.restore(UPath(path))

    with psycopg.connect(new.reader_url) as connection:
        assert connection.execute("select count(*) from ops.newer").fetchone() == (0,)
