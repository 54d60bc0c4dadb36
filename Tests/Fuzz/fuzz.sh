#!/usr/bin/env bash
# Builds the fuzz target with libFuzzer and runs it: fuzz.sh [SECONDS]. New inputs go into a folder of its own
# below .build; `fuzz.sh --merge` adds what they reach to the committed corpus.
set -euo pipefail
cd "$(dirname "$0")/../.."
build=.build/fuzz
corpus=Tests/CopyModelTests/Corpus
mkdir -p "$build/inputs"
swiftc -O -swift-version 6 -parse-as-library -sanitize=fuzzer -package-name pgcopy -module-name CopyModel -emit-module \
    -emit-module-path "$build/CopyModel.swiftmodule" -emit-library -static -o "$build/libCopyModel.a" Sources/CopyModel/*.swift
swiftc -O -swift-version 6 -parse-as-library -sanitize=fuzzer -package-name pgcopy -I "$build" -L "$build" -lCopyModel \
    -o "$build/fuzz" Tests/Fuzz/FuzzParsers.swift Tests/CopyModelTests/ParserExercise.swift
if [ "${1:-}" = --merge ]; then
    # -use_counters=0: one input an edge, not one a loop count.
    exec "$build/fuzz" -merge=1 -use_counters=0 "$corpus" "$build/inputs"
fi
exec "$build/fuzz" -max_total_time="${1:-60}" -max_len=4096 -print_final_stats=1 "$build/inputs" "$corpus"
