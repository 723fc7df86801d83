import CastTestSupport
import Foundation
import Testing
import Transcription

/// The helper itself, without our side of the pipe.
@Suite(.timeLimit(.minutes(1)))
struct HelperProcessTests {
    @Test(arguments: ["start ok", "start hang"])
    func `the helper ends when nobody holds the other end of its input, even in the middle of a batch`(
        life: String
    ) async throws {
        try await withTemporaryFolder { folder in
            try ScriptedHelper.prepare([life], in: folder)
            let process = Process()
            process.executableURL = URL(filePath: ScriptedHelper.python)
            process.arguments = [
                "-u", folder.appending(path: "helper.py").path, "engine_scripted", #"{"model": "\#(folder.path)"}"#,
            ]
            let (input, output) = (Pipe(), Pipe())
            process.standardInput = input
            process.standardOutput = output
            let (ended, end) = AsyncStream<Int32>.makeStream()
            process.terminationHandler = { end.yield($0.terminationStatus) }
            try process.run()
            // The first frame says that it is ready.
            #expect(!output.fileHandleForReading.availableData.isEmpty)
            let header = Data(#"{"id": 0, "segments": [1]}"#.utf8)
            let lengths = Data([0, 0, 0, UInt8(header.count), 0, 0, 0, 2])
            try input.fileHandleForWriting.write(contentsOf: lengths + header + Data([0, 0]))
            try input.fileHandleForWriting.close()
            var statuses = ended.makeAsyncIterator()
            #expect(await statuses.next() != nil)
        }
    }
}
