# make demo        sets everything up and runs the main job on the built-in clip
# make test        sets everything up and runs all tests
# make test-fast   sets the runtime up, without TensorFlow, and runs its tests but the slow ones: about a minute
# make check       lint, format and types
# make docs        builds the documentation into site/
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
OUT := demo-output

.PHONY: demo test test-fast check test-tflite-runtime docs clean

demo: $(VENV)/runtime
	mkdir -p $(OUT)
	rm -f $(OUT)/faces.jsonl
	$(BIN)/edge-emo run --source demo --output text --jsonl $(OUT)/faces.jsonl --record $(OUT)/annotated.mp4
	@echo "look at $(OUT)/annotated.mp4 and $(OUT)/faces.jsonl"

test: $(VENV)/full
	$(BIN)/python -m pytest -n auto --dist loadfile --no-loadscope-reorder

# Many of the runtime's tests wait, so twice as many workers as cores.
MANY_WORKERS = -n $(shell $(PYTHON) -c 'import os; print(2 * os.cpu_count())') --dist worksteal

test-fast: .venv-fast/installed
	.venv-fast/bin/python -m pytest $(MANY_WORKERS) -m "not slow" tests/edge tests/edge_emo tests/test_architecture.py

docs: .venv-docs/installed
	.venv-docs/bin/mkdocs build --quiet
	@echo "look at site/index.html"

# What continuous integration checks besides.
check: $(VENV)/full
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/mypy --strict -p edge_emo --follow-imports=silent

# The runtime's tests once more with ai-edge-litert's predecessor (CPython 3.11, numpy 1).
test-tflite-runtime: .venv-tflite-runtime/installed
	.venv-tflite-runtime/bin/python -m pytest $(MANY_WORKERS) tests/edge

PIP_INSTALL = -m pip install --quiet --disable-pip-version-check
# OpenCV's desktop build needs X libraries; a server or container without them gets the headless one.
FIT_OPENCV = $(1) -c 'import cv2' 2>/dev/null || { \
	echo "no X libraries here: taking OpenCV's headless build"; \
	$(1) -m pip uninstall --quiet --yes opencv-python; \
	$(1) $(PIP_INSTALL) --force-reinstall --no-deps 'opencv-python-headless>=4.8,<5'; }

$(VENV)/runtime: setup.cfg
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python $(PIP_INSTALL) -e .
	@$(call FIT_OPENCV,$(BIN)/python)
	touch $@

$(VENV)/full: setup.cfg
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python $(PIP_INSTALL) -e '.[test]'
	@$(call FIT_OPENCV,$(BIN)/python)
	touch $(VENV)/runtime $@

.venv-tflite-runtime/installed: setup.cfg
	$(PYTHON) -m venv .venv-tflite-runtime
	.venv-tflite-runtime/bin/python $(PIP_INSTALL) -e '.[tflite-runtime]' 'pytest>=8,<10' 'pytest-xdist>=3.8,<4'
	.venv-tflite-runtime/bin/python -m pip uninstall --quiet --yes ai-edge-litert
	@$(call FIT_OPENCV,.venv-tflite-runtime/bin/python)
	touch $@

.venv-fast/installed: setup.cfg
	$(PYTHON) -m venv .venv-fast
	.venv-fast/bin/python $(PIP_INSTALL) -e '.[test-fast]'
	@$(call FIT_OPENCV,.venv-fast/bin/python)
	touch $@

.venv-docs/installed: setup.cfg
	$(PYTHON) -m venv .venv-docs
	.venv-docs/bin/python $(PIP_INSTALL) -e '.[docs]'
	@$(call FIT_OPENCV,.venv-docs/bin/python)
	touch $@

clean:
	rm -rf $(VENV) .venv-fast .venv-docs .venv-tflite-runtime $(OUT) site build *.egg-info
