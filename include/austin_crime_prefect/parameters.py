"""The form shown when a person starts a run, validated by Prefect before anything runs."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, WithJsonSchema, model_validator

from austin_crime.parameters import CHECK_PATTERN, DESCRIPTIONS, MONTH_PATTERN, read_parameters

# Patterns for the form only: the pipeline validates again, with a message of its own.
Month = Annotated[str, WithJsonSchema({"type": "string", "pattern": MONTH_PATTERN})]
CheckName = Annotated[str, WithJsonSchema({"type": "string", "pattern": CHECK_PATTERN})]


class NightlyParameters(BaseModel):
    """Options of one load; by default it fetches what changed."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    full_reload: bool = Field(default=False, description=DESCRIPTIONS["full_reload"])
    first_month: Month | None = Field(default=None, description=DESCRIPTIONS["first_month"])
    last_month: Month | None = Field(default=None, description=DESCRIPTIONS["last_month"])
    accept: list[CheckName] = Field(default=[], description=DESCRIPTIONS["accept"])
    dry_run: bool = Field(default=False, description=DESCRIPTIONS["dry_run"])

    @model_validator(mode="after")
    def fit_together(self) -> "NightlyParameters":
        """Validate the fields together, as the pipeline does."""
        read_parameters(self.model_dump())
        return self

    def in_words(self) -> str:
        """Return the options in a few words."""
        months = [month for month in (self.first_month, self.last_month) if month]
        words = [
            "dry run" if self.dry_run else "",
            "full reload" if self.full_reload else "",
            f"months {' to '.join(months)}" if months else "",
            f"accepting {', '.join(self.accept)}" if self.accept else "",
        ]
        return ", ".join(filter(None, words)) or "nightly load"


NO_OPTIONS = NightlyParameters()
