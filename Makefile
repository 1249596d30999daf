# Every target is one line; what it takes to do it is in scripts/. Needed: Python 3.11 or later, and make.

.PHONY: help run test soak check bench
.DEFAULT_GOAL := help
KILLS ?=
SEED ?=

help: ## what there is
	@awk -F ':.*## ' '/^[a-z]+:.*## /{printf "  make %-6s %s\n", $$1, $$2}' Makefile

run: ## move a live Cyphr from Supabase to AWS in front of your eyes; ARGS="--seconds 60 --kill copy"
	@scripts/run $(ARGS)

test: ## all tests; ARGS="-k handover"
	@scripts/test $(ARGS)

soak: ## the long tests; KILLS=100 for so many accidents, SEED=… for those of another time
	@KILLS=$(KILLS) SEED=$(SEED) scripts/test -m soak $(ARGS)

check: ## lint, format, types, import contracts, generated files
	@scripts/uv run --quiet --locked --all-groups scripts/check.py $(ARGS)

bench: ## measure beside peers: copy, follow, handover, lambdas, messages or verify; ARGS="copy --pairs 5"
	@scripts/bench $(ARGS)
