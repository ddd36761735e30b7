"""Write the public edition now: ``python -m austin_crime.edition``, with the settings of a load."""

import logging
import sys

from austin_crime import config
from austin_crime.edition.write import write_edition
from austin_crime.errors import SettingError

if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    try:
        if config.edition_dir() is None:
            raise SettingError("AUSTIN_CRIME_EDITION_DIR is not set: expected a folder.")
    except SettingError as error:
        sys.exit(str(error))
    done = write_edition()
    sys.exit(None if done.startswith("Wrote") else done)
