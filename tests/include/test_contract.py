import pytest

from austin_crime import config, contract, errors, nightly
from sample_portal.publisher import live

PRESENT = {column.source_name: sorted(column.source_types)[0] for column in contract.COLUMNS}
HISTORIC = {name: kind for name, kind in PRESENT.items() if name != "census_block_group"} | dict.fromkeys(
    contract.WITHDRAWN, "text"
)


def test_both_forms_of_the_dataset_are_told_apart():
    assert contract.dataset_form(PRESENT) == "present"
    assert contract.dataset_form(HISTORIC) == "historic"


@pytest.mark.parametrize("missing", ["crime_type", "census_block_group"])
def test_a_missing_column_is_drift_that_names_it_and_its_possible_successor(missing):
    renamed = {name: kind for name, kind in PRESENT.items() if name != missing} | {"offense": "text"}

    with pytest.raises(errors.ContractBroken, match=rf"{missing}: expected type .* is missing.*offense"):
        contract.dataset_form(renamed)


def test_a_retyped_column_is_drift_that_says_what_came():
    with pytest.raises(errors.ContractBroken, match=r"occ_date: expected type .*, got point"):
        contract.dataset_form(PRESENT | {"occ_date": "point"})


def test_a_new_column_is_unknown_and_a_withdrawn_one_is_not():
    assert contract.unknown_columns(PRESENT | {"beat": "text", "address": "text"}) == {"beat"}


def test_every_check_has_its_file_and_every_file_its_check():
    files = {path.stem for path in (config.SQL_DIR / "checks").glob("*.sql")}

    assert files == {check.name for check in contract.CHECKS}


def test_every_aggregate_has_its_file_and_every_file_its_aggregate():
    assert {path.stem for path in (config.SQL_DIR / "aggregates").glob("*.sql")} == set(config.AGGREGATES)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ((live.drop_column, "sector"), r"sector: expected type number or text, is missing\."),
        (
            (live.rename_column, "crime_type", "offense"),
            r"crime_type: expected type number or text, is missing\. .* successors: offense\.",
        ),
        (
            (live.retype_column, "occ_date", "text"),
            r"occ_date: expected type calendar_date or floating_timestamp, got text\.",
        ),
    ],
    ids=["dropped", "renamed", "retyped"],
)
def test_a_column_that_changed_at_the_portal_is_found_before_anything_is_fetched(
    sample_portal, ask, change, said, first_load
):
    before, requests_before = ask.crimes(), sample_portal.store.request_count
    alter, *names = change
    alter(sample_portal.store, *names)

    with pytest.raises(errors.ContractBroken, match=said) as broken:
        nightly.run_nightly("drift")

    assert "Nothing was loaded" in str(broken.value)
    assert "include/austin_crime/contract.py, raise RULES_VERSION, and trigger a new run" in str(broken.value)
    assert sample_portal.store.request_count == requests_before + 1
    assert ask.crimes() == before
    load = ask.last_load()
    assert (load["status"], str(broken.value) in load["message"]) == ("failed", True)


def test_a_column_that_the_portal_adds_is_recorded_and_warned_of_and_stops_nothing(
    sample_portal, ask, first_load
):
    live.add_column(sample_portal.store, "beat")
    live.add_reports(sample_portal.store, 5)

    nightly.run_nightly("wider")

    assert ask.last_load()["added_count"] == 5
    assert ask("select status from ops.source_columns where column_name = 'beat'") == [("unknown",)]
    [(severity, status, message)] = ask(
        "select severity, status, message from ops.check_results where check_name = 'unknown_columns:beat'"
    )
    assert (severity, status) == ("warn", "failed")
    assert "expected that contract.py names every column of the portal (others are not kept)" in message
