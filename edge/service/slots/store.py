"""Take a model into the slot that is not in use, switch to it and back; each step whole or not at all."""

import dataclasses
import fcntl
import hashlib
import json
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ...inference.model_file import read_model, shipped_models
from ...inference.slots import (
    FOLDER,
    SLOTS,
    Slot,
    SlotState,
    Trial,
    boot_id,
    read_state,
    slot_file,
)
from ...support.atomic import read_bounded, replacing, write_text
from ...support.errors import ModelError
from .signature import ALLOWED_SIGNERS, demands_signature, signer_of

MOST_BYTES = 256 << 20  # of a model


def install(
    file: Path,
    signature: Path | None = None,
    folder: Path = FOLDER,
    allowed: Path = ALLOWED_SIGNERS,
) -> tuple[Slot, bool]:
    """Take a model into the free slot; the one in use stays as it is.

    Args:
        signature: of the file; None looks for FILE.sig.
        allowed: where this file is, a model must be signed by one whom it names, and not be older
            than one of the same name that was in use.

    Returns:
        what was taken, and whether it was not there already.

    Raises:
        ModelError: it is damaged, for another task, or not to be trusted.
    """
    content = _read(file)
    with locked(folder):
        state = current(folder)
        _check_no_trial(state)
        signer = None
        if demands_signature(allowed):
            beside = file.with_name(file.name + ".sig")
            signer = signer_of(content, signature or beside, allowed, str(file))
        digest = hashlib.sha256(content).hexdigest()
        for name, slot in state.slots.items():
            if slot.sha256 == digest and _hash_of(slot_file(name, folder)) == digest:
                if slot.signer != signer:
                    slot = dataclasses.replace(slot, signer=signer)
                    write_state(
                        dataclasses.replace(state, slots={**state.slots, name: slot}), folder
                    )
                return slot, False
        target = _free_slot(state)
        emptied = dataclasses.replace(
            state,
            slots={n: s for n, s in state.slots.items() if n != target},
            previous=None if state.previous == target else state.previous,
        )
        path = slot_file(target, folder)
        with replacing(path) as draft:
            draft.write_bytes(content)
            try:
                about = read_model(draft).about
            except ModelError as error:
                raise ModelError(str(error).replace(str(draft), str(file))) from None
            taken = Slot(str(about["name"]), str(about.get("version", "")), digest, signer, _now())
            if signer is not None:
                _check_not_older(taken, state, file)
            write_state(emptied, folder)  # from here on the free slot's old model is gone
        write_state(dataclasses.replace(emptied, slots={**emptied.slots, target: taken}), folder)
    return taken, True


def check_activable(folder: Path = FOLDER) -> None:
    """Check that there is a model to activate, before anything is measured. Raises: ModelError."""
    state = current(folder)
    _check_no_trial(state)
    _newcomer(state)


def report(folder: Path = FOLDER) -> dict[str, Any]:
    """Return which models are where, as plain values for JSON."""
    state = current(folder)
    trial = state.trial.slot if state.trial else None
    other = {*state.slots} - {state.active, state.previous, trial}
    return {
        "schema": 1,
        "in_use": describe(state, trial or state.active),
        "previous": describe(state, state.previous) if state.previous else None,
        "installed": describe(state, other.pop()) if other else None,
        "trial": describe(state, trial) if trial else None,
        "slots": {name: dataclasses.asdict(slot) for name, slot in state.slots.items()},
        "active": state.active,
        "last": state.last,
    }


def begin_trial(folder: Path = FOLDER, allowed: Path = ALLOWED_SIGNERS) -> Slot | None:
    """Put the model that was taken last on trial; None where it is in use already.

    Raises:
        ModelError: there is none, or it is not what was taken.
    """
    with locked(folder):
        state = current(folder)
        _check_no_trial(state)
        name = _newcomer(state)
        if name is None:
            return None
        slot = state.slots[name]
        if _hash_of(slot_file(name, folder)) != slot.sha256:
            raise ModelError(
                f"{slot_file(name, folder)}: was altered since it was taken; install it again"
            )
        if demands_signature(allowed) and slot.signer is None:
            raise ModelError(
                f"{slot.name} {slot.version}: was taken before {allowed} was there; install it again, signed"
            )
        trial = Trial(name, boot_id(), _now())
        write_state(dataclasses.replace(state, trial=trial), folder)
    return slot


def judge(folder: Path = FOLDER) -> Trial | None:
    """Note that somebody judges the trial, and return it as it was before; None where there is none."""
    with locked(folder):
        state = read_state(folder)
        if state.trial is not None:
            judged = dataclasses.replace(state.trial, judged=True)
            write_state(dataclasses.replace(state, trial=judged), folder)
    return state.trial


def end_trial(accepted: bool, reason: str, folder: Path = FOLDER) -> None:
    """Keep the model on trial, or go back to the one before it."""
    with locked(folder):
        state = read_state(folder)
        if state.trial is None:
            return
        write_state(_ended(state, accepted, reason), folder)


