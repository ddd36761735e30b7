"""Bootstrapping again changes nothing but what is not as the files describe."""

import psycopg
import pytest

# What bootstrapping is responsible for, as rows that say the same when the state is the same.
STATE = {
    "assets": "select 'chart', uuid::text, slice_name, params, query_context from slices where external_url is not null"
    " union all select 'dataset', uuid::text, table_name, sql, perm from tables"
    " union all select 'dashboard', uuid::text, slug, position_json, json_metadata from dashboards"
    " union all select 'database', uuid::text, database_name, sqlalchemy_uri, extra from dbs",
    "columns": "select t.table_name, c.column_name, c.type, c.expression from table_columns c join tables t on t.id = c.table_id",
    "metrics": "select t.table_name, m.metric_name, m.expression from sql_metrics m join tables t on t.id = m.table_id",
    "saved queries": "select u.username, q.label, q.description, q.sql from saved_query q join ab_user u on u.id = q.user_id",
    "on the dashboard": "select d.slug, s.slice_name from dashboard_slices x join dashboards d on d.id = x.dashboard_id"
    " join slices s on s.id = x.slice_id",
    "rights": "select r.name, p.name, v.name from ab_permission_view_role x join ab_role r on r.id = x.role_id"
    " join ab_permission_view pv on pv.id = x.permission_view_id join ab_permission p on p.id = pv.permission_id"
    " join ab_view_menu v on v.id = pv.view_menu_id where v.name not like '%%(id:%%'",
    "logins": "select u.username, u.active::text, r.name from ab_user_role x join ab_user u on u.id = x.user_id"
    " join ab_role r on r.id = x.role_id",
}


def state(superset) -> dict[str, set[tuple[str, ...]]]:
    with psycopg.connect(superset.metadata_url) as connection:
        return {name: set(connection.execute(statement).fetchall()) for name, statement in STATE.items()}


@pytest.fixture(scope="module")
def bootstrapped_again(superset):
    """Let files and people change things between two starts, and return the state before and after."""
    before = state(superset)
    admin = superset.login("admin")
    chart = {"datasource_id": 1, "datasource_type": "table", "viz_type": "table", "params": "{}"}
    gone = {"slice_name": "Gone", "external_url": "superset/assets/charts/gone.yaml"}
    for body in (chart | gone, chart | {"slice_name": "A person's own"}):
        assert admin.ask("POST", "/api/v1/chart/", body).status_code == 201
    renamed = admin.ask(
        "PUT", f"/api/v1/chart/{admin.charts()['Reports']}", {"slice_name": "Renamed by a person"}
    )
    assert renamed.status_code == 200
    with psycopg.connect(superset.metadata_url) as connection:
        connection.execute("update saved_query set sql = 'select 1' where label like '01%'")
        connection.execute(
            "insert into saved_query (uuid, label, sql, user_id, db_id, extra_json) select gen_random_uuid(), 'Gone', '', id, 1,"
            """ '{"file": "superset/queries/gone.sql"}' from ab_user where username = 'analyst'"""
        )
    superset.environment["SUPERSET_ADMIN_PASSWORD"] = "another one"
    done = superset.bootstrap()
    assert done.returncode == 0, done.stderr
    return before, state(superset)


def test_the_state_is_the_same_again(bootstrapped_again):
    before, after = bootstrapped_again

    for part in STATE:
        assert after[part] == before[part], part


def test_a_chart_whose_file_is_gone_is_removed_and_a_person_s_own_is_kept(superset, bootstrapped_again):
    with psycopg.connect(superset.metadata_url) as connection:
        names = {name for (name,) in connection.execute("select slice_name from slices")}

    assert "Gone" not in names
    assert "A person's own" in names


def test_passwords_are_those_of_the_environment(superset, bootstrapped_again):
    assert superset.login("admin").ask("GET", "/api/v1/me/").json()["result"]["username"] == "admin"


def test_a_wrong_password_does_not_let_in(superset):
    stranger = superset.login("admin", "not the password")

    assert stranger.ask("GET", "/api/v1/me/").status_code == 401


def test_where_nothing_changed_nothing_is_done_and_what_people_changed_survives_is_named_and_can_be_discarded(
    superset, bootstrapped_again
):
    admin = superset.login("admin")
    chart = f"/api/v1/chart/{admin.charts()['Reports']}"
    ours = admin.get(chart)["description"]
    nothing_changed = superset.bootstrap("--if-changed").stderr
    assert admin.ask("PUT", chart, {"description": "Changed by a person"}).status_code == 200
    changed = superset.environment | {"SUPERSET_VIEWER_PASSWORD": "another one, too"}

    told = [superset.bootstrap("--if-changed", environment=changed).stderr for _ in range(2)]

    assert "nothing to do" in nothing_changed
    assert ["nothing to do" in text for text in told] == [False, True]
    assert ["Imported" in text for text in told] == [True, False]
    assert "stay as they are: charts/reports.yaml. " in told[0]
    assert "make assets-export" in told[0]
    assert admin.get(chart)["description"] == "Changed by a person"
    assert superset.bootstrap().returncode == 0
    assert admin.get(chart)["description"] == ours
