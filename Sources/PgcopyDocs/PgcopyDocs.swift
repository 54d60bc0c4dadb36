@main
enum PgcopyDocs {
    static func main() {}
}
