# Everything one does with this repository. Needs Node 20.19 or later, npm and make;
# for PowerShell either a `pwsh` on the PATH or a .NET SDK. `make help` lists the targets.
MAKEFLAGS += --silent --no-print-directory
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help

BIN := node_modules/.bin
HOST := src/engine/powershell/minimal-host
PACKAGES := node_modules/.installed
# One generated file stands for all that its template writes.
GENERATED := src/gen/runspace/v1/session.ts clients/typescript/gen/runspace/v1/session.ts

PROTO := $(shell find proto -name '*.proto')
# Folders are listed too: their times tell when a file was added or deleted.
SOURCES := $(shell find src clients \( -name gen -o -path $(HOST) \) -prune -o -print)
HOST_SOURCES := $(shell find $(HOST) \( -name bin -o -name obj \) -prune -o -type f -print 2>/dev/null)

.PHONY: help gen build test check lint typecheck format demo bench release-image clean

help: ## list the targets
	sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1|\2/p' Makefile | awk -F'|' '{ printf "%-22s %s\n", $$1, $$2 }'

# npm ci would refuse the lock file: it can't list the platform packages of systems that its author's registry doesn't carry.
$(PACKAGES): package.json package-lock.json .npmrc
	node tooling/require-node.cjs
	cmp -s package-lock.json $@ || { echo 'installing packages'; npm install --no-save --loglevel=error; }
	cp package-lock.json $@

src/gen/runspace/v1/session.ts: $(PROTO) buf.yaml buf.gen.yaml $(PACKAGES)
	$(BIN)/buf generate

clients/typescript/gen/runspace/v1/session.ts: $(PROTO) buf.yaml clients/typescript/buf.gen.yaml $(PACKAGES)
	$(BIN)/buf generate --template clients/typescript/buf.gen.yaml

gen: $(GENERATED) ## write the code that comes from proto/

dist/.stamps/programs: $(SOURCES) $(PROTO) build.mjs package.json tsconfig.json $(GENERATED)
	node build.mjs
	mkdir -p $(@D) && touch $@

# Without an SDK there is nothing to build it with, and no stamp: the next call looks again.
dist/.stamps/minimal-host: $(HOST_SOURCES)
	if dotnet --list-sdks 2>/dev/null | grep -q .; then node $(HOST)/build.mjs && mkdir -p $(@D) && touch $@; fi

build: dist/.stamps/programs dist/.stamps/minimal-host ## build dist/bin/runspace and dist/bin/runspaced

test: build ## install, build and run all tests; ARGS goes to jest
	$(BIN)/jest $(ARGS)

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
	node dist/bench/main.cjs $(ARGS)

release-image: $(PACKAGES) ## with a release: the proto that `buf breaking` compares with from then on
	$(BIN)/buf build -o proto/released.binpb

clean: ## delete what was built; packages stay
	rm -rf dist src/gen clients/typescript/gen $(HOST)/bin $(HOST)/obj
