"""What building a wheel adds to the files of the checkout: the compiled form of its rules, and the goldens' hosts."""

import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class CompiledRules(BuildHookInterface):  # type: ignore[type-arg]  # the build needs no configuration of its own
    """Compile the rules before the wheel takes them up; `make` does it for a checkout.

    `mgmtnet explain` draws hosts: of the goldens the wheel has the captures and what is wanted, not the plans.
    """

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Called by hatchling before each build."""
        if version == "editable":
            return
        sys.path.insert(0, self.root)
        from planner.rules.shelf import make_forms

        make_forms()
        for path in Path(self.root, "golden").glob("*/*"):
            if path.name.startswith(("capture.", "definition.", "about.")):
                inside = path.relative_to(self.root)
                build_data["force_include"][str(path)] = f"planner/_data/{inside}"
