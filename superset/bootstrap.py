"""Bring Superset to the state that this folder describes: metadata schema, roles, users, charts, saved queries.

Run it before every start, with the environment of superset_config.py and the passwords named in USERS; run again, it changes
only what differs from the description. One process does it all, because starting Superset costs more than all the work. With
``--if-changed`` it does nothing unless this folder, the settings or Superset's version changed since: people's edits stay.
"""

import argparse
import hashlib
import json
import logging
import os
from importlib.metadata import version
from pathlib import Path
from typing import Any, NamedTuple

import anonymous
import import_assets
import saved_queries
from sqlalchemy import create_engine, text
from sqlalchemy.engine import Engine

DATABASE_NAME = "Austin crime warehouse"
DATA_ROLE, REFRESH_ROLE = "Austin crime data", "Austin crime refresh"
VIEWER_ROLE, ANALYST_ROLE = "Austin crime viewer", "Austin crime analyst"
# What the nightly load needs after publishing: find the charts, drop cached answers, ask the charts for new ones.
REFRESH_PERMISSIONS = (
    ("can_read", "SecurityRestApi"),
    ("can_read", "Dashboard"),
    ("can_read", "Chart"),
    ("can_read", "Dataset"),
    ("can_invalidate", "CacheRestApi"),
)
# What reading dashboards and charts asks for. Superset's Gamma may also create, change and delete them.
VIEWER_PERMISSIONS = (
    *(
        ("can_read", view)
        for view in (
            "AdvancedDataType",
            "AvailableDomains",
            "Chart",
            "CssTemplate",
            "CurrentUserRestApi",
            "Dashboard",
            "DashboardFilterStateRestApi",
            "DashboardPermalinkRestApi",
            "Database",
            "Dataset",
            "EmbeddedDashboard",
            "SecurityRestApi",
            "Theme",
            "security",
            "user",
        )
    ),
    # The chosen filters, and links to them.
    ("can_write", "DashboardFilterStateRestApi"),
    ("can_write", "DashboardPermalinkRestApi"),
    # "Drill by" keeps what it drew under a key; none of it is a chart.
    ("can_drill", "Dashboard"),
    ("can_write", "ExploreFormDataRestApi"),
    ("can_view_chart_as_table", "Dashboard"),
    ("can_view_query", "Dashboard"),
    ("can_get_drill_info", "Dataset"),
    ("can_get", "Datasource"),
    ("can_get", "MenuApi"),
    ("can_list", "AsyncEventsRestApi"),
    ("can_query", "Api"),
    ("can_query_form_data", "Api"),
    ("can_time_range", "Api"),
    ("can_recent_activity", "Log"),
    ("can_csv", "Superset"),
    ("can_dashboard", "Superset"),
    ("can_dashboard_permalink", "Superset"),
    ("can_explore_json", "Superset"),
    ("can_fetch_datasource_metadata", "Superset"),
    ("can_language_pack", "Superset"),
    ("can_log", "Superset"),
    ("can_share_dashboard", "Superset"),
    # Of the menus, the one whose pages hold nothing that a viewer is refused.
    ("menu_access", "Dashboards"),
    # A password of one's own.
    ("can_write", "CurrentUserRestApi"),
    ("can_userinfo", "UserDBModelView"),
    ("resetmypassword", "UserDBModelView"),
    ("can_this_form_get", "ResetMyPasswordView"),
    ("can_this_form_post", "ResetMyPasswordView"),
)
# Of these, what writes, or is about a login: not for people without one.
NOT_ANONYMOUS = {
    ("can_read", "user"),
    ("can_write", "CurrentUserRestApi"),
    ("can_write", "DashboardFilterStateRestApi"),
    ("can_write", "DashboardPermalinkRestApi"),
    ("can_write", "ExploreFormDataRestApi"),
    ("can_share_dashboard", "Superset"),
    ("can_recent_activity", "Log"),
    ("can_userinfo", "UserDBModelView"),
    ("resetmypassword", "UserDBModelView"),
    ("can_this_form_get", "ResetMyPasswordView"),
    ("can_this_form_post", "ResetMyPasswordView"),
}
# What Gamma and sql_lab lack to make a dataset of a result, look at its rows and draw it.
ANALYST_PERMISSIONS = (
    ("can_write", "Dataset"),
    ("can_duplicate", "Dataset"),
    ("can_export", "Dataset"),
    ("can_get_or_create_dataset", "Dataset"),
    ("can_get_column_values", "Datasource"),
    ("can_samples", "Datasource"),
    ("can_save", "Datasource"),
    ("can_validate_expression", "Datasource"),
)

log = logging.getLogger("bootstrap")


class User(NamedTuple):
    """A login: its name, the variable that holds its password, its roles."""

    name: str
    password_variable: str
    roles: tuple[str, ...]


USERS = (
    User("admin", "SUPERSET_ADMIN_PASSWORD", ("Admin",)),
    User("analyst", "SUPERSET_ANALYST_PASSWORD", ("Gamma", "sql_lab", DATA_ROLE, ANALYST_ROLE)),
    User("viewer", "SUPERSET_VIEWER_PASSWORD", (VIEWER_ROLE, DATA_ROLE)),
    User(
        os.environ.get("AUSTIN_CRIME_SUPERSET_REFRESH_USER", "refresh"),
        "AUSTIN_CRIME_SUPERSET_REFRESH_PASSWORD",
        # It also asks for reports, which are drawn as it sees the dashboards.
        (REFRESH_ROLE, VIEWER_ROLE, DATA_ROLE),
    ),
)


