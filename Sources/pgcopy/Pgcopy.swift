// argv in, exit status out.

internal import Glibc
internal import PgcopyCLI

@main
enum Pgcopy {
    static func main() {
        holdStandardDescriptors()
        // At once: a thread may be within libpq yet, in libraries that an orderly exit would take apart below it.
        _exit(CLI.run(Argument.ofProcess))
    }

    /// A socket must never become stdout because the caller closed that. What is opened in its place cannot
    /// be used in its direction: reading stdin or writing stdout still fails.
    private static func holdStandardDescriptors() {
        for (descriptor, flags) in [(STDIN_FILENO, O_WRONLY), (STDOUT_FILENO, O_RDONLY), (STDERR_FILENO, O_RDONLY)]
        where fcntl(descriptor, F_GETFD) < 0 {
            _ = unsafe open("/dev/null", flags)
        }
    }
}
