"""Counters of the service, as Prometheus reads them."""

from collections.abc import Mapping
from typing import Any

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Gauge, Histogram, generate_latest

# Seconds; a plan takes milliseconds, a rehearsal a minute.
BUCKETS = (0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 5.0, 30.0, 120.0)


class Metrics:
    """Counters in a registry of their own: a process may have several services, as tests do."""

    def __init__(self) -> None:
        """Begin at nothing."""
        self.registry = CollectorRegistry()
        self.plans = Counter("mgmtnet_plans", "Plans by outcome", ["outcome"], registry=self.registry)
        self.refusals = Counter("mgmtnet_refusals", "Refused plans by code", ["code"], registry=self.registry)
        self.fired = Counter("mgmtnet_rules_fired", "Plans on which a rule fired", ["rule"], registry=self.registry)
        self.requests = Histogram(
            "mgmtnet_request_seconds",
            "Time to answer",
            ["path", "status"],
            buckets=BUCKETS,
            registry=self.registry,
        )
        self.replaced = Gauge("mgmtnet_workers_replaced", "Workers that died", ["kind"], registry=self.registry)

    def request(self, path: str, status: int, seconds: float) -> None:
        """Count a request."""
        self.requests.labels(path, str(status)).observe(seconds)

    def told(self, told: Mapping[str, Any]) -> None:
        """Count what a worker tells of its plan."""
        if told.get("outcome"):
            self.plans.labels(told["outcome"]).inc()
        for code in told.get("codes", ()):
            self.refusals.labels(code).inc()
        for rule in told.get("fired", ()):
            self.fired.labels(rule).inc()

    def exposition(self, replaced: Mapping[str, int]) -> tuple[bytes, str]:
        """All of them, and the media type of that."""
        for kind, number in replaced.items():
            self.replaced.labels(kind).set(number)
        return generate_latest(self.registry), CONTENT_TYPE_LATEST
