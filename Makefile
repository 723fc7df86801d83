# make help says what there is. Nothing here needs a setting; demo and test install what is missing.

SHELL := /usr/bin/env bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.PHONY: help demo demo-fleet show test test-nemo build bench bench-cuts bench-server bench-speech bench-gpu format lint check-deploy \
  setup engine

# A feed of your own for the demo: make demo FEED=https://…
FEED ?=

CACHE := .cache
BIN := .build/debug
# The engine and the model, fetched once, shared by demo, tests and benchmarks.
export CAST2MD_HOME := $(CURDIR)/$(CACHE)/home

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-13s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: ## Install missing system packages
	@scripts/setup

build: setup ## Build everything (debug)
	@echo "Building (a few minutes the first time)"
	@swift build --quiet

demo: build ## A podcast from its feed to Markdown; FEED=URL for one of your own
	@$(BIN)/workbench demo --cache $(CACHE) $(if $(FEED),--feed '$(FEED)')

demo-fleet: build ## Pods come by themselves, drain a queue, and leave (RunPod is an emulator here)
	@$(BIN)/workbench fleet --cache $(CACHE)

show: build ## Serve what the newest demo made
	@$(BIN)/workbench show --cache $(CACHE)

engine: build
	@$(BIN)/cast2md engine install faster-whisper
	@$(BIN)/cast2md engine install onnx-asr
	@$(BIN)/cast2md models fetch base

# One after the other: tests of one group run side by side, and some groups keep both cores of a small machine busy.
TEST_GROUPS := CastCoreTests|CastClientTests|HumanSpeechTests|CastStoreTests CastServerTests CastNodeTests PodcastsTests \
  TranscriptionTests LibraryImportTests|CastOperationsTests RunPodTests|RunPodEmulatorTests|PodWatchTests|TailscaleTests|NtfyTests \
  PodFleetTests PodTests EndToEndTests.KilledNodeTests|EndToEndTests.FullDiskTests \
  EndToEndTests.FleetDemoTests|EndToEndTests.LocalPodTests EndToEndTests.KilledFleetTests \
  EndToEndTests.PublisherAudioTests|EndToEndTests.KilledSecondTryTests EndToEndTests.KilledAtRandomTests

test: engine ## Run all tests, with the real engine and the real model
	@swift build --quiet --build-tests
	@for group in $(foreach group,$(TEST_GROUPS),'$(group)'); do \
	  echo "== $$group"; swift test --skip-build --filter "^($$group)[./]"; \
	done

test-nemo: setup ## NeMo with a tiny model on the CPU: golden words, batch sizes (installs PyTorch: heavy)
	@scripts/nemo-cpu $(CACHE)/nemo-cpu
	@swift build --quiet --build-tests
	@CAST2MD_TEST_NEMO=$(CURDIR)/$(CACHE)/nemo-cpu swift test --skip-build --filter '^TranscriptionTests.NemoEngineTests'

bench: bench-cuts bench-server bench-speech ## What can be measured without a GPU: word errors, the server under load, the worker

bench-cuts: engine ## Word errors and speed: our cuts beside cuts on a fixed clock
	@$(BIN)/workbench cuts --cache $(CACHE)

bench-server: setup ## The server (release build): queue, audio, a large feed, search, memory; PARTS=queue,feed
	@swift build --quiet -c release --product cast2md
	@swift build --quiet -c release --product workbench
	@.build/release/workbench server --cache $(CACHE) $(if $(PARTS),--parts '$(PARTS)')

bench-speech: engine ## The worker (release build): an engine at a set speed, and the real one beside its own calls; PARTS=pace
	@swift build --quiet -c release --product workbench
	@.build/release/workbench speech --cache $(CACHE) $(if $(PARTS),--parts '$(PARTS)') \
	  $(if $(SPEEDS),--speeds '$(SPEEDS)') $(if $(EPISODES),--episodes '$(EPISODES)' --slow-episodes '$(EPISODES)')

bench-gpu: build ## NeMo at full size on this machine's GPU (random weights), beside its own call; without one, on the processor
	@scripts/bench-gpu $(CACHE) $(BIN)/cast2md --write docs/performance.md

format: ## Format all Swift files
	@swift format --in-place --parallel --configuration .swift-format --recursive Sources Tests

check-deploy: ## Lint start scripts, workflows and the image's Dockerfile
	@scripts/check-deploy

lint: ## Check the format of all Swift files
	@swift format lint --strict --parallel --configuration .swift-format --recursive Sources Tests
	@echo "lint: nothing to say"
