import CastCore
import Foundation
import Synchronization

/// What a pod and its host said: the last 5000 lines, and whoever listens for more.
final class PodLog: Sendable {
    struct Line: Sendable {
        var number: Int
        var time: Date
        var source: String
        var text: String

        var id: String { "\(self.time.formatted(.iso8601))/\(String(format: "%012d", self.number))" }
    }

    private struct State {
        var lines: [Line] = []
        var count = 0
        var listeners: [Int: AsyncStream<Line>.Continuation] = [:]
        var listenerCount = 0
        var file: FileHandle?
        var isClosed = false
    }

    private let state: Mutex<State>
    private let time: EmulatorTime

    /// - Parameter file: Gets every line as well, for whoever looks for a fault afterwards.
    init(time: EmulatorTime, file: URL) {
        self.time = time
        _ = FileManager.default.createFile(atPath: file.path, contents: nil)
        self.state = Mutex(State(file: FileHandle(forWritingAtPath: file.path)))
    }

    func add(_ source: String, _ text: String) {
        self.state.withLock { state in
            guard !state.isClosed else { return }
            state.count += 1
            let line = Line(number: state.count, time: self.time.now, source: source, text: String(text.prefix(16_384)))
            state.lines.append(line)
            if state.lines.count > 5000 { state.lines.removeFirst(1000) }
            try? state.file?.write(contentsOf: Data("\(line.id) \(source) \(line.text)\n".utf8))
            for listener in state.listeners.values { listener.yield(line) }
        }
    }

    /// The last lines, then those to come.
    ///
    /// - Parameter last: Only lines after that id, whatever `tail` says.
    func lines(source: String?, tail: Int, after last: String?) -> (past: [Line], future: AsyncStream<Line>) {
        let (stream, continuation) = AsyncStream.makeStream(of: Line.self, bufferingPolicy: .bufferingNewest(1000))
        return self.state.withLock { state in
            let fitting = state.lines.filter { source == nil || $0.source == source }
            let number = last.flatMap { $0.split(separator: "/").last }.flatMap { Int($0) }
            let past = number.map { number in fitting.filter { $0.number > number } } ?? Array(fitting.suffix(tail))
            if state.isClosed {
                continuation.finish()
            } else {
                state.listenerCount += 1
                let id = state.listenerCount
                state.listeners[id] = continuation
                continuation.onTermination = { [weak self] _ in
                    _ = self?.state.withLock { $0.listeners.removeValue(forKey: id) }
                }
            }
            return (past, stream)
        }
    }

    /// No more lines will come.
    func close() {
        let listeners = self.state.withLock { state in
            state.isClosed = true
            try? state.file?.close()
            state.file = nil
            defer { state.listeners = [:] }
            return state.listeners.values.map(\.self)
        }
        for listener in listeners { listener.finish() }
    }
}
