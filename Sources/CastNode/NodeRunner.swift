package import CastClient
package import CastCore
package import Foundation
package import Logging
import ServiceLifecycle
import Synchronization
package import Transcription

/// The worker: claims jobs, fetches their audio ahead, recognises what is here side by side, and hands the results in.
///
/// It runs until it is told to stop, until the leave policy says so, or until the server does not know it any more.
/// Whichever it is, nothing is lost: undone jobs are handed back, finished ones stay on disk until the server has them.
package final class NodeRunner: Service {
    /// How the node ended.
    package enum Ending: Sendable, Equatable {
        /// By a signal, or because the service around it stops.
        case stopRequested
        case left(LeavePolicy.Reason)
        /// The server does not know this node, or not by this key.
        case registrationRefused
    }

    let api: NodeAPI
    let transcriber: any Transcriber
    let name: String
    let server: String
    let settings: NodeSettings
    /// Nil takes all audio from the server.
    let publishers: PublisherAudio?
    let spool: Spool
    let checkpoints: CheckpointFolder
    /// What fetching and handing in take.
    let meter = StageMeter()
    let audioFolder: URL
    let logger: Logger
    let clock: any Clock<Duration>
    let uptime: Uptime
    let jitter: @Sendable () -> Double

    let state: Mutex<NodeState>
    let outbox: Mutex<Outbox>
    let pulse: PulseKeeper
    let publisherHosts = Mutex(PublisherHosts())
    let fetchedAudio = Mutex(FetchedAudio())
    /// How to cancel what is being done for a job.
    let cancellations = Mutex<[JobHandle: @Sendable () -> Void]>([:])
    private let endingFound = Mutex<Ending?>(nil)
    /// The jobs that the checkpoint folder knows of; nil before it is known what an earlier run left there.
    private let heldOnDisk = Mutex<[JobHandle]?>(nil)

    /// Wakes the one loop that claims and heartbeats.
    let talkBell = Bell()
    /// Wakes the recogniser's loop.
    let audioBell = Bell()
    /// Wakes the loop that hands in.
    let outboxBell = Bell()
    /// Wakes the watch over leaving.
    let watchBell = Bell()

    /// How long each call may take when the node stops.
    static let farewellLimit = Duration.seconds(5)

    /// - Parameters:
    ///   - name: The node's name, for heartbeats and the status page.
    ///   - publishers: Who fetches audio from its publisher where the server says that it is there; nil: nobody.
    ///   - home: Where spool and audio are.
    ///   - jitter: −1 to 1; spreads the tries of many nodes.
    package init(
        api: NodeAPI, publishers: PublisherAudio? = nil, transcriber: any Transcriber, name: String, server: URL,
        home: HomeFolder, settings: NodeSettings, logger: Logger, clock: some Clock<Duration> = ContinuousClock(),
        jitter: @escaping @Sendable () -> Double = { Double.random(in: -1...1) }
    ) {
        self.api = api
        self.publishers = publishers
        self.transcriber = transcriber
        self.name = name
        self.server = server.absoluteString
        self.settings = settings
        self.spool = Spool(folder: home.spoolFolder(for: server), logger: logger)
        self.checkpoints = CheckpointFolder(folder: home.checkpointFolder(for: server))
        self.audioFolder = home.audioFolder
        self.logger = logger
        self.clock = clock
        self.uptime = Uptime(clock)
        self.jitter = jitter
        self.state = Mutex(NodeState(settings, at: self.uptime.now))
        self.outbox = Mutex(Outbox())
        self.pulse = PulseKeeper(home)
    }

    /// How it ended; nil while it runs.
    package var ending: Ending? { self.endingFound.withLock { $0 } }

    package var status: NodeStatus {
        let uptime = self.uptime.now
        let (stages, audio) = (self.stages, self.fetchedAudio.withLock { $0 })
        return self.state.withLock {
            NodeStatus(
                $0, name: self.name, model: self.transcriber.model, server: self.server, uptime: uptime, audio: audio,
                stages: stages)
        }
    }

    /// The whole way of a job, stage by stage.
    package var stages: [StageReport] {
        var (fetch, upload) = (self.meter[.fetch], self.meter[.upload])
        (fetch.queue, upload.queue) = self.state.withLock { state in
            (state.jobs.count { $0.stage == .fetching }, state.unsent)
        }
        return [fetch] + self.transcriber.stages + [upload]
    }

    /// Seconds of audio that the recogniser does in a second; nil until that is known.
    var speed: Double? {
        self.transcriber.stages.first { $0.stage == .engine }.flatMap { engine in
            engine.busySeconds >= 1 ? engine.audioSeconds / engine.busySeconds : nil
        }
    }

    /// Asks the node to stop, as a signal does.
    package func stop() {
        self.state.withLock { $0.stop() }
        self.watchBell.ring()
    }

    /// Works until there is a reason to end.
    ///
    /// - Throws: `.unauthorized` when the server does not know this node any more.
    package func run() async throws {
        try self.prepare()
        self.logger.info(
            "node started",
            metadata: [
                "node.name": "\(self.name)", "server": "\(self.server)", "model": "\(self.transcriber.model)",
                "spool": "\(self.state.withLock { $0.unsent })",
            ])
        let ending = await self.work()
        self.state.withLock { $0.stop() }
        // Whoever cancelled us still wants the jobs handed back.
        await Task { await self.sayFarewell(after: ending) }.value
        self.endingFound.withLock { $0 = ending }
        let audio = self.fetchedAudio.withLock { $0 }
        self.logger.info(
            "node ended",
            metadata: [
                "reason": "\(ending)", "jobs.done": "\(self.status.jobsDone)",
                "bytes.publishers": "\(audio.publisherBytes)", "bytes.server": "\(audio.serverBytes)",
            ])
        if ending == .registrationRefused {
            throw CastError(
                .unauthorized,
                "\(self.server) does not know this node any more. "
                    + "Register it again: cast2md node register --server \(self.server) --name \"\(self.name)\"")
        }
    }

    /// Runs the four loops; the first that finds a reason to end ends the others.
    private func work() async -> Ending {
        await withGracefulShutdownHandler {
            await withTaskGroup(of: Ending?.self) { group in
                group.addTask { await self.talk() }
                group.addTask { await self.watch() }
                group.addTask {
                    await self.recogniseAll()
                    return nil
                }
                group.addTask {
                    await self.handIn()
                    return nil
                }
                group.addTask {
                    await self.beat()
                    return nil
                }
                defer { group.cancelAll() }
                for await ending in group {
                    if let ending { return ending }
                }
                return .stopRequested
            }
        } onGracefulShutdown: {
            self.stop()
        }
    }

    /// Watches over leaving, apart from all that may hang.
    private func watch() async -> Ending? {
        var log = StageLog(interval: .seconds(60))
        defer { if let line = log.last(self.stages) { self.logger.info("stages", metadata: line) } }
        while !Task.isCancelled {
            let now = self.uptime.now
            let (isStopping, reason) = self.state.withLock { ($0.isStopping, $0.decideToLeave(at: now)) }
            if isStopping { return .stopRequested }
            if let reason { return .left(reason) }
            if let line = log.next(self.stages, at: now) { self.logger.info("stages", metadata: line) }
            await self.watchBell.wait(upTo: self.settings.pollInterval, self.clock)
        }
        return nil
    }

    /// Takes up what an earlier run left.
    private func prepare() throws {
        let files = FileManager.default
        try? files.removeItem(at: self.audioFolder)
        do {
            try files.createDirectory(at: self.audioFolder, withIntermediateDirectories: true)
        } catch {
            throw CastError(.storageFull, "The folder \(self.audioFolder.path) cannot be made.", cause: error)
        }
        let now = self.uptime.now
        for result in try self.spool.load() {
            self.state.withLock { $0.adopt(result.handle, title: result.title) }
            self.outbox.withLock { $0.add(result.handle, .result(result, isOnDisk: true), at: now) }
        }
        for job in self.checkpoints.load() where self.state.withLock({ $0.resume(job) }) {
            self.logger.info("job of an earlier run taken up again", metadata: self.facts(job.handle, job.title))
        }
        self.noteHeld()
    }

    /// Writes down which jobs are held, if that has changed: a node that is killed goes on with them.
    func noteHeld() {
        self.heldOnDisk.withLock { onDisk in
            let held = self.state.withLock { $0.jobs.filter { !$0.isUnsent } }
            guard held.map(\.handle) != onDisk else { return }
            onDisk = held.map(\.handle)
            self.checkpoints.save(held)
        }
    }

    /// Notes an observation that is about no job.
    func note(_ observation: LeavePolicy.Observation) {
        let now = self.uptime.now
        self.state.withLock { $0.note(observation, at: now) }
        if observation == .worked { self.pulse.noteProgress() }
    }

    /// Notes that the server answered; after a silence it hears at once what was kept for it.
    func noteAnswer() {
        self.pulse.noteAnswer()
        let now = self.uptime.now
        let wasSilent = self.state.withLock { state in
            defer { state.note(.answered, at: now) }
            return state.isServerReachable == false
        }
        guard wasSilent else { return }
        self.logger.info("server answers again")
        self.outbox.withLock { $0.retryNow(at: now) }
        self.outboxBell.ring()
    }

    /// Notes that the server gave no useful answer; said once, not every few seconds.
    func noteSilence(_ error: any Error) {
        let wasReachable = self.state.withLock { $0.isServerReachable != false }
        self.note(.unanswered)
        self.logger.log(
            level: wasReachable ? .warning : .debug, "server gives no answer", metadata: ["error": "\(error)"])
    }

    /// Does something for a job, until it is done or the job is lost.
    func cancellable<Result: Sendable>(
        _ handle: JobHandle, _ body: @escaping @Sendable () async throws -> Result
    ) async throws -> Result {
        let task = Task { try await body() }
        self.cancellations.withLock { $0[handle] = { task.cancel() } }
        defer { self.cancellations.withLock { _ = $0.removeValue(forKey: handle) } }
        // It may have been lost before there was anything to cancel.
        if !self.state.withLock({ $0.holds(handle) }) { task.cancel() }
        return try await withTaskCancellationHandler {
            try await task.value
        } onCancel: {
            task.cancel()
        }
    }
}
