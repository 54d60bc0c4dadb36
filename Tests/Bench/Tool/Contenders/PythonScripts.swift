// Role: the same copy as the Python libraries' own documentation writes it.

/// Arguments: the statement out, the statement in, the source, the destinations.
enum PythonScripts {
    /// The loop of psycopg's documentation, copying from one server to others.
    static let psycopg = """
        import contextlib, sys
        import psycopg

        out, into, source, *destinations = sys.argv[1:]
        with contextlib.ExitStack() as stack:
            connections = [stack.enter_context(psycopg.connect(uri)) for uri in [source] + destinations]
            with contextlib.ExitStack() as copies:
                first = copies.enter_context(connections[0].cursor().copy(out))
                others = [copies.enter_context(c.cursor().copy(into)) for c in connections[1:]]
                for data in first:
                    for other in others:
                        other.write(data)

        """

    /// The copy manager of py-postgresql, which is where this program has its words from. Its release 1.3.1
    /// cannot read a version as `15.18 (Debian 15.18-0+deb12u1)`, so only the first word is shown to it; of a
    /// Unix socket it wants the path.
    static let copyman = """
        import sys, urllib.parse
        import postgresql
        from postgresql import copyman, versionstring

        split = versionstring.split
        versionstring.split = lambda text: split(text.split(" ")[0])
        out, into, source, *destinations = sys.argv[1:]

        def connect(uri):
            parts = urllib.parse.urlsplit(uri)
            query = urllib.parse.parse_qs(parts.query)
            unix = f"?[unix]={query['host'][0]}/.s.PGSQL.{query['port'][0]}" if "host" in query else ""
            return postgresql.open(f"pq://{parts.netloc}{parts.path}{unix}")

        databases = [connect(uri) for uri in [source] + destinations]
        copyman.transfer(databases[0].prepare(out), *[database.prepare(into) for database in databases[1:]])
        for database in databases:
            database.close()

        """
}
