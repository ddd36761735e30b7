"""What a person is asked for when starting a run, checked in Prefect's form before anything runs."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, WithJsonSchema, model_validator

from austin_crime.parameters import DESCRIPTIONS, MONTH_PATTERN, acceptable_checks, read_parameters

# Patterns for the form only: the pipeline says in a sentence what is wrong.
Month = Annotated[str, WithJsonSchema({"type": "string", "pattern": MONTH_PATTERN})]
# A check's name, with its subject after a colon if it has one.
CheckName = Annotated[
    str, WithJsonSchema({"type": "string", "pattern": f"^({'|'.join(acceptable_checks())})(:.+)?$"})
]


class NightlyParameters(BaseModel):
    """What this one load is to do beyond the ordinary; left as it is, it fetches what changed."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    full_reload: bool = Field(default=False, description=DESCRIPTIONS["full_reload"])
    first_month: Month | None = Field(default=None, description=DESCRIPTIONS["first_month"])
    last_month: Month | None = Field(default=None, description=DESCRIPTIONS["last_month"])
    accept: list[CheckName] = Field(default=[], description=DESCRIPTIONS["accept"])
    dry_run: bool = Field(default=False, description=DESCRIPTIONS["dry_run"])

    @model_validator(mode="after")
    def fit_together(self) -> "NightlyParameters":
        """Ask the pipeline, which knows what a single field cannot tell."""
        read_parameters(self.model_dump())
        return self

    def in_words(self) -> str:
        """Return what was asked for in a few words."""
        months = [month for month in (self.first_month, self.last_month) if month]
        words = [
            "dry run" if self.dry_run else "",
            "full reload" if self.full_reload else "",
            f"months {' to '.join(months)}" if months else "",
            f"accepting {', '.join(self.accept)}" if self.accept else "",
        ]
        return ", ".join(filter(None, words)) or "nightly load"


NOTHING_ASKED = NightlyParameters()
