"""End reads that are over their limit: a session can lift its own timeouts, so another one watches.

Run ``python -m austin_crime.warehouse.reader_limit`` beside the warehouse: it looks every few seconds, and goes on when the warehouse
was away. Without it, the timeouts of the role still end what does not lift them. With ``--check`` it says whether another one watches.
"""

import argparse
import logging
import sys
import time

import psycopg
from psycopg import sql
from psycopg.conninfo import make_conninfo

from austin_crime import config
from austin_crime.errors import WarehouseUnfit, WarehouseUnreachable
from austin_crime.warehouse.connection import Connection, connect
from austin_crime.warehouse.statements import fill

log = logging.getLogger(__name__)

# Of its session, by which others see that it watches.
NAME = "austin_crime_reader_limit"
LOOK_EVERY_S = 5
# Longer than the timeouts of the role, which end a statement with a message that explains it.
STATEMENT_S = 75
# A load waits ten minutes for a lock.
TRANSACTION_S = 300
WATCHES = (
    "select exists (select from pg_stat_activity where application_name = %s and usename = current_user)"
)


def end_long_reads(
    connection: Connection, statement_s: float = STATEMENT_S, transaction_s: float = TRANSACTION_S
) -> int:
    """End the sessions of readers that are over these limits, commit, and return how many."""
    statement = fill(
        "end_long_reads.sql",
        statement_s=sql.Literal(statement_s),
        transaction_s=sql.Literal(transaction_s),
    )
    sessions = connection.execute(statement).fetchall()
    connection.commit()
    for session in sessions:
        log.warning(
            "Ended the session %s of a reader (%s, %s), whose transaction took %s s.",
            session["pid"],
            session["application_name"] or "no name",
            session["state"],
            session["transaction_s"],
        )
    return len(sessions)


def is_watching(url: str) -> bool:
    """Return whether a process looks for long reads of a warehouse's readers."""
    with psycopg.connect(url, connect_timeout=config.CONNECT_TIMEOUT_S) as connection:
        row = connection.execute(WATCHES, (NAME,)).fetchone()
    return bool(row and row[0])


def watch() -> None:
    """Look for long reads until the process is ended; where the warehouse does not answer, try again."""
    url = make_conninfo(config.warehouse_url(), application_name=NAME)
    while True:
        try:
            with connect(url) as connection:
                while True:
                    end_long_reads(connection)
                    time.sleep(LOOK_EVERY_S)
        except (psycopg.Error, WarehouseUnreachable, WarehouseUnfit) as error:
            log.warning("Long reads are not ended for now: %s", str(error).strip())
        time.sleep(LOOK_EVERY_S)


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--check", action="store_true", help="exit with 0 if another process watches")
    if parser.parse_args().check:
        sys.exit(0 if is_watching(config.warehouse_url()) else 1)
    watch()
