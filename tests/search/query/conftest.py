"""Cases are many and small; a machine that has other work must not fail them."""

from hypothesis import HealthCheck, settings

settings.register_profile("query", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("query")
