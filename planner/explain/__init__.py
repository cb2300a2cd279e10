"""Why a plan is as it is, and what it changes: reasons, summaries, differences and drawings."""
