import CastTestSupport
import Foundation
import Logging
import Transcription

/// A helper process that does what a test says, with the real protocol loop and the system's Python.
struct ScriptedHelper: Sendable {
    let folder: URL
    let engine: HelperEngine

    static let python: String = {
        for path in (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":") {
            let candidate = "\(path)/python3"
            if FileManager.default.isExecutableFile(atPath: candidate) { return candidate }
        }
        return "/usr/bin/python3"
    }()

    /// How many processes there have been.
    var lives: Int { self.pids.count }

    var pids: [Int32] { self.numbers("pids") }

    /// Waits until the process that is at work has said that it lives, and kills it as nobody else could.
    func kill(life: Int) async {
        while self.lives < life {
            if Task.isCancelled { return }
            await Task.yield()
        }
        let pid = self.pids[life - 1]
        Foundation.kill(pid, SIGKILL)
        while isRunning(pid) { await Task.yield() }
    }

    func numbers(_ name: String) -> [Int32] {
        let text = (try? String(contentsOf: self.folder.appending(path: name), encoding: .utf8)) ?? ""
        return text.split(whereSeparator: \.isWhitespace).compactMap { Int32($0) }
    }

    /// Puts the helper's files and the script of its lives into a folder.
    static func prepare(_ lives: [String], in folder: URL) throws {
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        let package = root.deletingLastPathComponent().deletingLastPathComponent()
        for file in [
            package.appending(path: "Sources/EmbeddedEngine/files/helper.py"),
            root.appending(path: "Scripts/engine_scripted.py"),
        ] {
            try FileManager.default.copyItem(at: file, to: folder.appending(path: file.lastPathComponent))
        }
        try Data(lives.joined(separator: "\n").utf8).write(to: folder.appending(path: "lives"))
    }

    /// Runs a body with the engine beside it; afterwards the engine is stopped.
    static func run(
        _ lives: [String], clock: any Clock<Duration> = ImpatientClock(), python: String = Self.python,
        memory: MemoryBook? = nil, _ body: @escaping @Sendable (ScriptedHelper) async throws -> Void
    ) async throws {
        try await withTemporaryFolder { folder in
            try self.prepare(lives, in: folder)
            var options = HelperEngine.Options(
                python: python, scripts: folder.path, module: "engine_scripted", model: folder.path)
            options.memory = memory
            options.name = "scripted"
            let engine = HelperEngine(
                options: options, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }, clock: clock)
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await engine.run() }
                defer { group.cancelAll() }
                try await body(ScriptedHelper(folder: folder, engine: engine))
            }
        }
    }
}

/// Segments of silence of these lengths, in samples.
func segments(_ lengths: Int...) -> [SpeechSegment] {
    lengths.map { length in
        var cutter = FixedClockCutter(seconds: 3600)
        _ = cutter.append(Array(repeating: 0, count: length))
        return cutter.finish()[0]
    }
}
