"""What the real `readiness status` says of a shop."""

from support.builders.readiness_cli import Shop

NOT_READY, UNKNOWN, AT_RISK = ("NOT_READY", 1), ("UNKNOWN", 3), ("AT_RISK", 4)


class Status:
    """What `readiness status` says."""

    def __init__(self, shop: Shop) -> None:
        ran = shop.run("status")
        result = ran.answer["result"]
        self.verdict = (result["verdict"], ran.status)
        everything = [*result["reasons"], *(r for one in result["processes"] for r in one["reasons"])]
        self.reasons = {reason["code"]: reason for reason in everything}
        self.text = " ".join(r["message"] + " " + (r["hint"] or "") for r in self.reasons.values())
