// One file in two places of a request: refused before anything is opened.

internal import Glibc

extension Transfer {
    /// Refuses a destination that is the source itself, or another destination, whatever names lead there: paths,
    /// links, stdin and stdout of the caller, /dev/fd/1.
    func refuseFilesTwice() throws {
        let streams = request.destinations.filter { $0.kind == .standardStream }
        try refuse(streams.count > 1, "stdout is named as a destination twice")
        var seen: [FileIdentity: String] = [:]
        var new: Set<Path> = []
        let source = identity(request.source, stream: STDIN_FILENO).flatMap { $0.givesBack ? $0 : nil }
        for destination in request.destinations {
            let name = destination.kind == .standardStream ? "stdout" : destination.label
            if let own = identity(destination, stream: STDOUT_FILENO) {
                // Even where it would go well: cat refuses it too.
                try refuse(own == source, "\(name) is the source itself: input file is output file")
                if let first = seen[own] { try refuse(true, "\(name) is the same file as \(first)") }
                seen[own] = name
            }
            guard case .file(let path) = destination.kind, FileIdentity(at: path) == nil else { continue }
            try refuse(!new.insert(path.place).inserted, "\(name) is named as a destination twice")
        }
    }

    /// What an endpoint is, where its bytes are one stream; nil for a terminal, a server.
    private func identity(_ endpoint: Endpoint, stream: CInt) -> FileIdentity? {
        let identity =
            switch endpoint.kind {
            case .file(let path): FileIdentity(at: path)
            case .standardStream: FileIdentity(of: stream)
            case .server, .null, .program: nil as FileIdentity?
            }
        return identity.flatMap { $0.isOneStream ? $0 : nil }
    }
}