def roll_back(folder: Path = FOLDER) -> str:
    """Go back to the model before, at once; return its name and version.

    Raises:
        ModelError: there is none.
    """
    with locked(folder):
        state = current(folder)
        if state.trial is not None:
            state = _ended(state, False, "rolled back by hand during the trial")
        elif state.previous is None:
            raise ModelError("there is no model to go back to; install one and activate it")
        else:
            last = {
                **_told(state, state.active),
                "accepted": False,
                "reason": "rolled back by hand",
            }
            state = dataclasses.replace(
                state, active=state.previous, previous=state.active, last=last
            )
        write_state(state, folder)
    return describe(state, state.active)


def current(folder: Path = FOLDER) -> SlotState:
    """Return the state, in which a trial that the machine's restart ended counts as ended."""
    try:
        state = read_state(folder)
    except (OSError, ValueError) as error:
        raise ModelError(
            f"{folder}/state.json: cannot be read: {error}; remove it and install again"
        ) from None
    if state.trial is not None and state.trial.boot != boot_id():
        return _ended(state, False, "the machine was restarted during the trial")
    return state


def describe(state: SlotState, slot: str) -> str:
    """Return name and version of what lies in a slot."""
    if slot not in state.slots:
        return "the shipped model"
    return f"{state.slots[slot].name} {state.slots[slot].version}"


def write_state(state: SlotState, folder: Path) -> None:
    path = folder / "state.json"
    write_text(path, json.dumps({"schema": 1, **dataclasses.asdict(state)}, indent=1) + "\n")


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Hold the folder; only one may change it. Raises: ModelError."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = (folder / ".lock").open("a")
    except OSError as error:
        raise ModelError(
            f"{folder}: cannot be changed: {error.strerror}; run it with sudo"
        ) from None
    before = os.umask(0o022)  # the service, another user, reads what is written
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise ModelError(
                f"{folder}: another 'edge-emo models' changes it; wait for that"
            ) from None
        try:
            for left in folder.glob(".part-*"):  # by one that was killed
                left.unlink()
            yield
        finally:
            os.umask(before)


def _read(file: Path) -> bytes:
    try:
        return read_bounded(file, MOST_BYTES)
    except OSError as error:
        raise ModelError(f"{file}: cannot be read: {error.strerror}") from None
    except ValueError:
        raise ModelError(
            f"{file}: is larger than {MOST_BYTES >> 20} MB, so it is not a model of ours"
        ) from None


def _hash_of(path: Path) -> str | None:
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else None


def _check_no_trial(state: SlotState) -> None:
    if state.trial is not None:
        raise ModelError(
            f"{describe(state, state.trial.slot)} is on trial; wait for its end ('edge-emo models "
            "status'), or end it with 'edge-emo models rollback'"
        )


def _free_slot(state: SlotState) -> str:
    return next(name for name in SLOTS if name != state.active)


def _newcomer(state: SlotState) -> str | None:
    """Return the slot with the model that was taken last, if that is not in use."""
    if not state.slots:
        raise ModelError("no model is installed; run 'edge-emo models install FILE'")
    newest = max(state.slots, key=lambda name: state.slots[name].installed)
    return None if newest == state.active else newest


def _check_not_older(taken: Slot, state: SlotState, file: Path) -> None:
    known = [state.newest.get(taken.name, "")]
    if taken.name in (shipped := shipped_models()):
        known.append(str(read_model(shipped[taken.name]).about.get("version", "")))
    newest = max(known, key=_ordered)
    if _ordered(taken.version) < _ordered(newest):
        raise ModelError(
            f"{file}: is older ({taken.name} {taken.version}) than one that was in use or came with the "
            f"program ({newest}); to go back by one, run 'edge-emo models rollback'"
        )


def _ordered(version: str) -> tuple[tuple[int, str], ...]:
    """Return a version's numbers, without zeros at the end, for comparison: longer ones are larger."""
    numbers = [(len(n), n) for n in (n.lstrip("0") for n in re.findall(r"[0-9]+", version))]
    while numbers and numbers[-1] == (0, ""):
        numbers.pop()
    return tuple(numbers)


def _ended(state: SlotState, accepted: bool, reason: str) -> SlotState:
    assert state.trial is not None
    slot = state.trial.slot
    last = {**_told(state, slot), "accepted": accepted, "reason": reason}
    if not accepted:
        return dataclasses.replace(state, trial=None, last=last)
    taken = state.slots[slot]
    newest = max(state.newest.get(taken.name, ""), taken.version, key=_ordered)
    return dataclasses.replace(
        state,
        active=slot,
        previous=state.active,
        trial=None,
        newest={**state.newest, taken.name: newest},
        last=last,
    )


def _told(state: SlotState, slot: str) -> dict[str, Any]:
    return {"model": describe(state, slot), "time": _now()}


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
