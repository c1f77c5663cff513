"""Which of the models installed on this device is in use: a small file, replaced as a whole, says it.

Two files beside it, the slots, hold models; a third choice is the model that came with the program.
"""

import json
import logging
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

log = logging.getLogger(__name__)

FOLDER = Path("/var/lib/edge-emo/models")
SLOTS = ("a", "b")
SHIPPED = "shipped"  # stands for the model that came with the program
_BOOT = Path("/proc/sys/kernel/random/boot_id")


@dataclass(frozen=True)
class Slot:
    """A model that was taken.

    Attributes:
        name: the model's own name.
        version: the model's own version.
        sha256: of the whole file.
        signer: who signed it; None where no signature was asked for.
        installed: when, UTC.
    """

    name: str
    version: str
    sha256: str
    signer: str | None
    installed: str


@dataclass(frozen=True)
class Trial:
    """A model that must prove itself before it stays.

    Attributes:
        slot: where it is.
        boot: the start of the machine in which the trial is held: it does not outlive that.
        since: when it began, UTC.
        judged: somebody watches it; whoever finds that set at the start knows of an interruption.
    """

    slot: str
    boot: str
    since: str
    judged: bool = False


@dataclass(frozen=True)
class SlotState:
    """What `state.json` holds.

    Attributes:
        slots: what lies in "a" and "b"; a missing key means nothing.
        active: the slot of the model that has proven itself, or "shipped".
        previous: the one before it, for `rollback`; None where there is none.
        trial: the model on trial now.
        newest: the newest version of each model's name that has proven itself.
        last: how the last trial ended: "model", "accepted", "reason" and "time".
    """

    slots: dict[str, Slot] = field(default_factory=dict)
    active: str = SHIPPED
    previous: str | None = None
    trial: Trial | None = None
    newest: dict[str, str] = field(default_factory=dict)
    last: dict[str, Any] | None = None

    @property
    def used(self) -> str:
        """The slot that a service started now would use: a trial's, while it lasts."""
        if self.trial is not None and self.trial.boot == boot_id():
            return self.trial.slot
        return self.active


def active_model(folder: Path = FOLDER) -> Path | None:
    """Return the file of the model in use; None where that is the one that came with the program.

    A file that cannot be read counts as none: the service must run.
    """
    try:
        used = read_state(folder).used
    except (OSError, ValueError) as error:
        log.warning("%s: cannot be read (%s); using the shipped model", folder, error)
        return None
    return slot_file(used, folder) if used in SLOTS else None


def slot_file(slot: str, folder: Path = FOLDER) -> Path:
    return folder / f"{slot}.tflite"


def read_state(folder: Path = FOLDER) -> SlotState:
    """Return the state; that of a new device where there is none. Raises: OSError, ValueError."""
    try:
        said = json.loads((folder / "state.json").read_text(encoding="utf-8"))
        return _state(said)
    except FileNotFoundError:
        return SlotState()
    except (KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ValueError(f"it holds something else: {error!r}") from None


def _state(said: Any) -> SlotState:
    state = SlotState(
        slots={name: Slot(**slot) for name, slot in said["slots"].items()},
        active=said["active"],
        previous=said["previous"],
        trial=Trial(**said["trial"]) if said["trial"] else None,
        newest=dict(said["newest"]),
        last=dict(said["last"]) if said["last"] else None,
    )
    known = {*state.slots, SHIPPED}
    used = {state.active, *([state.previous] if state.previous else [])}
    used |= {state.trial.slot} if state.trial else set()
    texts = [text for slot in state.slots.values() for text in (slot.name, slot.version)]
    texts += [*state.newest, *state.newest.values()]
    if not known <= {*SLOTS, SHIPPED} or not used <= known:
        raise ValueError(f"it names slots that are not there: {sorted(used | known)}")
    if not all(isinstance(text, str) for text in texts):
        raise ValueError("a name or a version in it is no text")
    return state


def boot_id() -> str:
    """Return what names this start of the machine; empty where the system has no such name."""
    try:
        return _BOOT.read_text(encoding="ascii").strip()
    except OSError:
        return ""
