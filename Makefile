# sonde: build, test and measure. `make demo` and `make test` are all that a
# fresh machine with Go and make needs.

VERSION := $(shell git describe --tags --always --dirty 2>/dev/null || echo development)
GOFLAGS_STATIC := CGO_ENABLED=0
# The entry point makes starting up cheaper; see runtime/startup.
LDFLAGS := -s -w -X main.version=$(VERSION) -E sonde/runtime/startup.entry
STATICCHECK := honnef.co/go/tools/cmd/staticcheck@v0.8.2
FUZZTIME ?= 30s
PREFIX ?= /usr/local
SUDO := $(shell [ "$$(id -u)" = 0 ] || echo sudo)

.PHONY: build demo test golden fuzz bench vm lint install clean

build: sonde

sonde: $(shell find cmd lang codegen runtime stdlib -name '*.go' -o -name '*.bt' -o -name '*.txt') go.mod go.sum
	$(GOFLAGS_STATIC) go build -trimpath -ldflags '$(LDFLAGS)' -o $@ ./cmd/sonde

# A live trace of this machine for about five seconds.
demo: build
	$(SUDO) ./examples/demo.sh ./sonde

# Everything that can run here. What needs root runs when this is root, and is
# listed as skipped otherwise.
test:
	./.ci/test ./... ./.ci/report

# Rewrites the expected side of all golden files; look at the difference.
golden:
	go test $$(grep -rl --include='*_test.go' '"sonde/lang/source/golden"' . | xargs -n1 dirname | sort -u) -update

# Each fuzz target for FUZZTIME, then generated programs and scripts (see .ci/fuzz).
fuzz:
	./.ci/fuzz $(FUZZTIME)

bench: build
	$(SUDO) go run ./.ci/bench ./sonde

# The root-only tests in virtual machines, one for each kernel of the matrix:
# make vm, or make vm KERNEL=6.1
vm:
	$(SUDO) ./.ci/vm $(KERNEL)

lint:
	@unformatted="$$(gofmt -l .ci cmd lang codegen runtime stdlib)"; \
	if [ -n "$$unformatted" ]; then echo "not formatted (gofmt -w): $$unformatted"; exit 1; fi
	go vet ./... ./.ci/bench ./.ci/report
	go run $(STATICCHECK) ./...

install: build
	install -D -m 755 sonde $(DESTDIR)$(PREFIX)/bin/sonde

clean:
	rm -rf sonde build
