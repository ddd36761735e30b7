"""The schema staging: created anew whenever its files, a migration or the list of aggregates change."""

import hashlib
import logging

from psycopg import sql

from austin_crime import config
from austin_crime.warehouse.connection import Connection
from austin_crime.warehouse.statements import columns_of, fill, listed, read

log = logging.getLogger(__name__)

REJECTS = "ops.rejected_reports"
TOTAL = """
select {name} as table_name,
    (select coalesce(sum(report_count), 0) from mart.{table}) as live_count,
    (select coalesce(sum(report_count), 0) from staging.{next}) as next_count
"""


def version() -> str:
    """Return the version of the schema: a hash of its files and of the names of the aggregates."""
    files = sorted((config.SQL_DIR / "staging").glob("*.sql"))
    parts = [path.read_bytes() for path in files] + [name.encode() for name in config.AGGREGATES]
    return f"staging {hashlib.sha256(b'|'.join(parts)).hexdigest()[:16]}"


def is_there(connection: Connection) -> bool:
    """Whether the schema holds what is made last; somebody may have dropped it."""
    rows = connection.execute("select to_regclass('staging.aggregate_totals') is not null as is_there")
    return bool(rows.fetchall()[0]["is_there"])


def make_anew(connection: Connection) -> None:
    """Drop every table and view of the schema and create them anew; a running load is abandoned, because its work is lost."""
    _end_running_load(connection)
    drop_all(connection)
    connection.execute(read("staging/tables.sql"))
    rejects = [column for column in columns_of(connection, REJECTS) if column != "load_id"]
    connection.execute(fill("staging/crimes_next.sql", columns=listed(columns_of(connection, "mart.crimes"))))
    connection.execute(fill("staging/rejects_next.sql", columns=listed(rejects)))
    connection.execute(read("staging/next_months.sql"))
    for name in config.AGGREGATES:
        connection.execute(
            fill(
                "staging/aggregate.sql",
                name=sql.Literal(name),
                table=sql.Identifier(name),
                next=sql.Identifier(f"next_{name}"),
                columns=listed(columns_of(connection, f"mart.{name}")),
            )
        )
    connection.execute(read("staging/newest_report.sql"))
    connection.execute(read("staging/windows.sql"))
    connection.execute(read("staging/crime_groups_next.sql"))
    connection.execute(read("staging/grouped_changes.sql"))
    connection.execute(read("staging/reconciliation.sql"))
    connection.execute(sql.SQL("create view staging.aggregate_totals as {}").format(totals()))


def totals() -> sql.Composed:
    """Return the query of the view that counts the reports in each aggregate, live and next."""
    return sql.SQL("union all").join(
        sql.SQL(TOTAL).format(name=name, table=sql.Identifier(name), next=sql.Identifier(f"next_{name}"))
        for name in config.AGGREGATES
    )


def _end_running_load(connection: Connection) -> None:
    """Abandon a running load."""
    ended = connection.execute(
        "update ops.loads set status = 'abandoned', finished_at = now(), message = 'The schema was migrated while it"
        " ran: abandoned. Trigger a new run.' where status = 'running' returning load_id"
    ).fetchall()
    for row in ended:
        log.warning(
            "Load %s is abandoned, because the schema is migrated: trigger a new run.", row["load_id"]
        )


def drop_all(connection: Connection) -> None:
    """Drop every view and table of the schema; an error if an object elsewhere depends on one."""
    for kind, letter in (("view", "v"), ("table", "r")):
        names = [
            sql.Identifier("staging", row["relname"])
            for row in connection.execute(
                "select relname from pg_class where relnamespace = 'staging'::regnamespace and relkind = %s",
                (letter,),
            )
        ]
        if names:
            connection.execute(sql.SQL(f"drop {kind} {{}}").format(sql.SQL(", ").join(names)))
