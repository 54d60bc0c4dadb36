// Many tasks in one poll, driven by a script: no time passes.

import CopyCore
import Testing

struct `The loop` {
    /// Does a number of steps, each once its descriptor is ready or its alarm is due.
    private final class Work: LoopTask {
        let descriptor: CInt
        var left: Int
        var pause: Double?
        var trouble: Trouble?
        private(set) var steppedAt: [Double] = []
        private let poller: ScriptedPoller

        init(_ descriptor: CInt, steps: Int, _ poller: ScriptedPoller) {
            self.descriptor = descriptor
            left = steps
            self.poller = poller
        }

        func step(_ polled: ArraySlice<PollEntry>) throws {
            // The first call only looks.
            if !steppedAt.isEmpty { left -= 1 }
            steppedAt.append(poller.elapsed)
            if let trouble, left == 0 { throw trouble }
        }

        func watch(_ entries: inout [PollEntry]) -> Bool {
            if left == 0 { return false }
            entries.append(PollEntry(Interest(descriptor, .read, alarm: pause.map { poller.now + $0 })))
            return true
        }
    }

    @Test func `calls each task when its own descriptor is ready, and ends with the last`() throws {
        let poller = ScriptedPoller()
        poller.always(1, readyAfter: 2)
        poller.always(2, readyAfter: 5)
        poller.ready(3, .read, at: 1)
        let tasks = [
            Work(1, steps: 3, poller), Work(2, steps: 1, poller), Work(3, steps: 1, poller), Work(4, steps: 0, poller),
        ]
        #expect(try poller.run(tasks))
        #expect(tasks.map(\.steppedAt) == [[0, 2, 4, 6], [0, 5], [0, 1], [0]])
        #expect(poller.elapsed == 6)
    }

    @Test func `a hundred tasks are watched by one poll`() throws {
        let poller = ScriptedPoller()
        let tasks = (1...100).map { Work(CInt($0), steps: 2, poller) }
        for task in tasks { poller.always(task.descriptor, readyAfter: 1) }
        #expect(try poller.run(tasks))
        #expect(poller.polls == 2 && poller.elapsed == 2)
    }

    @Test func `an alarm calls its own task alone`() throws {
        let poller = ScriptedPoller()
        poller.ready(2, .read, at: 10)
        let (patient, alarmed) = (Work(2, steps: 1, poller), Work(1, steps: 2, poller))
        alarmed.pause = 3
        #expect(try poller.run([patient, alarmed]))
        #expect(alarmed.steppedAt == [0, 3, 6] && patient.steppedAt == [0, 10])
    }

    @Test func `at the deadline it says that not all are done, and may go on`() throws {
        let poller = ScriptedPoller()
        poller.ready(1, .read, at: 8)
        let task = Work(1, steps: 1, poller)
        #expect(try poller.run([task], until: poller.now + 5) == false)
        #expect(poller.elapsed == 5)
        #expect(try poller.run([task]))
    }

    @Test func `a deadline that is past only looks`() throws {
        let poller = ScriptedPoller()
        poller.ready(1, .read, at: 0)
        let (ready, waiting) = (Work(1, steps: 1, poller), Work(2, steps: 1, poller))
        #expect(try poller.run([ready, waiting], until: poller.now) == false)
        #expect(ready.left == 0 && waiting.left == 1 && poller.polls == 1 && poller.elapsed == 0)
        #expect(try poller.run([Work(3, steps: 0, poller)], until: poller.now), "it is done already")
        #expect(poller.polls == 1)
    }

    @Test func `it ends when it is enough, which is asked before each wait`() throws {
        let poller = ScriptedPoller()
        poller.always(1, readyAfter: 1)
        let task = Work(1, steps: 9, poller)
        #expect(try poller.run([task]) { true })
        #expect(poller.polls == 0 && task.steppedAt == [0])
        #expect(try poller.run([task]) { task.left <= 5 })
        #expect(task.left == 5 && poller.elapsed == 3)
    }

    @Test func `a task that fails and a signal end it`() throws {
        let poller = ScriptedPoller()
        poller.ready(1, .read, at: 1)
        let task = Work(1, steps: 1, poller)
        task.trouble = Trouble("broken")
        #expect(throws: Trouble("broken")) { try poller.run([task, Work(2, steps: 1, poller)]) }
        poller.interruptedAt = poller.now + 2
        #expect(throws: Interrupted(signal: 2)) { try poller.run([Work(2, steps: 1, poller)]) }
        poller.ready(2, .read, at: 20)
        #expect(try poller.run([Work(2, steps: 1, poller)], interruptible: false))
    }
}
