"""Other notations of the same numbers and times."""

import json
import re
from collections.abc import Callable, Mapping
from typing import Any

Write = Callable[[str], Any]

# How a number may be written, each a notation of the same number.
NUMBERS: Mapping[str, Write] = {
    "decimal": lambda text: text if "." in text else f"{text}.0",
    "cents": lambda text: text if "." in text else f"{text}.00",
    "zeros": lambda text: f"-0{text[1:]}" if text.startswith("-") else f"0{text}",
    "exponent": lambda text: f"{text}e0",
    "plus": lambda text: text if text.startswith("-") else f"+{text}",
    "json": json.loads,
}
# How a time may be written. `local` is for times without a zone only.
DATES: Mapping[str, Write] = {
    "z": lambda text: f"{text.removesuffix('Z')}Z",
    "offset": lambda text: f"{text.removesuffix('Z')}+00:00",
    "local": lambda text: text if text.endswith("Z") else f"{text}-06:00",
    "short": lambda text: re.sub(r"(\.\d*?)0+(?=Z?$)", r"\1", text).replace(".Z", "Z").removesuffix("."),
    "micro": lambda text: re.sub(r"(\.\d{3})(?=Z?$)", r"\g<1>000", text),
    "day": lambda text: re.sub(r"T00:00:00\.000$", "", text),
    "blank": lambda text: text.replace("T", " "),
}
