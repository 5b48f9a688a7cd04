# Aliases for the two commands, for machines without uv. No logic lives here.
# --target also works where the system's Python is "externally managed" (PEP 668).
UV := $(shell command -v uv || echo .tools/bin/uv)

.PHONY: demo test

demo: $(UV)
	$(UV) run --locked luochui demo

test: $(UV)
	$(UV) run --locked --group dev pytest

.tools/bin/uv:
	python3 -m pip install --quiet --target .tools uv
