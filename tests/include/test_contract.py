import pytest

from austin_crime import config, contract

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

    with pytest.raises(contract.ContractBroken, match=rf"{missing}: expected type .* is missing.*offense"):
        contract.dataset_form(renamed)


def test_a_retyped_column_is_drift_that_says_what_came():
    with pytest.raises(contract.ContractBroken, match=r"occ_date: expected type .*, came point"):
        contract.dataset_form(PRESENT | {"occ_date": "point"})


def test_a_new_column_is_unknown_and_a_withdrawn_one_is_not():
    assert contract.unknown_columns(PRESENT | {"beat": "text", "address": "text"}) == {"beat"}


def test_every_check_has_its_file_and_every_file_its_check():
    files = {path.stem for path in (config.SQL_DIR / "checks").glob("*.sql")}

    assert files == {check.name for check in contract.CHECKS}


def test_every_aggregate_has_its_file_and_every_file_its_aggregate():
    assert {path.stem for path in (config.SQL_DIR / "aggregates").glob("*.sql")} == set(config.AGGREGATES)
