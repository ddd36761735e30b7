from austin_crime import nightly, reset
from austin_crime.pages import tables
from sample_portal.publisher import live

NEVER_SHOWN = {"ops.rejected_reports", "staging.crimes", "staging.months"}


def test_what_the_reader_may_not_read_is_not_listed(reader):
    with reader() as connection:
        listed = {table.name for table in tables.list_tables(connection)}

    assert listed & NEVER_SHOWN == set()
    assert {
        "mart.crimes",
        "ops.loads",
        "ops.rejects",
        "ops.resets",
        "ops.reset_tables",
        "ops.built_tables",
    } <= listed


def test_every_table_has_a_comment_on_itself_and_each_column_and_a_key_that_is_unique(loaded, ask):
    with loaded() as connection:
        listed = tables.list_tables(connection)

    assert [table.name for table in listed if not table.comment] == []
    assert [
        (table.name, column.name) for table in listed for column in table.columns if not column.comment
    ] == []
    for table in listed:
        key = ", ".join(table.key)
        assert ask(f"select {key} from {table.name} group by {key} having count(*) > 1") == [], table.name


def counted(ask, names):
    return {name: ask(f"select count(*) from {name}")[0][0] for name in names}


def test_recorded_counts_are_those_that_counting_gives_after_loads_and_resets(reader, sample_portal, ask):
    def compare():
        with reader() as connection:
            recorded = tables.recorded_counts(connection)
        assert recorded == counted(ask, recorded)
        return recorded

    before = compare()
    nightly.run_nightly("first")
    first = compare()
    live.pass_week(sample_portal.store, added=40, edited=60, removed=20)
    nightly.run_nightly("week")
    compare()
    reset.delete("one", "mart.crimes_per_year", "somebody")
    one = compare()
    nightly.run_nightly("again")
    compare()
    reset.delete("everything", "everything", "somebody")
    compare()
    nightly.run_nightly("anew")
    compare()

    assert before["mart.crimes"] == one["mart.crimes_per_year"] == 0
    assert first.keys() >= {*reset.TABLES[:-1], "mart.data_status", "ops.rejects"}
