import CastTestSupport
import Foundation
import Synchronization
import Testing
import Transcription

/// The helper itself, without our side of the pipe.
@Suite(.timeLimit(.minutes(3)))
struct HelperProcessTests {
    @Test(arguments: ["start ok", "start hang"])
    func `the helper ends when its parent is killed, even in the middle of a batch`(life: String) async throws {
        try await withTemporaryFolder { folder in
            try ScriptedHelper.prepare([life], in: folder)
            let pids = Mutex<[Int32]>([])
            _ = try await ProgramRunner.run(
                ScriptedHelper.python, [testScript("dying_parent.py"), folder.path]
            ) { line in pids.withLock { $0 += [Int32(line) ?? -1] } }
            let pid = try #require(pids.withLock { $0.first })
            #expect(pid > 0)
            while isRunning(pid) { await Task.yield() }
        }
    }
}

/// `kill -9` at any moment.
@Suite(.timeLimit(.minutes(3)))
struct KilledHelperTests {
    @Test(arguments: [1, 2, 3])
    func `a helper that is killed again and again loses nothing, and repeats only what it had in hand`(
        seed: UInt64
    ) async throws {
        let (callers, batches, size, kills) = (3, 40, 4, 12)
        try await ScriptedHelper.run(["start slow:0.004"]) { helper in
            let killer = Task {
                var random = SoundSketch(seed: seed)
                for life in 1...kills {
                    // Every other one at any moment, its start included. Before the others everybody gets a turn: two
                    // starts in a row that fail are no start, and a segment that is hit four times is rightly given up.
                    let done = helper.numbers("done").count
                    while life.isMultiple(of: 2), helper.numbers("done").count < done + callers * size {
                        try await Task.sleep(for: .milliseconds(5))
                    }
                    try await Task.sleep(for: .milliseconds(Int(random.random(in: 0...120))))
                    await helper.kill(life: life)
                }
            }
            defer { killer.cancel() }
            try await withThrowingTaskGroup(of: Void.self) { group in
                for caller in 0..<callers {
                    group.addTask {
                        for batch in 0..<batches {
                            let first = 1 + (caller * batches + batch) * size
                            let lengths = Array(first..<(first + size))
                            let result = try await helper.engine.recognise(
                                lengths.flatMap { segments($0) }, language: nil)
                            #expect(result.segments.map { $0.words.map(\.text) } == lengths.map { ["w\($0)"] })
                            #expect(result.segments.allSatisfy { $0.failure == nil })
                        }
                    }
                }
                try await group.waitForAll()
            }
            let done = helper.numbers("done")
            #expect(Set(done).count == callers * batches * size)
            // Each kill costs the batch that was at its turn, at most.
            let killed = helper.lives - 1
            #expect(done.count <= Set(done).count + killed * size)
            print("killed \(killed) times: \(done.count - Set(done).count) segments of \(Set(done).count) done twice")
        }
    }
}

/// The kernel's word, as a process that has ended may still be listed until somebody asks for its status.
func isRunning(_ pid: Int32) -> Bool {
    guard let stat = try? String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8) else { return false }
    return stat.split(separator: ")").last?.contains(" Z ") != true
}
