"""Models on a device: what is taken and what is refused, and that one whole model is always in use."""

import base64
import json
import random
import shutil
import subprocess

import pytest

from edge.inference import slots
from edge.inference.model_file import find_model, pack_model, read_model, shipped_models
from edge.inference.slots import active_model, read_state
from edge.service.slots import store, trial
from edge.support.errors import ModelError

SHIPPED = shipped_models()["edge-xs"]


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Return a model file of a version, small and whole."""
    folder = tmp_path_factory.mktemp("models")
    model = read_model(SHIPPED)

    def make(version, name="porch"):
        path = folder / f"{name}-{version}.tflite"
        if not path.exists():
            about = {**model.about, "name": name, "version": version}
            path.write_bytes(pack_model(model.flatbuffer, about))
        return path

    return make


class Signers:
    """Keys, who of them may sign, and their signatures."""

    def __init__(self, folder):
        self.folder = folder
        self.allowed = folder / "allowed_signers"
        for name in ("alice", "mallory"):
            key = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", name]
            subprocess.run([*key, "-f", folder / name], check=True)
        public = (folder / "alice.pub").read_text()
        self.allowed.write_text(f'alice@example.org namespaces="edge-emo-model" {public}')

    def sign(self, file, who="alice", purpose="edge-emo-model"):
        signed = self.folder / f"{who}-{purpose}-{file.name}"
        shutil.copy(file, signed)
        command = ["ssh-keygen", "-q", "-Y", "sign", "-f", self.folder / who, "-n", purpose, signed]
        subprocess.run(command, check=True, capture_output=True)
        return signed.with_name(signed.name + ".sig")


@pytest.fixture
def signers(tmp_path):
    if not shutil.which("ssh-keygen"):
        pytest.skip("ssh-keygen is not installed (Debian: openssh-client)")
    (tmp_path / "keys").mkdir()
    return Signers(tmp_path / "keys")


@pytest.fixture
def device(tmp_path):
    return Device(tmp_path / "slots", tmp_path / "nobody")


class Device:
    """The slots of a device, and who may sign for it."""

    def __init__(self, folder, allowed):
        self.folder, self.allowed = folder, allowed

    def install(self, file, signature=None):
        return store.install(file, signature, self.folder, self.allowed)

    def use(self, file, signature=None):
        self.install(file, signature)
        store.begin_trial(self.folder, self.allowed)
        store.end_trial(True, "well", self.folder)

    def in_use(self):
        path = active_model(self.folder)
        return read_model(path).about["version"] if path else None


def test_a_new_device_uses_the_shipped_model(device, monkeypatch):
    assert active_model(device.folder) is None
    monkeypatch.setattr(slots.active_model, "__defaults__", (device.folder,))
    assert find_model("active") == find_model(None)


def test_a_model_is_installed_tried_and_kept(device, made):
    slot, new = device.install(made("1.0"))
    assert (slot.version, new, device.in_use()) == ("1.0", True, None)
    store.begin_trial(device.folder)
    assert device.in_use() == "1.0"
    store.end_trial(True, "well", device.folder)
    assert device.in_use() == "1.0"
    assert store.begin_trial(device.folder) is None  # in use already
    assert device.install(made("1.0")) == (slot, False)


def test_a_model_that_fails_goes_and_the_one_before_stays(device, made):
    device.use(made("1.0"))
    device.install(made("2.0"))
    store.begin_trial(device.folder)
    store.end_trial(False, "too slow", device.folder)
    assert device.in_use() == "1.0"
    assert store.report(device.folder)["last"]["reason"] == "too slow"
    device.use(made("3.0"))
    assert device.in_use() == "3.0"


def test_going_back_and_forth(device, made):
    with pytest.raises(ModelError, match="no model to go back to"):
        store.roll_back(device.folder)
    device.use(made("1.0"))
    device.use(made("2.0"))
    assert store.roll_back(device.folder) == "porch 1.0"
    assert store.roll_back(device.folder) == "porch 2.0"
    device.install(made("3.0"))
    store.begin_trial(device.folder)
    assert store.roll_back(device.folder) == "porch 2.0"
    device.use(made("3.0"))
    store.roll_back(device.folder)
    assert device.in_use() == "2.0"


def test_from_the_first_model_it_goes_back_to_the_shipped_one(device, made):
    device.use(made("1.0"))
    assert store.roll_back(device.folder) == "the shipped model"
    assert device.in_use() is None


def test_a_restart_of_the_machine_ends_a_trial(device, made, monkeypatch):
    device.use(made("1.0"))
    device.install(made("2.0"))
    store.begin_trial(device.folder)
    assert device.in_use() == "2.0"
    for module in (slots, store):
        monkeypatch.setattr(module, "boot_id", lambda: "another boot")
    assert device.in_use() == "1.0"
    assert "restarted during the trial" in store.report(device.folder)["last"]["reason"]
    device.install(made("2.0"))


def test_nothing_is_taken_during_a_trial(device, made):
    device.install(made("1.0"))
    store.begin_trial(device.folder)
    with pytest.raises(ModelError, match=r"porch 1\.0 is on trial"):
        device.install(made("2.0"))


def test_two_do_not_change_it_at_once(device, made):
    with store.locked(device.folder), pytest.raises(ModelError, match="another"):
        device.install(made("1.0"))


def test_an_altered_slot_is_not_activated(device, made):
    device.install(made("1.0"))
    path = slots.slot_file("a", device.folder)
    content = bytearray(path.read_bytes())
    content[5000] ^= 1
    path.write_bytes(content)
    with pytest.raises(ModelError, match="altered since it was taken"):
        store.begin_trial(device.folder)


@pytest.mark.parametrize(
    ("content", "said"),
    [(b"", "is not a TFLite file"), (b"x" * 100, "is not a TFLite file"), (None, "cannot be read")],
)
def test_what_is_no_model_is_refused_by_its_name(device, tmp_path, content, said):
    file = tmp_path / "porch.tflite"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(ModelError, match=said) as refused:
        device.install(file)
    assert str(file) in str(refused.value)


def test_signed_models_are_taken_and_the_signer_is_kept(device, made, signers):
    device.allowed = signers.allowed
    slot, _ = device.install(made("1.0"), signers.sign(made("1.0")))
    assert slot.signer == "alice@example.org"


def test_a_signature_beside_the_file_is_found(device, made, signers, tmp_path):
    device.allowed = signers.allowed
    file = tmp_path / "porch.tflite"
    shutil.copy(made("1.0"), file)
    shutil.copy(signers.sign(made("1.0")), tmp_path / "porch.tflite.sig")
    assert device.install(file)[0].signer == "alice@example.org"


def refusals(made, signers):
    """Yield what was done to a model, the file, its signature, and what the refusal must say."""
    file = made("2.0")
    good = signers.sign(file)
    yield "not signed", file, None, "is not signed"
    yield "no such signature", file, file.with_name("none"), "is not signed"
    yield "another signer", file, signers.sign(file, "mallory"), "somebody who is not in"
    yield "another purpose", file, signers.sign(file, purpose="git"), "for another purpose"
    yield "another model's signature", file, signers.sign(made("1.0")), "altered"
    yield "the public key", file, signers.folder / "alice.pub", "not a signature made by"
    torn = signers.folder / "torn.sig"
    torn.write_bytes(good.read_bytes()[:120])
    yield "a torn signature", file, torn, "damaged"
    old = made("0.9")
    yield "an older model", old, signers.sign(old), "is older"
    content = file.read_bytes()
    chance = random.Random(3)
    bits = [chance.randrange(8 * len(content)) for _ in range(12)]
    bits += [8 * content.index(word) for word in (b'"name"', b'"accuracy"', b"labels.txt")]
    bits += [8 * len(content) - 1]
    for number, bit in enumerate(bits):
        altered = bytearray(content)
        altered[bit // 8] ^= 1 << bit % 8
        path = signers.folder / f"altered-{number}.tflite"
        path.write_bytes(altered)
        yield f"bit {bit} altered", path, good, "altered"
    longer = signers.folder / "longer.tflite"
    longer.write_bytes(content + b"\n")
    yield "a byte more", longer, good, "altered"


@pytest.mark.slow
def test_whatever_is_not_as_signed_is_refused_and_the_old_one_stays(device, made, signers):
    device.allowed = signers.allowed
    device.use(made("1.0"), signers.sign(made("1.0")))
    before = {p.name: p.read_bytes() for p in device.folder.iterdir()}
    for what, file, signature, said in refusals(made, signers):
        with pytest.raises(ModelError) as refused:
            device.install(file, signature)
        assert said in str(refused.value), what
        assert str(file) in str(refused.value), what
        assert device.in_use() == "1.0"
        after = {p.name: p.read_bytes() for p in device.folder.iterdir()}
        assert after == before, what
    assert [s.version for s in read_state(device.folder).slots.values()] == ["1.0"]
    device.use(made("2.0"), signers.sign(made("2.0")))


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ('alice@example.org valid-before="20200101" {key}', "key has expired"),
        ("alice@example.org no-key", "somebody who is not in"),
        ("", "somebody who is not in"),
    ],
)
def test_signers_that_are_allowed_no_longer(device, made, signers, line, said):
    device.allowed = signers.allowed
    key = (signers.folder / "alice.pub").read_text()
    signers.allowed.write_text(line.format(key=key))
    with pytest.raises(ModelError, match=said):
        device.install(made("1.0"), signers.sign(made("1.0")))


def test_signers_that_cannot_be_read_do_not_open_the_door(device, made, signers):
    """Neither a folder in their place nor a link to a file that is gone."""
    (signers.folder / "folder").mkdir()
    (signers.folder / "link").symlink_to("gone")
    for name in ("folder", "link"):
        device.allowed = signers.folder / name
        with pytest.raises(ModelError, match="is no file that names signers"):
            device.install(made("1.0"), signers.sign(made("1.0")))


def test_not_older_than_the_shipped_one_of_that_name(device, made, signers):
    device.allowed = signers.allowed
    old = made("0.0.9", "edge-xs")
    with pytest.raises(ModelError, match="came with the program"):
        device.install(old, signers.sign(old))


def test_a_model_taken_before_signatures_were_demanded_is_not_activated(device, made, signers):
    device.install(made("1.0"))
    with pytest.raises(ModelError, match="install it again, signed"):
        store.begin_trial(device.folder, signers.allowed)
    device.allowed = signers.allowed
    assert device.install(made("1.0"), signers.sign(made("1.0"))) == (
        read_state(device.folder).slots["a"],
        False,
    )
    assert store.begin_trial(device.folder, signers.allowed)


@pytest.mark.parametrize(
    ("older", "newer"),
    [
        ("1.9", "1.10"),
        ("0.1.0", "0.1.1"),
        ("1", "1.0.1"),
        ("", "0.1"),
        ("1." + "8" * 5000, "1." + "9" * 5000),
    ],
)
def test_versions_are_compared_by_their_numbers(older, newer):
    assert store._ordered(older) < store._ordered(newer)
    assert store._ordered("1.0") == store._ordered("1") == store._ordered("01.00")


def test_a_state_that_cannot_be_read_leaves_the_shipped_model(device, made, caplog):
    device.use(made("1.0"))
    whole = json.loads((device.folder / "state.json").read_text())
    damaged = [
        {"active": "b"},
        {"active": ["a"]},
        {"slots": ["a"]},
        {"slots": {"a": {}}},
        {"slots": {"../a": whole["slots"]["a"]}},
        {"trial": {"slot": "b", "boot": "", "since": ""}},
        {"newest": {"porch": 1}},
        {"last": "well"},
    ]
    for content in ("", "[]", "{}", *(json.dumps(whole | said) for said in damaged)):
        (device.folder / "state.json").write_text(content)
        assert active_model(device.folder) is None
        assert "using the shipped model" in caplog.text
        with pytest.raises(ModelError, match=r"state\.json: cannot be read"):
            device.install(made("2.0"))


@pytest.mark.slow
def test_a_model_that_fails_its_check_fails_its_trial(device, tmp_path):
    """It carries scores that no interpreter gives."""
    model = read_model(SHIPPED)
    scores = base64.b64decode(model.about["check"]["scores"])
    turned = b"".join(scores[i + 3 : i + 7] + scores[i : i + 3] for i in range(0, len(scores), 7))
    forged = {**model.about["check"], "scores": base64.b64encode(turned).decode()}
    file = tmp_path / "porch.tflite"
    file.write_bytes(pack_model(model.flatbuffer, {**model.about, "version": "9", "check": forged}))
    device.install(file)
    store.begin_trial(device.folder)
    said = []
    trial.hold([], {}, said.append, folder=device.folder)
    assert said[0].startswith("rolled back: ")
    assert "try another interpreter" in said[0]
    assert device.in_use() is None


def test_a_trial_begins_and_ends_when_the_unit_that_held_the_last_one_is_gone(
    device, made, monkeypatch
):
    """Having decided, the unit still restarts the services: meanwhile systemd takes no second one."""
    device.install(made("1.0"))
    store.begin_trial(device.folder)
    states, done = ["active", "inactive", "deactivating", "inactive"], []

    def run(command, **_):
        done.append(command[0])
        if command[0] == "systemd-run":
            store.end_trial(True, "well", device.folder)
        return subprocess.CompletedProcess(
            command, 0, states.pop(0) if command[0] == "systemctl" else "", ""
        )

    monkeypatch.setattr(trial.subprocess, "run", run)
    monkeypatch.setattr(trial.time, "sleep", lambda _: None)
    trial.hold_in_a_unit({"edge-emo@0.service": 1.0}, device.folder)
    assert done == ["systemctl", "systemctl", "systemd-run", "systemctl", "systemctl"]


def test_a_trial_whose_judge_was_killed_is_lost(device, made):
    device.install(made("1.0"))
    store.begin_trial(device.folder)
    store.judge(device.folder)
    trial.hold([], {}, lambda _: None, folder=device.folder)
    assert device.in_use() is None
    assert store.report(device.folder)["last"]["reason"] == "the trial was interrupted"


@pytest.mark.slow
def test_a_good_model_passes_its_check(device, made):
    device.install(made("1.0"))
    store.begin_trial(device.folder)
    trial.hold([], {}, lambda _: None, folder=device.folder)
    assert device.in_use() == "1.0"
    assert store.report(device.folder)["last"]["accepted"] is True
