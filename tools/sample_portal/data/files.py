"""Reports out of a given file: the portal's JSON, or its CSV for people, in the historic or the present form."""

from datetime import UTC, datetime
from pathlib import Path

import duckdb

from sample_portal.data.datasets import FORMS, Column, FormName
from sample_portal.errors import PortalFault

# What the city has written at one time or another.
_DATE_FORMATS = (
    "%Y-%m-%dT%H:%M:%S.%g",
    "%Y-%m-%dT%H:%M:%S",
    "%m/%d/%Y %I:%M:%S %p",
    "%m/%d/%Y  %H:%M",
    "%m/%d/%Y %H:%M",
    "%m/%d/%Y",
)
# Which columns tell the forms apart.
_TELLS: dict[FormName, str] = {"present": "census_block_group", "historic": "address"}


def load(connection: duckdb.DuckDBPyConnection, path: Path, updated_at: datetime | None) -> FormName:
    """Make the table ``reports`` of a file and return the form that it has.

    Raises
    ------
    PortalFault
        If the file is missing, no JSON or CSV, or in neither form.
    """
    if not path.is_file():
        raise PortalFault(f"There is no file {path}.")
    try:
        connection.execute(f"create temp table given as select * from {_reader(path)}", [str(path)])
    except duckdb.Error as error:
        raise PortalFault(f"{path} cannot be read as JSON or CSV: {str(error).splitlines()[0]}") from error
    given = {str(row[0]) for row in connection.execute("describe given").fetchall()}
    form, names = _recognize(path, given)
    try:
        _make_reports(connection, form, names, updated_at or _written_at(path))
    except duckdb.Error as error:
        raise PortalFault(
            f"{path} holds a value that the portal's column cannot hold: {str(error).splitlines()[0]}"
        ) from error
    connection.execute("drop table given")
    return form


def _written_at(path: Path) -> datetime:
    """Return when a file was written last, in UTC without a zone."""
    return datetime.fromtimestamp(path.stat().st_mtime, UTC).replace(tzinfo=None, microsecond=0)


def _make_reports(
    connection: duckdb.DuckDBPyConnection, form: FormName, names: dict[str, str], stamp: datetime
) -> None:
    """Make the table ``reports`` of the table ``given``; a report keeps its ``:id`` from file to file.

    Parameters
    ----------
    names
        The file's name of each column that it has.
    """
    columns = [f"{_read(column, names.get(column.name))} as {column.name}" for column in FORMS[form]]
    connection.execute(
        f"""
        create table reports as
        with typed as (select {", ".join(columns)} from given),
        keyed as (
            select
                *,
                md5(coalesce(incident_report_number::varchar, '') || '/'
                || row_number() over (partition by incident_report_number)) as code
            from typed
        )
        select
            'row-' || code[1:4] || '-' || code[5:8] || '_' || code[9:12] as ":id",
            timestamp '{stamp}' as ":created_at",
            timestamp '{stamp}' as ":updated_at",
            'rv-' || code[13:16] || '-' || code[17:20] || '.' || code[21:24] as ":version",
            * exclude (code)
        from keyed
        """
    )


def _reader(path: Path) -> str:
    """Return SQL that reads a file with every value as text."""
    if path.suffix.lower() == ".csv":
        return "read_csv(?, all_varchar = true)"
    return "read_json(?, format = 'array', sample_size = -1)"


def _recognize(path: Path, given: set[str]) -> tuple[FormName, dict[str, str]]:
    """Return the form of a file, and its name for each column, which may be the API's or the one for people."""
    for form in ("present", "historic"):
        names = {
            column.name: name
            for column in FORMS[form]
            for name in (column.name, column.title)
            if name in given
        }
        # JSON leaves out keys without a value, so that a column may be missing altogether.
        if (
            _TELLS[form] in names
            and "incident_report_number" in names
            and len(names) >= len(FORMS[form]) // 2
        ):
            return form, names
    raise PortalFault(
        f"{path} is in neither form of the crime reports: expected columns such as incident_report_number and"
        f" {_TELLS['present']} (present form) or {_TELLS['historic']} (historic form), got {', '.join(sorted(given))}."
    )


def _read(column: Column, name: str | None) -> str:
    """Return SQL that reads a column of the file in its own type."""
    if name is None:
        return f"cast(null as {column.stored_type})"
    text = f"nullif(cast(\"{name}\" as varchar), '')"
    if column.kind == "floating_timestamp":
        return f"strptime({text}, {list(_DATE_FORMATS)})"
    if column.kind == "number":
        return f"cast(cast({text} as double) as {column.stored_type})"
    if column.kind == "location":
        return f'to_json("{name}")'
    return text