def bootstrap(*, if_changed: bool = False) -> None:
    """Migrate the metadata database, set roles and users, import the assets, delete those whose file is gone.

    Parameters
    ----------
    if_changed
        Do nothing if files, settings and version are those of the last bootstrap; otherwise keep what people changed in our
        charts since it was imported, and say which. Without it, the files win.

    Raises
    ------
    SystemExit
        If a password is not set, with the names of all that are missing.
    """
    _require_passwords()
    metadata, note = create_engine(os.environ["SUPERSET_METADATA_URL"]), _note()
    if if_changed and _note_left(metadata) == note:
        log.info("Nothing changed since the last bootstrap: nothing to do.")
        return
    from superset.app import create_app

    app = create_app()
    with app.app_context():
        _migrate()
        _sync_permissions()
        _set_users()
        import_assets.import_assets(keep_changes=if_changed)
        _set_roles()
        _save_queries()
        _clear_cache()
    _leave_note(metadata, note)


def _note() -> str:
    """Return a digest of everything that the state depends on."""
    folder = Path(__file__).parent
    files = [path for path in sorted(folder.rglob("*")) if path.is_file() and "__pycache__" not in path.parts]
    settings = {name: value for name, value in os.environ.items() if "SUPERSET" in name or "READER" in name}
    versions = json.dumps([version("apache-superset"), settings], sort_keys=True).encode()
    return hashlib.sha256(b"\0".join([versions, *(path.read_bytes() for path in files)])).hexdigest()


def _note_left(metadata: Engine) -> str | None:
    """Return the note on the metadata database; it is lost with the database."""
    query = "select shobj_description(oid, 'pg_database') from pg_database where datname = current_database()"
    with metadata.connect() as connection:
        note: str | None = connection.execute(text(query)).scalar()
    return note


def _leave_note(metadata: Engine, note: str) -> None:
    """Leave the note as a comment on the metadata database, whose owner Superset is."""
    name = metadata.dialect.identifier_preparer.quote(metadata.url.database or "")
    with metadata.begin() as connection:
        connection.execute(text(f"comment on database {name} is '{note}'"))


def _require_passwords() -> None:
    missing = [user.password_variable for user in USERS if not os.environ.get(user.password_variable)]
    if missing:
        raise SystemExit(
            f"{', '.join(missing)} not set: logins have no default passwords. Set them as in .env.example."
        )


def _migrate() -> None:
    import flask_migrate
    import superset

    flask_migrate.upgrade(directory=str(Path(superset.__file__).parent / "migrations"))


def _sync_permissions() -> None:
    """Do what ``superset init`` does: Superset's own permissions and roles."""
    from superset import appbuilder, db, security_manager

    appbuilder.add_permissions(update_perms=True)
    security_manager.sync_role_definitions()
    db.session.commit()


def _set_roles() -> None:
    """Give our roles exactly their permissions."""
    from superset import db, security_manager

    # The whole database: a dataset of a query has the schema that was chosen beside it, or none. What may be read, PostgreSQL decides.
    data = (("database_access", _database().perm),)
    permissions_by_role = {
        DATA_ROLE: data,
        REFRESH_ROLE: REFRESH_PERMISSIONS,
        VIEWER_ROLE: VIEWER_PERMISSIONS,
        ANALYST_ROLE: ANALYST_PERMISSIONS,
        # Nobody has it unless reading needs no login: one role, so it has the data, too.
        anonymous.ROLE: (*data, *(one for one in VIEWER_PERMISSIONS if one not in NOT_ANONYMOUS)),
    }
    for name, permissions in permissions_by_role.items():
        role = security_manager.add_role(name)
        role.permissions = [
            security_manager.add_permission_view_menu(*permission) for permission in permissions
        ]
    db.session.commit()


def _database() -> Any:
    """Return the warehouse as Superset knows it."""
    from superset import db
    from superset.models.core import Database

    return db.session.query(Database).filter_by(database_name=DATABASE_NAME).one()


def _set_users() -> None:
    """Create the logins, or set their passwords and roles again; roles that are missing are made, without permissions."""
    from superset import db, security_manager
    from werkzeug.security import check_password_hash

    for name, password_variable, role_names in USERS:
        password = os.environ[password_variable]
        roles = [security_manager.add_role(role_name) for role_name in role_names]
        user = security_manager.find_user(name)
        if user is None:
            security_manager.add_user(
                name, "Austin crime", name, f"{name}@localhost", roles, password=password
            )
            continue
        user.roles = roles
        if not check_password_hash(user.password, password):
            security_manager.reset_password(user.id, password)
    db.session.commit()


def _save_queries() -> None:
    """Give the logins that have SQL Lab the saved queries of queries/."""
    from superset import security_manager

    saved_queries.save_queries(
        _database(), [security_manager.find_user(name) for name in ("admin", "analyst")]
    )


def _clear_cache() -> None:
    """Drop the cached answers of charts: cache keys name neither the warehouse nor the version of a chart."""
    from superset import cache_manager, db
    from superset.models.cache import CacheKey

    cache_manager.data_cache.clear()
    db.session.query(CacheKey).delete()
    db.session.commit()


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO)
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument(
        "--if-changed", action="store_true", help="do nothing if it was done for the same before"
    )
    bootstrap(if_changed=parser.parse_args().if_changed)
