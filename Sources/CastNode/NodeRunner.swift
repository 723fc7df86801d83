import CastAPI
package import CastCore
package import Foundation
package import Logging
import ServiceLifecycle
package import Transcription

/// The worker: heartbeat, prefetch, recognition and hand-in, side by side, until it is stopped or has done its work.
package struct NodeRunner<Ticker: Clock<Duration>>: Service {
    package let state: NodeState
    let credentials: NodeCredentials
    let server: NodeServer
    let transcriber: any Transcriber
    let settings: NodeSettings
    let spool: Spool
    let audioFolder: URL
    let clock: Ticker
    let now: @Sendable () -> Date
    let logger: Logger

    /// - Throws: When the spool's folder or the one for audio cannot be made.
    package init(
        credentials: NodeCredentials, server: NodeServer, transcriber: any Transcriber, settings: NodeSettings,
        home: HomeFolder, clock: Ticker, now: @escaping @Sendable () -> Date = { Date() }, logger: Logger
    ) throws {
        self.credentials = credentials
        self.server = server
        self.transcriber = transcriber
        self.settings = settings
        self.clock = clock
        self.now = now
        self.logger = logger
        self.state = NodeState(policy: settings.leaving, startedAt: now())
        self.spool = try Spool(home: home, node: credentials.nodeID)
        self.audioFolder = URL(fileURLWithPath: home.path)
            .appendingPathComponent("audio/\(StorageName.safe(credentials.nodeID.rawValue))", isDirectory: true)
        // What a crash left there belongs to leases that are lost.
        try? FileManager.default.removeItem(at: self.audioFolder)
        try FileManager.default.createDirectory(at: self.audioFolder, withIntermediateDirectories: true)
        self.state.restored(self.spool.entries().map(\.entry.job))
    }

    /// Why the worker came to its end.
    private enum End: Sendable {
        case stopped
        case leaving(LeavePolicy.Reason)
    }

    /// Works until it is stopped, or there is a reason to leave; hands everything back that is not finished.
    ///
    /// - Throws: `.unauthorized` or `.notFound` when the server does not know this node any more.
    package func run() async throws {
        var end = End.stopped
        var failure: (any Error)?
        do {
            end = try await cancelWhenGracefulShutdown { try await self.work() }
        } catch is CancellationError {
            // The stop that was asked for.
        } catch {
            failure = error
        }
        // In a task of its own, because this one may be cancelled and every call would be refused.
        let (left, isKnown) = (end, failure == nil)
        await Task { await self.finish(left, isKnown: isKnown) }.value
        if let failure { throw failure }
    }

    private func work() async throws -> End {
        try await withThrowingTaskGroup(of: End?.self) { group in
            group.addTask {
                try await self.beat()
                return nil
            }
            group.addTask {
                try await self.prefetch()
                return nil
            }
            group.addTask {
                try await self.recognise()
                return nil
            }
            group.addTask {
                try await self.handIn()
                return nil
            }
            group.addTask { .leaving(try await self.watch()) }
            defer { group.cancelAll() }
            while let result = try await group.next() {
                if let result { return result }
            }
            return .stopped
        }
    }

    /// Waits for a reason to leave.
    private func watch() async throws -> LeavePolicy.Reason {
        while true {
            if let reason = self.state.reasonToLeave(at: self.now()) { return reason }
            try await self.clock.sleep(for: .seconds(1))
        }
    }

    private func finish(_ end: End, isKnown: Bool) async {
        let held = self.state.takeAll()
        if isKnown {
            await withTaskGroup(of: Void.self) { group in
                for job in held {
                    group.addTask { await self.release(job) }
                }
            }
            // One more try with what is finished; what does not get through stays on disk for the next start.
            _ = await self.sendResults(limit: .seconds(20))
        }
        try? FileManager.default.removeItem(at: self.audioFolder)
        guard case .leaving(let reason) = end else { return }
        self.logger.info("leaving", metadata: ["reason": "\(reason.sentence)"])
        do {
            try await self.server.requestTermination()
        } catch {
            self.logger.warning("server was not told of the leaving", metadata: ["error": "\(error)"])
        }
    }

    private func release(_ held: NodeState.Held) async {
        guard let job = held.claim.jobID else { return }
        do {
            try await self.server.release(job, held.claim.attempt)
            self.logger.info("job handed back", metadata: ["job.id": "\(job)"])
        } catch {
            // Its lease runs out; nothing is lost but time.
            self.logger.warning("job was not handed back", metadata: ["job.id": "\(job)", "error": "\(error)"])
        }
    }

    /// Whether an error says that this node is not registered any more.
    func isUnknownHere(_ error: any Error) -> Bool {
        guard let error = error as? CastError else { return false }
        return error.code == .unauthorized || (error.code == .notFound && error.message.hasPrefix("Node not found"))
    }

    var notRegistered: CastError {
        CastError(
            .unauthorized,
            "The server \(self.credentials.server) does not know this node any more. Register it again: cast2md node register"
        )
    }
}
