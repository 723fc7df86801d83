import CastTestSupport
import Foundation
import SystemPackage
import Testing
import Transcription

@Suite(.timeLimit(.minutes(2)))
struct SamplePipeTests {
    /// Writes bytes in pieces of one size, from a thread of its own, as a child does.
    private func write(_ bytes: [UInt8], by size: Int, to pipe: SamplePipe) {
        Thread.detachNewThread {
            for start in stride(from: 0, to: bytes.count, by: size) {
                guard (try? pipe.writeEnd.writeAll(bytes[start..<min(bytes.count, start + size)])) != nil else { break }
            }
            try? pipe.writeEnd.close()
        }
    }

    private func read(_ pipe: SamplePipe) async throws -> [Int16] {
        defer { pipe.closeReading() }
        var joined: [Int16] = []
        try await pipe.readAll { joined += $0 }
        return joined
    }

    @Test(arguments: [1, 3, 4001, 65_536, 1_000_001])
    func `bytes in any pieces become the samples that they were`(size: Int) async throws {
        // More than the pipe holds, but for single bytes, which take long.
        let samples = SoundSketch.talk(seconds: size == 1 ? 0.2 : 60, seed: 2).samples
        let pipe = try SamplePipe()
        self.write(samples.withUnsafeBytes { Array($0) }, by: size, to: pipe)
        #expect(try await self.read(pipe) == samples)
    }

    @Test func `half a sample at the end is dropped, and nothing is nothing`() async throws {
        for (bytes, samples) in [([], []), ([1], []), ([1, 0, 7], [1])] as [([UInt8], [Int16])] {
            let pipe = try SamplePipe()
            self.write(bytes, by: 2, to: pipe)
            #expect(try await self.read(pipe) == samples)
        }
    }

    @Test func `a child ends when nobody reads any more`() async throws {
        let pipe = try SamplePipe()
        let child = Process()
        child.executableURL = URL(fileURLWithPath: "/bin/cat")
        child.arguments = ["/dev/zero"]
        child.standardOutput = FileHandle(fileDescriptor: pipe.writeEnd.rawValue)
        try child.run()
        try pipe.writeEnd.close()
        await #expect(throws: CancellationError.self) {
            defer { pipe.closeReading() }
            try await pipe.readAll { _ in throw CancellationError() }
        }
        child.waitUntilExit()
        #expect(child.terminationReason == .uncaughtSignal && child.terminationStatus == SIGPIPE)
    }
}
