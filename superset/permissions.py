"""Superset's rules about who may see what, where they stand in the way of analysts or show what nobody can read."""

from typing import Any

from superset.security import SupersetSecurityManager

# Of the warehouse, what its readers may read; the others would be names of tables that cannot be opened.
READABLE_SCHEMAS = {"mart", "ops"}


class SecurityManager(SupersetSecurityManager):
    """Superset's rules, and two more: what a person ran in SQL Lab is theirs, and lists have schemas that can be read.

    Superset lets people run a query and chart its result, but asks for the right to all datasets before it shows the page that
    draws the chart.
    """

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
