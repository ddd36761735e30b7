"""A load step by step, for tests of what happens in between."""

from austin_crime import nightly, steps


def land(load):
    """Land every batch of a load that is planned, and return them."""
    batches = [item["batch"] for item in steps.list_batches(load)]
    for batch in batches:
        steps.extract(batch, load)
    return batches


def start_load(load_id):
    """Run a load up to settling, and return it."""
    load = steps.plan_load(load_id)
    for batch in land(load):
        steps.clean_and_stage(batch, load)
    return load


def finish_load(load):
    """Run what follows settling."""
    nightly.build_and_check(load)
    return steps.publish(load)
