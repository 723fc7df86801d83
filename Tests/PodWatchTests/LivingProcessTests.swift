import CastCore
import CastTestSupport
import Foundation
import Testing

@testable import PodWatch

/// Which process is the worker, as `/proc` shows it; here a folder of that form, whose clock can be set.
struct LivingProcessTests {
    struct Machine {
        let folder: URL

        /// - Parameter bootedAt: What the kernel reckons, in seconds since 1970.
        func set(bootedAt: Int) throws {
            try Data("cpu  1 2 3\nbtime \(bootedAt)\nprocesses 9\n".utf8)
                .write(to: self.folder.appendingPathComponent("stat"))
        }

        /// - Parameter second: When it began, from the machine's start.
        func run(_ pid: Int32, from second: Int, state: String = "S", name: String = "cast2md") throws {
            let process = self.folder.appendingPathComponent("\(pid)")
            try FileManager.default.createDirectory(at: process, withIntermediateDirectories: true)
            let ticks = second * sysconf(Int32(_SC_CLK_TCK))
            let fields = ["\(state)"] + Array(repeating: "0", count: 18) + ["\(ticks)", "0", "0"]
            try Data("\(pid) (\(name)) \(fields.joined(separator: " "))\n".utf8)
                .write(to: process.appendingPathComponent("stat"))
        }

        func end(_ pid: Int32) throws {
            try FileManager.default.removeItem(at: self.folder.appendingPathComponent("\(pid)"))
        }

        static func run(_ body: (Machine) throws -> Void) async throws {
            try await withTemporaryFolder { folder in
                let machine = Machine(folder: folder)
                try machine.set(bootedAt: 1_000_000)
                try body(machine)
            }
        }

        var path: String { self.folder.path }
    }

    static func date(_ second: Double) -> Date { Date(timeIntervalSince1970: 1_000_000 + second) }

    @Test func `a process is one that lives, whatever its name holds`() async throws {
        try await Machine.run { machine in
            try machine.run(7, from: 100, name: "odd) Z 1 (name")
            let process = try #require(LivingProcess(pid: 7, in: machine.path))
            #expect(process.startedAt == Self.date(100) && process.pid == 7)
            try machine.run(7, from: 100, state: "Z")
            #expect(LivingProcess(pid: 7, in: machine.path) == nil)
            try machine.run(7, from: 100, state: "X")
            #expect(LivingProcess(pid: 7, in: machine.path) == nil)
            #expect(LivingProcess(pid: 8, in: machine.path) == nil)
        }
        let own = try #require(LivingProcess(pid: getpid()))
        #expect(own.startedAt < Date() && own.isSame(as: own))
    }

    @Test func `a number that was noted before its process began is another's`() async throws {
        try await Machine.run { machine in
            try machine.run(7, from: 100)
            let process = try #require(LivingProcess(pid: 7, in: machine.path))
            #expect(process.mayBe(notedAt: Self.date(98)) && !process.mayBe(notedAt: Self.date(97)))
            var sight = WorkerSight(folder: machine.path)
            #expect(sight.look(named: (7, Self.date(50)), pulse: nil) == nil)
            #expect(sight.look(named: (7, Self.date(101)), pulse: nil) == 7)
            // Its number was given again, and the note is still the old one.
            try machine.run(7, from: 200)
            #expect(sight.look(named: (7, Self.date(101)), pulse: nil) == nil)
            #expect(sight.look(named: (7, Self.date(201)), pulse: nil) == 7)
        }
    }

    @Test(arguments: [-86_400, 86_400]) func `a clock that is set does not make a worker look gone`(by: Int)
        async throws
    {
        try await Machine.run { machine in
            try machine.run(7, from: 100)
            var sight = WorkerSight(folder: machine.path)
            #expect(sight.look(named: (7, Self.date(101)), pulse: nil) == 7)
            try machine.set(bootedAt: 1_000_000 + by)
            #expect(sight.look(named: (7, Self.date(101)), pulse: nil) == 7)
            try machine.end(7)
            #expect(sight.look(named: (7, Self.date(101)), pulse: nil) == nil)
        }
    }

    @Test func `without a name the pulse says which it is`() async throws {
        try await Machine.run { machine in
            try machine.run(7, from: 100)
            try machine.run(8, from: 100)
            let pulse = Pulse(pid: 8, startedAt: 1_000_101, writtenAt: 1_000_102)
            let old = Pulse(pid: 8, startedAt: 1_000_001, writtenAt: 1_000_102)
            var sight = WorkerSight(folder: machine.path)
            #expect(sight.look(named: (7, Self.date(101)), pulse: pulse) == 7)
            #expect(sight.look(named: (9, Self.date(101)), pulse: pulse) == 8)
            #expect(sight.look(named: nil, pulse: pulse) == 8)
            var other = WorkerSight(folder: machine.path)
            #expect(other.look(named: nil, pulse: old) == nil)
            #expect(other.look(named: nil, pulse: nil) == nil)
        }
    }
}
