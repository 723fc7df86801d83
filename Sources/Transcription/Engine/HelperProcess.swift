import CastCore
import Foundation
import Logging
import Subprocess
import Synchronization
import SystemPackage

/// One life of the helper, from its start to its end.
///
/// Two tasks feed it and hear it: batches are sent before earlier ones are answered, so that the engine never waits for
/// the next one; answers carry the id of their batch.
final class HelperProcess: Sendable {
    /// The process ended while it had nothing to do: no batch is to blame.
    struct IdleEnd: Error {}

    private let options: HelperEngine.Options
    private let attempt: Int
    private let logger: Logger
    private let clock: any Clock<Duration>
    private let onReady: @Sendable (HelperFrame.Hello) -> Int
    private let pace: Mutex<HelperPace>
    private let state = Mutex(State())

    private struct State {
        var isReady = false
        var isEnding = false
        var inHand: [EngineRequest] = []
    }

    /// What it was given and has not answered, in the order of sending: the first one is what it is at.
    var inHand: [EngineRequest] { self.state.withLock { $0.inHand } }

    /// Whether it has said that it lives.
    var isReady: Bool { self.state.withLock { $0.isReady } }

    /// - Parameters:
    ///   - attempt: Starts before this one that failed.
    ///   - onReady: Gets the greeting, and says how many batches should be with the helper at a time.
    init(
        options: HelperEngine.Options, attempt: Int, logger: Logger, clock: any Clock<Duration>,
        onReady: @escaping @Sendable (HelperFrame.Hello) -> Int
    ) {
        self.options = options
        self.attempt = attempt
        self.logger = logger
        self.clock = clock
        self.onReady = onReady
        self.pace = Mutex(options.pace)
    }

    /// What the helper is told at its start.
    private struct Settings: Encodable {
        var model: String
        var device: String
        var threads: Int?
        var batch_size: Int?
        var attempt: Int
    }

    /// Works until nothing more can come.
    ///
    /// - Throws: When the process died, hung, or answered nonsense; `inHand` then says what it had.
    func work(on waiting: Mailbox<EngineRequest>) async throws {
        var platform = PlatformOptions()
        platform.processGroupID = 0
        platform.teardownSequence = [.gracefulShutDown(toProcessGroup: true, allowedDurationToNextStep: .seconds(2))]
        let settings = Settings(
            model: self.options.model, device: self.options.device, threads: self.options.threads,
            batch_size: self.options.batchSize, attempt: self.attempt)
        do {
            _ = try await Subprocess.run(
                .path(FilePath(self.options.python)),
                arguments: [
                    "-u", "\(self.options.scripts)/helper.py", self.options.module,
                    String(decoding: try JSONEncoder().encode(settings), as: UTF8.self),
                ],
                environment: .inherit.updating(["HF_HUB_OFFLINE": "1", "PYTHONDONTWRITEBYTECODE": "1"]),
                platformOptions: platform, input: .inputWriter, output: .sequence, error: .sequence
            ) { child in
                try await withThrowingTaskGroup(of: Void.self) { group in
                    let answers = Mailbox<Result<HelperFrame.Incoming, any Error>>()
                    group.addTask {
                        var lines = LogLines()
                        for try await chunk in child.standardError {
                            for line in chunk.withUnsafeBytes({ lines.append($0) }) { self.log(line) }
                        }
                        if let line = lines.finish() { self.log(line) }
                    }
                    group.addTask {
                        do {
                            var reader = HelperFrame.Reader()
                            for try await chunk in child.standardOutput {
                                chunk.withUnsafeBytes { reader.append($0) }
                                while let frame = try reader.next() { answers.put(.success(frame)) }
                            }
                        } catch {
                            answers.put(.failure(error))
                        }
                        answers.close()
                        if self.state.withLock({ $0.isReady && !$0.isEnding && $0.inHand.isEmpty }) { throw IdleEnd() }
                    }
                    let hello = try await self.greeting(answers)
                    let line = Line(depth: max(1, self.onReady(hello)))
                    self.state.withLock { $0.isReady = true }
                    group.addTask {
                        try await self.send(from: waiting, line) { bytes in
                            _ = try await child.standardInputWriter.write(bytes)
                        }
                        // The end of its input is the helper's sign to go.
                        self.state.withLock { $0.isEnding = true }
                        try await child.standardInputWriter.finish()
                    }
                    group.addTask { try await self.receive(HelperAnswer(hello), answers, line) }
                    // The first one that fails ends the others.
                    for try await _ in group {}
                }
            }
        } catch let error as SubprocessError where error.code == .executableNotFound {
            throw CastError(
                .unavailable, "The engine's Python \(self.options.python) is gone. Run: cast2md engine install",
                cause: error)
        }
    }

    /// What the sending and the receiving task tell each other.
    private struct Line: Sendable {
        struct Sent: Sendable {
            var id: Int
            var request: EngineRequest
            var at: ContinuousClock.Instant
        }

        let sent = Mailbox<Sent>()
        /// One for each batch that may still be sent.
        let places = Mailbox<Void>()

        init(depth: Int) { for _ in 0..<depth { self.places.put(()) } }
    }

    private func log(_ line: String) {
        self.logger.info("recogniser says", metadata: ["line": "\(line)"])
    }

