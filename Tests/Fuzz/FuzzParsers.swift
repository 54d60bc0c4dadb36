// The fuzz target: libFuzzer's inputs through every parser. `make fuzz` builds and runs it.

/// libFuzzer calls this with each input.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzParsers(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
    let input = Array(UnsafeBufferPointer(start: start, count: count))
    precondition(parsersAgree(on: input), "an input is read differently when it is cut")
    return 0
}
