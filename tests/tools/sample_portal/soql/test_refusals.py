"""Wrong requests: statuses and bodies as the portal's."""

import pytest

ENGINE = [
    ({"$select": "nope"}, "no-such-column", "No such column: nope", {"column": "nope"}),
    ({"$where": "occurred_date > '2024-01-01'"}, "no-such-column", "No such column: occurred_date", {}),
    ({"$order": "nope"}, "no-such-column", "No such column: nope", {}),
    ({"$group": "nope", "$select": "nope,count(*)"}, "no-such-column", "No such column: nope", {}),
    ({"$select": "address"}, "no-such-column", "No such column: address", {"column": "address"}),
    (
        {"$where": "within_circle(sector, 1, 2, 3)"},
        "no-such-function",
        "No such function 'within_circle'",
        {},
    ),
    ({"$where": "read_csv('/etc/passwd') is null"}, "no-such-function", "No such function 'read_csv'", {}),
    (
        {"$where": "family_violence > 3"},
        "type-mismatch",
        "Type mismatch for op$>, is number",
        {"typeName": "number"},
    ),
    ({"$where": "ucr_code = 'many'"}, "type-mismatch", "Type mismatch for op$=, is text", {}),
    ({"$where": "rep_date > '2024-01-01T00:00:00Z'"}, "type-mismatch", "Type mismatch for op$>, is text", {}),
    ({"$where": "rep_date > 'soon'"}, "type-mismatch", "Type mismatch for op$>, is text", {}),
    ({"$where": "sector"}, "type-mismatch", "Type mismatch for where, is text", {}),
    (
        {"$select": "date_extract_y(crime_type)"},
        "type-mismatch",
        "Type mismatch for date_extract_y, is text",
        {},
    ),
    ({"$select": "sum(sector)"}, "type-mismatch", "Type mismatch for sum, is text", {}),
    ({"council_district": "north"}, "type-mismatch", "Type mismatch for op$=, is text", {}),
    (
        {"$where": "count(*) > 3"},
        "aggregate-in-ungrouped-context",
        "Aggregate function `count'",
        {"clause": "WHERE"},
    ),
    (
        {"$select": "sector,count(*)"},
        "column-not-in-group-bys",
        "Column `sector' not in",
        {"column": "sector"},
    ),
    ({"$select": "count(*)", "$order": "sector"}, "column-not-in-group-bys", "Column `sector' not in", {}),
    ({"$group": "sector"}, "column-not-in-group-bys", "Column `incident_report_number' not in", {}),
    ({"$select": "sector as a,district as a"}, "duplicate-alias", "Duplicate alias a", {"name": "a"}),
]


@pytest.mark.parametrize(("parameters", "code", "message", "data"), ENGINE)
def test_the_engine_names_what_is_wrong_and_where(portal, parameters, code, message, data):
    response = portal.get("/resource/fdj4-gpfu.json", **parameters)

    body = response.json()
    assert response.status_code == 400
    assert body["errorCode"] == f"query.soql.{code}"
    assert body["message"].startswith(f"Query coordinator error: query.soql.{code}; {message}")
    assert data.items() <= body["data"].items()
    assert body["data"]["position"]["line"].endswith("^")


def test_a_column_that_does_not_exist_is_refused_word_for_word_as_the_portal_does(portal):
    response = portal.ask(select="nope")

    assert response.status_code == 400
    assert response.text == (
        r'{"message":"Query coordinator error: query.soql.no-such-column; No such column: nope; position:'
        r' Map(row -> 1, column -> 8, line -> \"SELECT `nope`\\n       ^\")",'
        r'"errorCode":"query.soql.no-such-column","data":{"column":"nope","dataset":"foxtrot.7116",'
        r'"position":{"row":1,"column":8,"line":"SELECT `nope`\n       ^"}}}'
    )


MALFORMED = [
    ({"$where": "bogus ="}, 22, "the end of the query"),
    ({"$where": "sector = = 'AD'"}, 25, "`='"),
    ({"$where": "sector = 'AD"}, 27, "a string is not closed"),
    ({"$where": 'sector = "AD"'}, 26, "`AD'"),
    ({"$where": "sector = 'A\\D'"}, 27, "`\\'"),
    ({"$where": "sector = 'AD' limit 5"}, 30, "`limit'"),
    ({"$where": "sector = 'AD'; sector"}, 29, "`;'"),
    ({"$where": "sector in (select sector)"}, 16, "`"),
    ({"$select": "sector where true"}, 17, "`where'"),
    ({"$query": "select sector from reports"}, 20, "`reports'"),
    ({"$query": "delete"}, 1, "begins with SELECT"),
]


@pytest.mark.parametrize(("parameters", "character", "got"), MALFORMED)
def test_what_is_no_soql_is_malformed_and_the_place_is_told(portal, parameters, character, got):
    response = portal.get("/resource/fdj4-gpfu.json", **parameters)

    body = response.json()
    assert response.status_code == 400
    assert (body["code"], body["error"]) == ("query.compiler.malformed", True)
    assert body["message"].startswith('Could not parse SoQL query "')
    assert f"at line 1 character {character}: Expected" in body["message"]
    assert got in body["message"]
    assert body["data"]["query"]


@pytest.mark.parametrize(
    ("parameters", "names"),
    [({"limit": 5}, "limit"), ({"foo": 1}, "foo"), ({"a": 1, "b": 2}, "a, b"), ({"$foo": 1}, "$foo")],
)
def test_an_unknown_parameter_is_never_ignored(portal, parameters, names):
    response = portal.get("/resource/fdj4-gpfu.json", **parameters)

    assert response.status_code == 400
    assert response.text == f'{{"error" : true,"message" : "Unrecognized arguments [{names}]"}}'


@pytest.mark.parametrize("parameters", [{"$limit": "all"}, {"$limit": -1}, {"$offset": "x"}])
def test_a_limit_that_is_no_whole_number_is_refused(portal, parameters):
    response = portal.get("/resource/fdj4-gpfu.json", **parameters)

    assert response.status_code == 400
    assert response.json()["error"] is True


@pytest.mark.parametrize(
    "path",
    [
        "/resource/zzzz-zzzz.json",
        "/resource/zzzz-zzzz.csv",
        "/api/views/zzzz-zzzz.json",
        "/api/views/zzzz-zzzz/columns.json",
        "/api/views/zzzz-zzzz/rows.csv",
    ],
)
def test_an_unknown_dataset_is_missing(portal, path):
    response = portal.get(path)

    assert response.status_code == 404
    assert (
        response.text
        == '{"code":"dataset.missing","error":true,"message":"Not found","data":{"id":"zzzz-zzzz"}}'
    )


@pytest.mark.parametrize("given", [{"headers": {"X-App-Token": "wrong"}}, {"$$app_token": "wrong"}])
def test_a_wrong_app_token_is_refused_although_none_is_needed(portal, given):
    response = portal.get("/resource/fdj4-gpfu.json", **given)

    assert response.status_code == 403
    assert (
        response.text == '{"code":"permission_denied","error":true,"message":"Invalid app_token specified"}'
    )


@pytest.mark.parametrize(
    "given", [{"headers": {"X-App-Token": "a-known-token"}}, {"$$app_token": "a-known-token"}]
)
def test_a_known_app_token_is_accepted(portal, given):
    assert portal.get("/resource/fdj4-gpfu.json", **given).status_code == 200


def test_a_wrong_query_leaves_the_portal_fit_for_the_next(portal):
    portal.ask(where="sector = 'AD'; drop table reports")
    portal.ask(select="nope")

    assert portal.rows(select="count(*)") == [{"count": "2000"}]
