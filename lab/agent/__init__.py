"""The host agent: VDSM's place on a real kernel, over iproute2 and the stand-in's daemon."""
