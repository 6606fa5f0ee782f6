# The commands a person types. What each does is in scripts/; the build itself is CMake's.

PREFIX ?= /usr/local

.DEFAULT_GOAL := help
.PHONY: help demo demo-kafka run build test test-fault bench bench-full bench-delivery bench-compare lint install clean

help: ## Show this list
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' Makefile | expand -t 12

demo: ## Build, send a few hundred thousand events through a router, show where they went
	@scripts/build.sh release weir raw_send
	@scripts/demo.sh

demo-kafka: ## The same scaled out: through a real Kafka into two drains, one of which is killed
	@scripts/build.sh release weir kafka_topics
	@python3 -B scripts/demo_kafka.py

run: ## Build and leave a router running on config/weir.yaml (CONFIG=FILE for another)
	@scripts/build.sh release weir
	@scripts/run.sh

build: ## Build everything in build/release
	@scripts/build.sh release

test: ## Run all tests: in release, under ASan and UBSan, and the threads' tests under TSan
	@scripts/test.sh

test-fault: ## What becomes of events in hundreds of kills and restarts; writes build/fault/report.json
	@scripts/setup.sh test || echo "test-fault: not all of it could be installed" >&2
	@scripts/build.sh release weir spool_test spool_model_test
	@python3 -B tests/fault/delivery/delivery_faults.py --weir build/release/weir --long \
	  --report build/fault/report.json

bench: ## Measure weir beside the least that could be done and beside other routers; < 10 minutes
	@scripts/bench.sh --quick

bench-full: ## The same with figures to quote: about an hour
	@scripts/bench.sh

bench-delivery: ## Measure acknowledgements and the spool on the disk of build/; about ten minutes
	@scripts/build.sh release weir raw_send raw_receive raw_http_send raw_disk_write
	@python3 -B benchmarks/delivery.py --weir build/release/weir --raw build/release/benchmarks

bench-compare: ## Measure this tree beside another revision of it: make bench-compare BASE=main~10
	@scripts/bench_compare.sh "$(BASE)"

lint: ## Check the format of all files, and with clang-tidy those that changed
	@scripts/lint.sh

install: ## Install build/release under PREFIX (/usr/local)
	@scripts/build.sh release weir
	@cmake --install build/release --prefix "$(PREFIX)"

clean: ## Remove build/
	@rm -rf build
