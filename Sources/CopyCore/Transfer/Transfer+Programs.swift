// Programs that give rows or take them: one, or one for each table.

extension Transfer {
    /// Whose rows a file, a stream or a program gives, where it is one table's.
    /// - Parameter plan: knows the schema of a name that has none; nil: that is not known yet.
    func givenTable(_ plan: Plan? = nil) -> SQLName? {
        let asked = request.table ?? request.destinations.lazy.compactMap(destinationTable).first
        guard let asked, asked.parts.count < 2, let found = plan?.tables[0].namesake?.name,
            found.parts.last == asked.parts.last
        else { return asked }
        return found
    }

    /// What is run for a table.
    func command(_ text: [UInt8], for table: SQLName?) throws -> ChildProcess.Command {
        guard let template = try CommandTemplate(text) else { return .shell(text) }
        guard let table else {
            throw PgcopyError(.usage, "{schema} and {table} stand for the names of a table, and none is named")
        }
        return try template.command(for: table).command
    }

    /// What is run for each table.
    private func commands(_ text: [UInt8], _ plan: Plan) throws -> [ChildProcess.Command] {
        guard let template = try CommandTemplate(text) else {
            throw PgcopyError(.refused, "the command names no table")
        }
        return try ofEach(plan, "command") { name in
            let (command, text) = try template.command(for: name)
            return (command, text: text)
        }
    }

    /// - Parameter part: the one of many that it is for; nil: there is one.
    func start(
        _ command: ChildProcess.Command, _ role: Program.Role, _ side: Side, for part: Part? = nil
    ) throws -> Program {
        let program = try Program(command, role, label: side.label, poller: poller) { [sink] line in
            sink?.receive(.stderr((part.map { "\($0.label): " } ?? "") + line, at: side.label))
        }
        side.programs.append(program)
        return program
    }

    /// - Parameter part: the one of many that is waited for; nil: there is one.
    func tellWaiting(_ side: Side, for part: Part? = nil) -> (String) -> Void {
        { [sink] what in
            sink?.receive(.waiting(for: what + (part.map { " (\($0.label))" } ?? ""), at: side.label))
        }
    }

    /// A program as a destination.
    func program(_ command: ChildProcess.Command, _ side: Side, for part: Part? = nil) throws -> ProgramDestination {
        ProgramDestination(
            try start(command, .destination, side, for: part), poller: poller, grace: request.grace,
            tellWaiting: tellWaiting(side, for: part))
    }

    /// A program for each table as a destination.
    func programs(_ text: [UInt8], _ plan: Plan, _ side: Side) throws -> ProgramsDestination {
        let commands = try commands(text, plan)
        return try ProgramsDestination(commands.count, label: side.label, poller: poller) { [unowned self] part in
            try program(commands[part.table], side, for: part)
        }
    }

    /// A program for each table as the source, one after the other, in the order in which they land.
    func openPrograms(_ text: [UInt8], _ plan: Plan) throws -> Opened {
        let commands = try commands(text, plan)
        var left = Array(plan.pieces.reversed())
        let track = PartTrack()
        let producer = SerialProducer(label: source.label, track) {
            left.popLast().map(plan.part)
        } make: { [unowned self] part in
            let table = plan.tables[part.table]
            // The one before has ended well.
            for program in source.programs { program.reap() }
            source.programs = []
            let program = try start(commands[part.table], .source, source, for: part)
            return ProgramProducer(
                program,
                ByteStreamProducer(
                    program.stream, layout: table.options.layout, rules: table.streamRules, label: source.label),
                poller: poller, tellWaiting: tellWaiting(source, for: part))
        }
        return Opened(plan, producer, track: track)
    }

    /// A program that has its rows may end before its turn to commit comes: nobody else looks at it while others take theirs.
    /// - Returns: whether one has.
    func noticeEndedPrograms() -> Bool {
        guard copying != nil, ending == nil, let opened else { return false }
        var hasEnded = false
        for case (let side, let destination as ProgramsDestination) in opened.active {
            do {
                try destination.requireAlive()
            } catch {
                guard let (copy, receiver) = copies(to: side).first else { continue }
                copy.fault(receiver, error)
                hasEnded = true
            }
        }
        return hasEnded
    }
}
