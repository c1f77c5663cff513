"""The topics of one machine."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Topics:
    """Names the topics under `BASE/HOST`.

    Attributes:
        base: what all topics begin with, such as `edge-emo`.
        host: how topics call this machine.
        discovery: what Home Assistant's topics begin with; empty: no discovery.
    """

    base: str
    host: str
    discovery: str

    @property
    def status(self) -> str:
        """Retained: `online`, or `offline`, which is also the last will."""
        return f"{self.base}/{self.host}/status"

    @property
    def machine(self) -> str:
        """Retained JSON: the off switch, the temperature, and how many records were lost."""
        return f"{self.base}/{self.host}/machine"

    @property
    def command(self) -> str:
        """Takes `ON` and `OFF`: the cameras' off switch."""
        return f"{self.base}/{self.host}/cameras/set"

    def state(self, camera: str) -> str:
        """Retained JSON: what is seen now, or why nothing is."""
        return f"{self.base}/{self.host}/{camera}/state"

    def records(self, camera: str) -> str:
        """Every record, in order."""
        return f"{self.base}/{self.host}/{camera}/records"

    def introduction(self, device: str) -> str:
        """Retained JSON: Home Assistant's discovery of this machine."""
        return f"{self.discovery}/device/{device}/config"

    @property
    def birth(self) -> str:
        """Where Home Assistant says `online` when it has started."""
        return f"{self.discovery}/status"
