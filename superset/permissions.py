"""Superset's rules about who may see what, where they stand in the way of analysts or show what nobody can read."""

import secrets
from typing import Any

from flask import Flask, session
from flask_appbuilder import Model
from flask_login import LoginManager
from superset.security import SupersetSecurityManager
from superset.security.manager import SupersetUserApi

# Of the warehouse, what its readers may read; the others would be names of tables that cannot be opened.
READABLE_SCHEMAS = {"mart", "ops"}


class UserApi(SupersetUserApi):
    """Superset's API of users, which deletes people who have used it, too."""

    def pre_delete(self, item: Any) -> None:
        """Take the person's name from what they did and made: their log, their queries, kept filters, and charts stay.

        Each of these rows refers to the person, and the database refuses to delete whom a row refers to.
        """
        from superset import db

        super().pre_delete(item)
        db.session.flush()
        for table in Model.metadata.sorted_tables:
            for key in table.foreign_keys:
                if key.column.table.name == "ab_user" and not key.ondelete and key.parent.nullable:
                    rows = table.update().where(key.parent == item.id)
                    db.session.execute(rows.values({key.parent.name: None}))


class SecurityManager(SupersetSecurityManager):
    """Superset's rules, and three more: nobody gets another's filters, what a person ran in SQL Lab is theirs, and lists have schemas that can be read.

    Superset lets people run a query and chart its result, but asks for the right to all datasets before it shows the page that
    draws the chart.
    """

    user_api = UserApi

    def create_login_manager(self, app: Flask) -> LoginManager:
        """Return the login manager, which gives each session an identifier of its own.

        Superset keeps the chosen filters of a dashboard under this identifier and the number of the tab. flask_login's is the
        same for all who have the same address and browser: they would get each other's filters.
        """
        manager = super().create_login_manager(app)
        identifier = manager._session_identifier_generator

        def own_identifier() -> str:
            return f"{identifier()}-{session.setdefault('own_identifier', secrets.token_hex())}"

        manager._session_identifier_generator = own_identifier
        return manager

    def is_owner(self, resource: Any) -> bool:
        """Return whether a resource is the person's own."""
        # Superset's models can be imported when it runs, and this file is read before.
        from superset.models.sql_lab import Query
        from superset.utils.core import get_user_id

        if isinstance(resource, Query):
            return bool(resource.user_id == get_user_id())
        return bool(super().is_owner(resource))

    def get_schemas_accessible_by_user(self, *args: Any, **kwargs: Any) -> set[str]:
        """Return the schemas that the lists of SQL Lab offer."""
        return set(super().get_schemas_accessible_by_user(*args, **kwargs)) & READABLE_SCHEMAS
