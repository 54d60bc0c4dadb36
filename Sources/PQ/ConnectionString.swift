// Connection strings as libpq understands them.

internal import CLibpq

/// libpq's own reading of connection strings.
package enum ConnectionString {
    /// The keywords and values a connection string or URI sets, or libpq's complaint.
    /// The complaint can quote a password: show it only after looking. libpq: PQconninfoParse.
    package static func parse(_ text: String) -> Result<[(keyword: String, value: String)], PgcopyError> {
        var complaint: UnsafeMutablePointer<CChar>?
        guard let options = unsafe PQconninfoParse(text, &complaint) else {
            defer { unsafe PQfreemem(complaint) }
            return .failure(PgcopyError(.libpq, trimmed(unsafe string(complaint))))
        }
        defer { unsafe PQconninfoFree(options) }
        return .success(unsafe set(in: options))
    }

    /// The keywords libpq knows. libpq: PQconninfoParse, which unlike PQconndefaults asks nobody for defaults.
    package static var keywords: [String] {
        guard let options = unsafe PQconninfoParse("", nil) else { return [] }
        defer { unsafe PQconninfoFree(options) }
        var found: [String] = []
        var next = unsafe options
        while let keyword = unsafe next.pointee.keyword {
            found.append(unsafe String(cString: keyword))
            unsafe next += 1
        }
        return found
    }

    static func set(in options: UnsafeMutablePointer<PQconninfoOption>) -> [(keyword: String, value: String)] {
        var found: [(keyword: String, value: String)] = []
        var next = unsafe options
        while let keyword = unsafe next.pointee.keyword {
            if let value = unsafe next.pointee.val {
                found.append((unsafe String(cString: keyword), unsafe String(cString: value)))
            }
            unsafe next += 1
        }
        return found
    }
}
