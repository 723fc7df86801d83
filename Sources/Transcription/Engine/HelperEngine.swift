import CastCore
import Foundation
package import Logging
import ServiceLifecycle
import Synchronization

/// An engine in a Python process of its own, which lives as long as this service runs.
///
/// The process starts with the first batch, so a worker without work costs no memory. A process that dies or hangs is
/// killed with all that it started, and the batch is tried once more in a new one; batches that wait are not lost.
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

        package init(python: String, scripts: String, module: String, model: String) {
            self.python = python
            self.scripts = scripts
            self.module = module
            self.model = model
        }
    }

    package var limits: BatchLimits { BatchLimits(segments: self.size.withLock { $0 }) }

    /// Segments a batch: until the helper has said what suits its device, what suits most processors.
    private let size: Mutex<Int>
    private let options: Options
    private let logger: Logger
    private let clock: any Clock<Duration>
    private let waiting = Mailbox<EngineRequest>()

    package init(options: Options, logger: Logger, clock: any Clock<Duration> = ContinuousClock()) {
        self.options = options
        self.logger = logger
        self.clock = clock
        self.size = Mutex(options.batchSize ?? 4)
    }

    package func recognise(_ segments: [SpeechSegment], language: String?) async throws -> BatchResult {
        do {
            return try await self.submit(segments, language: language)
        } catch let error as CastError where error.code == .tooLarge {
            guard segments.count > 1 else {
                throw CastError(.engineFailed, "The recogniser's device has too little memory.", cause: error)
            }
            // The device's memory does not grow: later batches are no larger than what goes in now.
            let half = (segments.count + 1) / 2
            self.size.withLock { $0 = min($0, half) }
            self.logger.warning("batch is too large for the device, halving it", metadata: ["segments": "\(half)"])
            let first = try await self.recognise(Array(segments[..<half]), language: language)
            let second = try await self.recognise(Array(segments[half...]), language: language ?? first.language)
            var both = first
            both.segments += second.segments
            return both
        }
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

    /// Runs until it is stopped; every batch that was handed in is answered.
    package func run() async throws {
        // A helper that dies while we write to it is an error to handle, not a signal to die of.
        signal(SIGPIPE, SIG_IGN)
        do {
            try await cancelWhenGracefulShutdown {
                while let request = await self.waiting.next() { await self.serve(from: request) }
                try Task.checkCancellation()
            }
        } catch is CancellationError {
            // The stop that was asked for.
        }
        self.waiting.close()
        await Task {
            while let request = await self.waiting.next() { request.finish(.failure(CancellationError())) }
        }.value
    }

    /// Has a process work on a batch and on those that follow; a process that fails is replaced, a batch that failed
    /// twice is given up.
    private func serve(from first: EngineRequest) async {
        var next: EngineRequest? = first
        while let request = next {
            let process = HelperProcess(options: self.options, logger: self.logger, clock: self.clock) { suited in
                guard self.options.batchSize == nil, let suited, (1...256).contains(suited) else { return }
                self.size.withLock { $0 = suited }
            }
            do {
                try await process.work(on: request, then: self.waiting)
                return
            } catch {
                next = process.current
                guard let failed = next else { return }
                if Task.isCancelled {
                    failed.finish(.failure(CancellationError()))
                    return
                }
                let failure = (error as? CastError) ?? CastError(.engineFailed, "The recogniser failed.", cause: error)
                let isGivenUp = failed.countFailure() > 1
                self.logger.warning(
                    isGivenUp
                        ? "recogniser failed twice, giving the batch up" : "recogniser failed, starting a new one",
                    metadata: ["error": "\(failure)"])
                if isGivenUp {
                    failed.finish(.failure(failure))
                    next = nil
                }
            }
        }
    }

    /// Hands a request from the continuation's closure to the cancellation handler.
    private final class RequestBox: Sendable {
        private let content = Mutex<EngineRequest?>(nil)
        func put(_ request: EngineRequest) { self.content.withLock { $0 = request } }
        var request: EngineRequest? { self.content.withLock { $0 } }
    }
}
