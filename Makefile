# Builds, demonstrates, tests and installs pgcopy. `make` lists what there is.

PREFIX = /usr/local
DESTDIR =
export PREFIX DESTDIR

# What is installed: the release with its symbols off. install takes it as it is unless a source is newer,
# so `sudo make install` needs neither Swift nor the network.
program = .build/install/pgcopy
sources := $(shell find Package.swift Sources ! -name '*.md')
# The runtime's C++ library lies in the program, too: to link a shared one takes a fifth of a start.
static = .build/static
release = swift build -c release --static-swift-stdlib -Xlinker -L$(static)
swift_files = Package.swift Sources Tests
scripts = .ci/dependencies .ci/room .ci/run .ci/server-programs .ci/server-versions .ci/within Tests/Demo/demo \
    Tests/Fuzz/fuzz.sh

.PHONY: help build demo test soak fuzz bench picture lint format docs install uninstall clean

SECONDS = 60

ROUNDS = 10
# The suites with seeds.
by_chance = 'RaceTests|runs that lock the same|BackoffTests|splitter|SQL names|Back-pressure|Input under TLS|Endpoints|FaultTests|EndToEndTests.TimeoutTests|ProxyExactness|InputEndTests|SecretTests|Raw text|SeededTests'

# What the tests may take; they need a third of it on two cores. A test that hangs shows its stack.
LIMIT = 1800

help: ## list the targets
	@sed -n 's/^\([a-z]*\):.*## /\1\t/p' Makefile | while IFS="$$(printf '\t')" read -r target text; do \
	    printf '  make %-10s %s\n' "$$target" "$$text"; done

build: ## build the release: .build/release/pgcopy, the Swift runtime in it
	@.ci/dependencies build
	@mkdir -p $(static) && ln -sf "$$(clang -print-file-name=libstdc++.a)" $(static)/
	$(release) --product pgcopy
	@mkdir -p $(dir $(program))
	@strip -o $(program).$$$$ .build/release/pgcopy && mv $(program).$$$$ $(program)

$(program): $(sources)
	@$(MAKE) --no-print-directory build

demo: ## copy a million rows from one throw-away server to two others, live
	@.ci/dependencies build server
	@$(MAKE) --no-print-directory build
	@Tests/Demo/demo

test: ## check the style, build the release, run every test
	@.ci/room
	@.ci/dependencies build server test lint
	-@.ci/dependencies versions
	@$(MAKE) --no-print-directory lint
	@$(MAKE) --no-print-directory build
	swift build --build-tests -q
	@echo "Some ten minutes; only what fails is told."
	@.ci/within $(LIMIT) swift test -q --skip-build

soak: ## what chance decides, ROUNDS (10) times with seeds of its own, then ten minutes of fuzz
	@.ci/room
	@.ci/dependencies build server test
	@$(MAKE) --no-print-directory build
	swift build --build-tests -q
	PGCOPY_TEST_ROUNDS=$(ROUNDS) .ci/within 14400 swift test -q --skip-build --filter $(by_chance)
	@$(MAKE) --no-print-directory fuzz SECONDS=600

fuzz: ## drive the parsers with libFuzzer for SECONDS (60)
	@.ci/dependencies build
	Tests/Fuzz/fuzz.sh $(SECONDS)

bench: ## measure against psql and others; writes Tests/Bench/RESULTS.md and results.svg
	@.ci/dependencies build server
	$(release) --product PgcopyBench
	.build/release/PgcopyBench --write

picture: ## make Tests/Demo/display.svg anew: what a run looks like on a terminal
	@.ci/dependencies build server
	$(release) --product PgcopyBench
	.build/release/PgcopyBench --picture

lint: ## check the style of Swift files and shell scripts
	@.ci/dependencies lint
	swift format lint --strict -r $(swift_files)
	shellcheck $(scripts)

format: ## format the Swift files in place
	swift format -i -r $(swift_files)

docs: ## make the man pages and the completion scripts anew
	@.ci/dependencies build
	swift run PgcopyDocs .

install: $(program) ## install the program, man pages and completions under PREFIX (/usr/local), DESTDIR before it
	@install -d "$$DESTDIR$$PREFIX/bin" "$$DESTDIR$$PREFIX/share/man/man1" \
	    "$$DESTDIR$$PREFIX/share/bash-completion/completions" \
	    "$$DESTDIR$$PREFIX/share/zsh/site-functions" "$$DESTDIR$$PREFIX/share/fish/vendor_completions.d" \
	    "$$DESTDIR$$PREFIX/share/pgcopy"
	@install -m 755 $(program) "$$DESTDIR$$PREFIX/bin/pgcopy"
	@install -m 644 man/*.1 "$$DESTDIR$$PREFIX/share/man/man1"
	@install -m 644 man/pgcopy-records.schema.json "$$DESTDIR$$PREFIX/share/pgcopy"
	@install -m 644 completions/pgcopy.bash "$$DESTDIR$$PREFIX/share/bash-completion/completions/pgcopy"
	@install -m 644 completions/_pgcopy "$$DESTDIR$$PREFIX/share/zsh/site-functions/_pgcopy"
	@install -m 644 completions/pgcopy.fish "$$DESTDIR$$PREFIX/share/fish/vendor_completions.d/pgcopy.fish"
	@echo "Installed $$DESTDIR$$PREFIX/bin/pgcopy, its man pages and completions"

uninstall: ## remove what install put there
	@rm -f "$$DESTDIR$$PREFIX/bin/pgcopy" \
	    "$$DESTDIR$$PREFIX/share/bash-completion/completions/pgcopy" \
	    "$$DESTDIR$$PREFIX/share/zsh/site-functions/_pgcopy" \
	    "$$DESTDIR$$PREFIX/share/fish/vendor_completions.d/pgcopy.fish" \
	    "$$DESTDIR$$PREFIX/share/pgcopy/pgcopy-records.schema.json"
	@rmdir "$$DESTDIR$$PREFIX/share/pgcopy" 2>/dev/null || :
	@for page in man/*.1; do rm -f "$$DESTDIR$$PREFIX/share/man/man1/$${page##*/}"; done

clean: ## remove everything that was built
	rm -rf .build
