"""Write .env.example from the settings as they are declared."""

from austin_crime.config import ROOT
from local_stack.configuration import env_example

if __name__ == "__main__":
    (ROOT / ".env.example").write_text(env_example.example())
