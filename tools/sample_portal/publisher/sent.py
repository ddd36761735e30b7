"""Values of reports exactly as they will be sent, whatever their columns could hold: odd notations, texts and shapes.

The JSON text of such a value stands beside the report in the column ``:sent`` and is sent wherever a query gives the
column as it is. Conditions, orders, groups and aggregates see the value itself. Only JSON is sent so, not CSV.
"""

import json
import re
from datetime import datetime

from sample_portal.data.datasets import SENT, Column
from sample_portal.data.store import Store
from sample_portal.data.texts import json_value, quote
from sample_portal.errors import PortalFault
from sample_portal.publisher.changes import count_of, drawn

# What stands for the value that a report has.
_VALUE = "%s"
_ZONE = re.compile(r"(?<=[\dT:.])(Z|[+-]\d\d:\d\d)$")


def send_as(store: Store, where: str, column: str, sent: str, updated_at: datetime | None = None) -> int:
    r"""Let reports send a value as JSON text; return how many do.

    Parameters
    ----------
    where
        Which reports, in DuckDB's SQL.
    sent
        The text, ``'"5.0"'``, ``'5'``, ``'"A\\ud800B"'``, ``'{"a": 1}'``; ``%s`` in it is the value as the portal would
        send it, without its quotes: ``'"%s.0"'``. The value itself becomes what a text without ``%s`` says, if the
        column can hold it; else it stays. The text is sent until another one is set.
    """
    named = store.reports.column(column)
    if named is None:
        raise PortalFault(f"The reports have no column {column!r}.")
    with store.change(updated_at) as (cursor, stamp):
        cursor.execute(f'alter table reports add column if not exists "{SENT}" map(varchar, varchar)')
        cursor.execute(
            f"create or replace temp table meant as select rowid as place from reports where {where}"
        )
        value, parameters = _own_value(named, sent)
        assignments = {":updated_at": f"timestamp '{stamp}'", column: value}
        listed = ", ".join(f'"{name}" = {each}' for name, each in assignments.items())
        cursor.execute(
            f"update reports set {listed} where rowid in (select place from meant)", list(parameters)
        )
        count = count_of(
            cursor,
            f'update reports set "{SENT}" = map_concat(coalesce("{SENT}", map {{}}), map {{\'{column}\': {_text(named, sent)}}})'
            " where rowid in (select place from meant)",
        )
    store.publish_sent()
    return count


def send_some_as(
    store: Store, column: str, sent: str, *, n: int = 1, seed: int = 1, updated_at: datetime | None = None
) -> int:
    """Let some reports send a value of a column as JSON text; return how many do."""
    return send_as(store, f"rowid in ({drawn(n, 'true', str(seed))})", column, sent, updated_at)


def _text(column: Column, sent: str) -> str:
    """Return SQL that gives the text to be sent of a report's value."""
    if _VALUE not in sent:
        return quote(sent)
    value = f"""regexp_replace({json_value(f'"{column.name}"', column.kind)}, '^"|"$', '', 'g')"""
    return f"replace({quote(sent)}, '{_VALUE}', {value})"


def _own_value(column: Column, sent: str) -> tuple[str, tuple[str, ...]]:
    """Return SQL, with its parameters, that gives the value which a text says; the report's own if it says none."""
    try:
        value = "" if _VALUE in sent else json.loads(sent)
        said = _ZONE.sub("", value) if isinstance(value, str) and column.kind != "text" else str(value)
        said.encode()
    except ValueError:  # no JSON, or a text that is none in UTF-8
        return f'"{column.name}"', ()
    if _VALUE in sent or isinstance(value, dict | list):
        return f'"{column.name}"', ()
    if value is None:
        return "null", ()
    return f'coalesce(try_cast(? as {column.stored_type}), "{column.name}")', (said,)
