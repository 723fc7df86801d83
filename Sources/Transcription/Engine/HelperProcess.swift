import CastCore
import Foundation
import Logging
import Subprocess
import Synchronization
import SystemPackage

/// One life of the helper, from its start to its end.
final class HelperProcess: Sendable {
    private let options: HelperEngine.Options
    private let logger: Logger
    private let clock: any Clock<Duration>
    private let onReady: @Sendable (_ batchSize: Int?) -> Void
    private let inHand = Mutex<EngineRequest?>(nil)
    private let pace: Mutex<HelperPace>

    /// What it was working on when it failed.
    var current: EngineRequest? { self.inHand.withLock { $0 } }

    /// - Parameter onReady: Gets the batch size that suits the helper's device, once it has said so.
    init(
        options: HelperEngine.Options, logger: Logger, clock: any Clock<Duration>,
        onReady: @escaping @Sendable (_ batchSize: Int?) -> Void
    ) {
        self.options = options
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
    }

    /// Works until nothing more can come.
    ///
    /// - Throws: When the process died, hung, or answered nonsense; `current` then says what it was at.
    func work(on first: EngineRequest, then waiting: Mailbox<EngineRequest>) async throws {
        self.inHand.withLock { $0 = first }
        var platform = PlatformOptions()
        platform.processGroupID = 0
        platform.teardownSequence = [.gracefulShutDown(toProcessGroup: true, allowedDurationToNextStep: .seconds(2))]
        let settings = Settings(
            model: self.options.model, device: self.options.device, threads: self.options.threads,
            batch_size: self.options.batchSize)
        let answers = Mailbox<Result<Data, any Error>>()
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
                                while let header = try reader.next() { answers.put(.success(header)) }
                            }
                        } catch {
                            answers.put(.failure(error))
                        }
                        answers.close()
                    }
                    let hello = try await self.greeting(answers)
                    while let request = await self.next(from: waiting) {
                        try await self.work(on: request, hello: hello, answers) { bytes in
                            _ = try await child.standardInputWriter.write(bytes)
                        }
                        self.inHand.withLock { $0 = nil }
                    }
                    // The end of its input is the helper's sign to go.
                    try await child.standardInputWriter.finish()
                    try await group.waitForAll()
                }
            }
        } catch let error as SubprocessError where error.code == .executableNotFound {
            throw CastError(
                .unavailable, "The engine's Python \(self.options.python) is gone. Run: cast2md engine install",
                cause: error)
        }
    }

    private func log(_ line: String) {
        self.logger.info("recogniser says", metadata: ["line": "\(line)"])
    }

    /// The batch in hand, or the next one; those that nobody waits for are passed over.
    private func next(from waiting: Mailbox<EngineRequest>) async -> EngineRequest? {
        if let current = self.current, !current.isAnswered { return current }
        while let request = await waiting.next() {
            guard !request.isAnswered else { continue }
            self.inHand.withLock { $0 = request }
            return request
        }
        self.inHand.withLock { $0 = nil }
        return nil
    }

    private func greeting(_ answers: Mailbox<Result<Data, any Error>>) async throws -> HelperFrame.Hello {
        let header = try await self.within(self.options.startLimit, "start") { await answers.next() }
        guard let hello = try? JSONDecoder().decode(HelperFrame.Hello.self, from: header), hello.hello == 1 else {
            throw CastError(.engineFailed, "The recogniser speaks another protocol than this program.")
        }
        self.logger.info(
            "recogniser is ready",
            metadata: [
                "engine": "\(hello.engine) \(hello.version)", "device": "\(hello.device ?? "unknown")",
                "compute": "\(hello.compute_type ?? "unknown")", "model": "\(self.options.model)",
            ])
        self.onReady(hello.batch_size)
        return hello
    }

    private func work(
        on request: EngineRequest, hello: HelperFrame.Hello, _ answers: Mailbox<Result<Data, any Error>>,
        write: @escaping @Sendable ([UInt8]) async throws -> Void
    ) async throws {
        let frame = try HelperFrame.encode(
            HelperFrame.Request(id: 0, language: request.language, segments: request.segments.map(\.samples.count)),
            payload: request.payload)
        let limit = self.pace.withLock { $0.limit(forAudio: request.audioSeconds) }
        let begun = ContinuousClock.now
        let header = try await self.within(limit, "recognise \(Int(request.audioSeconds)) seconds of audio") {
            try await write(frame)
            return await answers.next()
        }
        guard let answer = try? JSONDecoder().decode(HelperFrame.Answer.self, from: header) else {
            throw CastError(.engineFailed, "The recogniser's answer is not in the form that was agreed on.")
        }
        guard answer.ok else {
            try self.refuse(request, answer)
            return
        }
        self.pace.withLock { $0.record(audio: request.audioSeconds, took: begun.duration(to: .now)) }
        request.finish(
            .success(
                try HelperFrame.result(answer, for: request.segments, engine: "\(hello.engine) \(hello.version)")))
    }

    /// Tells the caller what is wrong with its batch.
    ///
    /// - Throws: When the fault may be the helper's own: after an error in its libraries nobody knows what state it is
    ///   in, so it is replaced, and the batch gets its second try.
    private func refuse(_ request: EngineRequest, _ answer: HelperFrame.Answer) throws {
        let reason = answer.message ?? "it gave no reason"
        switch answer.code {
        case "bad_input":
            request.finish(.failure(CastError(.invalid, "The recogniser refused: \(reason).")))
        case "out_of_memory":
            request.finish(.failure(CastError(.tooLarge, "The batch is too large for the device: \(reason).")))
        default:
            throw CastError(.engineFailed, "The recogniser failed: \(reason).")
        }
    }

    /// Waits for a frame, but not for ever.
    private func within(
        _ limit: Duration, _ what: String, _ body: @escaping @Sendable () async throws -> Result<Data, any Error>?
    ) async throws -> Data {
        try await withThrowingTaskGroup(of: Data.self) { group in
            group.addTask {
                guard let answer = try await body() else {
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
