import CastTestSupport
import Foundation
import Testing

/// The demonstration of the fleet is a test of all of it: it fails when a job, a pod, a bill or a cent is left over.
@Suite(
    .serialized, .enabled("The engine needs a Python 3 with venv, and there is none.") { await RealEngine.isPossible() }
)
struct FleetDemoTests {
    @Test(.timeLimit(.minutes(10)))
    func `pods come by themselves, drain the queue, leave by themselves, and cost what the provider says`() async throws
    {
        try await RealEngine.install()
        try await withTemporaryFolder { folder in
            // Engine, model and recordings are shared; what the run makes is its own.
            for part in ["home", "prompts"] {
                let source = URL(fileURLWithPath: RealEngine.cache).appendingPathComponent(part)
                guard FileManager.default.fileExists(atPath: source.path) else { continue }
                try FileManager.default.createSymbolicLink(
                    at: folder.appendingPathComponent(part), withDestinationURL: source)
            }
            let workbench = ProgramProcess.program.deletingLastPathComponent().appendingPathComponent("workbench")
            let demo = Process()
            demo.executableURL = workbench
            demo.arguments = ["fleet", "--cache", folder.path, "--port", "18600", "--episodes", "14"]
            let log = folder.appendingPathComponent("demo.log")
            try Data().write(to: log)
            let handle = try FileHandle(forWritingTo: log)
            demo.standardOutput = handle
            demo.standardError = handle
            try demo.run()
            defer { if demo.isRunning { demo.terminate() } }
            let ended: Bool? = try await eventually(within: .seconds(540)) { demo.isRunning ? nil : true }
            let said = (try? String(contentsOf: log, encoding: .utf8)) ?? ""
            #expect(ended == true && demo.terminationStatus == 0, "\(said.suffix(3000))")
            #expect(said.contains("14 of 14 episodes transcribed"), "\(said.suffix(3000))")
            #expect(said.contains("Still billing: 0. Workers still registered: 0."), "\(said.suffix(3000))")
        }
    }
}
