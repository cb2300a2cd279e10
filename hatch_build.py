"""What building a wheel adds to the files of the checkout: the compiled form of its rules."""

import sys
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class CompiledRules(BuildHookInterface):  # type: ignore[type-arg]  # the build needs no configuration of its own
    """Compile the rules before the wheel takes them up; `make` does it for a checkout."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002  hatchling's signature
        """Called by hatchling before each build."""
        if version == "editable":
            return
        sys.path.insert(0, self.root)
        from planner.shelf import make_forms

        make_forms()