    private func greeting(_ answers: Mailbox<Result<HelperFrame.Incoming, any Error>>) async throws
        -> HelperFrame.Hello
    {
        let frame = try await self.within(self.options.startLimit, "start", answers)
        guard let hello = try? JSONDecoder().decode(HelperFrame.Hello.self, from: frame.header), hello.hello == 1 else {
            throw CastError(.engineFailed, "The recogniser speaks another protocol than this program.")
        }
        var facts: Logger.Metadata = [
            "engine": "\(hello.engine) \(hello.version)", "device": "\(hello.device ?? "unknown")",
            "compute": "\(hello.compute_type ?? "unknown")", "model": "\(self.options.model)",
        ]
        if let gpu = hello.gpu {
            facts["gpu"] = "\(gpu)"
            facts["driver"] = "\(hello.driver ?? "unknown")"
        }
        if let cuda = hello.cuda { facts["cuda"] = "\(cuda)" }
        if let graphs = hello.graphs { facts["graphs"] = "\(graphs)" }
        self.logger.info("recogniser is ready", metadata: facts)
        return hello
    }

    private func send(
        from waiting: Mailbox<EngineRequest>, _ line: Line, write: ([UInt8]) async throws -> Void
    ) async throws {
        defer { line.sent.close() }
        var id = 0
        while await line.places.next() != nil {
            guard let request = await self.next(from: waiting) else { return }
            if Task.isCancelled {
                // Taken by nobody who could answer it.
                waiting.putBack(request)
                return
            }
            id += 1
            self.state.withLock { $0.inHand.append(request) }
            let frame = try HelperFrame.encode(
                HelperFrame.Request(
                    id: id, language: request.language, segments: request.segments.map(\.samples.count)),
                payload: request.payload)
            line.sent.put(Line.Sent(id: id, request: request, at: .now))
            try await write(frame)
        }
    }

    /// The next batch; those that nobody waits for are passed over.
    private func next(from waiting: Mailbox<EngineRequest>) async -> EngineRequest? {
        while let request = await waiting.next() {
            if !request.isAnswered { return request }
        }
        return nil
    }

    private func receive(
        _ check: HelperAnswer, _ answers: Mailbox<Result<HelperFrame.Incoming, any Error>>, _ line: Line
    ) async throws {
        var lastAnswer = ContinuousClock.now
        /// In a row.
        var failures = 0
        while let sent = await line.sent.next() {
            let seconds = sent.request.audioSeconds
            let limit = self.pace.withLock { $0.limit(forAudio: seconds) }
            let frame = try await self.within(limit, "recognise \(Int(seconds)) seconds of audio", answers)
            guard let answer = try? JSONDecoder().decode(HelperFrame.Answer.self, from: frame.header),
                answer.id == sent.id
            else {
                throw CastError(.engineFailed, "The recogniser's answer is not in the form that was agreed on.")
            }
            let begun = max(sent.at, lastAnswer)
            lastAnswer = .now
            if answer.ok {
                // Who answers nonsense is replaced: nobody knows what state it is in.
                let result = try check.result(answer, payload: frame.payload, for: sent.request.segments)
                self.pace.withLock { $0.record(audio: seconds, took: begun.duration(to: lastAnswer)) }
                self.answer(sent.request, .success(result))
                failures = 0
            } else {
                let error = Self.refusal(answer)
                if error.code == .engineFailed {
                    failures += 1
                    // Who says that it can go on is believed, but not for ever.
                    if answer.sound != true || failures == 3 { throw error }
                }
                self.answer(sent.request, .failure(error))
            }
            line.places.put(())
        }
    }

    /// Answers the caller; the batch is then in nobody's hand any more.
    private func answer(_ request: EngineRequest, _ result: Result<BatchResult, any Error>) {
        self.state.withLock { $0.inHand.removeAll { $0 === request } }
        request.finish(result)
    }

    /// What a helper's refusal means.
    private static func refusal(_ answer: HelperFrame.Answer) -> CastError {
        let reason = answer.message ?? "it gave no reason"
        return switch answer.code {
        case "bad_input": CastError(.invalid, "The recogniser refused: \(reason).")
        case "out_of_memory": CastError(.tooLarge, "The batch is too large for the device: \(reason).")
        default: CastError(.engineFailed, "The recogniser failed: \(reason).")
        }
    }

    /// Waits for a frame, but not for ever.
    private func within(
        _ limit: Duration, _ what: String, _ answers: Mailbox<Result<HelperFrame.Incoming, any Error>>
    ) async throws -> HelperFrame.Incoming {
        try await withThrowingTaskGroup(of: HelperFrame.Incoming.self) { group in
            group.addTask {
                guard let answer = await answers.next() else {
                    try Task.checkCancellation()
                    throw CastError(.engineFailed, "The recogniser's process ended unexpectedly.")
                }
                return try answer.get()
            }
            group.addTask { [clock = self.clock] in
                try await clock.sleep(for: limit)
                throw CastError(
                    .engineFailed, "The recogniser did not \(what) within \(limit.components.seconds) seconds.")
            }
            defer { group.cancelAll() }
            guard let first = try await group.next() else { throw CancellationError() }
            return first
        }
    }
}
