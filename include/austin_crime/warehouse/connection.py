"""Sessions with the warehouse."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from psycopg.rows import dict_row

from austin_crime import config

Connection = psycopg.Connection[dict[str, Any]]


@contextmanager
def connect() -> Iterator[Connection]:
    """Open a session for one transaction: commit at the end of the block, roll back on an error."""
    options = f"-c work_mem={config.WORK_MEMORY} -c maintenance_work_mem={config.WORK_MEMORY}"
    with psycopg.connect(config.warehouse_url(), row_factory=dict_row, options=options) as connection:
        yield connection
