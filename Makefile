# Everything one does with this repository. Needs Node 20.19 or later, npm and make;
# for PowerShell either a `pwsh` on the PATH or a .NET SDK. `make help` lists the targets.
MAKEFLAGS += --silent --no-print-directory
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help

BIN := node_modules/.bin
HOST := src/engine/powershell/minimal-host
PACKAGES := node_modules/.installed
# For the tests of the Python client, of start lines, ssh and containers; `make test` installs them where it can.
DEBIAN_PACKAGES := openssh-server openssh-client python3-grpcio python3-protobuf protobuf-compiler mypy busybox podman runc conmon
PYTHON := /usr/bin/python3
# A full PowerShell, for the tests of what the minimal host lacks, is of the version of the engine that the host is built with.
POWERSHELL := $(shell sed -n 's/.*System.Management.Automation" Version="\([0-9.]*\)".*/\1/p' $(HOST)/minimal-host.csproj)
# One generated file stands for all that its template writes; buf leaves a file that didn't change alone, so it is touched.
GENERATED := src/gen/runspace/v1/session.ts clients/typescript/gen/runspace/v1/session.ts

PROTO := $(shell find proto -name '*.proto')
# Folders are listed too: their times tell when a file was added or deleted.
SOURCES := $(shell find src clients \( -name gen -o -path $(HOST) -o -path clients/python \) -prune -o -print)
HOST_SOURCES := $(shell find $(HOST) \( -name bin -o -name obj \) -prune -o -type f -print 2>/dev/null)

.PHONY: help gen build test check lint typecheck format demo bench fuzz parity release-image clean

help: ## list the targets
	sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1|\2/p' Makefile | awk -F'|' '{ printf "%-22s %s\n", $$1, $$2 }'

# npm ci would refuse the lock file: it can't list the platform packages of systems that its author's registry doesn't carry.
$(PACKAGES): package.json package-lock.json .npmrc
	node tooling/require-node.cjs
	cmp -s package-lock.json $@ || { echo 'installing packages'; npm install --no-save --loglevel=error; }
	cp package-lock.json $@

src/gen/runspace/v1/session.ts: $(PROTO) buf.yaml buf.gen.yaml $(PACKAGES)
	$(BIN)/buf generate
	touch $@

clients/typescript/gen/runspace/v1/session.ts: $(PROTO) buf.yaml clients/typescript/buf.gen.yaml $(PACKAGES)
	$(BIN)/buf generate --template clients/typescript/buf.gen.yaml
	touch $@

gen: $(GENERATED) ## write the code that comes from proto/

dist/.stamps/programs: $(SOURCES) $(PROTO) build.mjs package.json tsconfig.json $(GENERATED)
	node build.mjs
	mkdir -p $(@D) && touch $@

# Without an SDK there is nothing to build it with, and no stamp: the next call looks again.
dist/.stamps/minimal-host: $(HOST_SOURCES)
	if dotnet --list-sdks 2>/dev/null | grep -q .; then node $(HOST)/build.mjs && mkdir -p $(@D) && touch $@; fi

# Likewise without protoc and the Python that Debian's packages are for.
dist/.stamps/python: $(PROTO) clients/python/generate.py $(PACKAGES)
	mkdir -p $(@D)
	if $(PYTHON) clients/python/generate.py --possible 2>/dev/null; then \
		$(BIN)/buf build -o dist/api.binpb && $(PYTHON) clients/python/generate.py dist/api.binpb && touch $@; fi

build: dist/.stamps/programs dist/.stamps/minimal-host dist/.stamps/python ## build dist/bin/runspace and dist/bin/runspaced

test: build ## install, build and run all tests; ARGS goes to jest
	tooling/debian-packages.sh $(DEBIAN_PACKAGES)
	tooling/powershell.sh $(POWERSHELL) dist/powershell
	$(MAKE) dist/.stamps/python
	$(BIN)/jest $(ARGS)

parity: ## each row of docs/parity.md with its tests, after `make test`; ARGS=--tests names them
	node tooling/parity.mjs $(ARGS)

check: gen lint typecheck ## everything short of running tests: format, lint, types, unused code, documents
	$(BIN)/prettier --check --log-level warn .
	$(BIN)/knip
	$(BIN)/jest --silent test/docs

lint: gen ## eslint, buf lint, buf breaking, and who may import whom
	$(BIN)/eslint --max-warnings 0 .
	$(BIN)/buf lint
	$(BIN)/buf breaking --against proto/released.binpb
	$(BIN)/depcruise --config dependency-rules.cjs --output-type err src clients

typecheck: gen ## the compiler, without writing anything
	$(BIN)/tsc --noEmit

format: $(PACKAGES) ## write every file as prettier has it
	$(BIN)/prettier --write --log-level warn .

demo: build ## the main job on real engines, in a state folder of its own
	node demo/demo.mjs

bench: build ## measure what is promised
	$(BIN)/esbuild test/bench/main.ts --bundle --platform=node --target=node20 --packages=external --log-level=warning --outfile=dist/bench/main.cjs
	node dist/bench/main.cjs $(if $(FULL),--full) $(ARGS)

release-image: $(PACKAGES) ## with a release: the proto that `buf breaking` compares with from then on
	$(BIN)/buf build -o proto/released.binpb

fuzz: build ## broken input for every reader of what strangers send, for SECONDS (60), from SEED on
	seed=$(or $(SEED),$$(date +%s)); echo "fuzzing from SEED=$$seed"; \
	FUZZ_SECONDS=$(or $(SECONDS),60) FUZZ_SEED=$$seed $(BIN)/jest -w 1 test/fuzz

clean: ## delete what was built; packages stay
	rm -rf dist src/gen clients/typescript/gen clients/python/runspaced/gen $(HOST)/bin $(HOST)/obj
