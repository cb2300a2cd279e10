"""Changing a host and proving it: look → (adopt) → set up → verify → commit → prove → (reboot).

Each step is a function that is given what was ordered and what the steps before it found, and answers with what it
found and which step is next. The journal keeps these answers; a run that was killed goes on from the last of them.
"""
