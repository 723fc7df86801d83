import CastCore
import Foundation
package import Logging
import ServiceLifecycle
import Synchronization

/// An engine in a Python process of its own, which lives as long as this service runs.
///
/// The process starts with the first batch, so a worker without work costs no memory. A process that dies or hangs is
/// killed with all that it started; the batch that it was at is tried once more in halves, until the segment that is at
/// fault stands alone, and batches that wait are not lost. What fails again and again is the engine's fault, not the
/// audio's: then the call fails, and nothing is marked as a gap (`EngineHealth`).
package final class HelperEngine: SpeechEngine, Service {
    package struct Options: Sendable {
        /// The environment's Python.
        package var python: String
        /// Where `helper.py` and the engine's file are.
        package var scripts: String
        /// The engine's Python module, for example `engine_faster_whisper`.
        package var module: String
        /// The model's folder.
        package var model: String
        /// `auto` or `cpu`.
        package var device = "auto"
        /// Nil: one a core.
        package var threads: Int?
        /// Nil: what suits the device.
        package var batchSize: Int?
        /// Longest time from the process's start to its first word; a large model on a slow disk takes minutes to load.
        package var startLimit = Duration.seconds(600)
        /// How long a batch may take until the helper counts as hung.
        package var pace = HelperPace()
        /// Where it is kept what fits into a device's memory; nil: nowhere.
        package var memory: MemoryBook?
        /// The model's name, under which that is kept.
        package var name: String

        package init(python: String, scripts: String, module: String, model: String) {
            self.python = python
            self.scripts = scripts
            self.module = module
            self.model = model
            self.name = (model as NSString).lastPathComponent
        }
    }

    package var limits: BatchLimits { self.state.withLock { $0.limits } }

    /// Where the helper computes, for example `cuda`; nil until it has said so.
    package var device: String? { self.state.withLock { $0.device } }

    private let state: Mutex<EngineState>
    private let options: Options
    private let logger: Logger
    private let clock: any Clock<Duration>
    private let waiting = Mailbox<EngineRequest>()

    package init(options: Options, logger: Logger, clock: any Clock<Duration> = ContinuousClock()) {
        self.options = options
        self.logger = logger
        self.clock = clock
        // Until the helper has said what suits its device, what suits most processors.
        self.state = Mutex(EngineState(BatchLimits(segments: options.batchSize ?? 4)))
    }

    package func recognise(_ segments: [SpeechSegment], language: String?) async throws -> BatchResult {
        var search = BatchSearch(count: segments.count)
        var answer = BatchResult(segments: [], language: nil, languageProbability: nil, engine: "")
        while let part = search.next() {
            let batch = Array(segments[part.range])
            if self.state.withLock({ $0.isTooLarge(batch) }), search.split(part) { continue }
            do {
                let result = try await self.submit(batch, language: language ?? answer.language)
                search.succeed(part, with: result.segments)
                answer.language = answer.language ?? result.language
                answer.languageProbability = answer.languageProbability ?? result.languageProbability
                self.keep(self.state.withLock { $0.succeed(batch, now: Date()) })
            } catch let error as CastError where error.code == .tooLarge {
                guard batch.count > 1 else {
                    throw CastError(.engineFailed, "The recogniser's device has too little memory.", cause: error)
                }
                self.keep(self.state.withLock { $0.refuse(batch, now: Date()) })
                self.logger.warning(
                    "batch is too large for the device, halving it", metadata: ["segments": "\(batch.count)"])
                _ = search.split(part)
            } catch let error as CastError where error.code == .engineFailed {
                if self.state.withLock({ $0.fail() }) { throw error }
                search.fail(part, reason: error.message)
                self.logger.warning(
                    "batch failed", metadata: ["segments": "\(batch.count)", "error": "\(error.message)"])
            } catch let failure as StartFailure {
                throw failure.error
            }
        }
        answer.segments = search.segments
        answer.engine = self.state.withLock { $0.identity } ?? ""
        // One segment of many that cannot be recognised is a gap; an engine that has yet to recognise anything, or none
        // of a batch, is not to be believed that it is the audio.
        if let reason = search.totalFailure, segments.count > 1 || !self.state.withLock({ $0.health.hasRecognised }) {
            throw CastError(.engineFailed, reason)
        }
        return answer
    }

    private func keep(_ record: MemoryCap.Record?) {
        guard let record, let memory = self.options.memory, let key = self.state.withLock({ $0.memoryKey }) else {
            return
        }
        memory.remember(record, for: key)
    }

    private func submit(_ segments: [SpeechSegment], language: String?) async throws -> BatchResult {
        let box = RequestBox()
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { waiter in
                let request = EngineRequest(segments, language: language, waiter: waiter)
                box.put(request)
                if Task.isCancelled {
                    request.finish(.failure(CancellationError()))
                } else if !self.waiting.put(request) {
                    request.finish(.failure(CastError(.unavailable, "The recogniser was stopped.")))
                }
            }
        } onCancel: {
            // The helper may go on with it; nobody waits any more.
            box.request?.finish(.failure(CancellationError()))
        }
    }

    /// No helper could be started; no batch is to blame.
    private struct StartFailure: Error {
        var error: CastError
    }

    /// Runs until it is stopped; every batch that was handed in is answered.
    package func run() async throws {
        // A helper that dies while we write to it is an error to handle, not a signal to die of.
        signal(SIGPIPE, SIG_IGN)
        do {
            try await cancelWhenGracefulShutdown {
                while let request = await self.waiting.next() {
                    guard !request.isAnswered else { continue }
                    self.waiting.putBack(request)
                    try Task.checkCancellation()
                    await self.live()
                }
                try Task.checkCancellation()
            }
        } catch is CancellationError {
            // The stop that was asked for.
        }
        self.waiting.close()
        for request in self.waiting.takeAll() { request.finish(.failure(CancellationError())) }
    }

    /// Has one process work on what waits, as long as it lasts.
    private func live() async {
        let process = HelperProcess(
            options: self.options, attempt: self.state.withLock { $0.failedStarts }, logger: self.logger,
            clock: self.clock
        ) { hello in
            self.state.withLock { state in
                state.greet(
                    hello, model: self.options.name, fixed: self.options.batchSize, now: Date()
                ) { self.options.memory?.record(for: $0) }
                return state.limits.calls
            }
        }
        do {
            try await process.work(on: self.waiting)
            // It ended because it was told to; what it still had, nobody will answer.
            for request in process.inHand { request.finish(.failure(CancellationError())) }
        } catch {
            var unanswered = process.inHand
            if Task.isCancelled {
                for request in unanswered { request.finish(.failure(CancellationError())) }
                return
            }
            let failure = (error as? CastError) ?? CastError(.engineFailed, "The recogniser failed.", cause: error)
            if !process.isReady {
                self.failStart(failure)
                return
            }
            if error is HelperProcess.IdleEnd {
                self.logger.warning("recogniser ended while it had nothing to do")
            } else {
                self.logger.warning("recogniser failed, a new one is started", metadata: ["error": "\(failure)"])
                // The first one is what it was at; the others it had not begun.
                if !unanswered.isEmpty { unanswered.removeFirst().finish(.failure(failure)) }
            }
            for request in unanswered.reversed() { self.waiting.putBack(request) }
        }
    }

    /// A start that fails is tried once more; then whoever waits is told.
    private func failStart(_ failure: CastError) {
        let isGivenUp = self.state.withLock { state in
            guard state.failStart() > 1 else { return false }
            state.forgetStarts()
            return true
        }
        self.logger.warning(
            isGivenUp ? "recogniser cannot be started" : "recogniser cannot be started, trying once more",
            metadata: ["error": "\(failure)"])
        guard isGivenUp else { return }
        for request in self.waiting.takeAll() { request.finish(.failure(StartFailure(error: failure))) }
    }

    /// Hands a request from the continuation's closure to the cancellation handler.
    private final class RequestBox: Sendable {
        private let content = Mutex<EngineRequest?>(nil)
        func put(_ request: EngineRequest) { self.content.withLock { $0 = request } }
        var request: EngineRequest? { self.content.withLock { $0 } }
    }
}
