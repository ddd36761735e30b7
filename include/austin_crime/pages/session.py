"""The session that pages read with: the reader's login, read only, and ended before a person would give up."""

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg

from austin_crime import config
from austin_crime.errors import AustinCrimeError, WarehouseUnreachable
from austin_crime.warehouse.connection import Connection, connect

STATEMENT_TIMEOUT = "20s"


class NotReady(AustinCrimeError):
    """The warehouse has no tables yet."""


class TooSlow(AustinCrimeError):
    """A query was ended because it took too long."""


@contextmanager
def reading() -> Iterator[Connection]:
    """Connect to the warehouse as its reader, in one read-only snapshot.

    Raises
    ------
    WarehouseUnreachable, WarehouseUnfit
        As for every session; unreachable is a warehouse, too, that goes away in between.
    NotReady
        If the warehouse is not migrated yet, or to an older state than this code.
    TooSlow
        If a query took longer than STATEMENT_TIMEOUT.
    """
    try:
        with connect(config.reader_url()) as connection:
            connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
            connection.read_only = True
            connection.execute(f"set local statement_timeout = '{STATEMENT_TIMEOUT}'")
            yield connection
    except (
        psycopg.errors.UndefinedTable,
        psycopg.errors.UndefinedColumn,
        psycopg.errors.InvalidSchemaName,
    ) as error:
        raise NotReady(
            "The warehouse has no tables yet, or those of an older version. Press Start: the load creates them."
        ) from error
    except psycopg.errors.InsufficientPrivilege as error:
        raise NotReady(
            f"The reader may not read the warehouse ({error.diag.message_primary}). Press Start: the load grants it what it lacks."
        ) from error
    except psycopg.errors.QueryCanceled as error:
        raise TooSlow(
            f"The query took longer than {STATEMENT_TIMEOUT}. Choose fewer filters, or try again."
        ) from error
    except psycopg.OperationalError as error:
        raise WarehouseUnreachable(
            "The connection to the warehouse broke off. Try again in a moment."
        ) from error
