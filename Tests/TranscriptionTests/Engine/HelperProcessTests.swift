import CastTestSupport
import Foundation
import Synchronization
import Testing
import Transcription

/// The helper itself, without our side of the pipe.
@Suite(.timeLimit(.minutes(1)))
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

/// The kernel's word, as a process that has ended may still be listed until somebody asks for its status.
func isRunning(_ pid: Int32) -> Bool {
    guard let stat = try? String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8) else { return false }
    return stat.split(separator: ")").last?.contains(" Z ") != true
}
