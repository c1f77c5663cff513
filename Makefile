# make demo   sets everything up and runs the main job on the built-in clip
# make test   sets everything up and passes the tests
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
OUT := demo-output

.PHONY: demo test check test-tflite-runtime clean

demo: $(VENV)/runtime
	mkdir -p $(OUT)
	rm -f $(OUT)/faces.jsonl
	$(BIN)/edge-emo run --source demo --output text --jsonl $(OUT)/faces.jsonl --record $(OUT)/annotated.mp4
	@echo "look at $(OUT)/annotated.mp4 and $(OUT)/faces.jsonl"

test: $(VENV)/full
	$(BIN)/python -m pytest

# What continuous integration checks besides.
check: $(VENV)/full
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

# The runtime's tests once more with ai-edge-litert's predecessor (CPython 3.11, numpy 1).
test-tflite-runtime: .venv-tflite-runtime/installed
	.venv-tflite-runtime/bin/python -m pytest tests/edge

$(VENV)/runtime: setup.cfg
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e .
	touch $@

$(VENV)/full: setup.cfg
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[test]'
	touch $(VENV)/runtime $@

.venv-tflite-runtime/installed: setup.cfg
	$(PYTHON) -m venv .venv-tflite-runtime
	.venv-tflite-runtime/bin/python -m pip install --quiet --disable-pip-version-check -e '.[tflite-runtime]' 'pytest>=8,<10'
	.venv-tflite-runtime/bin/python -m pip uninstall --quiet --yes ai-edge-litert
	touch $@

clean:
	rm -rf $(VENV) .venv-tflite-runtime $(OUT) build *.egg-info
