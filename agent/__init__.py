"""readiness: could you recover your daily operations over the weekend?"""

__version__ = "0.1.0"
