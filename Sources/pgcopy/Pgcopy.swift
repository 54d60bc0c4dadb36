@main
enum Pgcopy {
    static func main() {}
}
